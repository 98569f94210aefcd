package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

// disk is a store that survives the inventory, and fails when it is told to.
type disk struct {
	rows map[id.UID]*inventory.Record
	full bool
}

var errFull = errors.New("the disk is full")

func (d *disk) Records(context.Context) ([]*inventory.Record, error) {
	return slices.Collect(maps.Values(d.rows)), nil
}

func (d *disk) SaveRecords(_ context.Context, records []*inventory.Record) error {
	if d.full {
		return errFull
	}
	for _, r := range records {
		d.rows[r.UID] = r
	}
	return nil
}

func (d *disk) DeleteRecords(_ context.Context, uids []id.UID) error {
	if d.full {
		return errFull
	}
	for _, uid := range uids {
		delete(d.rows, uid)
	}
	return nil
}

// truth is what the contract says about one record.
type truth struct {
	partition string
	stale     bool
	waits     int // the cycle that missed it, while a second has to confirm that it is gone; 0 for none
}

// part is one partition of a cycle of the test.
type part struct {
	name   string
	failed bool
	keys   []string
}

// model is the contract in the plainest words: what exists, where, and whether it is fresh.
type model map[string]truth

func (m model) apply(cycle int, parts []part) {
	seen, named, anyFailed := map[string]bool{}, map[string]bool{}, false
	for _, p := range parts {
		named[p.name] = true
		anyFailed = anyFailed || p.failed
		for _, k := range p.keys {
			if !p.failed {
				m[k] = truth{partition: p.name}
				seen[k] = true
			}
		}
	}
	for _, p := range parts {
		if !p.failed {
			m.settle(cycle, p.name, seen, anyFailed)
		}
	}
	for k, t := range m {
		failed := slices.ContainsFunc(parts, func(p part) bool { return p.name == t.partition && p.failed })
		if !seen[k] && (failed || !named[t.partition]) {
			t.stale = true
			m[k] = t
		}
	}
}

func (m model) settle(cycle int, name string, seen map[string]bool, anyFailed bool) {
	total, lost := 0, []string{}
	for k, t := range m {
		if t.partition != name {
			continue
		}
		total++
		if !seen[k] && t.waits == 0 {
			lost = append(lost, k)
		}
	}
	doubtful := total > 10 && 2*len(lost) > total
	for k, t := range m {
		switch {
		case t.partition != name || seen[k]:
		case anyFailed:
			m[k] = truth{name, true, t.waits}
		case t.waits == cycle:
		case t.waits != 0:
			delete(m, k)
		case doubtful:
			m[k] = truth{name, true, cycle}
		default:
			delete(m, k)
		}
	}
}

// world drives a door and the model with the same cycles.
type world struct {
	t      *testing.T
	random *rand.Rand
	disk   *disk
	shelf  *shelf
	beside said
	inv    *inventory.Inventory
	door   *Door
	model  model
	cycle  int
	past   map[int][]part
	since  int // the first cycle after the last kill
	trace  []string
}

func (w *world) boot() {
	w.t.Helper()
	catalog, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "k", Types: []sdk.ResourceType{{Name: "thing", Label: "Thing"}}, Rows: []sdk.RowsType{{Name: "notes"}, {Name: "log"}},
		Kinds: []sdk.EventKind{{Name: "broken", Condition: true}, {Name: "seen", Severity: sdk.SeverityInfo}},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	now := func() time.Time { return time.Unix(1_800_000_000, 0) }
	w.inv = inventory.New(catalog, w.disk, now)
	if err := w.inv.Load(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.door = New(w.inv, metrictest.NewMemory(now), nil, now)
	b, err := books(w.t.Context(), w.shelf, func() rows.Declarations { return w.inv.Catalog() }, now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.door.Keep(b)
	if err := w.door.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

var partitions = []string{"a", "b", "c"}

// invent makes a cycle: some partitions, some of them failed, each key in one of them at most.
func (w *world) invent() []part {
	var parts []part
	mostly := w.random.IntN(4) > 0
	for _, name := range partitions {
		if mostly || w.random.IntN(2) == 0 {
			parts = append(parts, part{name: name, failed: w.random.IntN(5) == 0})
		}
	}
	if len(parts) == 0 {
		return []part{{name: "a"}}
	}
	gone := w.random.IntN(3) * w.random.IntN(50) // percent
	for k := range 40 {
		if w.random.IntN(100) < gone {
			continue
		}
		home := k % len(parts)
		if w.random.IntN(10) == 0 {
			home = w.random.IntN(len(parts))
		}
		parts[home].keys = append(parts[home].keys, fmt.Sprintf("k%02d", k))
	}
	return parts
}

func (w *world) send(cycle int, parts []part) error {
	var ps []Partition
	for _, p := range parts {
		out := Partition{Name: p.name}
		if p.failed {
			out.Err = errors.New("it hangs")
		}
		for _, k := range p.keys {
			out.Observations = append(out.Observations, sdk.Record{Type: "thing", Key: k, Name: k, Status: sdk.StatusUp, Doc: json.RawMessage(`{}`)})
			out.Observations = append(out.Observations, about(cycle, k)...)
		}
		out.Observations = append(out.Observations, logOf(cycle, p.name)...)
		ps = append(ps, out)
	}
	_, err := w.door.Apply(w.t.Context(), Cycle{Integration: "k/x", Task: "all", Epoch: 1, Sequence: int64(cycle)}, ps)
	return err
}

func (w *world) step() {
	switch w.random.IntN(12) {
	case 0: // killed: what was acknowledged is on the disk
		w.trace = append(w.trace, "kill")
		w.boot()
		w.since = w.cycle + 1
		w.forgetMarks()
	case 1:
		w.trace = append(w.trace, "checkpoint")
		if err := w.inv.Checkpoint(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	case 2: // a cycle that was applied comes again
		if w.cycle >= w.since && w.cycle > 0 {
			old := w.since + w.random.IntN(w.cycle-w.since+1)
			w.trace = append(w.trace, fmt.Sprintf("replay %d", old))
			if err := w.send(old, w.past[old]); err != nil {
				w.t.Fatal(err)
			}
		}
	case 3: // the last cycle comes again after a kill, since its acknowledgement was lost
		if w.cycle > 0 {
			w.trace = append(w.trace, fmt.Sprintf("kill, replay %d", w.cycle))
			w.boot()
			w.since = w.cycle
			w.forgetMarks()
			w.deliver(w.cycle, w.past[w.cycle])
		}
	default:
		w.cycle++
		w.past[w.cycle] = w.invent()
		w.trace = append(w.trace, fmt.Sprintf("cycle %d: %v", w.cycle, w.past[w.cycle]))
		w.deliver(w.cycle, w.past[w.cycle])
	}
	w.compare()
}

// deliver sends a cycle until it is acknowledged: sometimes the disk is full at first.
func (w *world) deliver(cycle int, parts []part) {
	w.model.apply(cycle, parts)
	w.beside.apply(cycle, parts, w.model)
	w.disk.full = w.random.IntN(10) == 0
	writes, fails := 0, w.random.IntN(30)
	w.shelf.full = func() bool { writes++; return writes == fails }
	err := w.send(cycle, parts)
	w.disk.full = false
	w.shelf.full = func() bool { return false }
	if err != nil {
		if !errors.Is(err, errFull) {
			w.t.Fatal(err)
		}
		if err := w.send(cycle, parts); err != nil {
			w.t.Fatal(err)
		}
		if err := w.inv.Checkpoint(w.t.Context()); err != nil { // what could not be saved is saved with the next checkpoint
			w.t.Fatal(err)
		}
	}
}

// forgetMarks takes over which marks a kill left: they are saved once a minute, and losing one costs a second look, never
// a record.
func (w *world) forgetMarks() {
	for k, t := range w.model {
		r, ok := w.inv.Record(id.Record("k/x", k))
		if !ok {
			continue
		}
		kept := truth{partition: t.partition, stale: r.Stale != nil}
		if r.Stale != nil && r.Stale.Reason == inventory.ReasonUnconfirmed {
			if _, err := fmt.Sscanf(r.Stale.Cycle, "1/%d", &kept.waits); err != nil {
				w.t.Fatalf("%s waits for %q", k, r.Stale.Cycle)
			}
		}
		w.model[k] = kept
	}
}

func (w *world) compare() {
	w.t.Helper()
	if !w.t.Failed() {
		w.compareBeside()
	}
	got := model{}
	for _, r := range w.inv.Snapshot().Type("thing") {
		t := truth{partition: r.Partition, stale: r.Stale != nil}
		if r.Stale != nil && r.Stale.Reason == inventory.ReasonUnconfirmed {
			_, _ = fmt.Sscanf(r.Stale.Cycle, "1/%d", &t.waits)
		}
		got[r.Key] = t
	}
	if maps.Equal(got, w.model) {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(w.model)) {
		if g, ok := got[k]; !ok || g != w.model[k] {
			w.t.Errorf("%s is %+v (there: %v), the contract says %+v", k, g, ok, w.model[k])
		}
	}
	for k, g := range got {
		if _, ok := w.model[k]; !ok {
			w.t.Errorf("%s is there (%+v), the contract says that it is gone", k, g)
		}
	}
	w.t.Fatalf("after:\n%s", tailOf(w.trace, 6))
}

func tailOf(lines []string, n int) string {
	out := ""
	for _, l := range lines[max(0, len(lines)-n):] {
		out += l + "\n"
	}
	return out
}

// For any interleaving of cycles, failures, kills and replays the inventory equals the model of the contract.
func TestInventoryEqualsTheContract(t *testing.T) {
	for seed := range uint64(120) {
		w := &world{
			t: t, random: rand.New(rand.NewPCG(seed, 7)), disk: &disk{rows: map[id.UID]*inventory.Record{}},
			shelf: newShelf(), beside: newSaid(), model: model{}, past: map[int][]part{}, since: 1,
		}
		w.boot()
		for range 60 {
			w.step()
		}
	}
}
