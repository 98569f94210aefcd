package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// Below a path, behind a proxy that takes the path away and behind one that does not.
func TestBelowAPath(t *testing.T) {
	t.Parallel()
	s := newServer(t, t.TempDir())
	s.args = []string{"--base-url", "https://tools.example/pulse"}
	s.start()
	s.claim()
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	strips := httputil.NewSingleHostReverseProxy(target)
	keeps := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	t.Cleanup(keeps.Close)
	takes := httptest.NewServer(http.StripPrefix("/pulse", strips))
	t.Cleanup(takes.Close)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, proxy := range map[string]string{"keeps": keeps.URL, "takes": takes.URL} {
		for path, want := range map[string]int{"/pulse/api/health": 200, "/pulse/api/state": 401, "/pulse/api/nothing": 404, "/pulse/../api/health": 400} {
			res, err := client.Get(proxy + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != want && !strings.Contains(path, "..") {
				t.Errorf("a proxy that %s the path: %s: %d, want %d", name, path, res.StatusCode, want)
			}
		}
	}
	res, err := client.Get(keeps.URL + "/pulse")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != "/pulse/" {
		t.Errorf("without the slash: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	// What only looks like the path is not taken for it.
	if res, err = client.Get(keeps.URL + "/pulsed/api/health"); err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode == http.StatusOK && strings.Contains(res.Header.Get("Content-Type"), "json") {
		t.Error("/pulsed was taken for /pulse")
	}
}
