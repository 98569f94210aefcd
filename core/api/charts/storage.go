package charts

import (
	"context"
	"fmt"
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

// storageCharts answers with the numbers of each storage, by its id and the contract's four names.
func (a *Area) storageCharts(ctx context.Context, in storageIn) (map[string]map[string][]moment, error) {
	now := a.now()
	q := metric.Query{From: now.Add(-minutes(in.Range)), To: now.Add(time.Second), MaxPoints: chartPoints, Instances: []string{""}}
	answer := map[string]map[string][]moment{}
	for _, section := range a.inv.Catalog().Sections() {
		if section.ChartGroup != compat.ChartStorage {
			continue
		}
		wires := map[string]sdk.Metric{} // by name
		q.Metrics = nil
		for _, wire := range compat.StorageCharts() {
			if m, ok := a.inv.Catalog().WireMetric(section.Type, wire); ok && m.Instance == "" {
				wires[m.Name] = m
				q.Metrics = append(q.Metrics, m.Name)
			}
		}
		if len(q.Metrics) == 0 {
			continue
		}
		names := map[id.UID]string{}
		q.Records = nil
		for _, r := range a.inv.Snapshot().Type(section.Type) {
			names[r.UID] = r.WireID
			q.Records = append(q.Records, r.UID)
			answer[r.WireID] = map[string][]moment{}
			for _, wire := range compat.StorageCharts() {
				answer[r.WireID][wire] = []moment{}
			}
		}
		series, err := a.store.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("query storage charts: %w", err)
		}
		for _, s := range series {
			list := make([]moment, len(s.Points))
			for i, p := range s.Points {
				list[i] = moment{scaled(p.Value, wires[s.Metric]), p.Time()}
			}
			answer[names[s.Record]][wireName(wires[s.Metric])] = list
		}
	}
	return answer, nil
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
