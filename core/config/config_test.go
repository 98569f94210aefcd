package config_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func noEnv(string) string { return "" }

func environment(m map[string]string) func(string) string {
	return func(name string) string { return m[name] }
}

// write puts a file into a fresh directory and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, text string, getenv func(string) string) *config.Config {
	t.Helper()
	c, diags := config.Load(write(t, text), getenv)
	if len(diags) > 0 {
		t.Fatalf("diagnostics:\n%s", diags)
	}
	return c
}

func TestDefaults(t *testing.T) {
	c, diags := config.Load("", noEnv)
	if len(diags) > 0 {
		t.Fatalf("diagnostics:\n%s", diags)
	}
	want := config.Server{Listen: ":7655", Data: "/var/lib/pulse", LogLevel: "info", LogFormat: "auto"}
	if !reflect.DeepEqual(c.Server, want) {
		t.Errorf("got %+v, want %+v", c.Server, want)
	}
	if !reflect.DeepEqual(c.Metrics.Tiers(), metric.DefaultTiers()) {
		t.Errorf("got tiers %+v", c.Metrics.Tiers())
	}
	if c.Metrics.Sync != 10*time.Second {
		t.Errorf("sync is %v", c.Metrics.Sync)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pulse.hcl")
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`
server {
  listen          = "127.0.0.1:1"
  trusted_proxies = ["10.0.0.0/8", "::1"]
  allow_embedding = true
}
metrics { raw_retention = "12h" }
integration "ups" "cellar" {
  address  = "192.0.2.7:${1000 + 2493}"
  token    = file("token")
  password = env("UPS_PASSWORD")
  user     = env("UPS_USER", "monitor")
  empty    = null
  outlets  = [{ name = "a", number = 1 }, { name = "b", number = 2.5 }]
}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, diags := config.Load(path, environment(map[string]string{"UPS_PASSWORD": "hunter2"}))
	if len(diags) > 0 {
		t.Fatalf("diagnostics:\n%s", diags)
	}
	if c.Server.Listen != "127.0.0.1:1" || !c.Server.AllowEmbedding || c.Metrics.RawRetention != 12*time.Hour || c.Server.LogLevel != "info" {
		t.Errorf("got %+v %+v", c.Server, c.Metrics)
	}
	if want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}; !reflect.DeepEqual(c.Server.TrustedProxies, want) {
		t.Errorf("got %v, want %v", c.Server.TrustedProxies, want)
	}
	i := c.Integrations[0]
	want := `{"address":"192.0.2.7:3493","empty":null,"outlets":[{"name":"a","number":1},{"name":"b","number":2.5}],` +
		`"password":"hunter2","token":"from-file","user":"monitor"}`
	if i.Kind != "ups" || i.Name != "cellar" || string(i.Config) != want || i.Range.String() != path+":8" {
		t.Errorf("got %s %s at %v", i, i.Config, i.Range)
	}
	for key, line := range map[string]int{"address": 9, "outlets": 14, "outlets.1": 14, "outlets.1.number": 14} {
		if i.Origin[key].Line != line {
			t.Errorf("%s stands at line %d, want %d", key, i.Origin[key].Line, line)
		}
	}
	if at := c.Origin("server.listen"); at.String() != path+":3" {
		t.Errorf("listen comes from %v", at)
	}
}

func TestIntegrationDoesNotPrint(t *testing.T) {
	c := mustLoad(t, "integration \"ups\" \"a\" {\n  password = \"hunter2\"\n}\n", noEnv)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %d %x", c, c, c, c.Integrations, c.Integrations[0], c.Integrations), string(encoded)} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "104 117 110") || strings.Contains(text, "68756e746572") {
			t.Errorf("printed %s", text)
		}
	}
}

// Each folder-less case of testdata is a file and the diagnostics that it gives.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, diags := config.Load(file, environment(map[string]string{"SECRET": "hunter2"}))
			got := diags.String()
			if (c == nil) != (diags.Err() != nil) {
				t.Errorf("config %v with errors %v", c, diags.Err())
			}
			if c != nil {
				for _, i := range c.Integrations {
					got += i.Diagnose([]sdk.Diagnostic{
						{Severity: sdk.DiagnosticError, Path: "outlets.1.name", Summary: "Wrong type", Detail: "Expected a text."},
						{Severity: sdk.DiagnosticWarning, Path: "password", Summary: "Weak password", Detail: "Take a longer one."},
						{Severity: sdk.DiagnosticError, Path: "address", Summary: "Missing value", Detail: `"address" is required.`},
					}).String()
				}
			}
			if strings.Contains(got, "hunter2") {
				t.Error("a secret is shown")
			}
			golden := strings.TrimSuffix(file, ".hcl") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// The block network of an integration is often written as a value, like everything else in it.
func TestANetworkThatIsNoBlock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pulse.hcl")
	if err := os.WriteFile(file, []byte("integration \"ups\" \"cellar\" {\n  network = { allow_loopback = true }\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, diags := config.Load(file, environment(nil))
	if diags.Err() != nil {
		t.Fatal(diags)
	}
	got := c.Integrations[0].Diagnose([]sdk.Diagnostic{
		{Severity: sdk.DiagnosticError, Path: "network", Summary: "Unknown key", Detail: `There is no key "network" here.`},
	}).String()
	if !strings.Contains(got, "line 2") || !strings.Contains(got, "network { ... }") {
		t.Error(got)
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.hcl")
	if err := os.WriteFile(large, []byte(strings.Repeat("#\n", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.hcl"): "no such file",
		dir:                            "not a regular file",
		large:                          "larger than 1 MiB",
		write(t, "server {\xff"):       "not UTF-8",
		write(t, "server {\n  listen = "+strings.Repeat("[", 100000)): "nested 64 deep",
	} {
		c, diags := config.Load(path, noEnv)
		if c != nil || diags.Err() == nil || !strings.Contains(diags.String(), want) {
			t.Errorf("%s: got\n%s\nwant %q", path, diags, want)
		}
	}
}

func TestPrecedence(t *testing.T) {
	path := write(t, "server {\n  listen = \":1\"\n  log_level = \"warn\"\n  trusted_proxies = [\"10.0.0.1\"]\n}\n")
	env := environment(map[string]string{
		"PULSE_LISTEN": ":2", "PULSE_DATA_DIR": "/env", "ALLOWED_ORIGINS": "https://a.example, https://b.example",
		"PULSE_TRUSTED_PROXY_CIDRS": "192.0.2.0/24", "PULSE_ALLOW_EMBEDDING": "TRUE",
	})
	c, diags := config.LoadWith(path, env, map[string]string{"listen": ":3", "plugins": "/p", "data": ""})
	if len(diags) > 0 {
		t.Fatalf("diagnostics:\n%s", diags)
	}
	want := config.Server{
		Listen: ":3", Data: "/env", LogLevel: "warn", LogFormat: "auto", AllowEmbedding: true,
		AllowedOrigins: []string{"https://a.example", "https://b.example"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
	}
	if !reflect.DeepEqual(c.Server, want) || c.Plugins.Dir != "/p" {
		t.Errorf("got %+v %+v", c.Server, c.Plugins)
	}
	for key, from := range map[string]string{
		"server.listen": "flag --listen", "server.data": "environment variable PULSE_DATA_DIR", "server.log_level": path + ":3", "server.log_format": "",
	} {
		if got := c.Origin(key).String(); got != from {
			t.Errorf("%s comes from %q, want %q", key, got, from)
		}
	}
	_, diags = config.LoadWith(path, environment(map[string]string{"PULSE_LOG_LEVEL": "loud"}), map[string]string{"allow-embedding": "maybe"})
	for _, want := range []string{"environment variable PULSE_LOG_LEVEL", "flag --allow-embedding"} {
		if !strings.Contains(diags.String(), want) {
			t.Errorf("got\n%s\nwant %q", diags, want)
		}
	}
}

// Every mirrored key exists, and no flag or variable stands for two.
func TestSettings(t *testing.T) {
	schemas, err := config.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, s := range config.Settings() {
		block, key, _ := strings.Cut(s.Key, ".")
		if schemas[block] == nil || schemas[block].Field(key) == nil {
			t.Errorf("%s is no key", s.Key)
		}
		for _, name := range append([]string{"--" + s.Flag}, s.Env...) {
			if seen[name] != "" && name != "--" {
				t.Errorf("%s stands for %s and %s", name, seen[name], s.Key)
			}
			seen[name] = s.Key
		}
	}
	for _, f := range schemas["server"].Root.Fields {
		if seen["--"+strings.ReplaceAll(f.Name, "_", "-")] != "server."+f.Name {
			t.Errorf("server.%s has no flag", f.Name)
		}
	}
}

// The InfluxDB may be named without a file, its token in a file of its own; what the file says of it stays.
func TestInfluxDBByVariables(t *testing.T) {
	path := write(t, "metrics {\n  store = \"embedded\"\n  influxdb = {\n    org = \"house\"\n    spool_age = \"2d\"\n  }\n}\n")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{"PULSE_METRICS_STORE": "mirror", "PULSE_INFLUXDB_URL": "http://influx:8086", "PULSE_INFLUXDB_TOKEN_FILE": token}
	c, diags := config.LoadWith(path, environment(variables), map[string]string{"influxdb-bucket": "numbers"})
	if c == nil {
		t.Fatal(diags)
	}
	if in := c.Metrics.InfluxDB; len(diags) > 0 || c.Metrics.Store != "mirror" || in.URL != "http://influx:8086" || string(in.Token) != "s3cret" ||
		in.Bucket != "numbers" || in.Org != "house" || in.SpoolAge != 48*time.Hour {
		t.Errorf("%+v\n%s", c.Metrics, diags)
	}
	if got := string(c.MetricsValues()); !strings.Contains(got, "http://influx:8086") {
		t.Errorf("the page of settings is told %s", got)
	}
	variables["PULSE_INFLUXDB_TOKEN_FILE"] = token + ".gone"
	if _, diags = config.LoadWith("", environment(variables), nil); !strings.Contains(diags.String(), "PULSE_INFLUXDB_TOKEN_FILE") {
		t.Errorf("a file that is not there: %s", diags)
	}
}

// A certificate without its key, and a key without its certificate, are refused.
// What people of the reference have in docker-compose.yml says the same here.
func TestSingleSignOnByVariables(t *testing.T) {
	dir := t.TempDir()
	ca, secret := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "secret")
	for path, text := range map[string]string{ca: "-----BEGIN CERTIFICATE-----", secret: "s3cret\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	variables := map[string]string{
		"OIDC_ENABLED": "true", "OIDC_ISSUER_URL": "https://id.example.com/realms/x", "OIDC_CLIENT_ID": "pulse", "OIDC_CLIENT_SECRET": "hush",
		"OIDC_SCOPES": "openid profile  email", "OIDC_ALLOWED_GROUPS": "admins,staff ops", "OIDC_GROUPS_CLAIM": "groups", "OIDC_ALLOWED_DOMAINS": "example.com",
		"OIDC_GROUP_ROLE_MAPPINGS": "admins=admin, Domain Users = viewer", "OIDC_CA_BUNDLE": ca, "PROXY_AUTH_SECRET": "a secret of some length", "PROXY_AUTH_ADMIN_ROLE": "root",
	}
	c, diags := config.LoadWith("", environment(variables), nil)
	if c == nil || len(diags) > 0 {
		t.Fatal(diags)
	}
	o := c.OIDC
	if !o.Enabled || o.IssuerURL != "https://id.example.com/realms/x" || o.ClientID != "pulse" || o.ClientSecret.Reveal() != "hush" || o.UsernameClaim != "preferred_username" ||
		!slices.Equal(o.Scopes, []string{"openid", "profile", "email"}) || !slices.Equal(o.AllowedGroups, []string{"admins", "staff", "ops"}) ||
		!maps.Equal(o.GroupRoles, map[string]string{"admins": "admin", "Domain Users": "viewer"}) || o.CABundle != "-----BEGIN CERTIFICATE-----" {
		t.Errorf("%+v", o)
	}
	if c.ProxyAuth.Secret.Reveal() != "a secret of some length" || c.ProxyAuth.AdminRole != "root" || c.ProxyAuth.UserHeader != "X-Remote-User" {
		t.Errorf("%+v", c.ProxyAuth)
	}
	delete(variables, "OIDC_CLIENT_SECRET")
	variables["OIDC_CLIENT_SECRET_FILE"], variables["OIDC_ENABLED"] = secret, "false"
	if c, diags = config.LoadWith("", environment(variables), nil); c == nil || c.OIDC.Enabled || c.OIDC.ClientSecret.Reveal() != "s3cret" {
		t.Errorf("%s", diags)
	}
	for name, text := range map[string]string{"OIDC_GROUP_ROLE_MAPPINGS": "admins", "OIDC_CA_BUNDLE": ca + ".gone", "OIDC_ISSUER_URL": "id.example.com", "OIDC_ENABLED": "perhaps"} {
		wrong := maps.Clone(variables)
		wrong[name] = text
		if _, diags = config.LoadWith("", environment(wrong), nil); !strings.Contains(diags.String(), name) {
			t.Errorf("%s=%s: %s", name, text, diags)
		}
	}
}

func TestCertificateAndKeyGoTogether(t *testing.T) {
	for given, missing := range map[string]string{"PULSE_TLS_CERTIFICATE": "server.tls_key", "PULSE_TLS_KEY": "server.tls_certificate"} {
		if _, diags := config.Load("", environment(map[string]string{given: "/a.pem"})); !strings.Contains(diags.String(), missing) {
			t.Errorf("%s alone: %v", given, diags)
		}
	}
}

// Licences that nobody can issue are refused.
func TestLicencesNeedAPublicKey(t *testing.T) {
	for block, ok := range map[string]bool{
		"enforce = true": false, "enforce = true\n public_key = \"short\"": false, "": true,
		"enforce = true\n public_key = \"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"": true,
	} {
		if c, diags := config.Load(write(t, "license {\n "+block+"\n}\n"), environment(nil)); (c != nil) != ok {
			t.Errorf("%s: %v", block, diags)
		}
	}
}

// golden compares a file with what it should hold, or rewrites it.
func golden(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil { //nolint:gosec // a published file
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date: run make gen-golden", file)
	}
}

func TestExampleFile(t *testing.T) {
	text, err := config.Example()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../config.example.hcl"
	golden(t, file, text)
	want, _ := config.Load("", noEnv)
	c, diags := config.Load(file, noEnv)
	if len(diags) > 0 || !reflect.DeepEqual(c, want) {
		t.Errorf("the example is not the default:\n%s", diags)
	}
	open := regexp.MustCompile(`(?m)^( *)#([a-z\]}])`).ReplaceAllString(text, "$1$2")
	if strings.Count(open, " = ") < 14 {
		t.Fatalf("nothing to uncomment:\n%s", open)
	}
	full := mustLoad(t, open, func(name string) string {
		switch name {
		case "SECRET", "CLIENT_SECRET": // of a proxy that logs users in, of a provider of single sign-on
			return "long enough a secret"
		}
		return ""
	})
	full.Metrics.MaxSize = 0 // an example, as the base URL
	if !reflect.DeepEqual(full.Metrics, want.Metrics) || full.Server.Listen != want.Server.Listen || full.Server.BaseURL == "" {
		t.Errorf("uncommented, it says %+v %+v", full.Server, full.Metrics)
	}
	schemas, err := config.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	for block, s := range schemas {
		for _, f := range s.Root.Fields {
			if full.Origin(block+"."+f.Name).Line == 0 {
				t.Errorf("the example lacks %s.%s", block, f.Name)
			}
		}
	}
}

func TestReference(t *testing.T) {
	const (
		file  = "../../docs/configuration.md"
		begin = "<!-- generated: keys -->\n"
		end   = "<!-- end of generated keys -->\n"
	)
	tables, err := config.Reference()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the marks of the generated part", file)
	}
	golden(t, file, head+begin+"\n"+tables+"\n"+end+tail)
}

func FuzzLoad(f *testing.F) {
	f.Add("server {\n  listen = \":1\"\n}\nintegration \"ups\" \"a\" { x = [{ y = env(\"A\", \"b\") }] }")
	f.Add("metrics { raw_retention = \"2d\" sync = 5 }\nplugins \"x\" {}")
	f.Add("server { listen = \"${file(\"x\")}\" }\nx = 1")
	f.Add("integration \"a\" \"b\" { c = 1e400000 d = <<E\nx\nE\n}")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "for") || strings.Contains(text, "file") {
			return // loops may take as long as their author wishes; files are none of the fuzzer's business
		}
		path := filepath.Join(dir, "config.hcl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, diags := config.Load(path, noEnv)
		if (c == nil) != (diags.Err() != nil) {
			t.Errorf("config %v with %v", c, diags)
		}
		if c != nil {
			for _, i := range c.Integrations {
				if !json.Valid(i.Config) {
					t.Errorf("integration %s is not JSON", i.Config)
				}
			}
		}
		_ = diags.String()
	})
}
