package setup

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

const token = "0123456789abcdef0123456789abcdef"

// pulse stands for the server that a script tells of the machine it runs on.
type pulse struct {
	*httptest.Server
	told   []map[string]string
	refuse string
}

func newPulse(t *testing.T) *pulse {
	t.Helper()
	p := &pulse{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			return
		}
		body, err := io.ReadAll(r.Body)
		var said map[string]string
		if err != nil || json.Unmarshal(body, &said) != nil || !strings.HasSuffix(r.URL.Path, "/api/auto-register") {
			t.Errorf("%s %s: %q, %v", r.Method, r.URL.Path, body, err)
		}
		p.told = append(p.told, said)
		if p.refuse != "" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"x","message":"`+p.refuse+`"}`)
			return
		}
		_, _ = io.WriteString(w, `{"status":"success","message":"The node was added"}`)
	}))
	t.Cleanup(p.Close)
	return p
}

func writer(t *testing.T, kind string) Writer {
	t.Helper()
	make := map[string]func(sdk.Deps) (Writer, error){"pve": PVE, "pbs": PBS}[kind]
	w, err := make(sdk.Deps{Network: sdk.Network{AllowLoopback: true}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func script(t *testing.T, kind string, params map[string]string) string {
	t.Helper()
	text, err := writer(t, kind).Script(t.Context(), sdk.ScriptRequest{Name: Script, Params: params, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// machine is where scripts run: the product's commands are stand-ins that keep what they did in state.
type machine struct {
	t     *testing.T
	state string
	env   []string
}

func newMachine(t *testing.T, env ...string) *machine {
	t.Helper()
	for _, name := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not here: %v", name, err)
		}
	}
	return &machine{t, t.TempDir(), env}
}

// run hands the script to bash through standard input, as a download does.
func (m *machine) run(text string, env ...string) (out string, failed bool) {
	m.t.Helper()
	bin, err := filepath.Abs("testdata/bin")
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash")
	cmd.Stdin = strings.NewReader(text)
	cmd.Dir = m.state
	cmd.Env = append([]string{"PATH=" + bin + ":/usr/bin:/bin", "FAKE_STATE=" + m.state, "PULSE_SETUP_UNATTENDED=1"}, append(m.env, env...)...)
	raw, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatalf("%v\n%s", err, raw)
	}
	return string(raw), err != nil
}

// read returns a file that the stand-ins wrote, empty when there is none.
func (m *machine) read(name string) string {
	m.t.Helper()
	b, err := os.ReadFile(filepath.Join(m.state, name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	return string(b)
}

func (m *machine) names(dir string) []string {
	m.t.Helper()
	entries, err := os.ReadDir(filepath.Join(m.state, dir))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestTheScriptMakesAnAccountAndTellsOfIt(t *testing.T) {
	p := newPulse(t)
	m := newMachine(t)
	out, failed := m.run(script(t, "pve", map[string]string{"url": p.URL, "host": "https://10.0.0.10:8006/ignored", "backup_perms": "true"}))
	if failed || len(p.told) != 1 {
		t.Fatalf("failed %v\n%s", failed, out)
	}
	said := p.told[0]
	want := map[string]string{
		"type": "pve", "host": "https://10.0.0.10:8006", "tokenValue": "11111111-2222-3333-4444-555555555555", "authToken": token, "source": "script",
	}
	for k, v := range want {
		if said[k] != v {
			t.Errorf("%s is %q, want %q", k, said[k], v)
		}
	}
	if !regexp.MustCompile(`^pulse-monitor@pam!pulse-127-0-0-1-[0-9]{10}$`).MatchString(said["tokenId"]) || said["serverName"] == "" {
		t.Errorf("%v", said)
	}
	if got := m.read("acl/list"); got != "/ pulse-monitor@pam PVEAuditor\n/ pulse-monitor@pam PulseMonitor\n/storage pulse-monitor@pam PVEDatastoreAdmin\n" {
		t.Errorf("rights:\n%s", got)
	}
	if got := m.read("roles/PulseMonitor"); got != "Sys.Audit,VM.GuestAgent.Audit\n" {
		t.Errorf("role: %q", got)
	}
	for _, said := range []string{"It will:", "PVEAuditor on /", "PVEDatastoreAdmin on /storage", "running it again does no harm", "Pulse says: The node was added", "Done: Pulse watches https://10.0.0.10:8006"} {
		if !strings.Contains(out, said) {
			t.Errorf("it does not say %q:\n%s", said, out)
		}
	}
	if strings.Contains(out, want["tokenValue"]) || strings.Contains(m.read("calls"), token) {
		t.Error("a secret is shown, or stands in a command line")
	}
}

func TestTheScriptMayRunAgain(t *testing.T) {
	p := newPulse(t)
	m := newMachine(t, "FAKE_RELEASE=8.2.4")
	text := script(t, "pve", map[string]string{"url": p.URL})
	if err := os.MkdirAll(filepath.Join(m.state, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pulse-127-0-0-1-1700000000", "pulse-127-0-0-1-mine", "pulse-other-1700000000", "backup"} {
		if err := os.WriteFile(filepath.Join(m.state, "tokens", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		out, failed := m.run(text)
		if failed {
			t.Fatal(out)
		}
		if !strings.Contains(out, "pveum user token remove pulse-monitor@pam pulse-127-0-0-1-1700000000\n") || strings.Contains(out, "mine") || strings.Contains(out, "pulse-other") {
			t.Errorf("older tokens of this server, and no others, are named:\n%s", out)
		}
	}
	if len(p.told) != 2 || len(m.names("users")) != 1 || p.told[0]["host"] != "https://127.0.0.1:8006" {
		t.Errorf("told %v, users %v", p.told, m.names("users"))
	}
	if got := m.read("roles/PulseMonitor"); !strings.HasPrefix(got, "Sys.Audit,VM.Monitor\n") {
		t.Errorf("role of an older release: %q", got)
	}
}

func TestTheScriptOfTheBackupServer(t *testing.T) {
	p := newPulse(t)
	m := newMachine(t)
	out, failed := m.run(script(t, "pbs", map[string]string{"url": p.URL + "/below/", "host": "https://vault:8007"}))
	if failed || len(p.told) != 1 {
		t.Fatal(out)
	}
	said := p.told[0]
	if said["type"] != "pbs" || said["tokenValue"] != "66666666-7777-8888-9999-000000000000" || !strings.HasPrefix(said["tokenId"], "pulse-monitor@pbs!pulse-127-0-0-1-") {
		t.Errorf("%v", said)
	}
	rights := m.read("acl/list")
	if !strings.Contains(rights, "/ Audit pulse-monitor@pbs \n") || !strings.Contains(rights, "/ Audit "+said["tokenId"]+" \n") {
		t.Errorf("rights:\n%s", rights)
	}
}

func TestTheScriptRemovesWhatItMade(t *testing.T) {
	p := newPulse(t)
	for _, kind := range []string{"pve", "pbs"} {
		m := newMachine(t)
		text := script(t, kind, map[string]string{"url": p.URL})
		if out, failed := m.run(text); failed {
			t.Fatal(out)
		}
		if out, _ := m.run(text, "PULSE_SETUP_ACTION=remove"); !strings.Contains(out, "Nothing was changed") || len(m.names("users")) == 0 {
			t.Errorf("%s: without a confirmation: %s", kind, out)
		}
		if out, failed := m.run(text, "PULSE_SETUP_ACTION=remove", "PULSE_SETUP_CONFIRM=yes"); failed || len(m.names("users"))+len(m.names("tokens"))+len(m.names("roles")) != 0 {
			t.Errorf("%s: %v %v %v\n%s", kind, m.names("users"), m.names("tokens"), m.names("roles"), out)
		}
	}
}

func TestTheScriptRefusesAndSaysWhatToDo(t *testing.T) {
	p := newPulse(t)
	m := newMachine(t)
	text := script(t, "pve", map[string]string{"url": p.URL, "host": "https://a:8006"})
	if out, failed := m.run(text, "FAKE_UID=1000"); !failed || !strings.Contains(out, "as root") || m.read("calls") != "" {
		t.Errorf("not root: %s", out)
	}
	// Without the product's commands.
	cmd := exec.CommandContext(t.Context(), "bash")
	cmd.Stdin, cmd.Env = strings.NewReader(strings.Replace(text, `"$(id -u)"`, "0", 1)), []string{"PATH=/usr/bin:/bin"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "no Proxmox VE host") || !strings.Contains(string(out), "pveum user add pulse-monitor@pam") {
		t.Errorf("elsewhere: %s, %v", out, err)
	}
	p.refuse = "Invalid or expired setup code"
	if out, failed := m.run(text); !failed || !strings.Contains(out, p.refuse) || !strings.Contains(out, "11111111-2222") || !strings.Contains(out, "by hand") {
		t.Errorf("a server that refuses: %s", out)
	}
	// Half of a script does nothing.
	m = newMachine(t)
	if out, _ := m.run(text[:len(text)-20]); m.read("calls") != "" {
		t.Errorf("half a script did something: %s\n%s", m.read("calls"), out)
	}
}

// What people write must stay text, whatever it is.
func TestNothingThatIsEnteredIsRun(t *testing.T) {
	for _, bad := range []string{
		"https://a$(touch x)", "https://a`touch x`", "https://a';touch x;'", "https://a\";touch x;\"", "https://a\ntouch x", "https://a/?$(touch x)", "ftp://a", "a", "",
		"https://$(touch x)@a", "https://a/#`touch x`", `https://a\`,
	} {
		for _, params := range []map[string]string{{"url": bad}, {"url": "https://pulse", "host": bad}} {
			if bad == "" && params["host"] == "" && params["url"] != "" {
				continue // no host is fine
			}
			text, err := writer(t, "pve").Script(t.Context(), sdk.ScriptRequest{Name: Script, Params: params, Token: token})
			if err != nil {
				if sdk.KindOf(err) != sdk.KindInvalid {
					t.Errorf("%v: %v", params, err)
				}
				continue
			}
			m := newMachine(t)
			m.run(text, "PULSE_SETUP_ACTION=cancel")
			if len(m.names(".")) != 0 {
				t.Errorf("%v ran: %v", params, m.names("."))
			}
		}
	}
	for _, bad := range []string{"", "short", strings.Repeat("g", 32), strings.Repeat("a", 32) + "'"} {
		if _, err := writer(t, "pve").Script(t.Context(), sdk.ScriptRequest{Name: Script, Params: map[string]string{"url": "https://a"}, Token: bad}); err == nil {
			t.Errorf("the token %q was taken", bad)
		}
	}
}

// FuzzQuote has bash say what it reads.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "a'b", `\`, "$(x)", "a\nb", "`x`", "!1", "'\\''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsRune(text, 0) || len(text) > 1000 {
			return
		}
		out, err := exec.CommandContext(t.Context(), "bash", "-c", "printf %s "+quote(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q became %q, %v", text, out, err)
		}
	})
}

func TestAServerIsRecognisedByItsFirstPage(t *testing.T) {
	pages := map[string]string{
		"pve": `<!DOCTYPE html><title>pve1 - Proxmox Virtual Environment</title><script src="/pve2/js/pvemanagerlib.js?ver=8.2.4"></script>`,
		"pbs": "<html><head>\n<title>vault - Proxmox Backup Server</title></head>",
		"pmg": `<title>mx &amp; co - Proxmox Mail Gateway</title><script src="/pve2/js/pmgmanagerlib.js?ver=8.1.0-2">`,
		"web": `<title>Welcome to nginx!</title>`, "none": "",
	}
	fronts := map[string]func(context.Context, string) (sdk.Candidate, error){"pve": writer(t, "pve").Probe, "pbs": writer(t, "pbs").Probe}
	pmg, err := PMG(sdk.Deps{Network: sdk.Network{AllowLoopback: true}})
	if err != nil {
		t.Fatal(err)
	}
	fronts["pmg"] = pmg.Probe
	for page, text := range pages {
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }))
		for kind, probe := range fronts {
			c, err := probe(t.Context(), s.Listener.Addr().String())
			switch {
			case kind != page && sdk.KindOf(err) != sdk.KindUnsupported:
				t.Errorf("%s at %s: %+v, %v", kind, page, c, err)
			case kind == page && (err != nil || c.Kind != kind || len(c.CertificateSHA256) != 64 || c.Name == "" || (kind == "pve") != (c.Version == "8.2.4")):
				t.Errorf("%s: %+v, %v", kind, c, err)
			}
		}
		s.Close()
	}
	// This machine itself is not asked unless it is allowed.
	closed, err := PVE(sdk.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := closed.Probe(t.Context(), "127.0.0.1:8006"); sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("loopback: %v", err)
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add([]byte("<title>a - Proxmox Virtual Environment</title>manager.js?ver=1..."))
	f.Fuzz(func(t *testing.T, page []byte) {
		if c, ok := (Front{kind: "pve", title: "Proxmox Virtual Environment"}).recognise(page); !ok && c != (sdk.Candidate{}) {
			t.Errorf("%+v", c)
		}
	})
}
