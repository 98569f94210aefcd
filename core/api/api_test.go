package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/hashicorp/go-hclog"
	"github.com/klauspost/compress/snappy"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/api/security"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/auth/authtest"
	"github.com/pulse-platform/pulse/core/errs"
)

const password = "a long enough password"

// world is a served API with its auth service.
type world struct {
	shown mark // where a recovery token is written
	t     *testing.T
	url   string
	auth  *auth.Service
}

type echo struct {
	ID    string        `path:"id"`
	Limit int           `query:"limit"`
	Every time.Duration `query:"every" default:"1m"`
	Body  struct {
		Name  string            `json:"name"`
		Count int               `json:"count"`
		Deep  []json.RawMessage `json:"deep"`
	} `body:"json"`
}

type raw struct {
	Body []byte `body:"raw"`
}

func testRoutes() []route.Route {
	return []route.Route{
		route.Post("/api/echo/{id}", "echo", "", func(_ context.Context, in echo) (map[string]any, error) {
			return map[string]any{"id": in.ID, "limit": in.Limit, "every": in.Every.String(), "name": in.Body.Name, "count": in.Body.Count}, nil
		}).Scope(auth.ScopeMonitoringRead).Body(4 << 10),
		route.Post("/api/raw", "raw", "", func(_ context.Context, in raw) (map[string]int, error) {
			return map[string]int{"bytes": len(in.Body)}, nil
		}).Scope(auth.ScopeHostReport).Body(1 << 20),
		route.Get("/api/fails", "fails", "", func(context.Context, route.None) (route.None, error) {
			return route.None{}, errors.New("the secret inner text")
		}).Public(),
		route.Get("/api/panics", "panics", "", func(context.Context, route.None) (route.None, error) { panic("boom") }).Public(),
		route.Get("/api/busy", "busy", "", func(context.Context, route.None) (route.None, error) {
			e := errs.New(errs.Unavailable, "wait")
			e.RetryAfter = 2 * time.Second
			return route.None{}, e
		}).Public(),
		route.Get("/api/tagged", "tagged", "", func(context.Context, route.None) (route.Raw, error) {
			return route.Raw{ContentType: "application/json", ETag: "v1", Body: bytes.Repeat([]byte(" "), 5000)}, nil
		}).Scope(auth.ScopeMonitoringRead),
		route.Get("/api/who", "who", "", func(ctx context.Context, _ route.None) (map[string]any, error) {
			r := route.RequestFrom(ctx)
			return map[string]any{"peer": r.Peer, "https": r.HTTPS, "host": r.Host}, nil
		}).Public(),
		route.Socket("/ws", "socket", "", func(ctx context.Context, c route.Conn) {
			for {
				m, err := c.Read(ctx)
				if err != nil || c.Write(ctx, append([]byte(c.Query("name")+":"), m...)) != nil {
					return
				}
			}
		}).Scope(auth.ScopeMonitoringRead).With(func(a *route.Access) { a.QueryToken = true }),
	}
}

// serve starts a server that admin has claimed.
func serve(t *testing.T, change func(*api.Options)) *world {
	t.Helper()
	return serveAt(t, time.Now, change)
}

// serveAt is serve with a time that the test moves.
func serveAt(t *testing.T, now func() time.Time, change func(*api.Options)) *world {
	t.Helper()
	s, err := auth.Open(t.Context(), authtest.New(), now, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	shown := mark(filepath.Join(t.TempDir(), ".recovery_token"))
	recovery := auth.NewRecovery(mark(filepath.Join(t.TempDir(), ".auth_recovery")), shown, time.Now)
	opt := api.Options{
		Recovering: recovery.On,
		Areas: []api.Area{
			{Name: "test", Routes: testRoutes()},
			{Name: "security", Routes: security.Area{Claims: s, Logins: s, Tokens: s, Sessions: s, Steps: s, Locks: s, Now: time.Now, Recovery: recovery, Restart: func() {}}.Routes()},
		},
		Auth: s, Claimed: s.Claimed, Log: hclog.NewNullLogger(), Version: "1.2.3", Now: time.Now,
		Assets: fstest.MapFS{
			"index.html":       {Data: []byte(`<meta name="csp-nonce" content="__CSP_NONCE__">`)},
			"assets/a.1.js":    {Data: []byte("plain")},
			"assets/a.1.js.br": {Data: []byte("brotli")},
		},
	}
	if change != nil {
		change(&opt)
	}
	server, err := api.New(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		<-done
	})
	return &world{shown, t, "http://" + l.Addr().String(), s}
}

func (w *world) claim() { w.t.Helper(); w.must(w.auth.Claim(w.t.Context(), "admin", password, "")) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) token(scopes ...auth.Scope) string {
	w.t.Helper()
	raw, _, err := w.auth.CreateToken(w.t.Context(), auth.Principal{Method: auth.MethodSession, User: "admin", Admin: true}, auth.NewToken{Name: "t", Scopes: scopes})
	w.must(err)
	return raw
}

// do makes a request and returns its answer with the decoded body.
func (w *world) do(method, path, body string, header ...string) (*http.Response, map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	w.must(err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Host = req.Header.Get("Host")
	res, err := http.DefaultTransport.RoundTrip(req)
	w.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	out := map[string]any{}
	_ = json.Unmarshal(b, &out)
	out["raw"] = string(b)
	return res, out
}

func TestBinderFillsAndRefuses(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	tok := w.token(auth.ScopeMonitoringRead)
	res, out := w.do("POST", "/api/echo/x%2Fy?limit=7", `{"name":"n","count":3,"unknown":[1]} trailing`, "X-API-Token", tok)
	if res.StatusCode != 200 || out["id"] != "x/y" || out["limit"] != 7.0 || out["every"] != "1m0s" || out["name"] != "n" || out["count"] != 3.0 {
		t.Fatalf("got %d %v", res.StatusCode, out)
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       string
		field      string
	}{
		"wrong type":     {"/api/echo/x", `{"count":"three"}`, 400, "invalid_json", "count"},
		"not an object":  {"/api/echo/x", `[1]`, 400, "invalid_json", ""},
		"cut off":        {"/api/echo/x", `{"count":`, 400, "invalid_json", ""},
		"not UTF-8":      {"/api/echo/x", "{\"name\":\"\xff\"}", 400, "invalid_json", ""},
		"too deep":       {"/api/echo/x", `{"deep":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`, 400, "invalid_json", ""},
		"too large":      {"/api/echo/x", `{"name":"` + strings.Repeat("a", 8<<10) + `"}`, 413, "too_large", ""},
		"wrong limit":    {"/api/echo/x?limit=many", `{}`, 400, "invalid", "limit"},
		"wrong duration": {"/api/echo/x?every=5", `{}`, 400, "invalid", "every"},
	} {
		res, out := w.do("POST", c.path, c.body, "X-API-Token", tok)
		details, _ := out["details"].(map[string]any)
		field, _ := details["field"].(string)
		if res.StatusCode != c.status || out["code"] != c.code || field != c.field {
			t.Errorf("%s: got %d %v", name, res.StatusCode, out)
		}
		if out["message"] == "" || out["request_id"] != res.Header.Get("X-Request-ID") || out["status_code"] != float64(c.status) {
			t.Errorf("%s: the error body is not whole: %v", name, out)
		}
	}
}

func TestGzipIsInflatedUnderTheLimit(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	tok := w.token(auth.ScopeHostReport)
	zip := func(n int) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write(make([]byte, n))
		w.must(err)
		w.must(z.Close())
		return b.String()
	}
	if res, out := w.do("POST", "/api/raw", zip(1000), "X-API-Token", tok, "Content-Encoding", "gzip"); res.StatusCode != 200 || out["bytes"] != 1000.0 {
		t.Errorf("small: %d %v", res.StatusCode, out)
	}
	if res, _ := w.do("POST", "/api/raw", zip(50<<20), "X-API-Token", tok, "Content-Encoding", "gzip"); res.StatusCode != 413 {
		t.Errorf("bomb: %d", res.StatusCode)
	}
	// Both bombs are under the limit as they come, so that it is the inflating that refuses them.
	for body, want := range map[string]int{string(snappy.Encode(nil, make([]byte, 1000))): 200, string(snappy.Encode(nil, make([]byte, 10<<20))): 413, "nonsense": 400} {
		if res, _ := w.do("POST", "/api/raw", body, "X-API-Token", tok, "Content-Encoding", "snappy"); res.StatusCode != want {
			t.Errorf("%d bytes of snappy: %d, want %d", len(body), res.StatusCode, want)
		}
	}
	if res, _ := w.do("POST", "/api/raw", "nonsense", "X-API-Token", tok, "Content-Encoding", "gzip"); res.StatusCode != 400 {
		t.Errorf("damaged: %d", res.StatusCode)
	}
	if res, _ := w.do("POST", "/api/raw", "x", "X-API-Token", tok, "Content-Encoding", "zstd"); res.StatusCode != 400 {
		t.Errorf("unknown coding: %d", res.StatusCode)
	}
}

func TestErrorsSayEnoughAndNotTooMuch(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	for path, want := range map[string]int{"/api/fails": 500, "/api/panics": 500, "/api/nope": 404, "/api/../etc": 400} {
		res, out := w.do("GET", path, "")
		if res.StatusCode != want || strings.Contains(out["raw"].(string), "secret inner") || out["code"] == nil {
			t.Errorf("%s: %d %v", path, res.StatusCode, out)
		}
	}
	if res, out := w.do("DELETE", "/api/who", ""); res.StatusCode != 405 || res.Header.Get("Allow") != "GET" || out["code"] != "method_not_allowed" {
		t.Errorf("wrong method: %d %v %v", res.StatusCode, res.Header, out)
	}
	if res, _ := w.do("GET", "/api/busy", ""); res.StatusCode != 503 || res.Header.Get("Retry-After") != "2" {
		t.Errorf("busy: %d %v", res.StatusCode, res.Header)
	}
	if res, _ := w.do("HEAD", "/api/who", ""); res.StatusCode != 200 {
		t.Errorf("HEAD: %d", res.StatusCode)
	}
}

// What a stranger can send without a route is the stranger's fault, and no error in the server's log.
func TestHugeHeadersAreRefused(t *testing.T) {
	w := serve(t, nil)
	// The server answers and closes without reading on, so that now and then the sender learns of the closing first.
	for range 50 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/who", nil)
		w.must(err)
		req.Header.Set("X-Long", strings.Repeat("a", 70_000))
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			continue
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			continue
		}
		if res.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), `"too_large"`) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		return
	}
	t.Error("never an answer")
}

func TestAccessIsDeniedByDefault(t *testing.T) {
	w := serve(t, nil)
	if res, out := w.do("GET", "/api/tagged", ""); res.StatusCode != 401 || out["code"] != "setup_required" {
		t.Errorf("unclaimed: %d %v", res.StatusCode, out)
	}
	if res, _ := w.do("POST", "/api/login", `{"username":"a","password":"b"}`); res.StatusCode != 401 {
		t.Errorf("login to an unclaimed server: %d", res.StatusCode)
	}
	w.claim()
	if res, out := w.do("GET", "/api/tagged", ""); res.StatusCode != 401 || out["error"] != "Authentication required" {
		t.Errorf("anonymous: %d %v", res.StatusCode, out)
	}
	res, out := w.do("GET", "/api/tagged", "", "Authorization", "bearer "+w.token(auth.ScopeHostReport))
	if res.StatusCode != 403 || out["error"] != "missing_scope" || out["requiredScope"] != "monitoring:read" {
		t.Errorf("without scope: %d %v", res.StatusCode, out)
	}
	if res, _ := w.do("GET", "/api/tagged?token="+w.token(auth.ScopeMonitoringRead), ""); res.StatusCode != 401 {
		t.Errorf("a token in the address of a plain request: %d", res.StatusCode)
	}
	if res, _ := w.do("GET", "/api/tagged.js", ""); res.StatusCode != 404 {
		t.Errorf("a path that looks like a script: %d", res.StatusCode)
	}
	if res, _ := w.do("GET", "/api/tagged", "", "Authorization", "Basic YWRtaW46d3Jvbmc="); res.StatusCode != 401 {
		t.Errorf("wrong basic credentials: %d", res.StatusCode)
	}
}

func TestETagAndCompression(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	tok := w.token(auth.ScopeMonitoringRead)
	res, out := w.do("GET", "/api/tagged", "", "X-API-Token", tok, "Accept-Encoding", "gzip")
	if res.Header.Get("Content-Encoding") != "gzip" || len(out["raw"].(string)) > 500 {
		t.Errorf("compression: %v, %d bytes", res.Header, len(out["raw"].(string)))
	}
	if res, _ := w.do("GET", "/api/tagged", "", "X-API-Token", tok, "If-None-Match", `W/"v1"`); res.StatusCode != 304 {
		t.Errorf("unchanged: %d", res.StatusCode)
	}
}

func TestForwardedHeadersCountFromTrustedProxiesOnly(t *testing.T) {
	spoof := []string{"X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example"}
	w := serve(t, nil)
	if _, out := w.do("GET", "/api/who", "", spoof...); out["peer"] != "127.0.0.1" || out["https"] != false || out["host"] == "evil.example" {
		t.Errorf("untrusted: %v", out)
	}
	w = serve(t, func(o *api.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	if _, out := w.do("GET", "/api/who", "", spoof...); out["peer"] != "198.51.100.7" || out["https"] != true || out["host"] != "evil.example" {
		t.Errorf("trusted: %v", out)
	}
	// A proxy appends its caller to what the caller sent, so the first address is only a claim.
	w = serve(t, func(o *api.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	for header, want := range map[string]string{
		"203.0.113.66, 198.51.100.7":           "198.51.100.7",
		"203.0.113.66, 198.51.100.7, 10.0.0.3": "198.51.100.7",
		"198.51.100.7, nonsense, 10.0.0.3":     "10.0.0.3",
		"10.0.0.9, 10.0.0.3":                   "10.0.0.9",
		"nonsense":                             "127.0.0.1",
	} {
		if _, out := w.do("GET", "/api/who", "", "X-Forwarded-For", header); out["peer"] != want {
			t.Errorf("X-Forwarded-For: %s: the client is %v, want %s", header, out["peer"], want)
		}
	}
}

func TestRateLimitCountsPerClientAndClass(t *testing.T) {
	w := serve(t, func(o *api.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	w.claim()
	login := func(peer string) *http.Response {
		res, _ := w.do("POST", "/api/login", `{"username":"x","password":"y"}`, "X-Forwarded-For", peer)
		return res
	}
	var last *http.Response
	for range 11 {
		last = login("198.51.100.7")
	}
	if last.StatusCode != 429 || last.Header.Get("Retry-After") != "60" || last.Header.Get("X-RateLimit-Limit") != "10" {
		t.Errorf("the 11th login in a minute: %d %v", last.StatusCode, last.Header)
	}
	if res := login("198.51.100.8"); res.StatusCode == 429 {
		t.Error("another client is limited too")
	}
}

func TestFirstRunLoginCSRFAndLogout(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	res, out := w.do("POST", "/api/login", `{"username":"admin","password":"`+password+`"}`)
	if res.StatusCode != 200 || out["success"] != true {
		t.Fatalf("login: %d %v", res.StatusCode, out)
	}
	var cookies []string
	csrf := ""
	for _, c := range res.Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
		if c.Name == "pulse_csrf" {
			csrf = strings.ReplaceAll(c.Value, "%3D", "=")
		} else if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the session cookie: %+v", c)
		}
	}
	cookie := strings.Join(cookies, "; ")
	res, out = w.do("POST", "/api/security/tokens", `{"name":"x"}`, "Cookie", cookie)
	if res.StatusCode != 403 || res.Header.Get("X-CSRF-Token") == "" || out["code"] != "csrf_failed" {
		t.Fatalf("without token: %d %v", res.StatusCode, out)
	}
	if res, _ := w.do("POST", "/api/security/tokens", `{"name":"x"}`, "Cookie", cookie, "X-CSRF-Token", csrf, "Authorization", "Nonsense x"); res.StatusCode != 403 {
		t.Errorf("the token from before the refresh, with any Authorization header: %d", res.StatusCode)
	}
	csrf = res.Header.Get("X-CSRF-Token")
	res, out = w.do("POST", "/api/security/tokens", `{"name":"x"}`, "Cookie", cookie, "X-CSRF-Token", csrf)
	if res.StatusCode == 403 { // the attempt above refreshed it once more
		csrf = res.Header.Get("X-CSRF-Token")
		res, out = w.do("POST", "/api/security/tokens", `{"name":"x"}`, "Cookie", cookie, "X-CSRF-Token", csrf)
	}
	if res.StatusCode != 200 || len(out["token"].(string)) != 64 {
		t.Fatalf("with token: %d %v", res.StatusCode, out)
	}
	if res, _ := w.do("POST", "/api/logout", "", "Cookie", cookie, "X-CSRF-Token", csrf); res.StatusCode != 200 {
		t.Fatalf("logout: %d", res.StatusCode)
	}
	if res, _ := w.do("GET", "/api/security/tokens", "", "Cookie", cookie); res.StatusCode != 401 {
		t.Errorf("after logout: %d", res.StatusCode)
	}
}

func TestSocketAuthAndOrigin(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	url := strings.Replace(w.url, "http", "ws", 1) + "/ws?name=n&token="
	dial := func(url, origin string) (*websocket.Conn, error) {
		h := http.Header{}
		if origin != "" {
			h.Set("Origin", origin)
		}
		c, res, err := websocket.DefaultDialer.DialContext(t.Context(), url, h)
		if res != nil {
			_ = res.Body.Close()
		}
		return c, err
	}
	tok := w.token(auth.ScopeMonitoringRead)
	for name, c := range map[string][2]string{"no token": {url, ""}, "other scope": {url + w.token(auth.ScopeHostReport), ""}, "foreign page": {url + tok, "http://evil.example"}} {
		if conn, err := dial(c[0], c[1]); err == nil {
			t.Errorf("%s: connected", name)
			_ = conn.Close()
		}
	}
	conn, err := dial(url+tok, w.url)
	w.must(err)
	defer conn.Close()
	w.must(conn.WriteMessage(websocket.TextMessage, []byte("hi")))
	if _, m, err := conn.ReadMessage(); err != nil || string(m) != "n:hi" {
		t.Errorf("got %q, %v", m, err)
	}
	// The server may hang up before the whole message is written, so the write may fail as well.
	_ = conn.WriteMessage(websocket.TextMessage, make([]byte, 100<<10))
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("a huge message did not end the connection")
	}
}

func TestSiteServesHashedFilesAndOnePage(t *testing.T) {
	w := serve(t, nil)
	res, out := w.do("GET", "/r/anything", "")
	page := out["raw"].(string)
	csp := res.Header.Get("Content-Security-Policy")
	nonce := strings.TrimSuffix(strings.TrimPrefix(page, `<meta name="csp-nonce" content="`), `">`)
	if res.StatusCode != 200 || len(nonce) < 16 || !strings.Contains(csp, "'nonce-"+nonce+"'") || strings.Contains(csp, "unsafe") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("page: %d %q %q", res.StatusCode, page, csp)
	}
	res, out = w.do("GET", "/assets/a.1.js", "", "Accept-Encoding", "gzip, br")
	if out["raw"] != "brotli" || res.Header.Get("Content-Encoding") != "br" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("file: %q %v", out["raw"], res.Header)
	}
	if res, _ := w.do("GET", "/assets/none.js", ""); res.StatusCode != 404 {
		t.Errorf("missing file: %d", res.StatusCode)
	}
}

func TestMountingRefusesDuplicatesAndRowsWithoutRule(t *testing.T) {
	h := func(context.Context, route.None) (route.None, error) { return route.None{}, nil }
	for name, rows := range map[string][]route.Route{
		"no rule":        {route.Get("/api/a", "a", "", h)},
		"no token rule":  {route.Get("/api/a", "a", "", h).Scope()},
		"same path":      {route.Get("/api/a", "a", "", h).Public(), route.Get("/api/a", "b", "", h).Public()},
		"same operation": {route.Get("/api/a", "a", "", h).Public(), route.Get("/api/b", "a", "", h).Public()},
	} {
		_, err := api.New(t.Context(), api.Options{Areas: []api.Area{{Name: "x", Routes: rows}}, Log: hclog.NewNullLogger(), Now: time.Now})
		if err == nil {
			t.Errorf("%s: mounted", name)
		}
	}
}
