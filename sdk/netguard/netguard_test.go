package netguard_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

func TestJudge(t *testing.T) {
	integration := netguard.Profile{}
	local := netguard.Profile{AllowLoopback: true}
	notification := netguard.Profile{Use: netguard.Notification}
	allowed := netguard.Profile{Use: netguard.Notification, AllowCIDRs: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fd00::/8"),
	}}
	// Whether each of the four profiles lets the address through: i, l, n, a.
	for address, want := range map[string]string{
		"8.8.8.8":                      "ilna",
		"2606:4700::1":                 "ilna",
		"10.1.2.3":                     "il-a",
		"172.31.255.255":               "il--",
		"172.32.0.1":                   "ilna",
		"192.168.1.1":                  "il--",
		"100.64.0.1":                   "il--",
		"fd12::1":                      "il-a",
		"127.0.0.1":                    "-l--",
		"127.8.8.8":                    "-l--",
		"::1":                          "-l--",
		"0.0.0.0":                      "----",
		"0.1.2.3":                      "----",
		"::":                           "----",
		"169.254.1.1":                  "----",
		"169.254.169.254":              "----",
		"100.100.100.200":              "----",
		"fd00:ec2::254":                "----",
		"fe80::1":                      "----",
		"fe80::1%eth0":                 "----",
		"fec0::1":                      "----",
		"224.0.0.1":                    "----",
		"ff02::1":                      "----",
		"255.255.255.255":              "----",
		"::ffff:8.8.8.8":               "ilna",
		"::ffff:10.1.2.3":              "il-a",
		"::ffff:127.0.0.1":             "-l--",
		"::ffff:169.254.169.254":       "----",
		"::ffff:a9fe:a9fe%1":           "----",
		"::127.0.0.1":                  "-l--",
		"::169.254.169.254":            "----",
		"2002:a9fe:a9fe::1":            "----",
		"2002:7f00:1::":                "-l--",
		"2002:0a01:0203::1":            "il-a",
		"2002:808:808::1":              "ilna",
		"64:ff9b::169.254.169.254":     "----",
		"64:ff9b::192.168.0.1":         "il--",
		"64:ff9b::8.8.8.8":             "ilna",
		"64:ff9b:1::127.0.0.1":         "-l--",
		"2001:0:808:808:0:0:5601:5601": "----", // Teredo for 169.254.169.254
	} {
		got := ""
		for _, p := range []struct {
			letter  string
			profile netguard.Profile
		}{{"i", integration}, {"l", local}, {"n", notification}, {"a", allowed}} {
			err := p.profile.Judge(netip.MustParseAddr(address))
			var e *sdk.Error
			switch {
			case err == nil:
				got += p.letter
			case errors.As(err, &e) && e.Kind == sdk.KindConfig && e.Code == netguard.CodeRefused:
				got += "-"
			default:
				t.Errorf("%s: %v", address, err)
			}
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	if (netguard.Profile{}).Judge(netip.Addr{}) == nil {
		t.Error("no address at all is let through")
	}
}

func TestMessagesSayWhatToAllow(t *testing.T) {
	n := netguard.Profile{Use: netguard.Notification}
	for address, want := range map[string]string{
		"192.168.7.9": "allow the network 192.168.7.0/24",
		"fd12::9":     "allow the network fd12::/64",
		"127.0.0.1":   "allow loopback",
		"169.254.1.1": "never reached",
	} {
		if err := n.Judge(netip.MustParseAddr(address)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}

// names resolves by table. A name with several answers gives the next one at each question.
type names map[string][]string

type resolver struct {
	names names
	asked atomic.Int32
}

func (r *resolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	answers := r.names[host]
	if len(answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	n := min(int(r.asked.Add(1))-1, len(answers)-1)
	var found []netip.Addr
	for _, text := range strings.Split(answers[n], " ") {
		found = append(found, netip.MustParseAddr(text))
	}
	return found, nil
}

func get(t *testing.T, c *http.Client, address string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", "hunter2")
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func wantCode(t *testing.T, err error, code string, text string) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("got %v, want code %s and %q", err, code, text)
	}
}

func port(t *testing.T, s *httptest.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestClientReachesWhatItMay(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	r := &resolver{names: names{"box.test": {"127.0.0.1"}}}
	address := "http://box.test:" + port(t, s)
	c := netguard.Client(netguard.Profile{AllowLoopback: true, Resolver: r})
	if got, err := get(t, c, address); err != nil || got != "hello" {
		t.Errorf("got %q %v", got, err)
	}
	_, err := get(t, netguard.Client(netguard.Profile{Resolver: r}), address)
	wantCode(t, err, netguard.CodeRefused, "box.test resolves to a refused address")
	_, err = get(t, c, "http://nowhere.test/")
	wantCode(t, err, netguard.CodeUnresolved, "does not exist")
	s.Close()
	_, err = get(t, netguard.Client(netguard.Profile{AllowLoopback: true, Resolver: r}), address)
	wantCode(t, err, netguard.CodeNoAnswer, "connection refused")
}

// A name that gives a harmless address first and a refused one next must not get the connection.
func TestRebinding(t *testing.T) {
	var hits atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	r := &resolver{names: names{"evil.test": {"192.0.2.1", "127.0.0.1"}}}
	c := netguard.Client(netguard.Profile{Use: netguard.Notification, Resolver: r, Timeout: 2 * time.Second})
	_, first := get(t, c, "http://evil.test:"+port(t, s))
	if first == nil || r.asked.Load() != 1 {
		t.Errorf("first: %v, the name was resolved %d times, want once per connection", first, r.asked.Load())
	}
	// The time of the first, which nobody answers, must not be over before the second is judged.
	c = netguard.Client(netguard.Profile{Use: netguard.Notification, Resolver: r})
	_, second := get(t, c, "http://evil.test:"+port(t, s))
	wantCode(t, second, netguard.CodeRefused, "loopback")
	if hits.Load() > 0 {
		t.Error("the refused address was reached")
	}
}

// A refused address among allowed ones is left out.
func TestMixedAnswer(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	r := &resolver{names: names{"box.test": {"169.254.169.254 127.0.0.1"}}}
	c := netguard.Client(netguard.Profile{AllowLoopback: true, Resolver: r})
	if got, err := get(t, c, "http://box.test:"+port(t, s)); err != nil || got != "hello" {
		t.Errorf("got %q %v", got, err)
	}
}

func TestIntegrationRefusesRedirects(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/there?token=hunter2", http.StatusFound)
	})
	_, err := get(t, netguard.Client(netguard.Profile{AllowLoopback: true}), s.URL)
	wantCode(t, err, netguard.CodeRedirect, "enter the address it redirects to")
}

func TestNotificationRedirects(t *testing.T) {
	var key atomic.Value
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		key.Store(r.Header.Get("X-Api-Key"))
		_, _ = io.WriteString(w, "hello")
	})
	to := ""
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) })
	c := netguard.Client(netguard.Profile{Use: netguard.Notification, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})

	to = target.URL
	if got, err := get(t, c, s.URL); err != nil || got != "hello" || key.Load() != "" {
		t.Errorf("got %q %v, the key went along as %q", got, err, key.Load())
	}
	to = "http://169.254.169.254/latest/meta-data"
	_, err := get(t, c, s.URL)
	wantCode(t, err, netguard.CodeRefused, "metadata")
	to = "http://127.0.0.2/"
	_, err = get(t, c, s.URL)
	wantCode(t, err, netguard.CodeRefused, "loopback")
	to = s.URL
	_, err = get(t, c, s.URL)
	wantCode(t, err, netguard.CodeRedirect, "more than")
	to = "file:///etc/passwd"
	if _, err = get(t, c, s.URL); err == nil {
		t.Error("a redirect to a file was followed")
	}

	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.URL, http.StatusFound)
	}))
	defer secure.Close()
	c = netguard.Client(netguard.Profile{Use: netguard.Notification, AllowLoopback: true, TLS: secure.Client().Transport.(*http.Transport).TLSClientConfig})
	_, err = get(t, c, secure.URL)
	wantCode(t, err, netguard.CodeRedirect, "not encrypted")
}

func TestEnvironmentProxyIsNotUsed(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") })
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	r := &resolver{names: names{"box.test": {"127.0.0.1"}}}
	if got, err := get(t, netguard.Client(netguard.Profile{AllowLoopback: true, Resolver: r}), "http://box.test:"+port(t, s)); err != nil || got != "hello" {
		t.Errorf("got %q %v", got, err)
	}
}

func TestPins(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	defer s.Close()
	address := strings.TrimPrefix(s.URL, "https://")
	sum := sha256.Sum256(s.Certificate().Raw)
	client := func(pins map[string]string) *http.Client {
		return netguard.Client(netguard.Profile{AllowLoopback: true, Pins: pins})
	}
	if got, err := get(t, client(map[string]string{address: hex.EncodeToString(sum[:])}), s.URL); err != nil || got == "" {
		t.Errorf("the pinned certificate: %q %v", got, err)
	}
	sum[0] ^= 1
	for name, pin := range map[string]string{"another": hex.EncodeToString(sum[:]), "empty": "", "no hex": "zz", "short": "00"} {
		_, err := get(t, client(map[string]string{address: pin}), s.URL)
		if err == nil {
			t.Errorf("%s pin: accepted", name)
			continue
		}
		wantCode(t, err, netguard.CodePin, "accept the new one")
	}
	if _, err := get(t, client(map[string]string{"other.test:443": ""}), s.URL); err == nil {
		t.Error("an unknown certificate was accepted beside a pin for another address")
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := netguard.Profile{Resolver: &resolver{names: names{"a": {"192.0.2.1"}}}}.Dial(ctx, "tcp", "a:80")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := (netguard.Profile{}).Dial(t.Context(), "unix", "/run/x"); err == nil {
		t.Error("dialled a socket")
	}
}
