package demo

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// recorder is a sink that keeps what it is given, by partition.
type recorder struct{ parts map[string][]sdk.Observation }

type partition struct {
	r    *recorder
	name string
}

func (r *recorder) Emit(obs ...sdk.Observation) error   { return r.add("", obs) }
func (r *recorder) Partition(name string) sdk.Partition { return partition{r, name} }
func (p partition) Emit(obs ...sdk.Observation) error   { return p.r.add(p.name, obs) }
func (p partition) Done(err error) error                { return err }
func (r *recorder) add(name string, obs []sdk.Observation) error {
	r.parts[name] = append(r.parts[name], sdk.Single(obs)...)
	return nil
}

func collect(t *testing.T, cfg Config, now time.Time) *recorder {
	t.Helper()
	c, err := New(cfg, sdk.Deps{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{parts: map[string][]sdk.Observation{}}
	if err := c.Collect(t.Context(), "all", r); err != nil {
		t.Fatal(err)
	}
	return r
}

func keys(r *recorder) map[string]sdk.Record {
	out := map[string]sdk.Record{}
	for _, obs := range r.parts {
		for _, o := range obs {
			if rec, ok := o.(sdk.Record); ok {
				out[rec.Key] = rec
			}
		}
	}
	return out
}

func TestInventsTheConfiguredWorldWithStableKeys(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cfg := Config{Machines: 3, Guests: 50, Seed: 7}
	first, later := collect(t, cfg, now), collect(t, cfg, now.Add(time.Hour))
	if got := len(keys(first)); got != 53 || len(first.parts) != 3 {
		t.Fatalf("got %d records in %d partitions, want 53 in 3", got, len(first.parts))
	}
	changed := 0
	for key, rec := range keys(first) {
		other, ok := keys(later)[key]
		if !ok {
			t.Fatalf("key %s is gone an hour later", key)
		}
		if string(other.Doc) != string(rec.Doc) {
			changed++
		}
	}
	if changed < 40 {
		t.Errorf("only %d of 53 changed within an hour: the world does not live", changed)
	}
}

func TestChurnMovesAShare(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c, err := New(Config{Machines: 10, Guests: 1000, Seed: 7, Churn: 5}, sdk.Deps{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	for cycle := range 5 {
		r := &recorder{parts: map[string][]sdk.Observation{}}
		if err := c.Collect(t.Context(), "all", r); err != nil {
			t.Fatal(err)
		}
		changed := 0
		for key, rec := range keys(r) {
			if docs[key] != string(rec.Doc) {
				changed++
			}
			docs[key] = string(rec.Doc)
		}
		if cycle > 0 && (changed < 25 || changed > 60) {
			t.Errorf("cycle %d changed %d of 1010, want about 50", cycle, changed)
		}
		now = now.Add(time.Minute)
	}
}

func TestNumbersAreInTheirUnitsAndWhatIsDownHasNone(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	seen := map[sdk.Status]bool{}
	for minute := range 60 {
		r := collect(t, Config{Machines: 40, Guests: 100, Seed: 1}, start.Add(time.Duration(minute)*time.Minute))
		status := keys(r)
		for _, obs := range r.parts {
			for _, o := range obs {
				s, ok := o.(sdk.Sample)
				if !ok {
					continue
				}
				if st := status[s.Key].Status; st == sdk.StatusDown || st == sdk.StatusOff {
					t.Fatalf("%s is %s and has a sample of %s", s.Key, st, s.Metric)
				}
				if (s.Metric == "cpu" || s.Metric == "memory") && (s.Value < 0 || s.Value > 1) {
					t.Fatalf("%s of %s is %v, want a ratio", s.Metric, s.Key, s.Value)
				}
			}
		}
		for _, rec := range status {
			seen[rec.Status] = true
		}
	}
	for _, want := range []sdk.Status{sdk.StatusUp, sdk.StatusOff, sdk.StatusDown, sdk.StatusDegraded} {
		if !seen[want] {
			t.Errorf("in an hour nothing was ever %s", want)
		}
	}
}

func TestTurnoverReplacesSomeGuestsEachHour(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cfg := Config{Machines: 2, Guests: 400, Seed: 7, Churn: 100, Turnover: 10}
	first, soon, later := keys(collect(t, cfg, now)), keys(collect(t, cfg, now.Add(time.Second))), keys(collect(t, cfg, now.Add(time.Hour)))
	missing := func(from map[string]sdk.Record) (n int) {
		for key := range first {
			if _, there := from[key]; !there {
				n++
			}
		}
		return n
	}
	if len(first) != 402 || len(later) != 402 {
		t.Errorf("%d and %d things, want 402: others take the place of those that go", len(first), len(later))
	}
	if gone := missing(later); gone < 25 || gone > 60 {
		t.Errorf("%d of 400 guests went within an hour, want about 40", gone)
	}
	if gone := missing(soon); gone > 2 {
		t.Errorf("%d guests went within a second", gone)
	}
}

func TestCancelAndUnknownTask(t *testing.T) {
	c, err := New(Config{Machines: 2}, sdk.Deps{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Collect(ctx, "all", &recorder{parts: map[string][]sdk.Observation{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := c.Collect(t.Context(), "nope", &recorder{}); sdk.KindOf(err) != sdk.KindInvalid {
		t.Errorf("unknown task: %v", err)
	}
}

// TestConformance tries what the server relies on, for a small world and for a plain one.
func TestConformance(t *testing.T) {
	sdktest.Conformance(t, Plugin(), sdktest.Options{Config: `{"machines":5,"guests":40,"gadgets":30,"seed":3}`})
}

func BenchmarkWorld(b *testing.B) {
	c, err := New(Config{Machines: 40, Guests: 2000, Seed: 1}, sdk.Deps{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := c.Collect(b.Context(), "all", &recorder{parts: map[string][]sdk.Observation{}}); err != nil {
			b.Fatal(err)
		}
	}
}
