// Package core_test holds the architecture as data: who may import whom, which technology stays in which package, and
// a few rules of the house that a compiler does not know. A broken rule fails with its reason.
package core_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pulse-platform/pulse/"

// A layer of the project. Imports point down only.
type layer string

const (
	ground    layer = "ground"    // standard library only
	domain    layer = "domain"    // nouns, rules, and the small interfaces that they need
	adapter   layer = "adapter"   // technology in, domain out
	wiring    layer = "wiring"    // knows everyone; nobody imports it
	contract  layer = "contract"  // what a plugin author imports, and the two ends of the process boundary
	generated layer = "generated" // from proto
	plugin    layer = "plugin"
	agent     layer = "agent"
	assets    layer = "assets" // the built web app
)

// mayImport says which layers each layer sees, and why not the others.
var mayImport = map[layer]struct {
	layers []layer
	reason string
}{
	ground:    {nil, "the ground stands on the standard library, so that everything may stand on it"},
	domain:    {[]layer{ground, domain, contract}, "the domain declares the interfaces that it needs; adapters fill them"},
	adapter:   {[]layer{ground, domain, contract, assets}, "adapters meet in core/cmd/pulse, never each other"},
	wiring:    {[]layer{ground, domain, adapter, contract, assets}, "the server knows plugins and agents by the wire only"},
	contract:  {[]layer{contract, generated}, "a plugin author must not drag in the server"},
	generated: {nil, "generated code knows only protobuf"},
	plugin:    {[]layer{contract, plugin}, "a plugin has no private door into the server"},
	agent:     {[]layer{contract, agent, plugin}, "the agent runs on hosts and knows only the wire"},
	assets:    {nil, "the web app is bytes"},
}

// packages is the import table. A folder without a row takes that of its nearest parent. Never lists what a package must
// not know although its layer would allow it.
var packages = map[string]struct {
	layer layer
	never map[string]string
}{
	"core/cmd/pulse": {layer: wiring},

	"core/api":        {layer: adapter},
	"core/pluginhost": {layer: adapter},
	"core/sqlite":     {layer: adapter},
	"core/influx":     {layer: adapter},
	"core/config":     {layer: adapter},

	"core/action":    {layer: domain},
	"core/address":   {layer: domain},
	"core/alert":     {layer: domain, never: map[string]string{"core/notify": "an incident does not know who hears of it"}},
	"core/assistant": {layer: domain},
	"core/arrival":   {layer: domain},
	"core/audit":     {layer: domain},
	"core/auth":      {layer: domain},
	"core/bundle":    {layer: domain},
	"core/compat": {layer: domain, never: map[string]string{
		"core/": "the reference's names are data; whoever needs them asks for them",
	}},
	"core/condition": {layer: domain},
	"core/datadir":   {layer: domain},
	"core/discover":  {layer: domain},
	"core/finding":   {layer: domain},
	"core/event":     {layer: domain},
	"core/fleet":     {layer: domain},
	"core/ingest":    {layer: domain},
	"core/insight":   {layer: domain},
	"core/licence":   {layer: domain},
	"core/integration": {layer: domain, never: map[string]string{
		"core/poll": "what is configured does not know when it is asked",
	}},
	"core/inventory": {layer: domain, never: map[string]string{
		"core/metric": "resources and series meet in ingest, by record uid",
		"core/alert":  "rules judge resources; resources do not know rules",
	}},
	"core/metric":   {layer: domain, never: map[string]string{"core/inventory": "a store of series knows ids only"}},
	"core/notify":   {layer: domain},
	"core/oidc":     {layer: domain},
	"core/passkey":  {layer: domain},
	"core/patrol":   {layer: domain},
	"core/poll":     {layer: domain},
	"core/report":   {layer: domain},
	"core/rows":     {layer: domain},
	"core/secret":   {layer: domain},
	"core/settings": {layer: domain},
	"core/update":   {layer: domain},

	"core/bus":  {layer: ground},
	"core/errs": {layer: ground},
	"core/id":   {layer: ground},

	"sdk":     {layer: contract},
	"proto":   {layer: generated},
	"plugins": {layer: plugin},
	"agent":   {layer: agent},
	"web":     {layer: assets},
}

// technology says where a library may be imported: everywhere else it would tie a rule to a technology.
var technology = []struct {
	library string
	only    []string
	reason  string
}{
	{"github.com/gofiber/", []string{"core/api"}, "handlers never see Fiber"},
	{"github.com/valyala/fasthttp", []string{"core/api"}, "handlers never see Fiber"},
	{"github.com/fasthttp/websocket", []string{"core/api", "agent", "e2e"}, "sockets end in the API and in the agent's link"},
	{"modernc.org/sqlite", []string{"core/sqlite"}, "all SQL lies in one package"},
	{"database/sql", []string{"core/sqlite"}, "all SQL lies in one package"},
	{"github.com/hashicorp/hcl/v2", []string{"core/config", "sdk/schema", "core/cmd/pulse"}, "the file format ends in core/config"},
	{"github.com/hashicorp/go-plugin", []string{"sdk/serve", "sdk/host", "sdk/internal", "sdk/sdktest"}, "gRPC stays at the two ends of the boundary"},
	{"google.golang.org/grpc", []string{"sdk/serve", "sdk/host", "sdk/internal", "sdk/sdktest", "proto"}, "gRPC stays at the two ends of the boundary"},
	{"google.golang.org/protobuf", []string{"sdk/internal", "proto", "core/api/charts"}, "generated types end in the adapters of sdk/internal/rpc"},
	{module + "proto/", []string{"sdk/internal/rpc", "proto"}, "generated types end in the adapters of sdk/internal/rpc"},
	{"github.com/shirou/gopsutil/", []string{"plugins", "agent"}, "the server reads no host by itself"},
	{"github.com/alecthomas/kong", []string{"core/cmd/pulse", "agent"}, "flags are parsed by mains"},
	{"github.com/prometheus/client_golang", []string{"core/api", "core/cmd/pulse"}, "the domain counts; the edge exposes"},
	{"net/http", []string{
		"core/api", "core/cmd/pulse", "core/influx", "core/pluginhost", "core/fleet", "core/auth", "core/oidc", "sdk", "plugins", "agent", "web",
	}, "HTTP is for the edges"},
}

// productNames may not stand in core: a product is what a plugin knows.
var productNames = regexp.MustCompile(`(?i)\b(proxmox|pve|pbs|pmg|docker|kubernetes|anthropic|openai|gemini|ollama|apprise)\b`)

// productAllowed are the places that hold words of the contract, with the reason for each.
var productAllowed = []struct {
	path   string
	line   *regexp.Regexp // nil allows the whole file or folder
	reason string
}{
	{"core/compat/", nil, "the reference's names as data"},
	{"core/influx/", nil, "the reference's measurements"},
	{"core/auth/principal.go", regexp.MustCompile(`^\tScope\w+ +Scope = "[a-z:]+"$`), "scopes are words of the wire contract"},
}

// longFiles are the files over maxLines that are one thing all the same.
var longFiles = map[string]string{}

const maxLines = 400

// source is one Go file of the project.
type source struct {
	path    string // slashed, from the project's root
	dir     string
	text    string
	syntax  *ast.File
	imports []string
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) generated() bool {
	return strings.HasSuffix(s.path, ".pb.go") || ast.IsGenerated(s.syntax)
}

// walk calls visit for each file of the project with one of the extensions, without what was built or installed.
func walk(t *testing.T, visit func(path string, content []byte), extensions ...string) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch entry.Name() {
			case "node_modules", "dist", "bin", ".git", ".run", "testdata", "test-results", "playwright-report":
				return filepath.SkipDir
			}
			// A module of its own (an example) is a stranger: what it imports is its affair.
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != ".." {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains(extensions, path.Ext(name)) {
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		visit(strings.TrimPrefix(filepath.ToSlash(name), "../"), content)
		return nil
	})
	if err != nil {
		t.Fatalf("read the project: %v", err)
	}
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	walk(t, func(name string, content []byte) {
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatalf("parse %s: %v", name, err)
		}
		s := source{path: name, dir: path.Dir(name), text: string(content), syntax: file}
		for _, spec := range file.Imports {
			s.imports = append(s.imports, strings.Trim(spec.Path.Value, `"`))
		}
		all = append(all, s)
	}, ".go")
	if len(all) < 10 {
		t.Fatalf("found %d Go files: the walk is wrong", len(all))
	}
	return all
}

// row returns the table's row for a folder: its own or that of the nearest parent.
func row(dir string) (name string, ok bool) {
	for dir != "." {
		if _, ok := packages[dir]; ok {
			return dir, true
		}
		dir = path.Dir(dir)
	}
	return "", false
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// edgeFault says why a folder may not import another one of the project, or nothing.
func edgeFault(from, to string) string {
	fromRow, ok := row(from)
	if !ok {
		return from + " is in no layer: give it a row in the table"
	}
	toRow, ok := row(to)
	if !ok {
		return to + " is in no layer: give it a row in the table"
	}
	rule, target := mayImport[packages[fromRow].layer], packages[toRow].layer
	if within(to, fromRow) || within(from, toRow) {
		return insideFault(from, to)
	}
	for forbidden, reason := range packages[fromRow].never {
		if within(to, strings.TrimSuffix(forbidden, "/")) {
			return reason
		}
	}
	if !slices.Contains(rule.layers, target) {
		return rule.reason
	}
	if target == plugin {
		return pluginFault(from, to)
	}
	return ""
}

// insideFault judges imports inside one row.
func insideFault(from, to string) string {
	area := func(dir string) string {
		rest, ok := strings.CutPrefix(dir, "core/api/")
		if !ok || rest == "route" {
			return ""
		}
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	switch {
	case path.Base(path.Dir(to)) == "cmd":
		return "a program is not imported"
	case within(from, "core/api") && area(from) != "" && area(to) != "" && area(from) != area(to):
		return "areas of the API do not know each other"
	case within(from, "core/api/route"):
		return "what a route is does not depend on who mounts it"
	case within(from, "plugins"):
		return pluginFault(from, to)
	}
	return ""
}

// pluginFault judges who may import a plugin's folders: the plugin itself, the program that they share, and the
// agent, which links collectors in-process.
func pluginFault(from, to string) string {
	kind := func(dir string) string { return strings.Split(dir, "/")[1] }
	switch {
	case strings.HasPrefix(to, "plugins/internal/"), within(from, "plugins/cmd"):
		return ""
	case within(from, "agent"):
		if within(to, "plugins/"+kind(to)+"/collect") {
			return ""
		}
		return "the agent links a plugin's collect folder and nothing else of it"
	case kind(from) != kind(to):
		return "plugins do not know each other"
	}
	return ""
}

func TestArchImports(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() || !strings.Contains(s.path, "/") {
			continue
		}
		if _, ok := row(s.dir); !ok && !seen[s.dir] && s.dir != "e2e" {
			seen[s.dir] = true
			t.Errorf("%s is in no layer: give it a row in the table", s.dir)
		}
		for _, imported := range s.imports {
			if to, ours := strings.CutPrefix(imported, module); ours {
				if fault := edgeFault(s.dir, to); fault != "" {
					t.Errorf("%s imports %s: %s", s.path, to, fault)
				}
			}
		}
	}
}

func TestArchTechnology(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || !strings.Contains(s.path, "/") {
			continue
		}
		for _, imported := range s.imports {
			if name, _ := row(s.dir); s.dir == "sdk" && !isStandard(imported) || packages[name].layer == ground && !isStandard(imported) {
				t.Errorf("%s imports %s: it stands on the standard library only", s.path, imported)
			}
			for _, rule := range technology {
				if imported != strings.TrimSuffix(rule.library, "/") && !strings.HasPrefix(imported, strings.TrimSuffix(rule.library, "/")+"/") {
					continue
				}
				if !slices.ContainsFunc(rule.only, func(parent string) bool { return within(s.dir, parent) }) {
					t.Errorf("%s imports %s: %s", s.path, imported, rule.reason)
				}
			}
		}
	}
}

func TestArchProductNames(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || !within(s.dir, "core") {
			continue
		}
		for n, line := range strings.Split(s.text, "\n") {
			if productNames.MatchString(line) && !slices.ContainsFunc(productAllowed, func(a struct {
				path   string
				line   *regexp.Regexp
				reason string
			}) bool {
				return strings.HasPrefix(s.path, a.path) && (a.line == nil || a.line.MatchString(line))
			}) {
				t.Errorf("%s:%d names a product; what knows a product is a plugin, or data in core/compat: %s", s.path, n+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestArchNothingLeftOpen(t *testing.T) {
	open := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	walk(t, func(name string, content []byte) {
		for n, line := range strings.Split(string(content), "\n") {
			if open.MatchString(line) {
				t.Errorf("%s:%d leaves something open: %s", name, n+1, strings.TrimSpace(line))
			}
		}
	}, ".go", ".ts", ".tsx", ".css", ".sql", ".proto", ".sh")
}

func TestArchPackageDocs(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() || !strings.Contains(s.path, "/") {
			continue
		}
		documented[s.dir] = documented[s.dir] || s.generated() || s.syntax.Doc != nil && len(s.syntax.Doc.Text()) > 20
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package doc: say what it is for and what it refuses to know", dir)
		}
	}
}

func TestArchFileLength(t *testing.T) {
	used := map[string]bool{}
	check := func(name string, content []byte) {
		lines := strings.Count(string(content), "\n")
		if lines <= maxLines {
			return
		}
		used[name] = true
		if longFiles[name] == "" {
			t.Errorf("%s has %d lines: over %d it needs to be one thing, with its reason in longFiles", name, lines, maxLines)
		}
	}
	for _, s := range sources(t) {
		if !s.test() && !s.generated() {
			check(s.path, []byte(s.text))
		}
	}
	walk(t, func(name string, content []byte) {
		if strings.Contains(name, ".test.") || strings.Contains(name, ".gen.") || strings.HasPrefix(name, "web/src/api/") || strings.HasPrefix(name, "web/e2e/") {
			return
		}
		check(name, content)
	}, ".ts", ".tsx")
	for name := range longFiles {
		if !used[name] {
			t.Errorf("%s is in longFiles and has at most %d lines: remove it there", name, maxLines)
		}
	}
}

// The rules themselves are tried on edges that must fall on the right side.
func TestArchRules(t *testing.T) {
	tests := map[string]struct {
		from, to string
		allowed  bool
	}{
		"domain on ground":               {"core/ingest", "core/errs", true},
		"domain on domain":               {"core/ingest", "core/inventory", true},
		"domain on adapter":              {"core/ingest", "core/sqlite", false},
		"inventory on metric":            {"core/inventory", "core/metric", false},
		"metric on inventory":            {"core/metric", "core/inventory", false},
		"alert on notify":                {"core/alert", "core/notify", false},
		"ground on domain":               {"core/bus", "core/metric", false},
		"adapter on adapter":             {"core/pluginhost", "core/sqlite", false},
		"area on route":                  {"core/api/state", "core/api/route", true},
		"area on area":                   {"core/api/state", "core/api/charts", false},
		"api on area":                    {"core/api", "core/api/charts", true},
		"route on api":                   {"core/api/route", "core/api", false},
		"route on domain":                {"core/api/route", "core/auth", true},
		"wiring on adapter":              {"core/cmd/pulse", "core/api/charts", true},
		"wiring on plugin":               {"core/cmd/pulse", "plugins/host", false},
		"domain on wiring":               {"core/auth", "core/cmd/pulse", false},
		"domain on plugin":               {"core/auth", "plugins/host", false},
		"sdk on core":                    {"sdk/host", "core/id", false},
		"plugin on core":                 {"plugins/host", "core/id", false},
		"plugin on sdk":                  {"plugins/host", "sdk/schema", true},
		"plugin on its folder":           {"plugins/host/collect", "plugins/host", true},
		"the plugins' program":           {"plugins/cmd/pulse-plugins", "plugins/host", true},
		"plugin on another":              {"plugins/host", "plugins/ups", false},
		"plugin on the family's client":  {"plugins/host", "plugins/internal/client", true},
		"agent on a collector":           {"agent/schedule", "plugins/host/collect", true},
		"agent on the rest of a plugin":  {"agent/schedule", "plugins/host", false},
		"agent on core":                  {"agent/link", "core/errs", false},
		"core on agent":                  {"core/fleet", "agent/link", false},
		"unknown folder":                 {"core/shed", "core/errs", false},
		"program imported within a tree": {"agent/link", "agent/cmd/pulse-agent", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fault := edgeFault(tt.from, tt.to)
			if (fault == "") != tt.allowed {
				t.Errorf("%s imports %s: allowed %v, want %v (%s)", tt.from, tt.to, fault == "", tt.allowed, cmp.Or(fault, "no fault"))
			}
		})
	}
}
