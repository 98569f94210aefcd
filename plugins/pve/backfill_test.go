package pve

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

// times are those of the samples of a record's metric, in order.
func (s seen) times(key, metric string) (out []time.Time) {
	for _, o := range s.All() {
		if x, ok := o.(sdk.Sample); ok && x.Key == key && x.Metric == metric {
			out = append(out, x.Time)
		}
	}
	return out
}

func (s seen) events() (out []sdk.Event) {
	for _, o := range s.All() {
		if e, ok := o.(sdk.Event); ok {
			out = append(out, e)
		}
	}
	return out
}

// What nobody watched is taken from the history that the cluster keeps, and what was watched is left as it is.
func TestTheHistoryOfWhatNobodyWatched(t *testing.T) {
	for _, c := range []struct {
		version  string
		away     time.Duration
		samples  int
		earliest time.Duration // after the last look
	}{
		{"9.2.10", 40 * time.Minute, 33, nodesPause}, // by the minute, the last ones are not measured yet
		{"9.2.10", 3 * time.Hour, 173, nodesPause},
		{"8.4.1", 3 * time.Hour, 5, nodesPause}, // by the half hour
		{"9.2.10", 12 * time.Minute, 0, 0},
	} {
		l := aLife(t, 1, 4, func(w *pvetest.World) { w.Version = c.version })
		l.must(taskResources)
		l.must(taskNodes)
		l.must(taskConfigs)
		looked := l.clock.Now()
		l.clock.Move(c.away)
		l.again()
		l.must(taskResources)
		s := l.must(taskConfigs)
		for _, key := range []string{"node/pve1", "guest/100", "guest/102"} {
			times := s.times(key, "cpu")
			if math.Abs(float64(len(times)-c.samples)) > 2 {
				t.Errorf("%v of %s away, %s: %d samples, not %d", c.away, c.version, key, len(times), c.samples)
			}
			if len(times) > 0 && (slices.MinFunc(times, time.Time.Compare).Before(looked.Add(c.earliest)) || slices.MaxFunc(times, time.Time.Compare).After(l.clock.Now())) {
				t.Errorf("%s is told of times that were watched: %v", key, times)
			}
		}
		if c.samples == 0 {
			continue
		}
		// One that is marked, and nothing that is not known of the past.
		if got := s.events(); len(got) != 1 || got[0].Kind != eventFilled || got[0].Key != clusterKey {
			t.Errorf("%v", got)
		}
		if in, _ := s.sample("guest/102", "netin"); in != l.world.Guest(102).Traffic {
			t.Errorf("received %v a second", in)
		}
		if _, ok := s.sample("guest/102", "memory"); !ok {
			t.Error("the memory of a container is not told")
		}
		// Once is enough.
		l.clock.Move(time.Minute)
		if s := l.must(taskConfigs); s.count("guest/100", "cpu") != 0 || len(s.events()) != 0 {
			t.Error("it is told again")
		}
	}
}

// The same when the cluster could not be reached for a while.
func TestTheHistoryOfAClusterThatWasAway(t *testing.T) {
	l := newLab(t, 1, 2, nil)
	l.must(taskResources)
	l.world.Edit(func(w *pvetest.World) { w.Faults = []*pvetest.Fault{{Path: "/", Cut: true}} })
	l.clock.Move(30 * time.Minute)
	if s := l.collect(taskResources); s.Err == nil {
		t.Fatal("it answers")
	}
	l.world.Edit(func(w *pvetest.World) { w.Faults = nil })
	l.clock.Move(time.Minute)
	l.must(taskResources)
	if s := l.must(taskConfigs); s.count("guest/100", "cpu") < 28 || len(s.events()) != 1 {
		t.Errorf("%d samples, %v", s.count("guest/100", "cpu"), s.events())
	}
}

// Many histories are read a few at a time.
func TestHistoriesAreReadAFewAtATime(t *testing.T) {
	l := aLife(t, 1, 30, nil)
	l.must(taskResources)
	l.must(taskNodes)
	l.clock.Move(time.Hour)
	l.again()
	l.must(taskResources)
	l.Forget()
	for range 3 {
		before := l.Count("/rrddata")
		l.must(taskConfigs)
		if n := l.Count("/rrddata") - before; n > fillsAtOnce {
			t.Errorf("%d at once", n)
		}
	}
	running := 0
	for _, g := range l.world.Guests {
		if g.Status != "stopped" {
			running++
		}
	}
	if n := l.Count("/rrddata"); n != running+1 {
		t.Errorf("%d histories of a node and %d guests", n, running)
	}
}
