package api_test

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/auth/authtest"
)

// Whatever a stranger writes into the head of a request, a change is refused, by an answer that is HTTP.
func FuzzHead(f *testing.F) {
	for _, head := range []string{
		"Cookie: pulse_session=abc; pulse_csrf=%zz%00", "Cookie: pulse_session=\"", "Authorization: Basic YTpi", "Authorization: Basic", "Authorization: Bearer ", "authorization: basic \xff",
		"X-API-Token: 0", "X-CSRF-Token: =", "X-Forwarded-For: 1.2.3.4, ::1%eth0, unknown", "X-Forwarded-Host: a\tb", "X-Proxy-Secret: x\r\nX-Remote-User: admin", "Origin: ://", "Content-Encoding: gzip",
		"Transfer-Encoding: chunked", "Content-Length: 99999999999999999999", "Expect: 100-continue", "Upgrade: websocket\r\nConnection: upgrade", "X-Request-ID: \x01", "X-Org: \r\n folded",
	} {
		f.Add(head)
	}
	now := time.Now()
	s, err := auth.Open(f.Context(), authtest.New(), time.Now, hclog.NewNullLogger())
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Claim(f.Context(), "admin", password, ""); err != nil {
		f.Fatal(err)
	}
	server, err := api.New(f.Context(), api.Options{
		Areas: []api.Area{{Name: "test", Routes: testRoutes()}}, Auth: s, Claimed: s.Claimed, Log: hclog.NewNullLogger(), Patience: 200 * time.Millisecond,
		Proxy: &api.ProxyAuth{Secret: "the secret of the proxy", UserHeader: "X-Remote-User", RoleHeader: "X-Remote-Roles", AdminRole: "ops"},
		Now:   func() time.Time { now = now.Add(time.Hour); return now }, // no rate limit
	})
	if err != nil {
		f.Fatal(err)
	}
	l := fasthttputil.NewInmemoryListener()
	go func() { _ = server.Serve(l) }()
	f.Fuzz(func(t *testing.T, head string) {
		if bytes.Contains([]byte(head), []byte("\r\n\r\n")) || bytes.Contains([]byte(head), []byte("\n\n")) {
			return // two requests
		}
		c, err := l.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("POST /api/raw HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + head + "\r\n\r\n")); err != nil {
			return
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return // cut off without a word
		}
		_ = res.Body.Close()
		if res.StatusCode < 400 && res.StatusCode != 100 || res.StatusCode >= 500 {
			t.Errorf("%q is answered with %d", head, res.StatusCode)
		}
	})
}
