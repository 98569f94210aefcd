package pve

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// newClock begins at a time on which the simulated nodes have just measured.
func newClock() *sdktest.Clock { return sdktest.NewClock(time.Unix(1_800_000_000, 0)) }

// lab is a simulated cluster and an instance that watches it.
type lab struct {
	*pvetest.Server
	t     *testing.T
	world *pvetest.World
	clock *sdktest.Clock
	live  *host.Instance
}

// newLab makes a cluster; change may alter it before it is served, and config the configuration.
func newLab(t *testing.T, nodes, guests int, change func(w *pvetest.World), config ...map[string]any) *lab {
	t.Helper()
	now := newClock()
	w := pvetest.New(nodes, guests, now.Now)
	if change != nil {
		change(w)
	}
	l := &lab{Server: pvetest.Start(t, w), t: t, world: w, clock: now}
	c := sdktest.Conn(t, Plugin(), sdktest.WithNow(now.Now))
	live, err := c.Configure(t.Context(), sdk.Instance{Integration: "pve/home", Name: "home", Revision: 1, Config: json.RawMessage(configFor(l.Server, config...))})
	if err != nil {
		t.Fatal(err)
	}
	l.live = live
	return l
}

// await waits until a request has come.
func (l *lab) await(path string) {
	l.t.Helper()
	limit := time.After(3 * time.Minute)
	for l.Count(path) == 0 {
		select {
		case <-limit:
			l.t.Fatalf("nobody asks for %s: %v", path, l.Calls())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// seen is what one cycle gave.
type seen struct {
	*sdktest.Cycle
	t testing.TB
}

func (l *lab) collect(task string) seen {
	l.t.Helper()
	return seen{sdktest.Collect(l.t, l.live, task), l.t}
}

// must is collect of a cycle that is complete.
func (l *lab) must(task string) seen {
	l.t.Helper()
	s := l.collect(task)
	if s.Err != nil {
		l.t.Fatalf("collect %s: %v", task, s.Err)
	}
	return s
}

// record returns the record with the key.
func (s seen) record(key string) sdk.Record {
	s.t.Helper()
	for _, o := range s.All() {
		if r, ok := o.(sdk.Record); ok && r.Key == key {
			return r
		}
	}
	s.t.Fatalf("there is no record %s among %v", key, s.Keys())
	return sdk.Record{}
}

// has tells whether there is a record with the key.
func (s seen) has(key string) bool {
	for _, o := range s.All() {
		if r, ok := o.(sdk.Record); ok && r.Key == key {
			return true
		}
	}
	return false
}

// doc returns what stands at a dotted path of a record's document, nil when nothing does.
func (s seen) doc(key, path string) any {
	s.t.Helper()
	return at(s.t, s.record(key).Doc, path)
}

func at(t testing.TB, doc json.RawMessage, path string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(doc, &value); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// sample returns the value of a metric of a record.
func (s seen) sample(key, metric string) (float64, bool) {
	for _, o := range s.All() {
		if x, ok := o.(sdk.Sample); ok && x.Key == key && x.Metric == metric {
			return x.Value, true
		}
	}
	return 0, false
}

// count counts the samples of a metric of a record.
func (s seen) count(key, metric string) (n int) {
	for _, o := range s.All() {
		if x, ok := o.(sdk.Sample); ok && x.Key == key && x.Metric == metric {
			n++
		}
	}
	return n
}

// samples counts those of a record.
func (s seen) samples(key string) (n int) {
	for _, o := range s.All() {
		if x, ok := o.(sdk.Sample); ok && x.Key == key {
			n++
		}
	}
	return n
}

// conditions returns those of a record by their kinds.
func (s seen) conditions(key string) map[string]sdk.Condition {
	out := map[string]sdk.Condition{}
	for _, o := range s.All() {
		if c, ok := o.(sdk.Condition); ok && c.Key == key {
			out[c.Kind] = c
		}
	}
	return out
}

// want compares values of a document.
func (s seen) want(key string, values map[string]any) {
	s.t.Helper()
	for path, want := range values {
		if got := s.doc(key, path); got != want {
			s.t.Errorf("%s of %s is %v (%T), want %v", path, key, got, got, want)
		}
	}
}

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
