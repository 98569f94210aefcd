package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// shelf is a Store in memory.
type shelf struct {
	mu      sync.Mutex
	records map[id.UID]*Record
	fail    error
	saves   int
}

func (s *shelf) Records(context.Context) ([]*Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Record
	for _, r := range s.records {
		out = append(out, r)
	}
	return out, nil
}

func (s *shelf) SaveRecords(_ context.Context, records []*Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.saves += len(records)
	for _, r := range records {
		s.records[r.UID] = r
	}
	return nil
}

func (s *shelf) DeleteRecords(_ context.Context, uids []id.UID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.records, func(uid id.UID, _ *Record) bool {
		for _, u := range uids {
			if u == uid {
				return true
			}
		}
		return false
	})
	return s.fail
}

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func fixture(t *testing.T) (*Inventory, *shelf, *clock) {
	t.Helper()
	cat, err := NewCatalog([]sdk.Description{{
		Kind:  "shed",
		Types: []sdk.ResourceType{{Name: "tool", Metrics: []string{"wear"}}, {Name: "box"}},
		Sections: []sdk.StateSection{{Section: "tools", Type: "tool", SortBy: "name", HealthKey: "tool-", Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus, Words: map[string]string{"up": "online", "stale": "offline"}},
			{Member: "lastSeen", Value: sdk.InjectLastSeen}, {Member: "tokenId", Value: sdk.InjectTokenID, OmitEmpty: true},
		}}},
		Metrics: []sdk.Metric{{Name: "wear", Types: []string{"tool"}, WireName: "wearPct", WireScale: 100}},
		Reports: []sdk.ReportKind{{Name: "tool", Type: "tool", OfflineFactor: 6, OfflineMin: time.Minute, OfflineMax: 10 * time.Minute, DefaultInterval: time.Minute}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{time.Unix(1_700_000_000, 0)}
	s := &shelf{records: map[id.UID]*Record{}}
	return New(cat, s, c.now), s, c
}

func tools(from, to int) []sdk.Record {
	var out []sdk.Record
	for n := from; n < to; n++ {
		key := fmt.Sprintf("t%02d", n)
		out = append(out, sdk.Record{Type: "tool", Key: key, Name: key, Status: sdk.StatusUp, Doc: json.RawMessage(`{"name":"` + key + `"}`)})
	}
	return out
}

func apply(t *testing.T, i *Inventory, ps ...Partition) Outcome {
	t.Helper()
	out, news, err := i.Apply(context.Background(), Batch{Integration: "shed/a", Task: "main", At: i.now(), Partitions: ps})
	if err != nil {
		t.Fatal(err)
	}
	i.Publish(news)
	return out
}

func find(t *testing.T, i *Inventory, key string) *Record {
	t.Helper()
	r, ok := i.Snapshot().Find("tool", key)
	if !ok {
		t.Fatalf("%s is gone", key)
	}
	return r
}

func TestRemovalNeedsACompletePartition(t *testing.T) {
	i, s, _ := fixture(t)
	apply(t, i, Partition{Name: "n1", Records: tools(0, 3)})
	apply(t, i, Partition{Name: "n1", Failed: "no route"})
	if r := find(t, i, "t02"); r.Stale == nil || r.Stale.Reason != "no route" {
		t.Fatalf("stale = %+v, want the error's reason", r.Stale)
	}
	out := apply(t, i, Partition{Name: "n1", Records: tools(0, 2)})
	if len(out.Removed) != 1 || i.Snapshot().Len() != 2 || len(s.records) != 2 {
		t.Fatalf("removed %v, %d left, %d stored", out.Removed, i.Snapshot().Len(), len(s.records))
	}
	if r := find(t, i, "t00"); r.Stale != nil {
		t.Fatalf("t00 is still stale: %+v", r.Stale)
	}
}

func TestManyLostNeedASecondCompleteCycle(t *testing.T) {
	i, _, _ := fixture(t)
	apply(t, i, Partition{Name: "n1", Records: tools(0, 12)})
	if out := apply(t, i, Partition{Name: "n1"}); len(out.Removed) != 0 || out.Unconfirmed != 12 {
		t.Fatalf("first empty answer: %+v", out)
	}
	apply(t, i, Partition{Name: "n1", Failed: "timeout"})
	if r := find(t, i, "t05"); r.Stale == nil || r.Stale.Reason != ReasonUnconfirmed {
		t.Fatalf("stale = %+v", r.Stale)
	}
	if out := apply(t, i, Partition{Name: "n1", Records: tools(0, 1)}); len(out.Removed) != 11 {
		t.Fatalf("second complete answer removed %d, want 11", len(out.Removed))
	}
}

func TestMovedRecordIsNotRemoved(t *testing.T) {
	i, _, _ := fixture(t)
	apply(t, i, Partition{Name: "n1", Records: tools(0, 2)}, Partition{Name: "n2", Records: tools(2, 3)})
	apply(t, i, Partition{Name: "n1", Records: tools(0, 1)}, Partition{Name: "n2", Records: tools(1, 3)})
	if r := find(t, i, "t01"); r.Partition != "n2" || r.Stale != nil {
		t.Fatalf("moved record: partition %q, stale %+v", r.Partition, r.Stale)
	}
	apply(t, i, Partition{Name: "n1", Failed: "down"}, Partition{Name: "n2", Records: tools(2, 3)})
	if r := find(t, i, "t01"); r.Stale == nil || r.Stale.Reason != ReasonMoved {
		t.Fatalf("it may have moved to a failed partition: %+v", r.Stale)
	}
	apply(t, i, Partition{Name: "n2", Records: tools(2, 3)})
	if r := find(t, i, "t00"); r.Stale == nil {
		t.Fatal("a partition that a whole cycle leaves out must be stale")
	}
}

func TestPartsAndUnchanged(t *testing.T) {
	i, _, c := fixture(t)
	apply(t, i, Partition{Name: "n1", Records: tools(0, 1)})
	c.t = c.t.Add(time.Minute)
	out := apply(t, i, Partition{Name: "n1", Unchanged: []sdk.Unchanged{{Type: "tool", Key: "t00"}, {Type: "tool", Key: "none"}},
		Parts: []sdk.Part{{Type: "tool", Key: "t00", Name: "smart", Doc: json.RawMessage(`{"ok":true}`)}, {Type: "tool", Key: "t99", Name: "smart"}}})
	r := find(t, i, "t00")
	if out.Dropped != 2 || len(out.Removed) != 0 || !r.LastSeen.Equal(c.t) || string(r.Parts["smart"]) != `{"ok":true}` {
		t.Fatalf("%+v, last seen %v, parts %s", out, r.LastSeen, r.Parts)
	}
	apply(t, i, Partition{Name: "n1", Records: tools(0, 1)})
	if string(find(t, i, "t00").Parts["smart"]) != `{"ok":true}` {
		t.Fatal("a new main document lost the other parts")
	}
}

func TestSnapshotDoesNotChange(t *testing.T) {
	i, _, _ := fixture(t)
	apply(t, i, Partition{Records: tools(0, 2)})
	before := i.Snapshot()
	apply(t, i, Partition{Records: tools(0, 1)})
	if before.Len() != 2 || i.Snapshot().Len() != 1 || before.Revision >= i.Snapshot().Revision {
		t.Fatalf("before %d, now %d", before.Len(), i.Snapshot().Len())
	}
}

func report(t *testing.T, i *Inventory, key string, interval time.Duration) {
	t.Helper()
	_, _, err := i.Apply(context.Background(), Batch{
		Integration: "shed", Task: "report", At: i.now(), Extent: Some, Interval: interval, Reporter: key, Source: &Source{TokenID: "tok"},
		Partitions: []Partition{{Name: key, Records: []sdk.Record{{Type: "tool", Key: key, Status: sdk.StatusUp, Doc: json.RawMessage(`{}`)}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSweepJudgesByWindowAndStart(t *testing.T) {
	i, s, c := fixture(t)
	report(t, i, "a", 30*time.Second)
	report(t, i, "b", time.Hour)
	c.t = c.t.Add(3 * time.Minute)
	if n := i.Sweep(c.t); n != 0 {
		t.Fatalf("%d stale at the edge of the window", n)
	}
	c.t = c.t.Add(time.Second)
	if n := i.Sweep(c.t); n != 1 || find(t, i, "a").Stale == nil || find(t, i, "b").Stale != nil {
		t.Fatalf("%d stale, want a only", n)
	}
	if n := i.Sweep(c.t); n != 0 {
		t.Fatal("swept twice")
	}
	report(t, i, "a", 30*time.Second)
	if find(t, i, "a").Stale != nil {
		t.Fatal("a report must end staleness")
	}
	if err := i.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.t = c.t.Add(24 * time.Hour)
	again := New(i.Catalog(), s, c.now)
	if err := again.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := again.Sweep(c.t.Add(time.Minute)); n != 0 || again.Snapshot().Len() != 2 {
		t.Fatalf("%d stale right after the start, %d loaded", n, again.Snapshot().Len())
	}
	if n := again.Sweep(c.t.Add(11 * time.Minute)); n != 2 {
		t.Fatalf("%d stale, want both", n)
	}
}

func TestFailedSaveIsTriedAgain(t *testing.T) {
	i, s, _ := fixture(t)
	s.fail = errors.New("disk full")
	if _, _, err := i.Apply(context.Background(), Batch{Integration: "shed/a", Partitions: []Partition{{Records: tools(0, 1)}}}); err == nil {
		t.Fatal("a new record that was not saved must be an error")
	}
	s.fail = nil
	if err := i.Checkpoint(context.Background()); err != nil || len(s.records) != 1 {
		t.Fatalf("%v, %d stored", err, len(s.records))
	}
	if err := i.Checkpoint(context.Background()); err != nil || s.saves != 1 {
		t.Fatalf("a clean checkpoint saved: %d, %v", s.saves, err)
	}
}

// What happens to things has to outlive a crash at once, for alerts on it are stored at once; their numbers may wait.
func TestAnotherStatusIsSavedAtOnce(t *testing.T) {
	i, s, _ := fixture(t)
	for _, status := range []sdk.Status{sdk.StatusUp, sdk.StatusUp, sdk.StatusOff, sdk.StatusOff, sdk.StatusUp} {
		all := tools(0, 1)
		all[0].Status = status
		if _, _, err := i.Apply(t.Context(), Batch{Integration: "shed/a", Partitions: []Partition{{Records: all}}}); err != nil {
			t.Fatal(err)
		}
		again := New(i.Catalog(), s, time.Now)
		if err := again.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		for uid := range s.records {
			if r, there := again.Snapshot().Record(uid); !there || r.Status != status {
				t.Errorf("after a crash: %+v, want %s", r, status)
			}
		}
	}
	if s.saves != 3 {
		t.Errorf("%d saves of three statuses", s.saves)
	}
}

func TestRemoveForgetsWhatTheReporterBrought(t *testing.T) {
	i, s, _ := fixture(t)
	report(t, i, "a", 0)
	uid := find(t, i, "a").UID
	if err := i.Remove(context.Background(), uid); err != nil {
		t.Fatal(err)
	}
	if i.Snapshot().Len() != 0 || len(s.records) != 0 {
		t.Fatal("still there")
	}
	if err := i.Remove(context.Background(), uid); err == nil {
		t.Fatal("removed twice")
	}
	report(t, i, "a", 0)
	if i.Snapshot().Len() != 1 || len(s.records) != 1 {
		t.Fatal("it must come back")
	}
}
