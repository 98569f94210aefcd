package charts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

type storageIn struct {
	// Range is a number of minutes; what follows the number is not read.
	Range string `query:"range"`
}

// moment is one value of a storage's chart.
type moment struct {
	Value     float64   `json:"value"`
	Timestamp time.Time `json:"timestamp"`
}

// storageChart is one storage's numbers by their names.
type storageChart map[string][]moment

// storageCharts answers with the numbers of each storage, by its id and the contract's four names.
func (a *Area) storageCharts(ctx context.Context, in storageIn) (map[string]storageChart, error) {
	now := a.now()
	q := metric.Query{From: now.Add(-minutes(in.Range)), To: now.Add(time.Second), MaxPoints: chartPoints, Instances: []string{""}}
	answer := map[string]storageChart{}
	for _, section := range a.inv.Catalog().Sections() {
		if section.ChartGroup != compat.ChartStorage {
			continue
		}
		if err := a.chartStorages(ctx, answer, section.Type, q); err != nil {
			return nil, err
		}
	}
	for _, of := range answer {
		if len(of[compat.StorageFree]) == 0 {
			of[compat.StorageFree] = left(of[compat.StorageTotal], of[compat.StorageUsed])
		}
	}
	return answer, nil
}

// chartStorages adds the storages of a type.
func (a *Area) chartStorages(ctx context.Context, answer map[string]storageChart, kind string, q metric.Query) error {
	wires := map[string]sdk.Metric{} // by name
	for _, wire := range compat.StorageCharts() {
		if m, ok := a.inv.Catalog().WireMetric(kind, wire); ok && m.Instance == "" {
			wires[m.Name] = m
			q.Metrics = append(q.Metrics, m.Name)
		}
	}
	if len(q.Metrics) == 0 {
		return nil
	}
	for some := range slices.Chunk(a.inv.Snapshot().Type(kind), batch) {
		names := make(map[id.UID]string, len(some))
		q.Records = q.Records[:0]
		for _, r := range some {
			names[r.UID] = r.WireID
			q.Records = append(q.Records, r.UID)
			answer[r.WireID] = storageChart{}
			for _, wire := range compat.StorageCharts() {
				answer[r.WireID][wire] = []moment{}
			}
		}
		series, err := a.store.Query(ctx, q)
		if err != nil {
			return fmt.Errorf("query storage charts: %w", err)
		}
		for _, s := range series {
			list := make([]moment, len(s.Points))
			for i, p := range s.Points {
				list[i] = moment{scaled(p.Value, wires[s.Metric]), p.Time()}
			}
			answer[names[s.Record]][wireName(wires[s.Metric])] = list
		}
	}
	return nil
}

// left is what is free of a storage that does not tell: the size that held at each moment, less what was used then.
func left(total, used []moment) []moment {
	out := make([]moment, 0, len(used))
	at := 0
	for _, u := range used {
		for at+1 < len(total) && !total[at+1].Timestamp.After(u.Timestamp) {
			at++
		}
		if at < len(total) && !total[at].Timestamp.After(u.Timestamp) {
			out = append(out, moment{max(total[at].Value-u.Value, 0), u.Timestamp})
		}
	}
	return out
}

// minutes reads the number at the beginning of a text; without one it is an hour.
func minutes(text string) time.Duration {
	end := 0
	for end < len(text) && end < 8 && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(text[:end])
	if err != nil || n < 1 {
		n = 60
	}
	return min(time.Duration(n)*time.Minute, maxSpan)
}
