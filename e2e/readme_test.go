package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The plugin that the README shows is a plugin.
func TestReadmePlugin(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	code, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the README shows no Go code")
	}
	dir := t.TempDir()
	file := writeFile(t, filepath.Join(dir, "main.go"), code)
	binary := filepath.Join(dir, "pulse-plugin-thermometer")
	if err := command("go", "build", "-o", binary, file); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(context.Background(), binary, "manifest").Output()
	if err != nil {
		t.Fatalf("pulse-plugin-thermometer manifest: %v", err)
	}
	var manifest struct{ Kind, Version, SHA256 string }
	if err := json.Unmarshal(out, &manifest); err != nil || manifest.Kind != "thermometer" || manifest.SHA256 == "" {
		t.Errorf("manifest %+v (%v):\n%s", manifest, err, out)
	}
}

// Every file that the pages of documentation link to is there.
func TestDocumentationLinks(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md", "../CONTRIBUTING.md", "../SECURITY.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(string(content), "](") {
			target, _, ok := strings.Cut(part, ")")
			target, _, _ = strings.Cut(target, "#")
			if !ok || target == "" || strings.ContainsAny(target, " \n|") || strings.Contains(target, "://") || part == string(content) {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s: %v", page, target, err)
			}
		}
	}
}

// snippets returns the blocks of code of one language that the pages show, by page and number.
func snippets(t *testing.T, language string) map[string]string {
	t.Helper()
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, page := range append(pages, "../README.md", "../examples/plugins/README.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split("\n"+string(content), "\n```"+language+"\n")[1:] {
			code, _, _ := strings.Cut(part, "\n```")
			out[fmt.Sprintf("%s, number %d", page, i+1)] = code + "\n"
		}
	}
	if len(out) == 0 {
		t.Fatalf("no page shows %s", language)
	}
	return out
}

// What the pages show of the configuration file is one that the server takes. One example is of a plugin that is not ours.
func TestDocumentedConfigurationIsValid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := writeFile(t, filepath.Join(dir, "secret"), strings.Repeat("s", 32))
	paths := regexp.MustCompile(`file\("[^"]*"\)`)
	for where, code := range snippets(t, "hcl") {
		code = strings.ReplaceAll(paths.ReplaceAllString(code, `file("`+secret+`")`), "AB:CD:…", strings.Repeat("AB:", 31)+"AB")
		file := writeFile(t, filepath.Join(dir, "config.hcl"), code)
		cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "pulse"), "config", "check", file, "--plugins", filepath.Join(bin, "plugins"))
		cmd.Env = append(os.Environ(), "UPS_PASSWORD=x", "PVE_TOKEN=x", "PMG_PASSWORD=x", "SMTP_PASSWORD=x", "DISCORD_WEBHOOK=https://discord.example.com/api/webhooks/1/x")
		if out, err := cmd.CombinedOutput(); err != nil && !strings.Contains(string(out), `The plugin "ups" is not installed`) {
			t.Errorf("%s: %v\n%s", where, err, out)
		}
	}
}

// What the pages show for a shell can be typed into one, and names files that a release has.
func TestDocumentedCommandsAreForAShell(t *testing.T) {
	t.Parallel()
	shipped := regexp.MustCompile(`\binstallers/[\w./-]+`)
	for where, code := range snippets(t, "sh") {
		if err := command("sh", "-n", writeFile(t, filepath.Join(t.TempDir(), "snippet"), code)); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		for _, name := range shipped.FindAllString(code, -1) {
			if _, err := os.Stat("../" + name); err != nil {
				t.Errorf("%s: %v", where, err)
			}
		}
	}
}

// Each manager of services reads what is shipped for it.
func TestServiceFiles(t *testing.T) {
	scripts, err := filepath.Glob("../installers/openrc/*")
	if err != nil || len(scripts) < 2 {
		t.Fatal(scripts, err)
	}
	for _, script := range scripts {
		if err := exec.CommandContext(t.Context(), "sh", "-n", script).Run(); err != nil {
			t.Errorf("%s: %v", script, err)
		}
		if info, err := os.Stat(script); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be run: %v", script, err)
		}
	}
	units, err := filepath.Glob("../installers/systemd/*.service")
	if err != nil || len(units) < 2 {
		t.Fatal(units, err)
	}
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here")
	}
	program := regexp.MustCompile(`(?m)^ExecStart=\S+`)
	for _, unit := range units {
		content, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		// The programs are not installed here.
		file := writeFile(t, filepath.Join(t.TempDir(), filepath.Base(unit)), program.ReplaceAllString(string(content), "ExecStart=/bin/true"))
		if out, err := exec.CommandContext(t.Context(), verify, "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}

// Each dependency that we chose has its reason on the page.
func TestDependenciesHaveTheirReason(t *testing.T) {
	read := func(name string) string {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	page := read("../docs/dependencies.md")
	direct := regexp.MustCompile(`(?m)^\t(\S+/\S+) v\S+$`)
	major := regexp.MustCompile(`/v\d+$`)
	for _, m := range direct.FindAllStringSubmatch(read("../go.mod"), -1) {
		if name := major.ReplaceAllString(m[1], ""); !strings.Contains(page, filepath.Base(name)) {
			t.Errorf("docs/dependencies.md does not say why %s is there", name)
		}
	}
	var web struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal([]byte(read("../web/package.json")), &web); err != nil {
		t.Fatal(err)
	}
	maps.Copy(web.Dependencies, web.DevDependencies)
	words := strings.FieldsFunc(page, func(r rune) bool { return strings.ContainsRune(" ,|;\n", r) })
	for name := range web.Dependencies {
		if !slices.Contains(words, name) {
			t.Errorf("docs/dependencies.md does not say why %s is there", name)
		}
	}
}
