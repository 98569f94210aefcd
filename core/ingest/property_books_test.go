package ingest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// dice returns numbers that depend on nothing but the words: a cycle that comes again says the same.
func dice(words ...any) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, words...)
	n := h.Sum64()
	return n ^ n>>29
}

// notesOf says which notes a cycle has for a key and whether they are all.
func notesOf(cycle int, key string) (notes map[string]string, closed bool) {
	notes = map[string]string{}
	n := dice("notes", cycle/2, key) // often the same as in the cycle before
	for i := range 3 {
		if n>>i&1 == 1 {
			notes[fmt.Sprint(i)] = fmt.Sprint(n >> 3 & 3)
		}
	}
	return notes, n>>8&3 > 0
}

func conditionsOf(cycle int, key string) map[string]bool {
	out := map[string]bool{}
	n := dice("conditions", cycle/3, key)
	for i := range 2 {
		if n>>i&3 == 0 {
			out[fmt.Sprint(i)] = true
		}
	}
	return out
}

// about is what a cycle says of a key besides its record.
func about(cycle int, key string) (out []sdk.Observation) {
	notes, closed := notesOf(cycle, key)
	for k, v := range notes {
		out = append(out, sdk.Row{Rows: "notes", Key: k, OwnerType: "thing", OwnerKey: key, Doc: json.RawMessage(`{"v":` + v + `}`)})
	}
	if closed {
		out = append(out, sdk.RowsEnd{Rows: "notes", OwnerType: "thing", OwnerKey: key})
	}
	for instance := range conditionsOf(cycle, key) {
		out = append(out, sdk.Condition{Type: "thing", Key: key, Kind: "broken", Instance: instance, Severity: sdk.SeverityWarning})
	}
	if dice("event", cycle, key)%16 == 0 {
		out = append(out, sdk.Event{ID: fmt.Sprint(cycle, key), Type: "thing", Key: key, Kind: "seen"})
	}
	return out
}

// logOf is what a partition says of the integration as a whole.
func logOf(cycle int, partition string) (out []sdk.Observation) {
	n := dice("log", cycle, partition)
	for i := range n % 4 {
		out = append(out, sdk.Row{Rows: "log", Key: fmt.Sprint(n >> 4 & 7), Doc: json.RawMessage(fmt.Sprintf(`{"v":%d}`, i))})
	}
	if n>>12&1 == 1 {
		out = append(out, sdk.RowsEnd{Rows: "log"})
	}
	return out
}

// said is the contract about rows, conditions and events in the plainest words.
type said struct {
	lists      map[place]map[string]string // of an owner in a partition; the owner of a log is empty
	conditions map[string]map[string]bool
	events     map[string]bool
}

type place struct{ partition, owner string }

func newSaid() said {
	return said{lists: map[place]map[string]string{}, conditions: map[string]map[string]bool{}, events: map[string]bool{}}
}

func (s said) apply(cycle int, parts []part, there model) {
	named := map[place]bool{}
	for _, p := range parts {
		if p.failed {
			continue
		}
		for _, k := range p.keys {
			notes, closed := notesOf(cycle, k)
			if len(notes) > 0 || closed {
				named[place{p.name, k}] = true
				s.list(place{p.name, k}, notes, closed)
			}
			s.conditions[k] = conditionsOf(cycle, k)
			if dice("event", cycle, k)%16 == 0 {
				s.events[fmt.Sprint(cycle, k)] = true
			}
		}
		s.log(cycle, p.name)
	}
	s.leave(parts, named)
	for at := range s.lists {
		if _, ok := there[at.owner]; !ok && at.owner != "" {
			delete(s.lists, at)
		}
	}
	maps.DeleteFunc(s.conditions, func(k string, _ map[string]bool) bool { _, ok := there[k]; return !ok })
}

// leave drops lists whose owner another partition has now.
func (s said) leave(parts []part, named map[place]bool) {
	for at := range named {
		for _, p := range parts {
			if other := (place{p.name, at.owner}); !p.failed && !named[other] {
				delete(s.lists, other)
			}
		}
	}
}

func (s said) list(at place, rows map[string]string, closed bool) {
	if closed || s.lists[at] == nil {
		s.lists[at] = map[string]string{}
	}
	maps.Copy(s.lists[at], rows)
}

func (s said) log(cycle int, partition string) {
	rows, closed := map[string]string{}, false
	for _, o := range logOf(cycle, partition) {
		switch o := o.(type) {
		case sdk.Row:
			rows[o.Key] = string(o.Doc[5 : len(o.Doc)-1])
		case sdk.RowsEnd:
			closed = true
		}
	}
	if len(rows) > 0 || closed {
		s.list(place{partition, ""}, rows, closed)
	}
}

func (w *world) compareBeside() {
	w.t.Helper()
	got, want := w.beside.flat(), []string{}
	for key, of := range w.shelf.rows {
		for _, r := range of {
			want = append(want, fmt.Sprint("row ", key.Partition, " ", key.Owner, " ", r.Key, " ", string(r.Doc[5:len(r.Doc)-1])))
		}
	}
	shown := 0
	for key := range w.model {
		uid := id.Record("k/x", key)
		for _, c := range w.door.books.Conditions.Of(uid) {
			want = append(want, fmt.Sprint("condition ", key, " ", c.Instance))
			if _, saved := w.shelf.conditions[c.Key()]; !saved {
				w.t.Errorf("%v is not saved", c)
			}
		}
		for _, of := range w.door.books.Rows.Of(uid) {
			shown += of.Count
		}
	}
	for _, e := range w.shelf.events {
		want = append(want, "event "+e.ID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Fatalf("the books hold\n%v\nthe contract says\n%v\nafter:\n%s", minus(want, got), minus(got, want), tailOf(w.trace, 4))
	}
	owned := 0
	for key, of := range w.shelf.rows {
		if key.Owner != "" {
			owned += len(of)
		}
	}
	if shown != owned {
		w.t.Fatalf("memory holds %d rows of records, the store %d, after:\n%s", shown, owned, tailOf(w.trace, 4))
	}
}

func minus(a, b []string) (out []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

func (s said) flat() (out []string) {
	for at, of := range s.lists {
		owner := id.UID("")
		if at.owner != "" {
			owner = id.Record("k/x", at.owner)
		}
		for k, v := range of {
			out = append(out, fmt.Sprint("row ", at.partition, " ", owner, " ", k, " ", v))
		}
	}
	for k, of := range s.conditions {
		for instance := range of {
			out = append(out, fmt.Sprint("condition ", k, " ", instance))
		}
	}
	for e := range s.events {
		out = append(out, "event "+e)
	}
	return out
}
