package rows

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// derived holds the values that are computed from the rows about one subject, in the order of the declaration.
type derived []value

// value is one of them; it is missing until a row gives one.
type value struct {
	n  float64
	ok bool
}

// subjectKey is one piece of evidence; subjects are looked up by their first.
type subjectKey struct{ rows, first string }

// add takes a row into account.
func (d *derived) add(declared []sdk.Derive, r Row) {
	if len(*d) != len(declared) {
		*d = make(derived, len(declared))
	}
	for i, want := range declared {
		n, ok := number(want, r)
		if ok {
			(*d)[i].join(want.Op, value{n, true})
		}
	}
}

// join brings two values together.
func (v *value) join(op string, other value) {
	switch {
	case !other.ok:
	case !v.ok:
		*v = other
	case op == "latest":
		v.n = max(v.n, other.n)
	default:
		v.n += other.n
	}
}

// number is what a row contributes. The latest of no path is the row's time, in Unix milliseconds as the wire has it.
func number(want sdk.Derive, r Row) (float64, bool) {
	switch {
	case want.Op == "count" && want.Path == "":
		return 1, true
	case want.Path == "":
		return float64(r.Time.UnixMilli()), want.Op == "latest" && !r.Time.IsZero()
	}
	var doc any
	if json.Unmarshal(r.Doc, &doc) != nil {
		return 0, false
	}
	switch v := At(doc, want.Path).(type) {
	case float64:
		if want.Op == "count" {
			return 1, v != 0
		}
		return v, true
	case bool:
		if v {
			return 1, true
		}
	case string:
		if want.Op == "count" {
			return 1, v != ""
		}
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return float64(t.UnixMilli()), true
		}
	}
	return 0, false
}

// At returns the value at a dotted path of a decoded document, nil when there is none.
func At(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

// Derived returns the values that the rows of a declaration give the thing with this evidence, by their names.
func (b *Book) Derived(rows string, evidence []sdk.Evidence) map[string]float64 {
	kind, ok := b.declared().Rows(rows)
	if !ok || len(kind.Derive) == 0 || len(evidence) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.index()
	var total derived
	for _, e := range evidence {
		for subject, of := range b.subjects[subjectKey{rows, piece(e)}] {
			if Proves(evidence, subject) {
				total.merge(kind.Derive, of)
			}
		}
	}
	var out map[string]float64
	for i, v := range total {
		if v.ok {
			if out == nil {
				out = map[string]float64{}
			}
			out[kind.Derive[i].Name] = v.n
		}
	}
	return out
}

func (d *derived) merge(declared []sdk.Derive, other derived) {
	if len(other) != len(declared) {
		return // of another declaration; it is put together anew soon
	}
	if len(*d) != len(declared) {
		*d = make(derived, len(declared))
	}
	for i, want := range declared {
		(*d)[i].join(want.Op, other[i])
	}
}

// index puts the lists' values together by subject, when something changed since the last time.
func (b *Book) index() {
	if b.subjects != nil && b.asOf == b.revision {
		return
	}
	b.subjects, b.asOf = map[subjectKey]map[string]derived{}, b.revision
	for key, l := range b.lists {
		kind, _ := b.declared().Rows(key.Rows)
		for subject, of := range l.derived {
			first, _, _ := strings.Cut(subject, "\x1e")
			bucket := b.subjects[subjectKey{key.Rows, first}]
			if bucket == nil {
				bucket = map[string]derived{}
				b.subjects[subjectKey{key.Rows, first}] = bucket
			}
			sum := slices.Clone(bucket[subject])
			sum.merge(kind.Derive, of)
			bucket[subject] = sum
		}
	}
}

// Subjects returns the subjects of a declaration that a thing with this evidence is.
func (b *Book) Subjects(rows string, evidence []sdk.Evidence) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.index()
	found := map[string]struct{}{}
	for _, e := range evidence {
		for subject := range b.subjects[subjectKey{rows, piece(e)}] {
			if Proves(evidence, subject) {
				found[subject] = struct{}{}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func piece(e sdk.Evidence) string { return e.Kind + "\x1f" + e.Value }

// Proves tells whether evidence holds all that a subject asks for.
func Proves(evidence []sdk.Evidence, subject string) bool {
	for part := range strings.SplitSeq(subject, "\x1e") {
		if !slices.ContainsFunc(evidence, func(e sdk.Evidence) bool { return piece(e) == part }) {
			return false
		}
	}
	return subject != ""
}
