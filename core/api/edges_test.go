package api_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// raw sends bytes as they are and returns the answer, nil when the connection ends without one.
func (w *world) raw(request string) (*http.Response, string) {
	w.t.Helper()
	c := w.dial()
	defer c.Close()
	_, err := io.WriteString(c, request)
	w.must(err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, ""
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body) // an answer to HEAD has none
	return res, string(body)
}

func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	w.must(err)
	w.must(c.SetDeadline(time.Now().Add(3 * time.Minute)))
	return c
}

func sites(s api.Sites) func(*api.Options) {
	return func(o *api.Options) { o.Sites = func() api.Sites { return s } }
}

func TestFramesAreRefusedUnlessNamed(t *testing.T) {
	for name, c := range map[string]struct {
		frames          []string
		ancestors, deny string
	}{
		"nobody":   {nil, "'none'", "DENY"},
		"named":    {[]string{"https://home.example.com", "https://b.example:8443"}, "'self' https://home.example.com https://b.example:8443", ""},
		"any":      {[]string{"*"}, "*", ""},
		"any also": {[]string{"https://home.example.com", "*"}, "*", ""},
	} {
		w := serve(t, sites(api.Sites{Frames: c.frames}))
		for _, path := range []string{"/", "/api/health", "/api/nothing"} {
			res, _ := w.do("GET", path, "")
			_, got, _ := strings.Cut(res.Header.Get("Content-Security-Policy"), "frame-ancestors ")
			if got != c.ancestors || res.Header.Get("X-Frame-Options") != c.deny {
				t.Errorf("%s, %s: %q and %q", name, path, got, res.Header.Get("X-Frame-Options"))
			}
		}
	}
}

// Sites that are named come with cookies, any other site without, and what is not allowed is not told.
func TestOtherSitesCall(t *testing.T) {
	const other = "https://dashboard.example.com"
	for name, c := range map[string]struct {
		callers                []string
		origin, allow, cookies string
	}{
		"nobody":         {nil, other, "", ""},
		"named":          {[]string{other}, other, other, "true"},
		"another":        {[]string{other}, "https://evil.example.com", "", ""},
		"another scheme": {[]string{other}, "http://dashboard.example.com", "", ""},
		"begins alike":   {[]string{other}, other + ".evil.example.com", "", ""},
		"any":            {[]string{"*"}, "https://evil.example.com", "*", ""},
		"any, and named": {[]string{"*", other}, other, other, "true"},
		"no site":        {[]string{"*"}, "", "", ""},
		"null":           {[]string{other}, "null", "", ""},
	} {
		w := serve(t, sites(api.Sites{Callers: c.callers}))
		for _, method := range []string{"GET", "OPTIONS"} {
			header := []string{"Access-Control-Request-Headers", "X-Anything"}
			if c.origin != "" {
				header = append(header, "Origin", c.origin)
			}
			res, _ := w.do(method, "/api/health", "", header...)
			allow, cookies := res.Header.Get("Access-Control-Allow-Origin"), res.Header.Get("Access-Control-Allow-Credentials")
			if allow != c.allow || cookies != c.cookies {
				t.Errorf("%s, %s: %q, cookies %q", name, method, allow, cookies)
			}
			if vary := strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Origin"); vary != (len(c.callers) > 0) {
				t.Errorf("%s, %s: a cache would mix sites: %v", name, method, vary)
			}
			if allow == "*" && cookies != "" {
				t.Errorf("%s: any site comes with cookies", name)
			}
		}
	}
	// A site that may only call without cookies is another site all the same.
	w := serve(t, sites(api.Sites{Callers: []string{"*"}}))
	w.claim()
	session, _, _, err := w.auth.Login(t.Context(), auth.Attempt{User: "admin", Password: password, Peer: "192.0.2.1"})
	w.must(err)
	if res, _ := w.do("POST", "/api/security/tokens", `{"name":"x"}`, "Cookie", "pulse_session="+session, "Origin", other); res.StatusCode != 403 {
		t.Errorf("a page of another site made a token: %d", res.StatusCode)
	}
}

// Whatever is sent, the answer's headers are the server's own.
func TestHeadersAreNotInjected(t *testing.T) {
	w := serve(t, func(o *api.Options) {
		o.BasePath = "/pulse"
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	w.claim()
	const evil = "%0d%0aX-Injected:%20yes"
	for name, request := range map[string]string{
		"path":               "GET /pulse/x" + evil + " HTTP/1.1\r\nHost: h\r\n\r\n",
		"redirect":           "GET /pulse?" + evil + " HTTP/1.1\r\nHost: h\r\n\r\n",
		"request id":         "GET /api/health HTTP/1.1\r\nHost: h\r\nX-Request-ID: a%0d%0aX-Injected: yes\r\n\r\n",
		"bare line end":      "GET /api/health HTTP/1.1\r\nHost: h\r\nX-Request-ID: a\rX-Injected: yes\r\n\r\n",
		"origin":             "GET /api/health HTTP/1.1\r\nHost: h\r\nOrigin: https://a\r X-Injected: yes\r\n\r\n",
		"host":               "GET /api/health HTTP/1.1\r\nHost: h" + evil + "\r\n\r\n",
		"forwarded host":     "GET /api/security/status HTTP/1.1\r\nHost: h\r\nX-Forwarded-Host: h" + evil + "\r\n\r\n",
		"method":             "GET" + evil + " /api/health HTTP/1.1\r\nHost: h\r\n\r\n",
		"method not allowed": "PATCH /api/login HTTP/1.1\r\nHost: h\r\nX-Http-Method: \rX-Injected: yes\r\n\r\n",
		"two lengths":        "POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}GET /api/health HTTP/1.1\r\n\r\n",
		"length and chunks":  "POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		res, body := w.raw(strings.Replace(request, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
		if res == nil {
			continue // refused without a word
		}
		if res.Header.Get("X-Injected") != "" || strings.Contains(body, "\nX-Injected") {
			t.Errorf("%s: %v %s", name, res.Header, body)
		}
		if to := res.Header.Get("Location"); to != "" && to != "/pulse/" {
			t.Errorf("%s leads to %q", name, to)
		}
	}
}

// No address leads a browser to another site.
func TestNoRedirectLeadsAway(t *testing.T) {
	for _, base := range []string{"", "/pulse"} {
		w := serve(t, func(o *api.Options) { o.BasePath = base })
		for _, path := range []string{
			"//evil.example.com", "//evil.example.com/", "/\\evil.example.com", "/%5cevil.example.com", "///evil.example.com/..", "/pulse//evil.example.com",
			"/login?next=https://evil.example.com", "/pulse", "/pulse?x=//evil.example.com", "/pulse/../\\evil.example.com", "/api//evil.example.com", "/.//evil.example.com",
		} {
			res, _ := w.raw("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			if res == nil {
				continue
			}
			if to := res.Header.Get("Location"); to != "" && to != base+"/" {
				t.Errorf("%s leads to %q", path, to)
			}
		}
	}
}

// No way of writing a path leads past the question who calls.
func TestPathsDoNotLeadPastTheGate(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	guarded := strings.Repeat(" ", 5000)
	for _, path := range []string{
		"/api/tagged", "//api/tagged", "/api//tagged", "///api///tagged", "/api/./tagged", "/api/x/../tagged", "/assets/../api/tagged", "/api/tagged/", "/api/tagged//",
		"/api/%74agged", "/%61pi/tagged", "/api%2ftagged", "/api%2Ftagged", "/api/tagged%2f", "/api/%2e/tagged", "/api/%2e%2e/api/tagged", "/x/%2e%2e/api/tagged",
		"/api/..;/tagged", "/api;x=1/tagged", "/api/tagged;x=1", "/api/tagged;.js", "/api/tagged.js", "/api/tagged%00", "/api/tagged%00.css", "/api/tagged%20", "/API/TAGGED",
		"/api\\tagged", "/\\api/tagged", "/api/tagged?.js", "/api/tagged#x", "/assets/..%2fapi/tagged", "/assets/%2e%2e%2fapi%2ftagged", "/index.html/../api/tagged",
		"http://h/api/tagged", "http://evil.example.com/api/tagged", "*", "/%c0%af/api/tagged", "/api/%252e%252e/api/tagged",
	} {
		for _, method := range []string{"GET", "HEAD", "get", "PROPFIND"} {
			res, body := w.raw(method + " " + path + " HTTP/1.1\r\nHost: h\r\nX-Original-URL: /api/tagged\r\nX-Rewrite-URL: /api/health\r\nX-HTTP-Method-Override: GET\r\nConnection: close\r\n\r\n")
			if res == nil {
				continue
			}
			if strings.Contains(body, guarded) || res.Header.Get("ETag") == `"v1"` {
				t.Errorf("%s %s: a stranger is answered with %d", method, path, res.StatusCode)
			}
			if strings.Contains(body, "root:") || strings.Contains(body, "package ") {
				t.Errorf("%s %s: a file that is no page: %.80s", method, path, body)
			}
		}
	}
	for _, path := range []string{"/assets/../../../../etc/passwd", "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc/passwd", "/%2e%2e%2fetc%2fpasswd", "//etc/passwd", "/assets/..\\..\\etc\\passwd"} {
		if res, body := w.raw("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); res != nil && strings.Contains(body, "root:") {
			t.Errorf("%s: %.80s", path, body)
		}
	}
}

// Ids that others give a request are kept when they are harmless, and replaced otherwise.
func TestRequestIDsAreHarmless(t *testing.T) {
	w := serve(t, nil)
	ours := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for id, kept := range map[string]bool{
		"abc-123_x.Y": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false, "": false, "a b": false, "<script>": false, "a\tb": false, "ä": false,
		`a"b`: false, "a;b": false, "%0d%0a": false, strings.Repeat("x", 8<<10): false,
	} {
		res, out := w.do("GET", "/api/nothing", "", "X-Request-ID", id)
		got := res.Header.Get("X-Request-ID")
		if kept && got != id || !kept && !ours.MatchString(got) || out["request_id"] != got {
			t.Errorf("%.20q became %.80q, told %.80v", id, got, out["request_id"])
		}
	}
}

const large = 8 << 20

func withLargeRow(o *api.Options) {
	o.Areas = append(o.Areas, api.Area{Name: "large", Routes: []route.Route{
		route.Post("/api/large", "large", "", func(_ context.Context, in raw) (map[string]int, error) {
			return map[string]int{"bytes": len(in.Body)}, nil
		}).Scope(auth.ScopeSettingsWrite).Body(large),
		route.Put("/api/large/{id}", "largeOne", "", func(_ context.Context, in raw) (map[string]int, error) {
			return map[string]int{"bytes": len(in.Body)}, nil
		}).Scope(auth.ScopeSettingsWrite).Body(large),
	}})
}

// Each row has its own limit, which holds before the body is read; strangers are heard out for a little only.
func TestBodiesAreLimitedRowByRow(t *testing.T) {
	w := serve(t, withLargeRow)
	w.claim()
	token := w.token(auth.ScopeAll)
	session, csrf, _, err := w.auth.Login(t.Context(), auth.Attempt{User: "admin", Password: password, Peer: "192.0.2.1"})
	w.must(err)
	mine := "Cookie: pulse_session=" + session + "\r\nX-CSRF-Token: " + csrf
	const basic = "Authorization: Basic YWRtaW46YSBsb25nIGVub3VnaCBwYXNzd29yZA=="
	for name, c := range map[string]struct {
		row, who string
		bytes    int
		status   int
	}{
		"as large as allowed":       {"POST /api/large", "X-API-Token: " + token, large, 200},
		"by a bearer":               {"POST /api/large", "Authorization: bearer  " + token, large, 200},
		"by a session":              {"POST /api/large", mine, large, 200},
		"with a parameter":          {"PUT /api/large/x", "X-API-Token: " + token, large, 200},
		"larger":                    {"POST /api/large", "X-API-Token: " + token, large + 1, 413},
		"an ordinary row":           {"POST /api/security/tokens", "X-API-Token: " + token, 64<<10 + 1, 413},
		"a small row":               {"POST /api/echo/x", "X-API-Token: " + token, 4<<10 + 1, 413},
		"a path that there is not":  {"POST /api/nothing", "X-API-Token: " + token, 64<<10 + 1, 413},
		"another method":            {"DELETE /api/large", "X-API-Token: " + token, 64<<10 + 1, 413},
		"by a password":             {"POST /api/large", basic, 1 << 20, 200},
		"by a password, larger":     {"POST /api/large", basic, 1<<20 + 1, 413},
		"a stranger":                {"POST /api/large", "X-A: b", 64<<10 + 1, 413},
		"a stranger with a token":   {"POST /api/large", "X-API-Token: x", 64<<10 + 1, 413},
		"a stranger with a cookie":  {"POST /api/large", "Cookie: pulse_session=x", 64<<10 + 1, 413},
		"a stranger like a proxy":   {"POST /api/large", "X-Proxy-Secret: x", 64<<10 + 1, 413},
		"a stranger, a small body":  {"POST /api/large", "X-A: b", 64 << 10, 401},
		"a stranger, an empty body": {"POST /api/large", "X-A: b", 0, 401},
	} {
		head := fmt.Sprintf("%s HTTP/1.1\r\nHost: h\r\n%s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", c.row, c.who, c.bytes)
		if c.status != 413 { // what is refused is refused by its head: the body is never sent
			head += strings.Repeat("x", c.bytes)
		}
		if res, body := w.raw(head); res == nil || res.StatusCode != c.status {
			t.Errorf("%s: %v %s", name, res, body)
		}
	}
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 32<<10, strings.Repeat("x", 32<<10))
	head := "POST /api/large HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
	if res, _ := w.raw(head + chunk + chunk + chunk); res == nil || res.StatusCode != 413 {
		t.Errorf("chunks of a stranger: %v", res)
	}
}

// Clients that send as slowly as they can are cut off, cost little memory meanwhile, and keep nobody else waiting.
func TestSlowClients(t *testing.T) {
	w := serve(t, func(o *api.Options) { withLargeRow(o); o.Patience = 2 * time.Second })
	w.claim()
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	const each = 150
	var slow []net.Conn
	for range each {
		for _, begin := range []string{
			"GET /api/health HTTP/1.1\r\nHost: h\r\nX-Slow: ",
			"POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 65536\r\n\r\n{",
			"POST /api/large HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n",
		} {
			c := w.dial()
			defer c.Close()
			_, err := io.WriteString(c, begin)
			w.must(err)
			slow = append(slow, c)
		}
	}
	if res, _ := w.do("GET", "/api/health-of-nothing", ""); res.StatusCode != 404 {
		t.Errorf("others wait: %d", res.StatusCode)
	}
	if grown := heap() - before; grown > each*3*(96<<10) {
		t.Errorf("%d slow clients cost %d KiB each", each*3, grown/(each*3)/1024)
	}
	var wg sync.WaitGroup
	for _, c := range slow {
		wg.Go(func() {
			if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("not cut off: %v", err)
			}
		})
	}
	wg.Wait()
	if res, _ := w.do("GET", "/api/health-of-nothing", ""); res.StatusCode != 404 {
		t.Errorf("afterwards: %d", res.StatusCode)
	}
}

// A connection that a browser opens ahead is closed without a word when nothing comes: what it would be told could be taken for the
// answer to a request that is on its way.
func TestConnectionsThatAreNotUsed(t *testing.T) {
	for begin, answered := range map[string]bool{"": false, "GET /api/health HTTP/1.1\r\n": true} {
		// What is begun has to come in time on a busy machine too.
		w := serve(t, func(o *api.Options) { o.Patience = 3 * time.Second })
		c := w.dial()
		defer c.Close()
		_, err := io.WriteString(c, begin)
		w.must(err)
		said, err := io.ReadAll(c)
		if err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: not cut off: %v", begin, err)
		}
		if (len(said) > 0) != answered {
			t.Errorf("after %q came %q", begin, said)
		}
	}
}

// What a browser sends for a page of another site changes nothing here: neither with a password that the browser has kept,
// nor by logging somebody in as another.
func TestOtherSitesSendNothing(t *testing.T) {
	w := serve(t, nil)
	w.claim()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:"+password))
	token := w.token(auth.ScopeAll)
	login := `{"username":"admin","password":"` + password + `"}`
	for name, c := range map[string]struct {
		path, body string
		header     []string
		status     int
	}{
		"a kept password":                     {"/api/security/reset-lockout", `{"identifier":"ann"}`, []string{"Authorization", basic, "Origin", "https://evil.example.com"}, 403},
		"a kept password, by a form":          {"/api/security/reset-lockout", `{"identifier":"ann"}`, []string{"Authorization", basic, "Sec-Fetch-Site", "cross-site"}, 403},
		"a script with a password":            {"/api/security/reset-lockout", `{"identifier":"ann"}`, []string{"Authorization", basic}, 200},
		"a token says who means it":           {"/api/security/reset-lockout", `{"identifier":"ann"}`, []string{"X-API-Token", token, "Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site"}, 200},
		"a login by a form of another":        {"/api/login", login, []string{"Content-Type", "text/plain", "Sec-Fetch-Site", "cross-site"}, 403},
		"a login behind a proxy that hides":   {"/api/login", login, []string{"Origin", "https://pulse.example.com", "Sec-Fetch-Site", "same-origin"}, 200},
		"a login of a browser of former days": {"/api/login", login, []string{"Origin", "https://pulse.example.com"}, 200},
	} {
		if res, out := w.do("POST", c.path, c.body, c.header...); res.StatusCode != c.status {
			t.Errorf("%s: %d %v", name, res.StatusCode, out)
		}
	}
}

// The page connects to this server and to no other, whatever its name is said to be.
func TestThePageConnectsHomeOnly(t *testing.T) {
	w := serve(t, nil)
	for host, want := range map[string]string{
		"pulse.example.com:7655": "connect-src 'self' ws://pulse.example.com:7655 wss://pulse.example.com:7655;",
		"[::1]:7655":             "connect-src 'self' ws://[::1]:7655 wss://[::1]:7655;",
		"a;b":                    "connect-src 'self';",
		"*":                      "connect-src 'self';",
	} {
		res, _ := w.raw("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
		if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, want) {
			t.Errorf("%s: %s", host, got)
		}
	}
}
