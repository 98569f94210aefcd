package inventory

import (
	"maps"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Join says which integrations turned out to ask what another one asks: by name, the one that goes on asking. Their records
// are kept and not shown: their ids lead to the records of the other one with the same type and key, as whose past they
// count ([Snapshot.Former]). What is no longer named is shown again. Who names one that has no records is shown.
func (i *Inventory) Join(joins map[id.Integration]id.Integration) {
	i.mu.Lock()
	if maps.Equal(i.joins, joins) {
		i.mu.Unlock()
		return
	}
	before := i.joins
	i.joins = maps.Clone(joins)
	i.bump()
	news := Changed{Revision: i.revision}
	for uid, r := range i.records {
		was, is := before[r.Integration] != "", joins[r.Integration] != ""
		switch {
		case is && !was:
			news.Removed = append(news.Removed, uid)
		case was && !is:
			news.Updated = append(news.Updated, uid)
		}
	}
	i.mu.Unlock()
	slices.Sort(news.Removed)
	slices.Sort(news.Updated)
	i.news.Publish(news)
}

// successors returns the records that stand for those of joined integrations: for each of these the record of the same key,
// nil where there is none.
func successors(records map[id.UID]*Record, joins map[id.Integration]id.Integration) map[id.UID]*Record {
	if len(joins) == 0 {
		return nil
	}
	there := map[id.Integration]bool{}
	for _, r := range records {
		there[r.Integration] = true
	}
	out := map[id.UID]*Record{}
	for uid, r := range records {
		into := joins[r.Integration]
		for range joins { // whose successor was joined as well
			if next := joins[into]; next != "" {
				into = next
			}
		}
		if into == "" || into == r.Integration || !there[into] {
			continue
		}
		out[uid] = nil
		if other := records[id.Record(into, r.Key)]; other != nil && other.Type == r.Type {
			out[uid] = other
		}
	}
	return out
}

// Former returns the records of joined integrations whose past is that of the record.
func (s *Snapshot) Former(uid id.UID) []id.UID { return s.former[uid] }

// succeed makes the ids of joined integrations' records lead to their successors, and carries over what people decided
// about them.
func (s *Snapshot) succeed(records map[id.UID]*Record, gone map[id.UID]*Record) {
	if len(gone) == 0 {
		return
	}
	s.former = map[id.UID][]id.UID{}
	for uid, other := range gone {
		if other == nil {
			continue
		}
		s.former[other.UID] = append(s.former[other.UID], uid)
		for _, name := range append([]string{string(uid), records[uid].WireID}, records[uid].OtherNames()...) {
			s.name(name, other)
		}
	}
	for _, of := range s.former {
		slices.Sort(of)
	}
	today := func(uid id.UID) id.UID {
		if other := gone[uid]; other != nil {
			return other.UID
		}
		return uid
	}
	decided, verdicts := map[id.UID]id.UID{}, map[Pair]Verdict{}
	for host, target := range s.decided {
		decided[today(host)] = today(target)
	}
	for p, v := range s.verdicts {
		p = PairOf(today(p.A), today(p.B))
		if old, there := verdicts[p]; p.A != p.B && (!there || v.At.After(old.At)) {
			verdicts[p] = v
		}
	}
	s.decided, s.verdicts = decided, verdicts
}

// Clusters returns which integrations of a kind ask the same cluster, by what the cluster is known by: those whose fresh
// records carry the evidence, sorted. Clusters that one integration asks are left out.
func (s *Snapshot) Clusters() map[string][]id.Integration {
	all := map[string][]id.Integration{}
	for _, r := range s.byUID {
		if r.Stale != nil {
			continue
		}
		for _, e := range r.Evidence {
			if e.Kind != sdk.EvidenceCluster || e.Value == "" {
				continue
			}
			key := r.Type + " " + e.Value
			if !slices.Contains(all[key], r.Integration) {
				all[key] = append(all[key], r.Integration)
			}
		}
	}
	maps.DeleteFunc(all, func(_ string, of []id.Integration) bool { return len(of) < 2 })
	for _, of := range all {
		slices.Sort(of)
	}
	return all
}

// Succession is a record of a joined integration and the one that stands for it.
type Succession struct{ From, To *Record }

// Successions returns who stands for the records of an integration that is joined with another one.
func (i *Inventory) Successions(of id.Integration) (out []Succession) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for uid, to := range successors(i.records, i.joins) {
		if from := i.records[uid]; from.Integration == of && to != nil {
			out = append(out, Succession{from, to})
		}
	}
	return out
}

// Since returns when the oldest record of an integration was first seen, zero when it has none.
func (i *Inventory) Since(of id.Integration) (first time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.records {
		if r.Integration == of && (first.IsZero() || r.FirstSeen.Before(first)) {
			first = r.FirstSeen
		}
	}
	return first
}
