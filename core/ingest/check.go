package ingest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

// checker judges the observations of one cycle.
type checker struct {
	door    *Door
	cycle   Cycle
	catalog *inventory.Catalog
	owned   []string // types whose existence the task decides; nil: all
	room    int      // how many more records the integration may have
	fresh   int      // how many it may still name for the first time
	news    map[id.UID]string
	pending []sdk.Samples
	beside  []beside
	owns    []string // lists that the task may bring; nil: all
	refused int
}

func (d *Door) checker(c Cycle) *checker {
	plugin, _, _ := strings.Cut(string(c.Integration), "/")
	k := &checker{door: d, cycle: c, catalog: d.inv.Catalog(), room: MaxRecords - d.inv.Count(c.Integration), fresh: d.fresh(c.Integration), news: map[id.UID]string{}}
	if task, declared := k.catalog.Task(plugin, c.Task); declared {
		k.owned = append([]string{}, task.Types...)
		k.owns = append([]string{}, task.Rows...)
	}
	return k
}

// refuse counts an observation that is not let in. The text names what is wrong, not which record, so that warnings
// stay few.
func (k *checker) refuse(format string, args ...any) {
	k.refused++
	k.door.warn(k.cycle, 1, fmt.Sprintf(format, args...))
}

// partition sorts what a partition says and leaves out what is wrong. A record that is refused and was there before
// counts as unchanged: it must not seem gone.
func (k *checker) partition(p Partition) inventory.Partition {
	out := inventory.Partition{Name: p.Name}
	other := beside{partition: p.Name}
	for _, o := range p.Observations {
		switch o := o.(type) {
		case sdk.Record:
			if k.record(o) {
				out.Records = append(out.Records, o)
			} else if _, there := k.door.inv.Record(id.Record(k.cycle.Integration, o.Key)); there {
				out.Unchanged = append(out.Unchanged, sdk.Unchanged{Type: o.Type, Key: o.Key})
			}
		case sdk.Part:
			if strings.HasPrefix(o.Name, "~") {
				k.refuse("the name %.64q of a part begins with ~, which is the server's own", o.Name)
			} else if k.document(o.Type, o.Doc) && k.texts(o.Type, o.Key, o.Name) {
				out.Parts = append(out.Parts, o)
			}
		case sdk.Unchanged:
			out.Unchanged = append(out.Unchanged, o)
		case sdk.Removed:
			out.Removed = append(out.Removed, o)
		case sdk.Samples:
			k.pending = append(k.pending, o)
		case sdk.Sample:
			k.pending = append(k.pending, sdk.Samples{o})
		case sdk.Row:
			other.rows = append(other.rows, o)
		case sdk.RowsEnd:
			other.ends = append(other.ends, o)
		case sdk.Condition:
			other.conditions = append(other.conditions, o)
		case sdk.Event:
			other.events = append(other.events, o)
		}
	}
	k.beside = append(k.beside, other)
	return out
}

func (k *checker) record(r sdk.Record) bool {
	if _, declared := k.catalog.Type(r.Type); !declared {
		k.refuse("type %.64q is not declared", r.Type)
		return false
	}
	if k.owned != nil && !slices.Contains(k.owned, r.Type) {
		k.refuse("the task does not decide about the existence of type %q", r.Type)
		return false
	}
	if r.Key == "" {
		k.refuse("a record of type %q has no key", r.Type)
		return false
	}
	if !k.texts(r.Type, r.Key, r.Name, r.WireID, r.StatusWord, string(r.Status)) || !k.lists(r) || !k.document(r.Type, r.Doc) {
		return false
	}
	return k.admit(r)
}

// admit keeps the number of records within the cap, and a key to one type.
func (k *checker) admit(r sdk.Record) bool {
	uid := id.Record(k.cycle.Integration, r.Key)
	kind, known := k.news[uid]
	if old, there := k.door.inv.Record(uid); there && !known {
		kind, known = old.Type, true
	}
	if known {
		if kind != r.Type {
			k.refuse("a key is used for type %q and for type %q", kind, r.Type)
			return false
		}
		return true
	}
	if k.room <= 0 {
		k.refuse("more than %d records: the surplus is left out", MaxRecords)
		return false
	}
	if k.fresh <= 0 {
		k.refuse("more than %d new records within a day: do its keys change? The surplus is left out", MaxRecords)
		return false
	}
	k.room--
	k.fresh--
	k.news[uid] = r.Type
	return true
}

func (k *checker) texts(kind string, all ...string) bool {
	for _, s := range all {
		if len(s) > MaxText {
			k.refuse("a text of type %.64q is longer than %d bytes", kind, MaxText)
			return false
		}
	}
	return true
}

func (k *checker) lists(r sdk.Record) bool {
	if max(len(r.Tags), len(r.Aliases), len(r.Relations), len(r.Evidence)) > MaxList {
		k.refuse("a record of type %q has a list of more than %d entries", r.Type, MaxList)
		return false
	}
	if !k.texts(r.Type, r.Tags...) || !k.texts(r.Type, r.Aliases...) {
		return false
	}
	for _, e := range r.Evidence {
		if !k.texts(r.Type, e.Kind, e.Value) {
			return false
		}
	}
	for _, rel := range r.Relations {
		if !k.texts(r.Type, rel.Key, rel.Type, string(rel.Kind)) {
			return false
		}
	}
	return true
}

// document lets JSON objects in: the state document is put together from their bytes.
func (k *checker) document(kind string, doc json.RawMessage) bool {
	switch {
	case len(doc) == 0:
		return true
	case len(doc) > MaxDocument:
		k.refuse("a document of type %.64q is larger than %d bytes", kind, MaxDocument)
	case !isObject(doc):
		k.refuse("a document of type %.64q is not a JSON object", kind)
	default:
		return true
	}
	return false
}

// samples returns the samples that may be stored. It is called when the records are in place.
func (k *checker) samples() []metric.Sample {
	n := 0
	for _, list := range k.pending {
		n += len(list)
	}
	out := make([]metric.Sample, 0, n)
	var uid id.UID
	var r *inventory.Record
	var last string
	for _, list := range k.pending {
		for i := range list {
			s := &list[i]
			if r == nil || s.Key != last { // most samples follow one of the same record
				uid, last = id.Record(k.cycle.Integration, s.Key), s.Key
				r, _ = k.door.inv.Record(uid)
			}
			m, ok := k.sample(s, r)
			if !ok {
				continue
			}
			at := s.Time
			if at.IsZero() {
				at = k.cycle.ObservedAt
			}
			out = append(out, metric.Sample{Key: metric.Key{Record: uid, Metric: s.Metric, Instance: s.Instance}, Time: metric.Align(at), Value: metric.Round(s.Value, m.Precision)})
		}
	}
	return out
}

// sample judges a sample of a record, which is nil when there is none.
func (k *checker) sample(s *sdk.Sample, r *inventory.Record) (m sdk.Metric, ok bool) {
	m, declared := k.catalog.Metric(s.Type, s.Metric)
	switch {
	case !declared:
		k.refuse("metric %.64q of type %.64q is not declared", s.Metric, s.Type)
	case math.IsNaN(s.Value) || math.IsInf(s.Value, 0):
		k.refuse("metric %q of type %q is not a number", s.Metric, s.Type)
	case r == nil || r.Type != s.Type:
		k.refuse("metric %q is for a record of type %q that does not exist", s.Metric, s.Type)
	case m.Instance == "" && s.Instance != "", len(s.Instance) > metric.MaxInstance:
		k.refuse("metric %q of type %q has an instance that it may not have", s.Metric, s.Type)
	default:
		return m, true
	}
	return m, false
}
