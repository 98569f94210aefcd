package proxmox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

func newClock() *sdktest.Clock { return sdktest.NewClock(time.Unix(1_800_000_000, 0)) }

var byToken = Login{Token: "monitor@pve!pulse", Secret: "s3cret"}

func pinOf(s *httptest.Server) string {
	sum := sha256.Sum256(s.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	if o.Product.Name == "" {
		o.Product = VirtualEnvironment
	}
	if o.Now == nil {
		o.Now = newClock().Now
	}
	if o.Login == (Login{}) {
		o.Login = byToken
	}
	o.Profile.AllowLoopback = true
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serving starts a TLS server and returns it as a pinned endpoint.
func serving(t *testing.T, h http.HandlerFunc) (Endpoint, *httptest.Server) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return Endpoint{URL: s.URL, Pin: pinOf(s)}, s
}

func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func TestARequestIsWhatTheServersTake(t *testing.T) {
	end, _ := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "PVEAPIToken=monitor@pve!pulse=s3cret" || r.Header.Get("Cookie") != "" || r.ProtoMajor != 1 {
			t.Errorf("%s %v", r.Proto, r.Header)
		}
		if r.URL.EscapedPath() != "/api2/json/nodes/a%2Fb/tasks/UPID:n:@x%21y" && r.URL.EscapedPath() != "/api2/json/nodes/a%2Fb/tasks/UPID:n:@x!y" {
			t.Errorf("path %s", r.URL.EscapedPath())
		}
		if r.URL.Query().Get("limit") != "500" {
			t.Errorf("query %s", r.URL.RawQuery)
		}
		fmt.Fprint(w, `{"data":[{"n":1},{"n":"2"},3]}`)
	})
	c := newClient(t, Options{Endpoints: []Endpoint{end}})
	rows, skipped, err := Rows[struct {
		N Int `json:"n"`
	}](t.Context(), c, OnNode("a/b", "tasks", "UPID:n:@x!y").With("limit", "500"))
	if err != nil || skipped != 1 || len(rows) != 2 || rows[1].N.V != 2 {
		t.Errorf("%v, %d skipped, %v", rows, skipped, err)
	}
}

// Rows that are left out are told of once, until there is another number of them.
func TestOddRowsAreTold(t *testing.T) {
	body := `{"data":[{"n":1},5]}`
	end, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	var log strings.Builder
	c := newClient(t, Options{Endpoints: []Endpoint{end}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, x := range []struct {
		body  string
		lines int
	}{{body, 1}, {body, 1}, {`{"data":[7,{"n":1},5]}`, 2}, {`{"data":[{"n":1}]}`, 2}, {body, 3}} {
		body = x.body
		if _, _, err := Rows[struct{ N Int }](t.Context(), c, Path("cluster", "resources")); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "/cluster/resources"); n != x.lines {
			t.Errorf("after %s it was said %d times, want %d: %s", x.body, n, x.lines, log.String())
		}
	}
}

func TestTheBackupServerHasAnotherToken(t *testing.T) {
	end, _ := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "PBSAPIToken=monitor@pve!pulse:s3cret" {
			t.Errorf("%v", r.Header)
		}
		fmt.Fprint(w, `{"data":{"version":"4.2"}}`)
	})
	got, err := Get[struct{ Version Str }](t.Context(), newClient(t, Options{Product: Backup, Endpoints: []Endpoint{end}}), Path("version"))
	if err != nil || got.Version != "4.2" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRefusedTokensAreNotTriedAgainForAWhile(t *testing.T) {
	var asked atomic.Int64
	end, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	})
	now := newClock()
	c := newClient(t, Options{Endpoints: []Endpoint{end}, Now: now.Now})
	for range 5 {
		if _, err := Get[any](t.Context(), c, Path("version")); kindOf(err) != KindAuth {
			t.Fatalf("%v", err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
	now.Move(pause)
	_, _ = Get[any](t.Context(), c, Path("version"))
	if asked.Load() != 2 {
		t.Errorf("asked %d times after the pause", asked.Load())
	}
}

// ticketServer logs in one user and knows which tickets it still accepts.
type ticketServer struct {
	mu       sync.Mutex
	valid    map[string]bool
	logins   []string // the passwords that were given
	requests int
}

func (s *ticketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/api2/json/access/ticket" {
		password := r.PostFormValue("password")
		s.logins = append(s.logins, password)
		if r.PostFormValue("username") != "monitor@pmg" || password != "right" && !s.valid[password] {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		name := fmt.Sprintf("PMG:monitor@pmg:%d::sig+/=", len(s.logins))
		s.valid[name] = true
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"ticket": name, "username": "monitor@pmg"}})
		return
	}
	s.requests++
	cookie, err := r.Cookie("PMGAuthCookie")
	if err == nil {
		if name, err := url.QueryUnescape(cookie.Value); err == nil && s.valid[name] {
			fmt.Fprint(w, `{"data":{}}`)
			return
		}
	}
	w.WriteHeader(http.StatusUnauthorized)
}

func (s *ticketServer) counts() (logins, requests int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.logins), s.requests
}

func ticketClient(t *testing.T, password sdk.Secret) (*ticketServer, *sdktest.Clock, *Client) {
	s := &ticketServer{valid: map[string]bool{}}
	end, _ := serving(t, s.ServeHTTP)
	now := newClock()
	return s, now, newClient(t, Options{
		Product: MailGateway, Endpoints: []Endpoint{end}, Now: now.Now, Login: Login{User: "monitor@pmg", Password: password},
	})
}

func TestManyRequestsShareOneLogin(t *testing.T) {
	s, _, c := ticketClient(t, "right")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := Get[any](t.Context(), c, Path("version")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if logins, requests := s.counts(); logins != 1 || requests != 50 {
		t.Errorf("%d logins, %d requests", logins, requests)
	}
}

func TestATicketIsRenewedWithItself(t *testing.T) {
	s, now, c := ticketClient(t, "right")
	for range 3 {
		if _, err := Get[any](t.Context(), c, Path("version")); err != nil {
			t.Fatal(err)
		}
		now.Move(ticketLife)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.logins) != 3 || s.logins[0] != "right" || !strings.HasPrefix(s.logins[1], "PMG:") || !strings.HasPrefix(s.logins[2], "PMG:") {
		t.Errorf("logins with %q", s.logins)
	}
}

func TestAnEndedTicketCostsOneLogin(t *testing.T) {
	s, now, c := ticketClient(t, "right")
	if _, err := Get[any](t.Context(), c, Path("version")); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	clear(s.valid) // the server was restored from a backup
	s.mu.Unlock()
	now.Move(10 * time.Minute)
	if _, err := Get[any](t.Context(), c, Path("version")); err != nil {
		t.Fatal(err)
	}
	if logins, requests := s.counts(); logins != 2 || requests != 3 {
		t.Errorf("%d logins, %d requests", logins, requests)
	}
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	s, now, c := ticketClient(t, "wrong")
	for range 4 {
		if _, err := Get[any](t.Context(), c, Path("version")); kindOf(err) != KindAuth {
			t.Fatalf("%v", err)
		} else if strings.Contains(err.Error(), "wrong") {
			t.Errorf("the error holds the password: %v", err)
		}
	}
	if logins, _ := s.counts(); logins != 1 {
		t.Errorf("%d logins", logins)
	}
	now.Move(pause)
	_, _ = Get[any](t.Context(), c, Path("version"))
	if logins, _ := s.counts(); logins != 2 {
		t.Errorf("%d logins after the pause", logins)
	}
}

func TestASecondFactorIsExplained(t *testing.T) {
	for answer, x := range map[string]struct {
		product Product
		says    string
	}{
		`{"NeedTFA":1,"ticket":"PVE:x"}`:   {VirtualEnvironment, "API token"},
		`{"ticket":"PBS:!tfa!x"}`:          {Backup, "API token"},
		`{"NeedTFA":"1","ticket":"PMG:x"}`: {MailGateway, "Use one that has none"},
	} {
		end, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":`+answer+`}`) })
		c := newClient(t, Options{Product: x.product, Endpoints: []Endpoint{end}, Login: Login{User: "a@pve", Password: "b"}})
		_, err := Get[any](t.Context(), c, Path("version"))
		var crossing *sdk.Error
		if kindOf(err) != KindSecondFactor || !errors.As(err, &crossing) || !strings.Contains(crossing.Message, x.says) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestAnotherMemberAnswersForOneThatIsAway(t *testing.T) {
	var first, second atomic.Int64
	one, server := serving(t, func(w http.ResponseWriter, _ *http.Request) { first.Add(1); fmt.Fprint(w, `{"data":{}}`) })
	two, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) { second.Add(1); fmt.Fprint(w, `{"data":{}}`) })
	now := newClock()
	c := newClient(t, Options{Endpoints: []Endpoint{one, two}, Now: now.Now})
	get := func() {
		t.Helper()
		if _, err := Get[any](t.Context(), c, Path("version")); err != nil {
			t.Fatal(err)
		}
	}
	get()
	if second.Load() != 0 {
		t.Error("the second member was asked although the first answers")
	}
	server.Close()
	get()
	get()
	if second.Load() != 2 || sent(c) != 4 {
		t.Errorf("second asked %d times, %d calls in all; the first is tried once and then set aside", second.Load(), sent(c))
	}
	now.Move(aside)
	get()
	if sent(c) != 6 {
		t.Errorf("%d calls: the first was not tried again", sent(c))
	}
}

func TestTheFirstAddressExplainsWhyNoneAnswers(t *testing.T) {
	closed := func() Endpoint {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		return Endpoint{URL: "https://" + l.Addr().String()}
	}
	one, two := closed(), closed()
	_, err := Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{one, two}}), Path("version"))
	if kindOf(err) != KindUnreachable || !strings.Contains(err.Error(), strings.TrimPrefix(one.URL, "https://")) || sdk.KindOf(err) != sdk.KindUnreachable {
		t.Errorf("%v", err)
	}
	// So it does when it has been set aside, and the other is asked before it.
	two, server := serving(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":{}}`) })
	c := newClient(t, Options{Endpoints: []Endpoint{one, two}})
	if _, err := Get[any](t.Context(), c, Path("version")); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if _, err := Get[any](t.Context(), c, Path("version")); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(one.URL, "https://")) {
		t.Errorf("when the other has gone too: %v", err)
	}
}

func TestCertificates(t *testing.T) {
	end, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":{}}`) })
	get := func(e Endpoint, insecure bool) error {
		_, err := Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{e}, Insecure: insecure}), Path("version"))
		return err
	}
	if err := get(Endpoint{URL: end.URL}, false); kindOf(err) != KindCertificate {
		t.Errorf("unknown signer: %v", err)
	}
	if err := get(Endpoint{URL: end.URL}, true); err != nil {
		t.Errorf("insecure by choice: %v", err)
	}
	if err := get(Endpoint{URL: end.URL, Pin: Fingerprint(end.Pin)}, false); err != nil {
		t.Errorf("pinned: %v", err)
	}
	if err := get(Endpoint{URL: end.URL, Pin: strings.Repeat("ab", 32)}, true); kindOf(err) != KindCertificate {
		t.Errorf("a pin that does not match must hold even when all else is allowed: %v", err)
	} else if said := new(sdk.Error); !errors.As(err, &said) || !strings.Contains(said.Message, strings.Repeat("ab", 32)) || !strings.Contains(said.Message, end.Pin) {
		t.Errorf("it does not say which certificate was accepted, and which is shown: %s", said.Message)
	}
}

func TestWhatIsNotTheAPIIsSaid(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"login page": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>please log in") },
		"other JSON": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"ok"}`) },
		"not found":  http.NotFound,
	} {
		end, _ := serving(t, h)
		if _, err := Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{end}}), Path("version")); kindOf(err) != KindForeign {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The servers speak HTTP/1.1 only, close connections that are not used for five seconds, and have few workers.
func TestConnectionsSuitTheServers(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	enough := make(chan struct{})
	release := sync.OnceFunc(func() { close(enough) })
	defer release() // the server waits for its handlers
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		if now >= maxConns {
			release()
		}
		mu.Unlock()
		if r.ProtoMajor != 1 {
			t.Errorf("asked with %s", r.Proto)
		}
		<-enough
		mu.Lock()
		now--
		mu.Unlock()
		fmt.Fprint(w, `{"data":{}}`)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	c := newClient(t, Options{Endpoints: []Endpoint{{URL: s.URL, Pin: pinOf(s)}}})
	var all sync.WaitGroup
	for range 3 * maxConns {
		all.Go(func() {
			if _, err := Get[any](t.Context(), c, Path("version")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most != maxConns {
		t.Errorf("%d requests at once", most)
	}
	for _, client := range []*http.Client{c.direct, c.onward} {
		transport, ok := client.Transport.(*http.Transport)
		if !ok || transport.IdleConnTimeout <= 0 || transport.IdleConnTimeout >= 5*time.Second || transport.ResponseHeaderTimeout <= 0 || transport.Proxy != nil {
			t.Errorf("%+v", client.Transport)
		}
	}
}

func TestRedirectsAndRefusedAddresses(t *testing.T) {
	end, _ := serving(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	_, err := Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{end}}), Path("version"))
	if sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("redirect: %v", err)
	}
	_, err = Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{{URL: "https://169.254.169.254"}, end}}), Path("version"))
	if sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("metadata service: %v", err)
	}
}

func TestOneSlowCallANode(t *testing.T) {
	var running atomic.Int64
	var overlap atomic.Bool
	begun := make(chan struct{}, 8)
	goOn := make(chan struct{})
	end, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		if running.Add(1) > 1 {
			overlap.Store(true)
		}
		begun <- struct{}{}
		<-goOn
		running.Add(-1)
		fmt.Fprint(w, `{"data":[]}`)
	})
	c := newClient(t, Options{Endpoints: []Endpoint{end}})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, _, err := Rows[any](t.Context(), c, OnNode("a", "disks", "list").Slowly()); err != nil {
				t.Error(err)
			}
		})
	}
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Rows[any](ctx, c, OnNode("a", "disks", "list").Slowly()); !errors.Is(err, context.Canceled) {
		t.Errorf("one that waits cannot be ended: %v", err)
	}
	close(goOn)
	all.Wait()
	if overlap.Load() {
		t.Error("two at once")
	}
}

func TestAnAnswerThatBreaksOff(t *testing.T) {
	end, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"data":[{"a":1},`)
	})
	if _, _, err := Rows[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{end}}), Path("x")); kindOf(err) != KindUnreachable {
		t.Errorf("%v", err)
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"pve1": "https://pve1:8006", "pve1:443": "https://pve1:443", "https://pve1/": "https://pve1:8006", "http://10.0.0.1": "http://10.0.0.1:8006",
		"fd00::1": "https://[fd00::1]:8006", "[fd00::1]:1": "https://[fd00::1]:1", " https://proxy.example/pve/ ": "https://proxy.example:443/pve",
		"": "", "ftp://x": "", "https://": "", "https://u:p@x": "", "https://x?y": "",
	} {
		u, err := ParseURL(VirtualEnvironment, text)
		if want == "" {
			if err == nil {
				t.Errorf("%q: %v", text, u)
			}
			continue
		}
		if err != nil || u.String() != want {
			t.Errorf("%q: %v, %v; want %s", text, u, err, want)
		}
	}
}

func TestLoginsAreJudgedBeforeUse(t *testing.T) {
	for _, o := range []Options{
		{Product: VirtualEnvironment}, {Product: VirtualEnvironment, Login: Login{User: "root"}}, {Product: VirtualEnvironment, Login: Login{Token: "pulse"}},
		{Product: MailGateway, Login: byToken},
	} {
		o.Endpoints, o.Now = []Endpoint{{URL: "x"}}, newClock().Now
		o.Profile = netguard.Profile{}
		if _, err := New(o); sdk.KindOf(err) != sdk.KindConfig {
			t.Errorf("%+v: %v", o.Login, err)
		}
	}
}
