package metric

import (
	"errors"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// MaxAnswer is the most points that one query returns, over all its series. A question for more gets coarser
// points, so that no question takes the server's memory.
const MaxAnswer = 400_000

// MaxAhead is how far ahead of the clock a sample may be. What is farther comes from a broken clock and is refused.
const MaxAhead = time.Hour

// Plan says how a query is answered: which tier, which range, how many points.
type Plan struct {
	// Index is the tier's number, 0 the finest.
	Index    int
	Tier     Tier
	From, To int64 // Unix milliseconds, From inclusive, To exclusive; From is not before the tier's first kept time
	// Points is the most points per series.
	Points int
	// Step is the width of the buckets that a series is reduced to when it has more than Points.
	Step time.Duration
}

// NewPlan chooses how to answer q for a number of series: the coarsest tier that is at least as fine as asked and
// reaches back to q.From; failing that, the finest that reaches back; failing that, the one that reaches farthest.
// It fails with [errs.Invalid] when the range is empty or more series match than one answer can hold.
func NewPlan(q Query, tiers []Tier, now time.Time, series int) (Plan, error) {
	if !q.From.Before(q.To) {
		return Plan{}, errs.New(errs.Invalid, "the range is empty: from must be before to").WithField("from")
	}
	if q.MaxPoints < 0 {
		return Plan{}, errs.New(errs.Invalid, "the number of points is negative").WithField("maxPoints")
	}
	points := MaxAnswer / max(series, 1)
	if points == 0 {
		return Plan{}, errs.New(errs.TooLarge, "%d series match, one answer holds %d: ask for fewer records or metrics", series, MaxAnswer)
	}
	if q.MaxPoints > 0 {
		points = min(points, q.MaxPoints)
	}
	p := Plan{Points: points}
	// Nothing is kept outside these bounds, and within them no arithmetic overflows.
	oldest, newest := now.Add(-longest(tiers)).UnixMilli(), now.Add(MaxAhead).UnixMilli()+1
	p.From = min(max(q.From.UnixMilli(), oldest), newest)
	p.To = min(max(q.To.UnixMilli(), p.From), newest)
	want := p.width(points)
	if q.MaxPoints == 0 {
		want = 0
	}
	p.Index = chooseTier(tiers, time.Duration(now.UnixMilli()-p.From)*time.Millisecond, want)
	p.Tier = tiers[p.Index]
	p.From = max(p.From, now.Add(-p.Tier.Retention).UnixMilli())
	p.Step = p.Tier.roundUp(p.width(points))
	return p, nil
}

func longest(tiers []Tier) time.Duration {
	var most time.Duration
	for _, t := range tiers {
		most = max(most, t.Retention)
	}
	return most
}

// width returns the narrowest bucket of which at most n cover the range. Aligned buckets may begin before the range,
// so that one of the n is spent on that.
func (p Plan) width(n int) time.Duration {
	ms, slots := max(p.To-p.From, 1), int64(max(n-1, 1))
	if n == 1 {
		// One bucket for the whole range needs no alignment; points gives it the range's start.
		return time.Duration(ms) * time.Millisecond
	}
	return time.Duration((ms+slots-1)/slots) * time.Millisecond
}

// roundUp makes a width a multiple of the tier's step; of raw samples, of a second.
func (t Tier) roundUp(width time.Duration) time.Duration {
	unit := t.Step
	if unit == 0 {
		if width < time.Second {
			return width
		}
		unit = time.Second
	}
	return (width + unit - 1) / unit * unit
}

// chooseTier returns a tier's number. Tiers come finest first ([CheckTiers]).
func chooseTier(tiers []Tier, back, want time.Duration) int {
	chosen, longest := -1, 0
	for i, t := range tiers {
		if t.Retention > tiers[longest].Retention {
			longest = i
		}
		// Who asks for all that a tier keeps asks a moment later than that.
		if t.Retention+t.Retention/100 >= back && (chosen < 0 || t.Step <= want) {
			chosen = i
		}
	}
	if chosen < 0 {
		return longest
	}
	return chosen
}

// Reduce turns the buckets of one series, ordered by time and of the plan's tier, into the answer's points. When
// there are more than the plan allows, neighbours are merged, so that minimum and maximum survive.
func (p Plan) Reduce(in []Bucket) (step time.Duration, points []Point) {
	step = p.Tier.Step
	if p.From >= p.To {
		return step, nil
	}
	if len(in) > p.Points {
		step = p.Step
		if p.Points == 1 {
			in = []Bucket{mergeAll(in, p.From)}
		} else {
			in = rollupKeepingSingles(in, step)
		}
	}
	points = make([]Point, 0, len(in))
	for i := range in {
		if b := &in[i]; b.Count == 1 && p.Tier.Step == 0 {
			points = append(points, Point{At: b.At, Value: b.Min, Min: b.Min, Max: b.Min, Count: 1}) // most of a long answer
		} else {
			points = append(points, p.point(*b, step))
		}
	}
	return step, points
}

func mergeAll(in []Bucket, at int64) Bucket {
	all := Bucket{At: at}
	for _, b := range in {
		all.Merge(b)
	}
	return all
}

// rollupKeepingSingles is [Rollup], but a sample that is alone in its bucket keeps its own time.
func rollupKeepingSingles(in []Bucket, step time.Duration) []Bucket {
	out := Rollup(in, step)
	next := 0
	for i := range out {
		for Floor(in[next].At, step) != out[i].At {
			next++
		}
		if out[i].Count == 1 {
			out[i].At = in[next].At
		}
	}
	return out
}

// point returns the point of a bucket: in its middle when it stands for several samples, but inside the range.
func (p Plan) point(b Bucket, step time.Duration) Point {
	at := b.At
	if b.Count > 1 || p.Tier.Step > 0 {
		at = Floor(b.At, step) + step.Milliseconds()/2
		if p.Points == 1 {
			at = b.At + step.Milliseconds()/2
		}
		at = min(max(at, p.From), p.To-1)
	}
	return Point{At: at, Value: b.Average(), Min: b.Min, Max: b.Max, Count: b.Count}
}

// CheckTiers reports what is wrong with tiers: the first must be raw, each next one coarser by a whole factor and
// kept longer by at least one of its steps, so that it can be rolled up again when samples come late.
func CheckTiers(tiers []Tier) error {
	if len(tiers) == 0 || tiers[0].Step != 0 || tiers[0].Retention <= 0 {
		return errors.New("check tiers: the first tier holds raw samples, without a step, for some time")
	}
	for i := 1; i < len(tiers); i++ {
		finer, t := tiers[i-1], tiers[i]
		switch {
		case t.Step < time.Second || t.Step%time.Second != 0 || t.Step <= finer.Step || finer.Step > 0 && t.Step%finer.Step != 0:
			return fmt.Errorf("check tiers: the step of %s, %v, must be whole seconds and a multiple of that of %s, %v", t.Name, t.Step, finer.Name, finer.Step)
		case t.Retention < finer.Retention || t.Retention < t.Step:
			return fmt.Errorf("check tiers: %s must be kept at least as long as %s", t.Name, finer.Name)
		}
	}
	return nil
}
