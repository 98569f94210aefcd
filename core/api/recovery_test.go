package api_test

import (
	"encoding/hex"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/security"
	"github.com/pulse-platform/pulse/core/auth"
)

// mark is the file of recovery mode.
type mark string

func (m mark) Read() ([]byte, error) { return os.ReadFile(string(m)) }

func (m mark) Create(content []byte) (bool, error) {
	return true, os.WriteFile(string(m), content, 0o600)
}

func (m mark) Remove() error {
	if err := os.Remove(string(m)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// recoveryToken is the token that was made last, as somebody on the server's machine reads it.
func (w *world) recoveryToken() string {
	w.t.Helper()
	text, err := w.shown.Read()
	w.must(err)
	return strings.TrimSpace(string(text))
}

const recoveryPath = "/api/security/recovery"

// Whoever is locked out on the server's own machine gets back in, with everything that kept them out gone.
func TestRecovery(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	kept := w.token(auth.ScopeMonitoringRead)
	old, _, _, err := w.auth.Login(t.Context(), auth.Attempt{User: "admin", Password: password, Peer: "192.0.2.1"})
	w.must(err)
	for range auth.MaxAttempts {
		w.do("POST", "/api/login", `{"username":"admin","password":"wrong and long enough"}`)
	}
	if res, _ := w.do("POST", "/api/login", `{"username":"admin","password":"`+password+`"}`); res.StatusCode != 403 {
		t.Fatalf("not locked out: %d", res.StatusCode)
	}
	res, out := w.do("POST", recoveryPath, `{"action":"generate_token"}`)
	token := w.recoveryToken()
	if raw, err := hex.DecodeString(token); res.StatusCode != 200 || err != nil || len(raw) != 32 || out["expires_in_minutes"] != 15.0 || out["success"] != true || strings.Contains(out["raw"].(string), token) {
		t.Fatalf("%d %v", res.StatusCode, out)
	}
	const next = "quite another password"
	setup := `{"username":"admin","password":"` + next + `","force":true}`
	if res, out := w.do("POST", "/api/security/quick-setup", setup, "X-Recovery-Token", token); res.StatusCode != 200 || out["success"] != true || out["skipped"] != nil {
		t.Fatalf("%d %v", res.StatusCode, out)
	}
	if res, _ := w.do("POST", "/api/security/quick-setup", setup, "X-Recovery-Token", token); res.StatusCode != 401 {
		t.Errorf("the token works twice: %d", res.StatusCode)
	}
	if res, _ := w.do("POST", "/api/login", `{"username":"admin","password":"`+next+`"}`); res.StatusCode != 200 {
		t.Errorf("the new password: %d", res.StatusCode)
	}
	if res, _ := w.do("GET", "/api/tagged", "", "Cookie", "pulse_session="+old); res.StatusCode != 401 {
		t.Errorf("an old login: %d", res.StatusCode)
	}
	if res, _ := w.do("GET", "/api/tagged", "", "X-API-Token", kept); res.StatusCode != 200 {
		t.Errorf("another token: %d", res.StatusCode)
	}
}

// The mode is a mark: it tells, and lets nobody in.
func TestRecoveryMode(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	for _, step := range []struct {
		body    string
		success bool
		on      bool
	}{
		{`{"action":"enable_auth"}`, false, false},
		{`{"action":"disable_auth"}`, true, true},
		{`{"action":"nonsense"}`, false, true},
		{`{"action":"enable_auth"}`, true, false},
	} {
		if res, out := w.do("POST", recoveryPath, step.body); res.StatusCode != 200 || out["success"] != step.success {
			t.Errorf("%s: %d %v", step.body, res.StatusCode, out)
		}
		res, out := w.do("GET", recoveryPath, "")
		if told := res.Header.Get("X-Auth-Recovery") == "true"; out["recovery_mode"] != step.on || told != step.on {
			t.Errorf("after %s: %v, told %v", step.body, out, told)
		}
		if res, _ := w.do("GET", "/api/tagged", ""); res.StatusCode != 401 {
			t.Errorf("after %s a stranger reads: %d", step.body, res.StatusCode)
		}
	}
	if res, _ := w.do("POST", recoveryPath, `{"action":`); res.StatusCode != 400 {
		t.Errorf("what is no JSON: %d", res.StatusCode)
	}
}

// What only looks like a caller on the server's own machine is none.
func TestRecoveryIsForThisMachine(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	try := func(method string, header ...string) {
		t.Helper()
		if res, out := w.do(method, recoveryPath, `{"action":"generate_token"}`, header...); res.StatusCode != 403 {
			t.Errorf("%s with %s: %d %v", method, header, res.StatusCode, out)
		}
	}
	for _, header := range [][2]string{
		{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "localhost"}, {"Via", "1.1 proxy"}, {"Host", "rebound.example.com"},
		{"Origin", "https://evil.example.com"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"},
	} {
		try("GET", header[:]...)
		try("POST", header[:]...)
	}
	try("GET", "X-Forwarded-For", "127.0.0.1") // these two and the one below are all that the rate limit lets through
	try("POST", "Forwarded", "for=127.0.0.1")
	_, out := w.do("POST", recoveryPath, `{"action":"generate_token","duration":1}`)
	token := w.recoveryToken()
	if out["expires_in_minutes"] != 1.0 {
		t.Errorf("%v", out)
	}
	if res, _ := w.do("GET", recoveryPath, "", "X-Recovery-Token", token); res.StatusCode != 200 {
		t.Errorf("with the token: %d", res.StatusCode)
	}
	away := []string{"X-Forwarded-For", "192.0.2.9", "X-Recovery-Token", token}
	if res, _ := w.do("GET", recoveryPath, "", away...); res.StatusCode != 403 {
		t.Errorf("a question does not use the token up: %d", res.StatusCode)
	}
}

func TestRecoveryFromElsewhere(t *testing.T) {
	w := serve(t, func(o *api.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	w.claim()
	if res, _ := w.do("GET", recoveryPath, ""); res.StatusCode != 403 {
		t.Errorf("a trusted proxy is taken for somebody on this machine: %d", res.StatusCode)
	}
	codes := []int{}
	for range 4 {
		res, _ := w.do("GET", recoveryPath, "", "X-Forwarded-For", "192.0.2.9", "X-Recovery-Token", "guess")
		codes = append(codes, res.StatusCode)
	}
	if codes[2] != 403 || codes[3] != 429 {
		t.Errorf("guesses: %v", codes)
	}
}

// The token is used with a strange setup as well, and never makes somebody of a name that others vouch for.
func TestRecoveryRefuses(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	_, err := w.auth.Admit(t.Context(), auth.Vouched{Method: auth.MethodProxy, Name: "jane"})
	w.must(err)
	for body, want := range map[string]int{
		`{"username":"admin","password":"short","force":true}`:                                     400,
		`{"username":"jane","password":"` + password + `","force":true}`:                           400,
		`{"username":"admin","password":"` + password + `","apiToken":"short","force":true}`:       400,
		`{"username":"admin","password":"` + password + `"}`:                                       200,
		`{"username":"new","password":"` + password + `","force":true,"apiToken":"` + fresh + `"}`: 200,
	} {
		w.do("POST", recoveryPath, `{"action":"generate_token"}`)
		token := w.recoveryToken()
		if res, out := w.do("POST", "/api/security/quick-setup", body, "X-Recovery-Token", token); res.StatusCode != want {
			t.Errorf("%s: %d %v", body, res.StatusCode, out)
		}
	}
	if res, _ := w.do("POST", "/api/login", `{"username":"admin","password":"`+password+`"}`); res.StatusCode != 200 {
		t.Errorf("without force something changed: %d", res.StatusCode)
	}
	if res, _ := w.do("GET", "/api/security/lockouts", "", "X-API-Token", fresh); res.StatusCode != 200 {
		t.Errorf("the new token: %d", res.StatusCode)
	}
}

const fresh = "0123456789abcdef0123456789abcdef"

// A restart is asked for by administrators only.
func TestApplyRestart(t *testing.T) {
	restarts := 0
	w := serve(t, func(o *api.Options) {
		o.Areas = append(o.Areas[:1:1], api.Area{Name: "security", Routes: security.Area{Restart: func() { restarts++ }}.Routes()})
	})
	w.claim()
	for token, want := range map[string]int{"": 401, w.token(auth.ScopeMonitoringRead): 403, w.token(auth.ScopeSettingsWrite): 200} {
		header := []string{"X-API-Token", token}
		if token == "" {
			header = nil
		}
		if res, out := w.do("POST", "/api/security/apply-restart", "", header...); res.StatusCode != want {
			t.Errorf("%d %v", res.StatusCode, out)
		}
	}
	if restarts != 1 {
		t.Errorf("%d restarts", restarts)
	}
	if _, out := w.do("GET", recoveryPath, ""); out["recovery_mode"] == true {
		t.Error("recovery mode is on after the restart")
	}
}
