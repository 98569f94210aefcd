package sdktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Two cycles name the same things, each once, and every partition is ended.
func tryIdentities(t testing.TB, s subject, o Options, task string) {
	c := s.connect(t)
	first := Collect(t, c.Instance(t, o.Config), task)
	second := Collect(t, c.Instance(t, o.Config), task)
	if first.Err != nil || second.Err != nil {
		t.Fatalf("collect: %v, %v", first.Err, second.Err)
	}
	if !slices.Equal(first.Keys(), second.Keys()) {
		t.Errorf("two cycles give different things:\n%v\n%v", first.Keys(), second.Keys())
	}
	if keys := first.Keys(); len(slices.Compact(slices.Clone(keys))) != len(keys) {
		t.Errorf("a thing is named twice: %v", keys)
	}
	for name, part := range first.parts {
		if name != "" && !part.Ended {
			t.Errorf("partition %q was left open", name)
		}
		if part.Err != nil {
			t.Errorf("partition %q: %v", name, part.Err)
		}
	}
}

// declarations are those that observations are held against.
type declarations struct {
	types   map[string]bool
	metrics map[string]sdk.Metric // by type and name
	kinds   map[string]sdk.EventKind
	members map[string]map[string]bool // what the server puts into documents, by type
}

func declaredBy(d sdk.Description) declarations {
	out := declarations{map[string]bool{}, map[string]sdk.Metric{}, map[string]sdk.EventKind{}, map[string]map[string]bool{}}
	for _, k := range d.Types {
		out.types[k.Name] = true
	}
	for _, m := range d.Metrics {
		for _, k := range m.Types {
			out.metrics[k+" "+m.Name] = m
		}
	}
	for _, k := range d.Kinds {
		out.kinds[k.Name] = k
	}
	for _, x := range d.Sections {
		members := map[string]bool{}
		for _, in := range x.Inject {
			members[in.Member] = true
		}
		for _, n := range x.Nest {
			members[n.Member] = true
		}
		for _, j := range x.Join {
			members[j.Member] = true
		}
		out.members[x.Type] = members
	}
	return out
}

// What is sent is declared, and documents are JSON objects.
func tryDeclared(t testing.TB, s subject, o Options, task string) {
	d := declaredBy(s.description)
	for _, obs := range Collect(t, s.connect(t).Instance(t, o.Config), task).All() {
		switch x := obs.(type) {
		case sdk.Record:
			d.record(t, x)
		case sdk.Sample:
			d.sample(t, x)
		case sdk.Condition:
			if k, ok := d.kinds[x.Kind]; !ok || !k.Condition {
				t.Errorf("condition %q of %s is not declared", x.Kind, x.Key)
			}
		case sdk.Event:
			if k, ok := d.kinds[x.Kind]; !ok || k.Condition {
				t.Errorf("event %q of %s is not declared", x.Kind, x.Key)
			}
		}
	}
}

// statuses are those that a plugin may send.
var statuses = []sdk.Status{"", sdk.StatusUp, sdk.StatusDegraded, sdk.StatusDown, sdk.StatusOff, sdk.StatusPaused, sdk.StatusUnknown}

func (d declarations) record(t testing.TB, x sdk.Record) {
	t.Helper()
	if !d.types[x.Type] || x.Key == "" {
		t.Errorf("record %q of type %q: the type must be declared, the key set", x.Key, x.Type)
	}
	if !slices.Contains(statuses, x.Status) {
		t.Errorf("record %s has status %q: the product's own word goes into StatusWord", x.Key, x.Status)
	}
	var doc map[string]json.RawMessage
	if len(x.Doc) > 0 && json.Unmarshal(x.Doc, &doc) != nil {
		t.Errorf("record %s: its document is no JSON object", x.Key)
	}
	for name := range doc {
		if d.members[x.Type][name] {
			t.Errorf("record %s: its document has the member %q, which the section leaves to the server", x.Key, name)
		}
	}
}

func (d declarations) sample(t testing.TB, x sdk.Sample) {
	t.Helper()
	m, ok := d.metrics[x.Type+" "+x.Metric]
	switch {
	case !ok:
		t.Errorf("sample of metric %q of type %q, which is not declared", x.Metric, x.Type)
	case math.IsNaN(x.Value) || math.IsInf(x.Value, 0):
		t.Errorf("%s of %s is %v: leave out what is not known", x.Metric, x.Key, x.Value)
	case m.Unit == sdk.UnitRatio && (x.Value < 0 || x.Value > 1):
		t.Errorf("%s of %s is %v: a ratio lies between 0 and 1", x.Metric, x.Key, x.Value)
	case m.Kind == sdk.Rate && x.Value < 0:
		t.Errorf("%s of %s is %v: a rate is never below 0; a counter that was reset has no rate", x.Metric, x.Key, x.Value)
	}
	if ok && (m.Instance == "") != (x.Instance == "") {
		t.Errorf("%s of %s has instance %q; declared is %q", x.Metric, x.Key, x.Instance, m.Instance)
	}
	if !x.Time.IsZero() && time.Until(x.Time) > time.Hour {
		t.Errorf("%s of %s is measured at %s, which is to come", x.Metric, x.Key, x.Time)
	}
}

// What is said hangs together: numbers and verdicts are about things that are named, which have a name and a number only
// while they run; relations lead to things that are there.
func tryHonest(t testing.TB, s subject, o Options, task string) {
	cycle := Collect(t, s.connect(t).Instance(t, o.Config), task)
	records := map[string]sdk.Record{}
	wires := map[string]string{}
	for _, obs := range cycle.All() {
		r, ok := obs.(sdk.Record)
		if !ok {
			continue
		}
		records[r.Type+" "+r.Key] = r
		if r.Name == "" {
			t.Errorf("record %s has no name", r.Key)
		}
		if other, taken := wires[r.Type+" "+r.WireID]; taken && r.WireID != "" && other != r.Key {
			t.Errorf("records %s and %s have the same wire id %q", other, r.Key, r.WireID)
		}
		wires[r.Type+" "+r.WireID] = r.Key
	}
	if len(records) == 0 {
		return // a task that adds to what others name
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		r := records[name]
		for _, rel := range r.Relations {
			if _, there := records[rel.Type+" "+rel.Key]; rel.Key != "" && !there {
				t.Errorf("record %s has a relation to %s %s, which is not named", r.Key, rel.Type, rel.Key)
			}
		}
	}
	tryNumbers(t, cycle, records, o.Zeros)
}

func tryNumbers(t testing.TB, cycle *Cycle, records map[string]sdk.Record, zeros []string) {
	seen := map[string]bool{}
	for _, obs := range cycle.All() {
		switch x := obs.(type) {
		case sdk.Sample:
			r, there := records[x.Type+" "+x.Key]
			if !there {
				t.Errorf("%s is of %s, which is not named", x.Metric, x.Key)
			}
			if x.Value == 0 && !slices.Contains(zeros, x.Metric) && (r.Status == sdk.StatusOff || r.Status == sdk.StatusDown) {
				t.Errorf("%s of %s is 0 and the thing is %s: what was not read is left out", x.Metric, x.Key, r.Status)
			}
			series := fmt.Sprint(x.Type, " ", x.Key, " ", x.Metric, " ", x.Instance, " ", x.Time.UnixMilli())
			if seen[series] {
				t.Errorf("%s of %s is sent twice for one time", x.Metric, x.Key)
			}
			seen[series] = true
		case sdk.Condition:
			if _, there := records[x.Type+" "+x.Key]; !there {
				t.Errorf("condition %s is of %s, which is not named", x.Kind, x.Key)
			}
			if x.Message == "" {
				t.Errorf("condition %s of %s says nothing to people", x.Kind, x.Key)
			}
		}
	}
}

// A cycle that cannot see everything says so, with an error that tells people and the server whose fault it is.
func tryBlind(t testing.TB, s subject, o Options, task string) {
	for _, what := range slices.Sorted(maps.Keys(o.Blind)) {
		cycle := Collect(t, s.connect(t).Instance(t, o.Blind[what]), task)
		failures := []error{}
		if cycle.Err != nil {
			failures = append(failures, cycle.Err)
		}
		for _, part := range cycle.parts {
			if part.Err != nil {
				failures = append(failures, part.Err)
			}
		}
		if len(failures) == 0 {
			t.Errorf("%s: the cycle is complete: everything that it does not name would be taken as gone", what)
		}
		for _, err := range failures {
			if sdk.KindOf(err) == sdk.KindInternal {
				t.Errorf("%s: the error %q has no kind: return one of sdk.Errorf or sdk.Wrap", what, err)
			}
		}
		if n := len(cycle.All()); cycle.Err != nil && n > 0 {
			t.Errorf("%s: the cycle failed as a whole and has %d observations", what, n)
		}
	}
}
