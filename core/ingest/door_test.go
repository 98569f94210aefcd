package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/sdk"
)

type noStore struct{}

func (noStore) Records(context.Context) ([]*inventory.Record, error)   { return nil, nil }
func (noStore) SaveRecords(context.Context, []*inventory.Record) error { return nil }
func (noStore) DeleteRecords(context.Context, []id.UID) error          { return nil }

// failing is a metric store that can be broken.
type failing struct {
	metric.Store
	mu  sync.Mutex
	err error
}

func (f *failing) Append(ctx context.Context, s []metric.Sample) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	return f.Store.Append(ctx, s)
}

var start = time.Unix(1_700_000_000, 0)

func fixture(t *testing.T) (*Door, *inventory.Inventory, *failing) {
	t.Helper()
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "shed", Types: []sdk.ResourceType{{Name: "tool"}, {Name: "box"}},
		Metrics: []sdk.Metric{{Name: "wear", Types: []string{"tool"}}, {Name: "heat", Types: []string{"tool"}, Instance: "sensor"}},
		Tasks:   []sdk.Task{{Name: "tools", Types: []string{"tool"}}, {Name: "extra"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return start }
	inv := inventory.New(cat, noStore{}, now)
	store := &failing{Store: metrictest.NewMemory(now)}
	return New(inv, store, nil, now), inv, store
}

func tool(key string) sdk.Record {
	return sdk.Record{Type: "tool", Key: key, Status: sdk.StatusUp, Doc: json.RawMessage(`{"k":1}`)}
}

func wear(key string, v float64) sdk.Sample {
	return sdk.Sample{Type: "tool", Key: key, Metric: "wear", Value: v}
}

func cycle(sequence int64) Cycle {
	return Cycle{Integration: "shed/a", Task: "tools", Epoch: 1, Sequence: sequence, ObservedAt: start.Add(-time.Second)}
}

func points(t *testing.T, s metric.Store, key string) int {
	t.Helper()
	series, err := s.Query(t.Context(), metric.Query{Records: []id.UID{id.Record("shed/a", key)}, From: start.Add(-time.Hour), To: start.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, x := range series {
		n += len(x.Points)
	}
	return n
}

func TestDoorAppliesOnce(t *testing.T) {
	d, inv, store := fixture(t)
	news, stop := inv.Subscribe(4)
	defer stop()
	ps := []Partition{{Observations: []sdk.Observation{tool("a"), wear("a", 0.5)}}}
	r, err := d.Apply(t.Context(), cycle(1), ps)
	if err != nil || len(r.Created) != 1 || r.Samples != 1 || r.Refused != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := <-news; len(n.Updated) != 1 || points(t, store, "a") != 1 {
		t.Fatalf("news %+v, %d points", n, points(t, store, "a"))
	}
	if r, err := d.Apply(t.Context(), cycle(1), nil); err != nil || !r.Duplicate || inv.Snapshot().Len() != 1 {
		t.Fatalf("second time: %+v, %v", r, err)
	}
}

func TestDoorTriesAgainAfterAFailedAppend(t *testing.T) {
	d, _, store := fixture(t)
	store.err = errors.New("disk full")
	ps := []Partition{{Observations: []sdk.Observation{tool("a"), wear("a", 0.5)}}}
	if _, err := d.Apply(t.Context(), cycle(1), ps); err == nil {
		t.Fatal("samples were lost without an error")
	}
	store.err = nil
	if r, err := d.Apply(t.Context(), cycle(1), ps); err != nil || r.Duplicate || points(t, store, "a") != 1 {
		t.Fatalf("again: %+v, %v", r, err)
	}
}

func TestSamplesComeOneByOneOrManyAtOnce(t *testing.T) {
	d, _, store := fixture(t)
	at := func(key string, second int64) sdk.Sample {
		s := wear(key, 0.5)
		s.Time = start.Add(time.Duration(second-10) * time.Second)
		return s
	}
	obs := []sdk.Observation{
		tool("a"), tool("b"), at("a", 1), sdk.Samples{at("a", 2), at("nobody", 2), at("b", 2), at("a", 3)}, sdk.Samples{}, at("b", 4),
	}
	r, err := d.Apply(t.Context(), cycle(1), []Partition{{Observations: obs}})
	if err != nil || r.Samples != 5 || r.Refused != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if a, b := points(t, store, "a"), points(t, store, "b"); a != 3 || b != 2 {
		t.Errorf("%d points of a and %d of b, want 3 and 2", a, b)
	}
}

func TestDoorRefusesWithAWarning(t *testing.T) {
	long := strings.Repeat("x", MaxText+1)
	for name, tt := range map[string]struct {
		obs  sdk.Observation
		want string
	}{
		"undeclared type":     {sdk.Record{Type: "rake", Key: "r"}, `type "rake" is not declared`},
		"type of other task":  {sdk.Record{Type: "box", Key: "b"}, "does not decide"},
		"no key":              {sdk.Record{Type: "tool"}, "no key"},
		"long name":           {sdk.Record{Type: "tool", Key: "x", Name: long}, "longer than 1024"},
		"long tag":            {sdk.Record{Type: "tool", Key: "x", Tags: []string{long}}, "longer than 1024"},
		"document is a list":  {sdk.Record{Type: "tool", Key: "x", Doc: json.RawMessage(`[]`)}, "not a JSON object"},
		"broken document":     {sdk.Record{Type: "tool", Key: "x", Doc: json.RawMessage(`{"a":`)}, "not a JSON object"},
		"blank document":      {sdk.Record{Type: "tool", Key: "x", Doc: json.RawMessage("  ")}, "not a JSON object"},
		"big document":        {sdk.Record{Type: "tool", Key: "x", Doc: json.RawMessage(`{"a":"` + strings.Repeat("x", MaxDocument) + `"}`)}, "larger than"},
		"undeclared metric":   {sdk.Sample{Type: "tool", Key: "a", Metric: "age"}, "not declared"},
		"not a number":        {wear("a", math.NaN()), "not a number"},
		"sample of nobody":    {wear("zz", 1), "does not exist"},
		"unexpected instance": {sdk.Sample{Type: "tool", Key: "a", Metric: "wear", Instance: "i"}, "instance"},
		"undeclared list":     {sdk.Row{Rows: "rakes", Key: "r"}, `the list "rakes" is not declared`},
		"undeclared kind":     {sdk.Condition{Type: "tool", Key: "a", Kind: "lost", Severity: sdk.SeverityInfo}, `the condition "lost" is not declared`},
		"undeclared event":    {sdk.Event{ID: "1", Kind: "lost"}, `the event "lost" is not declared`},
		"the server's part":   {sdk.Part{Type: "tool", Key: "a", Name: "~rows", Doc: json.RawMessage(`{}`)}, "the server's own"},
	} {
		t.Run(name, func(t *testing.T) {
			d, inv, _ := fixture(t)
			r, err := d.Apply(t.Context(), cycle(1), []Partition{{Observations: []sdk.Observation{tool("a"), tt.obs}}})
			if err != nil || r.Refused != 1 || inv.Snapshot().Len() != 1 {
				t.Fatalf("%+v, %v, %d records", r, err, inv.Snapshot().Len())
			}
			if w := d.Warnings(); len(w) != 1 || !strings.Contains(w[0].Text, tt.want) || w[0].Count != 1 {
				t.Fatalf("warnings %+v, want %q", w, tt.want)
			}
		})
	}
}

func TestRefusedRecordDoesNotVanish(t *testing.T) {
	d, inv, _ := fixture(t)
	for n, doc := range []string{`{}`, `{`} {
		r := tool("a")
		r.Doc = json.RawMessage(doc)
		if _, err := d.Apply(t.Context(), cycle(int64(n+1)), []Partition{{Observations: []sdk.Observation{r}}}); err != nil {
			t.Fatal(err)
		}
	}
	if r, ok := inv.Snapshot().Find("tool", "a"); !ok || string(r.Parts[""]) != "{}" {
		t.Fatalf("%+v, %v", r, ok)
	}
}

func TestWarningsAreBounded(t *testing.T) {
	d, _, _ := fixture(t)
	var obs []sdk.Observation
	for n := range 2 * maxWarnings {
		obs = append(obs, sdk.Record{Type: "t" + string(rune('a'+n%26)) + strings.Repeat("x", n/26), Key: "k"})
	}
	if _, err := d.Apply(t.Context(), cycle(1), []Partition{{Observations: obs}}); err != nil || len(d.Warnings()) != maxWarnings {
		t.Fatalf("%v, %d warnings", err, len(d.Warnings()))
	}
}

func TestSinkCommitsPartitionsAlone(t *testing.T) {
	d, inv, _ := fixture(t)
	s := d.Begin(Cycle{Integration: "shed/a", Task: "tools"})
	if !s.NeedsAll() {
		t.Fatal("the first cycle needs all")
	}
	if err := s.Begin(sdk.Cycle{Epoch: 4, Sequence: 1}); err != nil {
		t.Fatal(err)
	}
	good, bad, open := s.Partition("good"), s.Partition("bad"), s.Partition("open")
	for n, p := range []sdk.Partition{good, bad, open} {
		if err := p.Emit(tool("t" + string(rune('0'+n)))); err != nil {
			t.Fatal(err)
		}
	}
	_ = good.Done(nil)
	_ = bad.Done(sdk.Errorf(sdk.KindUnreachable, "No route."))
	if good.Emit(tool("late")) == nil || good.Done(nil) == nil {
		t.Fatal("a partition that is done took more")
	}
	if _, err := s.End(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if inv.Snapshot().Len() != 1 || d.Begin(Cycle{Integration: "shed/a", Task: "tools"}).NeedsAll() {
		t.Fatalf("%d records", inv.Snapshot().Len())
	}
	s = d.Begin(Cycle{Integration: "shed/a", Task: "tools"})
	if _, err := s.End(t.Context(), sdk.Errorf(sdk.KindAuth, "Refused.")); err != nil {
		t.Fatal(err)
	}
	if r, _ := inv.Snapshot().Find("tool", "t0"); r.Stale == nil {
		t.Fatal("a failed cycle must leave stale records")
	}
}
