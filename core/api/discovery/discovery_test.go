package discovery

import (
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/discover"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

func TestScansAreToldAndKept(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	var told []string
	hear := func(kind string, _ json.RawMessage) { told = append(told, kind) }
	clock := func() time.Time { return at }
	running, release := make(chan struct{}), make(chan struct{})
	s := &discover.Service{
		Probe:   func(context.Context, string, string) (sdk.Candidate, error) { return sdk.Candidate{}, nil },
		Options: func() (discover.Options, error) { return discover.Options{}, nil }, Enabled: func() bool { return true }, Now: clock,
		Tell:  func(o discover.Options) discover.Options { return Tell(o, hear, clock) },
		Ended: func(r discover.Result) { Ended(r, hear, clock) },
	}
	a := Area{Scanner: s, Enabled: func() bool { return true }, Now: clock}
	if got, err := a.get(t.Context(), route.None{}); err != nil || got.Cached || *got.Updated != 0 || got.Environment != nil || len(got.Servers) != 0 {
		t.Errorf("before the first: %+v, %v", got, err)
	}
	got, err := a.scan(t.Context(), scanIn{Subnet: "10.0.0.0/30"})
	if err != nil || *got.Scanning || got.Environment.Phases[0].Subnets[0] != "10.0.0.0/30" || got.Updated != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if len(told) != 3 || told[0] != "discovery_started" {
		t.Errorf("told: %v", told)
	}
	if got, err := a.scan(t.Context(), scanIn{UseCache: true}); err != nil || !got.Cached || *got.Updated != at.Unix() {
		t.Errorf("kept: %+v, %v", got, err)
	}
	at = at.Add(time.Hour)
	if got, err := a.get(t.Context(), route.None{}); err != nil || got.Cached || *got.Updated != 0 || got.Environment != nil {
		t.Errorf("an hour later: %+v, %v", got, err)
	}
	for text, code := range map[string]errs.Code{"x": errs.Invalid, "8.8.8.0/24": errs.Invalid, "10.0.0.0/8": errs.Invalid} {
		if _, err := a.scan(t.Context(), scanIn{Subnet: text}); !errs.Is(err, code) {
			t.Errorf("%s: %v", text, err)
		}
	}
	// Who asks meanwhile hears how far it is.
	s.Probe = func(context.Context, string, string) (sdk.Candidate, error) {
		if got, err := a.get(t.Context(), route.None{}); err != nil || got.Scanning == nil || !*got.Scanning || got.Progress == nil {
			t.Errorf("while a scan runs: %+v, %v", got, err)
		}
		return sdk.Candidate{}, nil
	}
	s.Options = func() (discover.Options, error) {
		return discover.Options{Progress: func(p discover.Progress) {
			if got, err := a.get(t.Context(), route.None{}); err != nil || got.Progress == nil || got.Progress.Done != p.Done || got.Progress.Total != p.Total {
				t.Errorf("at %+v: %+v, %v", p, got.Progress, err)
			}
		}}, nil
	}
	s.Tell = nil
	if _, err := s.Scan(t.Context(), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/30")}); err != nil {
		t.Error(err)
	}
	if got, err := a.get(t.Context(), route.None{}); err != nil || got.Scanning != nil || got.Progress != nil {
		t.Errorf("after its end: %+v, %v", got, err)
	}
	// One at a time.
	s.Options = func() (discover.Options, error) { close(running); <-release; return discover.Options{}, nil }
	ended := make(chan error)
	go func() { _, err := s.Scan(t.Context(), nil); ended <- err }()
	<-running
	if _, err := a.scan(t.Context(), scanIn{}); !errs.Is(err, errs.Conflict) {
		t.Errorf("two at once: %v", err)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAScanIsStopped(t *testing.T) {
	begun, stopped := make(chan struct{}), make(chan struct{})
	s := &discover.Service{
		Options: func() (discover.Options, error) { return discover.Options{}, nil }, Enabled: func() bool { return false }, Now: time.Now,
		// It is stopped before the first address is asked, so that nothing goes out.
		Tell: func(o discover.Options) discover.Options {
			o.Targets = []discover.Target{{Kind: "ups", Port: 9}}
			close(begun)
			<-stopped
			return o
		},
	}
	a := Area{Scanner: s, Enabled: s.Enabled, Now: time.Now}
	if got, err := a.stop(t.Context(), route.None{}); err != nil || got.Stopped {
		t.Errorf("nothing runs: %+v, %v", got, err)
	}
	ended := make(chan Found)
	go func() {
		got, err := a.scan(t.Context(), scanIn{Subnet: "10.255.255.0/24"})
		if err != nil {
			t.Error(err)
		}
		ended <- got
	}()
	<-begun
	if got, err := a.stop(t.Context(), route.None{}); err != nil || !got.Stopped {
		t.Errorf("%+v, %v", got, err)
	}
	close(stopped)
	got := <-ended
	if len(got.Errors) == 0 || !strings.HasPrefix(got.Errors[len(got.Errors)-1], "It was stopped after ") {
		t.Errorf("%+v", got)
	}
	if _, running := s.Running(); running {
		t.Error("it runs on")
	}
}

// Nobody tells a server that a browser was closed: a scan that nobody waits for any more ends by itself, and the next begins.
func TestAScanEndsByItself(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	synctest.Test(t, func(t *testing.T) {
		s := &discover.Service{
			Probe: func(ctx context.Context, _, _ string) (sdk.Candidate, error) {
				<-ctx.Done() // it hangs for as long as it may
				return sdk.Candidate{}, ctx.Err()
			},
			Options: func() (discover.Options, error) {
				return discover.Options{Targets: []discover.Target{{Kind: "ups", Port: l.Addr().(*net.TCPAddr).Port}}, Loopback: true, ProbeTimeout: 24 * time.Hour}, nil
			},
			Enabled: func() bool { return false }, Now: time.Now,
		}
		a := Area{Scanner: s, Enabled: s.Enabled, Now: time.Now}
		for range 2 {
			began := time.Now()
			got, err := a.scan(t.Context(), scanIn{Subnet: "127.0.0.1/32"})
			if took := time.Since(began); err != nil || took != patience || len(got.Servers) != 0 {
				t.Errorf("%+v after %s, %v", got, took, err)
			}
			if _, running := s.Running(); running {
				t.Error("it runs on")
			}
		}
	})
}

func TestWhatIsFoundInTheWordsOfTheWire(t *testing.T) {
	r := discover.Result{
		Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, Servers: []discover.Server{{IP: "10.0.0.5", Port: 9, Kind: "ups", Version: "2", Hostname: "h", CertificateSHA256: "ab"}},
		Faults: []discover.Fault{{IP: "10.0.0.6", Port: 9, Message: "No."}, {Message: "Late."}},
	}
	raw, err := json.Marshal(found(r))
	if err != nil || !strings.Contains(string(raw), `{"ip":"10.0.0.5","port":9,"type":"ups","version":"2","hostname":"h","release":"2","fingerprint":"ab"}`) ||
		!strings.Contains(string(raw), `"errors":["10.0.0.6 port 9: No.","Late."]`) {
		t.Errorf("%s, %v", raw, err)
	}
}
