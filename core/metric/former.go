package metric

import (
	"context"
	"slices"

	"github.com/pulse-platform/pulse/core/id"
)

// QueryWithPast answers q from a store, with the past that records have under other names: where a series of a former
// record is older than the one of the record itself, its points come before it. Former returns the former records.
func QueryWithPast(ctx context.Context, store interface {
	Query(ctx context.Context, q Query) ([]Series, error)
}, q Query, former func(id.UID) []id.UID) ([]Series, error) {
	successor := map[id.UID]id.UID{}
	asked := q.Records
	for _, record := range asked {
		for _, old := range former(record) {
			if !slices.Contains(asked, old) {
				successor[old] = record
			}
		}
	}
	if len(successor) == 0 {
		return store.Query(ctx, q)
	}
	q.Records = slices.Clone(asked)
	for old := range successor {
		q.Records = append(q.Records, old)
	}
	all, err := store.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	out, at := []Series{}, map[Key]int{}
	for _, own := range []bool{true, false} {
		for _, s := range all {
			record, old := successor[s.Record]
			if old == own {
				continue
			}
			if old {
				s.Record = record
			}
			if n, there := at[s.Key]; there {
				out[n].Points = before(s.Points, out[n].Points)
				continue
			}
			at[s.Key] = len(out)
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Series) int { return a.Compare(b.Key) })
	return out, nil
}

// before puts the points of a past that are older than all others before them.
func before(past, points []Point) []Point {
	n := len(past)
	if len(points) > 0 {
		n = slices.IndexFunc(past, func(p Point) bool { return p.At >= points[0].At })
		if n < 0 {
			n = len(past)
		}
	}
	return append(slices.Clone(past[:n]), points...)
}
