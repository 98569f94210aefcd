package discover

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

// listening opens a port of this machine.
func listening(t *testing.T) (port int) {
	t.Helper()
	return listeningAt(t, "127.0.0.1:0")
}

func listeningAt(t *testing.T, address string) (port int) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func TestScanFindsWhatAPluginKnows(t *testing.T) {
	ups, other := listening(t), listening(t)
	var asked atomic.Int64
	probe := func(_ context.Context, kind, address string) (sdk.Candidate, error) {
		asked.Add(1)
		if kind == "ups" && strings.HasSuffix(address, fmt.Sprint(":", ups)) {
			return sdk.Candidate{Kind: "ups", Name: "cellar", Version: "2"}, nil
		}
		return sdk.Candidate{}, sdk.Errorf(sdk.KindUnsupported, "This is something else.")
	}
	var found, progress atomic.Int64
	o := Options{
		Networks: prefixes("127.0.0.0/30"), Targets: []Target{{"nas", ups}, {"ups", ups}, {"ups", other}}, Loopback: true, DialTimeout: time.Minute,
		Found: func(Server) { found.Add(1) }, Progress: func(p Progress) { progress.Store(int64(p.Done)) },
	}
	at := time.Unix(1, 0)
	got, err := Scan(t.Context(), o, probe, func() time.Time { return at })
	want := Server{IP: "127.0.0.1", Port: ups, Kind: "ups", Version: "2", Hostname: "cellar"}
	if err != nil || len(got.Servers) != 1 || got.Servers[0] != want || !got.At.Equal(at) || found.Load() != 1 || progress.Load() != 4 {
		t.Fatalf("%+v, %v, found %d, progress %d", got, err, found.Load(), progress.Load())
	}
	if len(got.Faults) != 1 || got.Faults[0].Port != other || got.Faults[0].Message != "This is something else." || asked.Load() != 3 {
		t.Errorf("%+v after %d questions", got.Faults, asked.Load())
	}
	// What is known is not asked, and what is blocked not even dialled.
	o.Known = []string{fmt.Sprint("127.0.0.1:", ups)}
	if got, err := Scan(t.Context(), o, probe, time.Now); err != nil || len(got.Servers) != 0 {
		t.Errorf("known: %+v, %v", got, err)
	}
	o.Known, o.Blocked = nil, prefixes("127.0.0.1/32")
	before := asked.Load()
	if got, err := Scan(t.Context(), o, probe, time.Now); err != nil || len(got.Servers) != 0 || asked.Load() != before {
		t.Errorf("blocked: %+v, %v", got, err)
	}
	// This machine itself is dialled only when it is allowed.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.Blocked = nil
	if got, err := Scan(ctx, o, probe, time.Now); err != nil || len(got.Servers) != 0 || len(got.Faults) != 1 {
		t.Errorf("out of time: %+v, %v", got, err)
	}
}

// Whatever answers in a network, and whatever it says of itself, a result stays small.
func TestAResultIsBounded(t *testing.T) {
	everywhere := listeningAt(t, "0.0.0.0:0")
	endless := strings.Repeat("é", 1<<16)
	o := Options{Networks: prefixes("127.0.0.0/22"), Targets: []Target{{"ups", everywhere}}, Loopback: true, DialTimeout: time.Minute, ProbeTimeout: time.Minute}
	var told atomic.Int64
	o.Found = func(Server) { told.Add(1) }
	got, err := Scan(t.Context(), o, func(context.Context, string, string) (sdk.Candidate, error) {
		return sdk.Candidate{Kind: "ups", Name: endless, Version: endless, CertificateSHA256: endless}, nil
	}, time.Now)
	if err != nil || len(got.Servers) != maxServers || told.Load() != maxServers || len(got.Faults) != 1 || got.Faults[0].Message != "22 more were found and left out: name smaller networks." {
		t.Fatalf("%d servers, %d told, faults %v, %v", len(got.Servers), told.Load(), got.Faults, err)
	}
	if s := got.Servers[0]; len(s.Hostname) > maxText || len(s.Version) > maxText || len(s.CertificateSHA256) > maxText || !strings.HasSuffix(s.Hostname, "é") {
		t.Errorf("texts of %d, %d and %d bytes", len(s.Hostname), len(s.Version), len(s.CertificateSHA256))
	}
	got, err = Scan(t.Context(), o, func(context.Context, string, string) (sdk.Candidate, error) {
		return sdk.Candidate{}, sdk.Errorf(sdk.KindUnsupported, "%s", endless)
	}, time.Now)
	if err != nil || len(got.Faults) != maxFaults || len(got.Faults[0].Message) > maxText {
		t.Errorf("%d faults, %v", len(got.Faults), err)
	}
}

func TestOnlySmallPrivateNetworksAreLookedThrough(t *testing.T) {
	for text, says := range map[string]string{
		"8.8.8.0/24": "no private network", "127.0.0.0/30": "no private network", "169.254.0.0/24": "no private network", "10.0.0.0/8": "smaller networks",
		"10.0.0.0/21": "smaller networks", "fd00::/64": "smaller networks", "::/0": "no private network", "0.0.0.0/0": "no private network", "172.0.0.0/8": "no private network",
	} {
		_, err := Scan(t.Context(), Options{Networks: prefixes(text)}, nil, time.Now)
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	o := Options{Networks: prefixes("10.0.0.0/30", "10.0.0.2/31", "192.168.1.7/32"), MaxHosts: 10}
	hosts, err := o.withDefaults().hosts()
	var got []string
	for _, h := range hosts {
		got = append(got, h.String())
	}
	if want := []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "192.168.1.7"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestParse(t *testing.T) {
	if got, err := Parse("10.0.0.0/24, 10.1.0.5"); err != nil || !slices.Equal(got, prefixes("10.0.0.0/24", "10.1.0.5/32")) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Parse("10.0.0.0/24,$(x)"); !errs.Is(err, errs.Invalid) {
		t.Errorf("%v", err)
	}
	for _, p := range Local() {
		if p.Bits() < 24 || p.Addr().IsLoopback() {
			t.Errorf("%v is too large or no network of others", p)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("10.0.0.0/24,auto")
	f.Fuzz(func(t *testing.T, text string) {
		networks, err := Parse(text)
		if err != nil {
			return
		}
		if hosts, err := (Options{Networks: networks}).withDefaults().hosts(); err == nil && len(hosts) > DefaultHosts+2 {
			t.Errorf("%q has %d addresses", text, len(hosts))
		}
	})
}
