package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// arrival are numbers that came together.
type arrival struct {
	samples []metric.Sample
	// has are the metrics of each record, known when somebody asks.
	has map[told]struct{}
}

type told struct {
	record id.UID
	metric string
}

// better tells whether another number of a record came that tells what a limit is about better, and is judged.
func (a *arrival) better(s *subject, record id.UID, j judged) bool {
	if !s.set.stands(j.unless) {
		return false
	}
	if a.has == nil {
		a.has = make(map[told]struct{}, len(a.samples))
		for i := range a.samples {
			a.has[told{a.samples[i].Record, a.samples[i].Metric}] = struct{}{}
		}
	}
	_, came := a.has[told{record, j.unless}]
	return came
}

// stands tells whether the numbers of a metric are judged, so that they can stand for others.
func (s *ruleset) stands(unless string) bool {
	if unless == "" {
		return false
	}
	j := s.judge(unless, "")
	return j.on && j.judged.numbers
}

// instead is why an alert ends whose fact another number tells.
func (e *Engine) instead(key Key, j judged) string {
	name := j.unless
	if r, there := e.Inventory.Record(key.Record); there {
		name = e.policy.name(r, j.unless, "").Label
	}
	return fmt.Sprintf("%q tells it from now on", name)
}

// betterAt returns when, in Unix milliseconds, numbers of a record came that tell better what a limit is about.
func (e *Engine) betterAt(ctx context.Context, uid id.UID, unless string, from, to time.Time) (map[int64]bool, error) {
	if unless == "" {
		return nil, nil
	}
	series, err := e.Metrics.Query(ctx, metric.Query{Records: []id.UID{uid}, Metrics: []string{unless}, From: from, To: to})
	times := map[int64]bool{}
	for _, s := range series {
		for _, p := range s.Points {
			times[p.At] = true
		}
	}
	return times, err
}
