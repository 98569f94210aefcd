package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/licence"
)

// A licence key outlives the server and a new key of the secrets, and lies sealed.
func TestLicenceIsKept(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	key := enc([]byte(`{"alg":"EdDSA"}`)) + "." + enc([]byte(`{"tier":"pro"}`))
	key += "." + enc(ed25519.Sign(private, []byte(key)))
	cfg := &config.Config{Server: config.Server{Data: t.TempDir()}, License: config.License{Enforce: true, PublicKey: base64.StdEncoding.EncodeToString(public)}}

	for run, rotate := range []bool{false, true, false} {
		b, err := openBase(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		s, err := openLicences(t.Context(), b, cfg.License, hclog.NewNullLogger())
		if err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			if s.Check(licence.RBAC) == nil {
				t.Error("open without a key")
			}
			if _, err := s.Activate(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Check(licence.RBAC); err != nil {
			t.Errorf("run %d: %v", run, err)
		}
		if rotate {
			if n, err := b.state.Reseal(t.Context(), b.sealer, b.sealer); err != nil || n != 1 {
				t.Errorf("sealed anew: %d, %v", n, err)
			}
		}
		if err := errors.Join(b.state.Flush(t.Context()), b.Close()); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(cfg.Server.Data + "/" + stateFile)
	if err != nil || bytes.Contains(file, []byte(key[:40])) {
		t.Errorf("the key lies in the clear: %v", err)
	}
}

// licensed is a served server that asks for licences, and a token that may do everything.
type licensed struct {
	t          *testing.T
	s          *server
	url, token string
}

func (l licensed) do(method, path, body string) (int, map[string]any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("X-API-Token", l.token)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	out := map[string]any{}
	_ = json.Unmarshal(raw, &out)
	return res.StatusCode, out
}

func serveLicensed(t *testing.T, l config.License) licensed {
	t.Helper()
	dir := t.TempDir()
	plugins := filepath.Join(dir, "plugins")
	if err := os.Mkdir(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.LoadWith("", func(string) string { return "" }, map[string]string{"listen": "127.0.0.1:0", "data": filepath.Join(dir, "data"), "plugins": plugins})
	if cfg == nil {
		t.Fatal(diags)
	}
	cfg.License = l
	runs, ended := make(chan *server, 1), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		ended <- serve(ctx, cfg, hclog.NewNullLogger(), time.Now(), func(s *server) error { runs <- s; return nil })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	out := licensed{t: t, token: "0123456789abcdef0123456789abcdef0123456789abcdef"}
	select {
	case out.s = <-runs:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	out.url = "http://" + out.s.listener.Addr().String()
	if err := out.s.auth.Claim(t.Context(), "admin", "a long enough password", out.token); err != nil {
		t.Fatal(err)
	}
	return out
}

// The rows of each feature answer 402 with the contract's body until a key that the command issued opens them, and again
// once it is cleared.
func TestFeaturesAskForALicence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "issuer.pem")
	code, out, _ := pulse(t, "license", "new-key", file)
	public := regexp.MustCompile(`public_key = "(.*)"`).FindStringSubmatch(out)
	if info, err := os.Stat(file); code != 0 || public == nil || err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%d %s %v", code, out, err)
	}
	if code, _, msg := pulse(t, "license", "new-key", file); code != 1 || !strings.Contains(msg, "exists") {
		t.Errorf("a key was overwritten: %d %s", code, msg)
	}
	issue := func(args ...string) string {
		t.Helper()
		code, out, msg := pulse(t, append([]string{"license", "issue", "--key", file}, args...)...)
		if code != 0 {
			t.Fatal(msg)
		}
		return strings.TrimSpace(out)
	}
	const upgrade = "https://up.example.com"
	w := serveLicensed(t, config.License{Enforce: true, PublicKey: public[1], UpgradeURL: upgrade})

	features := map[string]int{"long_term_metrics": 1}
	var asked []route.Route
	for _, r := range w.s.api.Routes() {
		if r.Access.Feature != "" {
			asked = append(asked, r)
			features[r.Access.Feature]++
		}
	}
	for _, f := range []string{licence.RBAC, licence.AuditLogging, licence.AdvancedReporting} {
		if features[f] == 0 {
			t.Errorf("no row asks for %s", f)
		}
	}
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	closed := func(what string, want map[string]bool) {
		t.Helper()
		check := func(feature string, status int, out map[string]any) {
			t.Helper()
			if !want[feature] {
				if status == 402 {
					t.Errorf("%s: %s is closed", what, feature)
				}
				return
			}
			message, _ := out["message"].(string)
			if status != 402 || out["error"] != "license_required" || out["feature"] != feature || out["upgrade_url"] != upgrade || !strings.HasPrefix(message, "feature not included in license: ") {
				t.Errorf("%s: %s answers %d %v", what, feature, status, out)
			}
		}
		for _, r := range asked {
			if !want[r.Access.Feature] && r.Method != http.MethodGet {
				continue // what is open would be done
			}
			status, out := w.do(r.Method, parameter.ReplaceAllString(r.Path, "x"), "{}")
			check(r.Access.Feature, status, out)
		}
		status, out := w.do("GET", "/api/metrics-store/history?resourceType=node&resourceId=x&range=30d", "")
		check(licence.LongTermMetrics, status, out)
	}
	all := map[string]bool{licence.RBAC: true, licence.AuditLogging: true, licence.AdvancedReporting: true, licence.LongTermMetrics: true}
	closed("without a key", all)
	if status, out := w.do("GET", "/api/metrics-store/history?resourceType=node&resourceId=x&range=24h", ""); status == 402 {
		t.Errorf("a day of history is closed: %v", out)
	}

	status, told := w.do("POST", "/api/license/activate", `{"license_key":"`+issue("--tier", "free", "--features", "audit_logging")+`"}`)
	if inner, _ := told["status"].(map[string]any); status != 200 || told["success"] != true || inner["tier"] != "free" || inner["days_remaining"] != 365.0 {
		t.Errorf("activate: %d %v", status, told)
	}
	closed("with one feature", map[string]bool{licence.RBAC: true, licence.AdvancedReporting: true, licence.LongTermMetrics: true})
	if status, told := w.do("POST", "/api/license/activate", `{"license_key":"`+issue("--email", "a@example.com", "--days", "0", "--max-nodes", "3")+`"}`); status != 200 {
		t.Errorf("activate: %d %v", status, told)
	}
	closed("with the tier", nil)
	if _, told := w.do("GET", "/api/license/status", ""); told["valid"] != true || told["tier"] != "pro" || told["email"] != "a@example.com" || told["is_lifetime"] != true || told["days_remaining"] != -1.0 || told["max_nodes"] != 3.0 || told["expires_at"] != nil {
		t.Errorf("status: %v", told)
	}
	_, told = w.do("GET", "/api/license/features", "")
	list, _ := told["features"].(map[string]any)
	if told["license_status"] != "active" || told["upgrade_url"] != upgrade || list["rbac"] != true || len(list) != len(licence.Listed) {
		t.Errorf("features: %v", told)
	}
	for body, message := range map[string]string{`{`: "", `{}`: "missing", `{"license_key":"x"}`: "three parts", `{"license_key":"a.b.c"}`: ""} {
		status, told := w.do("POST", "/api/license/activate", body)
		if text, _ := told["message"].(string); status != 400 || !strings.Contains(text, message) {
			t.Errorf("%s: %d %v", body, status, told)
		}
	}
	if status, told := w.do("POST", "/api/license/clear", ""); status != 200 || told["success"] != true || told["message"] != "License cleared" {
		t.Errorf("clear: %d %v", status, told)
	}
	closed("cleared", all)

	reader, _, err := w.s.auth.CreateToken(t.Context(), auth.Principal{Method: auth.MethodSession, User: "admin", Admin: true}, auth.NewToken{Name: "t", Scopes: []auth.Scope{auth.ScopeSettingsRead}})
	if err != nil {
		t.Fatal(err)
	}
	w.token = reader
	for path, want := range map[string]int{"/api/license/activate": 403, "/api/license/clear": 403} {
		if status, _ := w.do("POST", path, "{}"); status != want {
			t.Errorf("%s by who may read: %d", path, status)
		}
	}
	if status, _ := w.do("GET", "/api/license/features", ""); status != 200 {
		t.Errorf("features by who may read: %d", status)
	}
}

// Keys that a server would not take are not issued.
func TestLicencesThatAreNotIssued(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "issuer.pem")
	if code, _, msg := pulse(t, "license", "new-key", file); code != 0 {
		t.Fatal(msg)
	}
	other := filepath.Join(dir, "other.pem")
	if err := os.WriteFile(other, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"tier": {"--key", file, "--tier", "gold"}, "feature": {"--key", file, "--features", "flying"}, "days": {"--key", file, "--days=-1"},
		"nodes": {"--key", file, "--max-nodes=-1"}, "no PEM": {"--key", other}, "no file": {"--key", filepath.Join(dir, "none")},
		"past all time": {"--key", file, "--days", "9999999"},
	} {
		if code, out, _ := pulse(t, append([]string{"license", "issue"}, args...)...); code != 1 || out != "" {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
}
