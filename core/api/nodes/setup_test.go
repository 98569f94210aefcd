package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
)

// asked is a request to a server at a host, with pairs of headers.
func asked(t *testing.T, host string, headers ...string) context.Context {
	t.Helper()
	r := &route.Request{Host: host, Header: http.Header{}}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return route.WithRequest(t.Context(), r)
}

// letters are what was broadcast.
type letters struct {
	mu  sync.Mutex
	all []string
}

func (l *letters) take(kind string, data json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, kind+" "+string(data))
}

func newSetupBench(t *testing.T) (*bench, *letters, *time.Time) {
	t.Helper()
	b, mail, now := newBench(t), &letters{}, time.Unix(1_800_000_000, 0)
	b.area.Tickets = NewTickets(sqlite.NewSettings(b.db), func() time.Time { return now })
	b.area.PublicURL = func() string { return "" }
	b.area.Broadcast = mail.take
	b.area.Script = func(_ context.Context, kind string, r sdk.ScriptRequest) (string, error) {
		if r.Params["url"] == "https://bad" {
			e := sdk.Errorf(sdk.KindInvalid, "It is bad.")
			e.Field = "url"
			return "", e
		}
		return strings.Join([]string{kind, r.Name, r.Params["url"], r.Params["host"], r.Params["backup_perms"], r.Token}, " "), nil
	}
	b.area.Token = func(raw string) (auth.Principal, bool) {
		scopes := map[string]auth.Scope{"admin": auth.ScopeSettingsWrite, "agent": auth.ScopeHostReport, "other-agent": auth.ScopeHostReport, "reader": auth.ScopeMonitoringRead}
		scope, known := scopes[raw]
		return auth.Principal{Method: auth.MethodToken, Admin: raw == "admin", Token: &auth.TokenInfo{ID: "id-" + raw, Scopes: []auth.Scope{scope}}}, known
	}
	return b, mail, &now
}

func TestTheScriptNeedsItsTokenForEveryByte(t *testing.T) {
	b, _, now := newSetupBench(t)
	ctx := asked(t, "pulse.example.com:7655")
	got, err := b.area.setupURL(ctx, setupIn{Type: "pve", Host: "10.0.0.10", BackupPerms: true})
	if err != nil {
		t.Fatal(err)
	}
	const want = "http://pulse.example.com:7655/api/setup-script?type=pve&host=https%3A%2F%2F10.0.0.10%3A8006&pulse_url=http%3A%2F%2Fpulse.example.com%3A7655&backup_perms=true"
	if got.URL != want || len(got.SetupToken) != 32 || got.Expires != now.Add(5*time.Minute).Unix() || strings.Contains(got.CommandWithoutEnv, got.SetupToken) {
		t.Errorf("%+v", got)
	}
	for name, in := range map[string]scriptIn{
		"as a header": {Type: "pve", SetupToken: got.SetupToken}, "as a bearer": {Type: "pve", Bearer: "bearer " + got.SetupToken}, "in the query": {Type: "pve", AuthToken: got.SetupToken},
	} {
		raw, err := b.area.setupScript(ctx, in)
		if err != nil || string(raw.Body) != "pve setup http://pulse.example.com:7655 https://10.0.0.10:8006 true "+got.SetupToken {
			t.Errorf("%s: %s, %v", name, raw.Body, err)
		}
	}
	for name, c := range map[string]struct {
		in   scriptIn
		code errs.Code
		says string
	}{
		"no token":        {scriptIn{Type: "pve"}, errs.Unauthenticated, "missing"},
		"another token":   {scriptIn{Type: "pve", SetupToken: strings.Repeat("a", 32)}, errs.Unauthenticated, "missing"},
		"another type":    {scriptIn{Type: "pbs", SetupToken: got.SetupToken}, errs.Unauthenticated, "missing"},
		"no type":         {scriptIn{SetupToken: got.SetupToken}, errs.Invalid, "Type"},
		"odd type":        {scriptIn{Type: "esx", SetupToken: got.SetupToken}, errs.Invalid, "type"},
		"without script":  {scriptIn{Type: "pmg", SetupToken: got.SetupToken}, errs.Invalid, "by hand"},
		"odd host":        {scriptIn{Type: "pve", Host: "$(x)", SetupToken: got.SetupToken}, errs.Invalid, "host"},
		"an odd address":  {scriptIn{Type: "pve", PulseURL: "https://bad", SetupToken: got.SetupToken}, errs.Invalid, "pulse_url: It is bad"},
		"made-up headers": {scriptIn{Type: "pve", Bearer: "Basic " + got.SetupToken}, errs.Unauthenticated, "missing"},
	} {
		raw, err := b.area.setupScript(ctx, c.in)
		if !errs.Is(err, c.code) || !strings.Contains(err.Error(), c.says) || len(raw.Body) > 0 {
			t.Errorf("%s: %q, %v", name, raw.Body, err)
		}
	}
	*now = now.Add(5 * time.Minute)
	if _, err := b.area.setupScript(ctx, scriptIn{Type: "pve", SetupToken: got.SetupToken}); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("after five minutes: %v", err)
	}
	if _, err := b.area.setupURL(asked(t, "a b"), setupIn{Type: "pve"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a Host header that is none: %v", err)
	}
	b.area.PublicURL = func() string { return "https://pulse.example.com/below/" }
	if got, err := b.area.setupURL(ctx, setupIn{Type: "pbs"}); err != nil || !strings.HasPrefix(got.URL, "https://pulse.example.com/below/api/setup-script?type=pbs&pulse_url=") {
		t.Errorf("the configured address: %+v, %v", got, err)
	}
}

// FuzzCommand has shells read the command that people paste: it must mean what it says, whatever the address of this server is.
func FuzzCommand(f *testing.F) {
	for _, odd := range []string{"it's;touch x;$(touch y)", "`touch x`", "'\\''", "\"", "\n", "|sh", "a&b", "\\", "é", "!1", "<<<a"} {
		f.Add("http://127.0.0.1:1/"+odd, "10.0.0.1", true)
	}
	f.Fuzz(func(t *testing.T, public, host string, perms bool) {
		if public == "" || strings.ContainsRune(public, 0) || strings.HasSuffix(public, "/") || len(public) > 2000 {
			return
		}
		a := Area{Tickets: NewTickets(memory{}, time.Now), PublicURL: func() string { return public }}
		got, err := a.setupURL(asked(t, "x"), setupIn{Type: "pve", Host: host, BackupPerms: perms})
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Error(err)
			}
			return
		}
		for _, command := range []string{got.Command, got.CommandWithEnv, got.CommandWithoutEnv} {
			for _, shell := range []string{"bash", "sh"} {
				if out, err := exec.CommandContext(t.Context(), shell, "-n", "-c", command).CombinedOutput(); err != nil {
					t.Errorf("%s does not read %q: %v, %s", shell, command, err, out)
				}
			}
		}
		// A curl that says what it was told.
		shell := `curl() { printf '%s|' "$@"; cat; }; export -f curl; ` + strings.Replace(got.Command, "| bash", "", 1)
		out, err := exec.CommandContext(t.Context(), "bash", "-c", shell).CombinedOutput()
		if want := "-fsSL|-H|@-|" + got.URL + "|X-Setup-Token: " + got.SetupToken + "\n"; err != nil || string(out) != want {
			t.Errorf("got %q, %v, want %q", out, err, want)
		}
	})
}

// memory keeps nothing.
type memory struct{}

func (memory) Get(context.Context, string, any) (bool, error) { return false, nil }
func (memory) Set(context.Context, string, any) error         { return nil }

func TestATokenIsUsedOnce(t *testing.T) {
	b := newBench(t)
	tickets := NewTickets(sqlite.NewSettings(b.db), time.Now)
	issue := func() string {
		token, _, err := tickets.issue(t.Context(), ticket{Kind: "pve"})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	token := issue()
	var used atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, valid, err := tickets.take(t.Context(), token, "pve"); valid || err != nil {
				used.Add(1)
			}
		})
	}
	wg.Wait()
	if used.Load() != 1 {
		t.Errorf("it was used %d times", used.Load())
	}
	first := issue()
	for range maxTickets {
		issue()
	}
	if _, valid, err := tickets.see(t.Context(), first, "pve"); valid || err != nil || len(tickets.all) != maxTickets {
		t.Errorf("%d are valid, the first still is: %v, %v", len(tickets.all), valid, err)
	}
}

func registration(change func(*Registration)) Registration {
	r := Registration{
		Type: "pve", Host: "10.0.0.10", TokenID: "pulse-monitor@pam!pulse-x-1", TokenValue: "v1", ServerName: "pve1", AuthToken: "admin", Source: "script",
	}
	if change != nil {
		change(&r)
	}
	return r
}

func TestANodeIntroducesItself(t *testing.T) {
	b, mail, _ := newSetupBench(t)
	b.plugins.fails = sdk.Errorf(sdk.KindUnreachable, "away") // it is added although it cannot be reached
	setup, err := b.area.setupURL(asked(t, "pulse"), setupIn{Type: "pve"})
	if err != nil {
		t.Fatal(err)
	}
	print := strings.Repeat("AB:", 31) + "AB"
	in := registration(func(r *Registration) { r.AuthToken, r.Fingerprint = setup.SetupToken, print })
	got, err := b.area.autoRegister(asked(t, "pulse"), in)
	if err != nil || got.Status != "success" || got.NodeID != "10.0.0.10" || got.Merged {
		t.Fatalf("%+v, %v", got, err)
	}
	n := b.list()[0]
	if n.Name != "pve1" || n.Host != "https://10.0.0.10:8006" || n.Source != "script" || !n.VerifySSL || !n.HasToken || n.HasPassword || n.Fingerprint != print {
		t.Errorf("%+v", n)
	}
	if len(mail.all) != 1 || !strings.Contains(mail.all[0], `node_auto_registered`) || strings.Contains(mail.all[0], "v1") {
		t.Errorf("told: %v", mail.all)
	}
	if _, err := b.area.autoRegister(asked(t, "pulse"), in); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("the token was used twice: %v", err)
	}
	// It comes again with another token: the same node, with the new token.
	again := registration(func(r *Registration) { r.TokenID, r.TokenValue = "pulse-monitor@pam!pulse-x-2", "v2" })
	if _, err := b.area.autoRegister(asked(t, "pulse"), again); err != nil || len(b.list()) != 1 || b.stored("pve/pve1")["token_value"] != "v2" {
		t.Errorf("%v, %+v", err, b.list())
	}
	// Under another address: the name and the token say who it is.
	again.Host = "10.0.0.11:8006"
	if _, err := b.area.autoRegister(asked(t, "pulse"), again); err != nil || len(b.list()) != 1 || b.list()[0].Host != "https://10.0.0.11:8006" {
		t.Errorf("%v, %+v", err, b.list())
	}
	// Another machine of the same name is another node.
	other := registration(func(r *Registration) { r.Host, r.TokenID = "10.9.9.9", "pulse-monitor@pam!pulse-x-9" })
	if _, err := b.area.autoRegister(asked(t, "pulse"), other); err != nil || len(b.list()) != 2 || b.list()[1].Name != "pve1 (10.9.9.9)" {
		t.Errorf("%v, %+v", err, b.list())
	}
}

func TestAnAgentChangesOnlyWhatItMade(t *testing.T) {
	b, _, _ := newSetupBench(t)
	b.plugins.fails = sdk.Errorf(sdk.KindUnreachable, "away")
	b.add(`{"type":"pve","name":"mine","host":"10.0.0.1","user":"root","password":"p"}`)
	steal := registration(func(r *Registration) { r.AuthToken, r.Host, r.Source = "agent", "10.0.0.1", "agent" })
	if _, err := b.area.autoRegister(asked(t, "pulse"), steal); !errs.Is(err, errs.Forbidden) || b.stored("pve/mine")["password"] != "p" {
		t.Errorf("a person's node: %v, %v", err, b.stored("pve/mine"))
	}
	own := registration(func(r *Registration) { r.AuthToken, r.Source = "", "agent" })
	if _, err := b.area.autoRegister(asked(t, "pulse", "X-API-Token", "agent"), own); err != nil {
		t.Fatal(err)
	}
	own.TokenValue = "v2"
	if _, err := b.area.autoRegister(asked(t, "pulse", "X-API-Token", "agent"), own); err != nil || b.stored("pve/pve1")["token_value"] != "v2" {
		t.Errorf("its own: %v", err)
	}
	if _, err := b.area.autoRegister(asked(t, "pulse", "X-API-Token", "other-agent"), own); !errs.Is(err, errs.Forbidden) {
		t.Errorf("that of another agent: %v", err)
	}
	if n := b.list()[1]; n.Source != "agent" {
		t.Errorf("%+v", n)
	}
	// An agent's node keeps its address when the agent comes under another one.
	own.Host = "10.0.0.99"
	if _, err := b.area.autoRegister(asked(t, "pulse", "X-API-Token", "agent"), own); err != nil || len(b.list()) != 2 || b.list()[1].Host != "https://10.0.0.10:8006" {
		t.Errorf("%v, %+v", err, b.list())
	}
}

func TestWhoMayNotIntroduceNodes(t *testing.T) {
	b, mail, _ := newSetupBench(t)
	for name, c := range map[string]struct {
		change func(*Registration)
		code   errs.Code
		says   string
	}{
		"nothing shown":     {func(r *Registration) { r.AuthToken = "" }, errs.Unauthenticated, "requires authentication"},
		"a wrong token":     {func(r *Registration) { r.AuthToken = "nope" }, errs.Unauthenticated, "Invalid or expired"},
		"may only read":     {func(r *Registration) { r.AuthToken = "reader" }, errs.Unauthenticated, "Invalid or expired"},
		"no token":          {func(r *Registration) { r.TokenValue = "" }, errs.Invalid, "Missing required fields"},
		"odd token":         {func(r *Registration) { r.TokenID = "x" }, errs.Invalid, "user@realm!name"},
		"odd type":          {func(r *Registration) { r.Type = "esx" }, errs.Invalid, "type"},
		"odd host":          {func(r *Registration) { r.Host = "a b" }, errs.Invalid, "host"},
		"odd fingerprint":   {func(r *Registration) { r.Fingerprint = "12" }, errs.Invalid, "fingerprint"},
		"make me one there": {func(r *Registration) { r.RequestToken = true }, errs.Invalid, "setup script"},
	} {
		_, err := b.area.autoRegister(asked(t, "pulse"), registration(c.change))
		if !errs.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		var e *errs.Error
		if c.code == errs.Invalid && (!errors.As(err, &e) || e.Field == "") {
			t.Errorf("%s: no field is named: %v", name, err)
		}
	}
	if len(b.list())+len(mail.all) != 0 {
		t.Errorf("%+v, %v", b.list(), mail.all)
	}
}

func TestASecondMemberOfAClusterIsMerged(t *testing.T) {
	b, _, _ := newSetupBench(t)
	b.cluster = Cluster{Name: "prod", Members: []Endpoint{{NodeName: "pve1"}, {NodeName: "pve2"}}}
	b.add(`{"type":"pve","name":"first","host":"10.0.0.1","user":"root","password":"p"}`)
	out, err := b.area.add(t.Context(), change(t, `{"type":"pve","name":"second","host":"10.0.0.2","user":"root","password":"p"}`))
	if err != nil || out.Status != 0 || !out.Body.Merged || out.Body.ExistingNode != "first" || out.Body.TotalEndpoints != 2 || out.Body.Cluster != "prod" || len(b.list()) != 1 {
		t.Errorf("added by a person: %+v, %v", out, err)
	}
	got, err := b.area.autoRegister(asked(t, "pulse"), registration(nil))
	if err != nil || !got.Merged || !got.Success || got.ExistingNode != "first" || len(b.list()) != 1 {
		t.Errorf("introduced: %+v, %v", got, err)
	}
}

func TestAnUnknownCertificateOfANodeThatIntroducesItselfIsKept(t *testing.T) {
	b, _, _ := newSetupBench(t)
	untrusted := sdk.Errorf(sdk.KindConfig, "The certificate is not trusted.")
	untrusted.Certificate = &sdk.Certificate{Address: "10.0.0.10:8006", SHA256: strings.Repeat("ab", 32)}
	b.plugins.fails = untrusted
	if _, err := b.area.autoRegister(asked(t, "pulse"), registration(nil)); err != nil || b.list()[0].Fingerprint != strings.Repeat("ab", 32) {
		t.Errorf("%v, %+v", err, b.list())
	}
	// One that another address showed says nothing, and people decide for themselves.
	untrusted.Certificate.Address = "evil:8006"
	x := integration.Integration{Kind: "pve", Source: "script", Config: json.RawMessage(`{"host":"https://10.0.0.12:8006","user":"u","password":"p"}`)}
	b.area.met(t.Context(), &x)
	untrusted.Certificate.Address = "10.0.0.12:8006"
	x.Source = ""
	b.area.met(t.Context(), &x)
	if strings.Contains(string(x.Config), "fingerprint") {
		t.Errorf("%s", x.Config)
	}
}
