package address

import (
	"errors"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
)

func TestHosts(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1": "https://10.0.0.1:8006", "http://a": "http://a:8006", "https://A.example.com:443/x?y#z": "https://a.example.com:443",
		"fd00::1": "https://[fd00::1]:8006", "127.0.0.1": "https://127.0.0.1:8006", "[2001:db8::1]:9": "https://[2001:db8::1]:9", " pve1 ": "https://pve1:8006", "a_b": "https://a_b:8006",
	} {
		if got, err := URL("host", in, "8006"); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
	}
	for in, says := range map[string]string{
		"": "Host is required", "ftp://a": "https://", "a:0": "port", "a:99999": "port", "a:b": "port", "1.2.3": "IP address", "1.2.3.400": "IP address",
		"[::g]": "host", "169.254.169.254": "enter another one", "fd00::1%eth0": "Invalid host", "[fd00::1%25eth0]": "interface", "a b": "host", "user@a": "user", "https://": "Invalid host", "-a": "hostname", "$(id)": "host", strings.Repeat("a.", 200): "longer",
	} {
		var e *errs.Error
		if got, err := URL("host", in, "8006"); !errors.As(err, &e) || e.Field != "host" || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %q, %v, want an error with %q", in, got, err, says)
		}
	}
	if got, err := URL("host", "a:9", ""); err != nil || got != "https://a:9" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := URL("host", "a", ""); err == nil {
		t.Error("an address without a port, where there is no usual one")
	}
}

func FuzzHost(f *testing.F) {
	for _, seed := range []string{"a", "https://a:1", "[::1]", "10.0.0.1:8006", "http://a/b?c#d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out, err := URL("host", in, "8006")
		if err != nil {
			return
		}
		if again, err := URL("host", out, "8006"); err != nil || again != out {
			t.Errorf("%q is %q, and that is %q, %v", in, out, again, err)
		}
	})
}
