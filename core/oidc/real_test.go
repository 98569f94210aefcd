package oidc_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/oidc"
	"github.com/pulse-platform/pulse/core/secret"
)

const (
	realCallback  = "http://127.0.0.1:1/api/oidc/callback"
	realLoggedOut = "http://127.0.0.1:1/login"
)

// startReal starts a real provider, oidc-provider under Node.js, and returns its issuer.
func startReal(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is missing: the provider oidc-provider needs it")
	}
	if _, err := os.Stat("../../web/node_modules/oidc-provider"); err != nil {
		t.Skip("oidc-provider is missing: npm ci in web/ brings it")
	}
	cmd := exec.CommandContext(t.Context(), node, "../../web/e2e/parts/identity.mjs", realCallback, realLoggedOut)
	in, err1 := cmd.StdinPipe() // its end ends the provider
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	issuer, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(issuer)
}

// browser is what a user has before them: it follows links and submits forms until it is led back to us.
type browser struct {
	t *testing.T
	*http.Client
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar, Timeout: 3 * time.Minute, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Port() == "1" {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

var (
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	formHidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)
)

// walk opens a page and fills in forms until the way leads back to us, and returns where to.
func (b *browser) walk(page string, fill url.Values) *url.URL {
	b.t.Helper()
	res, err := b.Get(page)
	for range 5 {
		if err != nil {
			b.t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if to, err := res.Location(); err == nil {
			return to
		}
		action, form := formAction.FindSubmatch(body), url.Values{}
		if action == nil {
			b.t.Fatalf("no form on %s: %d %s", res.Request.URL, res.StatusCode, body)
		}
		for _, m := range formHidden.FindAllSubmatch(body, -1) {
			form.Set(string(m[1]), string(m[2]))
		}
		for k, v := range fill {
			form[k] = v
		}
		if p := form.Get("prompt"); p == "consent" {
			form = url.Values{"prompt": {p}}
		}
		to, err1 := res.Request.URL.Parse(string(action[1]))
		if err1 != nil {
			b.t.Fatal(err1)
		}
		res, err = b.PostForm(to.String(), form)
	}
	b.t.Fatal("the provider asks for ever")
	return nil
}

// tells sets what the provider says about somebody.
func (b *browser) tells(issuer, name, claims string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPut, issuer+"/test/accounts/"+name, strings.NewReader(claims))
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
}

// The whole life of a login with a provider that is not ours: in, renewed with other groups, out, and over.
func TestARealProvider(t *testing.T) {
	issuer := startReal(t)
	sealer, err := secret.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, doors: &doors{}, store: memory{}, kept: grants{}, now: time.Now()}
	w.Service = w.open(sealer)
	if err := w.Update(t.Context(), oidc.Config{
		Enabled: true, IssuerURL: issuer, ClientID: "pulse", ClientSecret: "a secret of the client under test", AllowLoopback: true,
		Scopes: []string{"openid", "profile", "email", "groups"}, GroupsClaim: "groups", AllowedDomains: []string{"example.com"},
		GroupRoles: map[string]string{"staff": "viewer", "ops": "operator"},
	}); err != nil {
		t.Fatal(err)
	}
	come := func(b *browser, name string) (oidc.Entry, error) {
		t.Helper()
		page, keep, err := w.Begin(t.Context(), "/hosts", realCallback)
		if err != nil {
			t.Fatal(err)
		}
		q := b.walk(page, url.Values{"login": {name}, "password": {"any"}}).Query()
		return w.Finish(t.Context(), oidc.Callback{State: q.Get("state"), Code: q.Get("code"), Error: q.Get("error"), Issuer: q.Get("iss"), Keep: keep})
	}
	roles := func() []string { return w.doors.in[len(w.doors.in)-1].Roles }

	stranger := newBrowser(t)
	stranger.tells(issuer, "eve", `{"email":"eve@example.com","email_verified":false}`)
	if e, err := come(stranger, "eve"); code(err) != "domain_restricted" || e.Session != "" {
		t.Errorf("an address that is not verified: %+v %v", e, err)
	}

	ann := newBrowser(t)
	ann.tells(issuer, "ann", `{"groups":["staff"]}`)
	e, err := come(ann, "ann")
	if err != nil || e.User != "ann" || e.ReturnTo != "/hosts" || !slices.Equal(roles(), []string{"viewer"}) {
		t.Fatalf("%+v %v, roles %v", e, err, w.doors.in)
	}
	session := auth.SessionHash(e.Session)

	ann.tells(issuer, "ann", `{"groups":["ops"]}`)
	w.pass(session, 5*time.Minute)
	if len(w.ended) > 0 || !slices.Equal(roles(), []string{"operator"}) {
		t.Errorf("renewed with the roles %v, ended %v", roles(), w.ended)
	}

	out := ann.walk(w.LogoutPage(t.Context(), session, realLoggedOut), url.Values{"logout": {"yes"}})
	if !strings.HasPrefix(out.String(), realLoggedOut) {
		t.Errorf("led to %s", out)
	}
	w.pass(session, 5*time.Minute)
	if len(w.ended) != 1 || !strings.Contains(w.ended[0], "the provider has ended the login") {
		t.Errorf("after the logout at the provider: %v", w.ended)
	}
}
