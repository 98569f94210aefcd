package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/oidc"
	"github.com/pulse-platform/pulse/core/secret"
)

type memory map[string][]byte

func (m memory) Get(_ context.Context, name string, into any) (bool, error) {
	if m[name] == nil {
		return false, nil
	}
	return true, json.Unmarshal(m[name], into)
}

func (m memory) Set(_ context.Context, name string, value any) (err error) {
	m[name], err = json.Marshal(value)
	return err
}

// doors remembers who was let in.
type doors struct {
	in   []auth.Vouched
	seen map[string]time.Time // of live sessions
	life map[string]time.Duration
}

// grants keeps what lies in the table.
type grants map[string][]byte

func (g grants) Grants(context.Context) (all []string, err error) {
	return slices.Collect(maps.Keys(g)), nil
}

func (g grants) Grant(_ context.Context, session string) ([]byte, error) {
	if g[session] == nil {
		return nil, errs.New(errs.NotFound, "nothing")
	}
	return g[session], nil
}

func (g grants) SaveGrant(_ context.Context, session string, sealed []byte) error {
	g[session] = sealed
	return nil
}

func (d *doors) Admit(_ context.Context, v auth.Vouched) (auth.Principal, error) {
	if v.Name == "admin" {
		return auth.Principal{}, errs.New(errs.Forbidden, "the name admin belongs to a user who comes in otherwise")
	}
	d.in = append(d.in, v)
	return auth.Principal{Method: v.Method, User: v.Name}, nil
}

func (d *doors) OpenSession(_ context.Context, n auth.NewSession) (string, string, error) {
	raw := "session of " + n.User
	if d.seen == nil {
		d.seen, d.life = map[string]time.Time{}, map[string]time.Duration{}
	}
	d.seen[auth.SessionHash(raw)] = time.Time{}
	return raw, "csrf", nil
}

func (d *doors) Seen(session string) (time.Time, bool) {
	at, live := d.seen[session]
	return at, live
}

func (d *doors) Renew(_ context.Context, session string, life time.Duration) error {
	d.life[session] = life
	return nil
}

func (d *doors) Logout(_ context.Context, session string) error {
	delete(d.seen, session)
	return nil
}

// world is a service with a provider that it trusts.
type world struct {
	*oidc.Service
	t     *testing.T
	idp   *idp
	doors *doors
	store memory
	kept  grants
	ended []string
	now   time.Time
}

func begin(t *testing.T, change func(*oidc.Config)) *world {
	t.Helper()
	sealer, err := secret.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, idp: newIDP(t), doors: &doors{}, store: memory{}, kept: grants{}, now: time.Now()}
	w.Service = w.open(sealer)
	c := oidc.Config{Enabled: true, IssuerURL: w.idp.URL, ClientID: "pulse", ClientSecret: "hush", GroupsClaim: "groups", AllowLoopback: true}
	if change != nil {
		change(&c)
	}
	if err := w.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return w
}

// open starts the service on what is stored.
func (w *world) open(sealer oidc.Sealer) *oidc.Service {
	w.t.Helper()
	s, err := oidc.Open(w.t.Context(), oidc.Options{
		Store: w.store, Sealer: sealer, Doors: w.doors, Grants: w.kept, Now: func() time.Time { return w.now },
		Ended: func(_ context.Context, user, why string) { w.ended = append(w.ended, user+": "+why) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// arrive logs in up to the callback.
func (w *world) arrive(returnTo string) oidc.Callback {
	w.t.Helper()
	page, keep, err := w.Begin(w.t.Context(), returnTo, "https://pulse.example.com/api/oidc/callback")
	if err != nil {
		w.t.Fatal(err)
	}
	code, state := w.idp.login(page)
	return oidc.Callback{State: state, Code: code, Keep: keep}
}

// code is the word of the contract for a refusal, empty when there is none.
func code(err error) string {
	var why *oidc.Refused
	if errors.As(err, &why) {
		return why.Code
	}
	return ""
}

func TestLogin(t *testing.T) {
	w := begin(t, nil)
	e, err := w.Finish(t.Context(), w.arrive("/hosts?sort=cpu"))
	if err != nil || e.User != "ann" || e.Session != "session of ann" || e.ReturnTo != "/hosts?sort=cpu" {
		t.Fatalf("%+v %v", e, err)
	}
	if got := w.doors.in; len(got) != 1 || got[0].Method != auth.MethodOIDC || got[0].Roles != nil || got[0].Subject != w.idp.URL+" 0001" {
		t.Errorf("let in %+v: without mappings roles are given here", got)
	}
}

// What a stranger, another site or a broken provider could bring.
func TestCallbacksThatAreRefused(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		idp      func(*idp)
		callback func(*world, *oidc.Callback)
		code     string
	}{
		"no state":          {callback: func(_ *world, b *oidc.Callback) { b.State = "" }, code: "missing_state"},
		"another state":     {callback: func(_ *world, b *oidc.Callback) { b.State = strings.Repeat("0", 64) }, code: "invalid_state"},
		"another browser":   {callback: func(_ *world, b *oidc.Callback) { b.Keep = "" }, code: "invalid_state"},
		"a forged cookie":   {callback: func(_ *world, b *oidc.Callback) { b.Keep = b.Keep[:len(b.Keep)-4] + "AAAA" }, code: "invalid_state"},
		"another provider":  {callback: func(_ *world, b *oidc.Callback) { b.Issuer = "https://evil.example.com" }, code: "invalid_state"},
		"too late":          {callback: func(w *world, _ *oidc.Callback) { w.now = w.now.Add(11 * time.Minute) }, code: "invalid_state"},
		"no code":           {callback: func(_ *world, b *oidc.Callback) { b.Code = "" }, code: "missing_code"},
		"another code":      {callback: func(_ *world, b *oidc.Callback) { b.Code = "x" }, code: "exchange_failed"},
		"the user declined": {callback: func(_ *world, b *oidc.Callback) { b.Error = "access_denied" }, code: "access_denied"},
		"a strange error":   {callback: func(_ *world, b *oidc.Callback) { b.Error = "<b>\r\n" }, code: "provider_error"},
		"a code of another login": {callback: func(w *world, b *oidc.Callback) {
			b.Code = w.arrive("").Code // its verifier is not ours
		}, code: "exchange_failed"},
		"another nonce":    {idp: func(p *idp) { p.claims["nonce"] = "x" }, code: "invalid_nonce"},
		"no nonce":         {idp: func(p *idp) { p.claims["nonce"] = nil }, code: "invalid_nonce"},
		"another audience": {idp: func(p *idp) { p.claims["aud"] = "wiki" }, code: "invalid_id_token"},
		"another issuer":   {idp: func(p *idp) { p.claims["iss"] = "https://evil.example.com" }, code: "invalid_id_token"},
		"expired":          {idp: func(p *idp) { p.claims["exp"] = time.Now().Add(-3 * time.Minute).Unix() }, code: "invalid_id_token"},
		"another program":  {idp: func(p *idp) { p.claims["azp"] = "wiki" }, code: "invalid_id_token"},
		"nobody":           {idp: func(p *idp) { p.claims["sub"] = nil }, code: "invalid_claims"},
		"another key": {idp: func(p *idp) {
			p.signer = jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: other, KeyID: "one"}}
		}, code: "invalid_id_token"},
		"signed with the secret": {idp: func(p *idp) {
			p.signer = jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("hush", 8))}
		}, code: "invalid_signature_alg"},
		"no ID token":          {idp: func(p *idp) { p.claims["iss"] = "nothing" }, code: "missing_id_token"},
		"name of a local user": {idp: func(p *idp) { p.claims["preferred_username"] = "admin" }, code: "session_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, nil)
			if c.idp != nil {
				c.idp(w.idp)
			}
			b := w.arrive("/hosts")
			if c.callback != nil {
				c.callback(w, &b)
			}
			e, err := w.Finish(t.Context(), b)
			if code(err) != c.code || e.Session != "" || len(w.doors.in) > 0 {
				t.Errorf("%q (%v), %+v", code(err), err, e)
			}
			if err != nil && strings.Contains(err.Error(), "hush") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

// Clocks of providers are a little off.
func TestASkewedClock(t *testing.T) {
	w := begin(t, nil)
	w.idp.claims = map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}
	if _, err := w.Finish(t.Context(), w.arrive("")); err != nil {
		t.Error(err)
	}
}

// A name that no user can have is passed over for the next one.
func TestNamesThatNobodyHasHere(t *testing.T) {
	w := begin(t, nil)
	w.idp.claims = map[string]any{"preferred_username": "Ann Other", "email_verified": false, "name": "Ann Other"}
	if e, err := w.Finish(t.Context(), w.arrive("")); err != nil || e.User != "0001" {
		t.Errorf("%+v %v", e, err)
	}
}

func TestACallbackWorksOnce(t *testing.T) {
	w := begin(t, nil)
	b := w.arrive("")
	if _, err := w.Finish(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(t.Context(), b); code(err) != "invalid_state" || len(w.doors.in) != 1 {
		t.Errorf("the second time: %v", err)
	}
}

// A login that began before the settings changed does not end under the new ones.
func TestSettingsEndLoginsUnderWay(t *testing.T) {
	w := begin(t, nil)
	b := w.arrive("")
	c := w.Config()
	c.ClientID = "other"
	if err := w.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Finish(t.Context(), b); code(err) != "invalid_state" {
		t.Errorf("%v", err)
	}
}

func TestWhoMayComeIn(t *testing.T) {
	for name, c := range map[string]struct {
		rules  oidc.Config
		claims map[string]any
		code   string
	}{
		"member":               {oidc.Config{AllowedGroups: []string{"STAFF"}}, nil, ""},
		"unknown group":        {oidc.Config{AllowedGroups: []string{"ops"}}, nil, "group_restricted"},
		"no groups":            {oidc.Config{AllowedGroups: []string{"ops"}}, map[string]any{"groups": []string{}}, "group_restricted"},
		"groups in a text":     {oidc.Config{AllowedGroups: []string{"ops"}}, map[string]any{"groups": "staff,ops"}, ""},
		"allowed domain":       {oidc.Config{AllowedDomains: []string{"@Example.com"}}, nil, ""},
		"another domain":       {oidc.Config{AllowedDomains: []string{"example.org"}}, nil, "domain_restricted"},
		"a domain below":       {oidc.Config{AllowedDomains: []string{"example.com"}}, map[string]any{"email": "ann@example.com.evil.org"}, "domain_restricted"},
		"a quoted at":          {oidc.Config{AllowedDomains: []string{"example.com"}}, map[string]any{"email": "ann@example.com@evil.org"}, "domain_restricted"},
		"mail not verified":    {oidc.Config{AllowedDomains: []string{"example.com"}}, map[string]any{"email_verified": false}, "domain_restricted"},
		"mail of no word":      {oidc.Config{AllowedEmails: []string{"ann@example.com"}}, map[string]any{"email_verified": nil}, "email_restricted"},
		"verified as a text":   {oidc.Config{AllowedEmails: []string{"ANN@example.com"}}, map[string]any{"email_verified": "true"}, ""},
		"another mail":         {oidc.Config{AllowedEmails: []string{"bob@example.com"}}, nil, "email_restricted"},
		"mail but not group":   {oidc.Config{AllowedEmails: []string{"ann@example.com"}, AllowedGroups: []string{"ops"}}, nil, "group_restricted"},
		"name is not verified": {oidc.Config{UsernameClaim: "email"}, map[string]any{"email_verified": false, "sub": nil}, "invalid_id_token"},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, func(full *oidc.Config) {
				full.AllowedGroups, full.AllowedDomains, full.AllowedEmails, full.UsernameClaim = c.rules.AllowedGroups, c.rules.AllowedDomains, c.rules.AllowedEmails, c.rules.UsernameClaim
			})
			w.idp.claims = c.claims
			e, err := w.Finish(t.Context(), w.arrive(""))
			if name == "name is not verified" { // then the subject names them, never the address
				if e.User == "ann@example.com" {
					t.Errorf("%+v", e)
				}
				return
			}
			if code(err) != c.code || (c.code == "") != (len(w.doors.in) == 1) {
				t.Errorf("%q: %v", code(err), err)
			}
		})
	}
}

func TestGroupsGiveRoles(t *testing.T) {
	w := begin(t, func(c *oidc.Config) { c.GroupRoles = map[string]string{"staff": "viewer", "ops": "operator"} })
	for _, c := range []struct {
		groups []string
		want   []string
	}{{[]string{"staff", "ops"}, []string{"operator", "viewer"}}, {[]string{"Staff"}, []string{}}, {nil, []string{}}} {
		w.idp.claims = map[string]any{"groups": c.groups}
		if _, err := w.Finish(t.Context(), w.arrive("")); err != nil {
			t.Fatal(err)
		}
		if got := w.doors.in[len(w.doors.in)-1].Roles; got == nil || !slices.Equal(got, c.want) {
			t.Errorf("%v give %#v", c.groups, got)
		}
	}
}

// Claims that the ID token lacks are asked for, and only about the same user.
func TestUserInfo(t *testing.T) {
	w := begin(t, func(c *oidc.Config) { c.AllowedGroups = []string{"admins"} })
	w.idp.claims = map[string]any{"groups": nil}
	w.idp.info = map[string]any{"sub": "0001", "groups": []string{"admins"}, "preferred_username": "mallory"}
	if e, err := w.Finish(t.Context(), w.arrive("")); err != nil || e.User != "ann" {
		t.Errorf("%+v %v", e, err)
	}
	w.idp.info["sub"] = "0002"
	if _, err := w.Finish(t.Context(), w.arrive("")); code(err) != "invalid_claims" {
		t.Errorf("about another: %v", err)
	}
}

func TestSettingsAreSealedAndJudged(t *testing.T) {
	w := begin(t, nil)
	if text := string(w.store["sso"]); text == "" || strings.Contains(text, "hush") || strings.Contains(text, "issuer") {
		t.Errorf("stored as %s", text)
	}
	for name, c := range map[string]oidc.Config{
		"issuerUrl":   {Enabled: true, ClientID: "x", IssuerURL: "javascript:1"},
		"clientId":    {Enabled: true, IssuerURL: "https://id.example.com"},
		"scopes":      {Enabled: true, IssuerURL: "https://id.example.com", ClientID: "x", Scopes: []string{"email"}},
		"groupsClaim": {Enabled: true, IssuerURL: "https://id.example.com", ClientID: "x", AllowedGroups: []string{"a"}},
		"caBundle":    {CABundle: "no certificate"},
		"redirectUrl": {RedirectURL: "/callback"},
		"logoutUrl":   {LogoutURL: "data:x"},
	} {
		var e *errs.Error
		if err := w.Update(t.Context(), c); !errors.As(err, &e) || e.Field != name || e.Word != "validation_error" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !w.Config().Enabled {
		t.Error("a refused change changed something")
	}
}

// The guard stands before the provider: an address on this machine is not asked unless the operator allows it.
func TestTheGuardIsUsed(t *testing.T) {
	w := begin(t, func(c *oidc.Config) { c.AllowLoopback = false })
	if _, _, err := w.Begin(t.Context(), "", "https://pulse.example.com/cb"); code(err) != "oidc_init_failed" {
		t.Errorf("%v", err)
	}
	if steps, err := w.Try(t.Context(), w.Config(), ""); err != nil || len(steps) != 1 || steps[0].OK {
		t.Errorf("%+v %v", steps, err)
	}
}

// A provider is tried step by step, up to the first that fails.
func TestTry(t *testing.T) {
	w := begin(t, nil)
	for name, c := range map[string]struct {
		change func(*oidc.Config)
		steps  int
		detail string
	}{
		"fine":         {func(*oidc.Config) {}, 4, "https://pulse.example.com/api/oidc/callback"},
		"other secret": {func(c *oidc.Config) { c.ClientSecret = "wrong" }, 4, "invalid_client"},
		"nobody there": {func(c *oidc.Config) { c.IssuerURL += "/realms/none" }, 1, "404"},
	} {
		conf := w.Config()
		c.change(&conf)
		steps, err := w.Try(t.Context(), conf, "https://pulse.example.com/api/oidc/callback")
		if err != nil || len(steps) != c.steps {
			t.Errorf("%s: %+v %v", name, steps, err)
			continue
		}
		if last := steps[c.steps-1]; last.OK != (name == "fine") || !strings.Contains(last.Detail, c.detail) || strings.Contains(last.Detail, "hush") {
			t.Errorf("%s: %+v", name, last)
		}
	}
	if _, err := w.Try(t.Context(), oidc.Config{IssuerURL: "https://id.example.com"}, ""); !errs.Is(err, errs.Invalid) {
		t.Errorf("%v", err)
	}
}

func TestOwnPlace(t *testing.T) {
	for to, want := range map[string]string{
		"/hosts?a=b": "/hosts?a=b", "": "/", "//evil.example.com": "/", "/\\evil.example.com": "/", "https://evil.example.com": "/",
		"/\t/evil.example.com": "/", "/a\r\nSet-Cookie: x": "/", "hosts": "/", "/%2f%2fevil.example.com": "/", "/x//evil": "/",
	} {
		if got := oidc.OwnPlace(to); got != want {
			t.Errorf("%q: %q", to, got)
		}
	}
}

func FuzzOwnPlace(f *testing.F) {
	f.Add("/hosts?x=1#y")
	f.Add("/\\evil")
	f.Fuzz(func(t *testing.T, to string) {
		got := oidc.OwnPlace(to)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("%q: %q", to, got)
		}
	})
}

func FuzzCallback(f *testing.F) {
	sealer, err := secret.New(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	s, err := oidc.Open(f.Context(), oidc.Options{Store: memory{}, Sealer: sealer, Doors: &doors{}, Grants: grants{}, Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("state", "code", "", "keep")
	f.Add("", "", "access_denied", "AAAA")
	f.Fuzz(func(t *testing.T, state, c, word, keep string) {
		if e, err := s.Finish(t.Context(), oidc.Callback{State: state, Code: c, Error: word, Keep: keep}); err == nil || e.Session != "" {
			t.Errorf("let in: %+v", e)
		}
	})
}
