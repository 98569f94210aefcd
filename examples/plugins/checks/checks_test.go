package checks

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

func config(t *testing.T, targets ...Target) string {
	t.Helper()
	var list []map[string]any
	for _, x := range targets {
		list = append(list, map[string]any{"name": x.Name, "by": x.By, "address": x.Address, "status": x.Status})
	}
	b, err := json.Marshal(map[string]any{"targets": list, "timeout": "5s", "allow_loopback_in": []string{"127.0.0.0/8"}})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// closed returns an address at which nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTellsWhoAnswers(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/teapot" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer web.Close()
	address := strings.TrimPrefix(web.URL, "http://")
	i := sdktest.Conn(t, Plugin()).Instance(t, config(t,
		Target{"page", "http", web.URL, 0}, Target{"teapot", "http", web.URL + "/teapot", 418}, Target{"wrong", "http", web.URL + "/teapot", 0},
		Target{"open", "tcp", address, 0}, Target{"closed", "tcp", closed(t), 0}, Target{"metadata", "tcp", "169.254.169.254:80", 0},
	))
	status, latency := map[string]sdk.Status{}, map[string]bool{}
	for _, o := range sdktest.Collect(t, i, "knock").All() {
		switch o := o.(type) {
		case sdk.Record:
			status[o.Key] = o.Status
		case sdk.Sample:
			if o.Metric == "latency" {
				latency[o.Key] = o.Value > 0
			}
		}
	}
	want := map[string]sdk.Status{
		"page": sdk.StatusUp, "teapot": sdk.StatusUp, "wrong": sdk.StatusDown, "open": sdk.StatusUp, "closed": sdk.StatusDown, "metadata": sdk.StatusDown,
	}
	for name, w := range want {
		if status[name] != w || latency[name] != (w == sdk.StatusUp) {
			t.Errorf("%s is %q (latency %v), want %q", name, status[name], latency[name], w)
		}
	}
}

func TestConfigurationSaysWhatDoesNotFit(t *testing.T) {
	c := sdktest.Conn(t, Plugin())
	for name, x := range map[string]struct {
		targets []Target
		path    string
	}{
		"a URL for TCP":    {[]Target{{"a", "tcp", "http://x", 0}}, "targets.0.address"},
		"no URL for HTTP":  {[]Target{{"a", "http", "example.com", 0}}, "targets.0.address"},
		"a port for ping":  {[]Target{{"a", "ping", "example.com:1", 0}}, "targets.0.address"},
		"a name used once": {[]Target{{"a", "ping", "a", 0}, {"a", "ping", "b", 0}}, "targets.1.name"},
	} {
		diags := c.Validate(t, config(t, x.targets...))
		if len(diags) != 1 || diags[0].Path != x.path {
			t.Errorf("%s: %+v, want one at %s", name, diags, x.path)
		}
	}
}

func TestConformance(t *testing.T) {
	sdktest.Conformance(t, Plugin(), sdktest.Options{
		Config: config(t, Target{"closed", "tcp", closed(t), 0}), Zeros: []string{"available"},
	})
}
