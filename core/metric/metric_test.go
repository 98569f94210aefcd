package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

var start = time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)

func TestPlanChoosesTier(t *testing.T) {
	const day = 24 * time.Hour
	tests := map[string]struct {
		back, length time.Duration
		most         int
		tier         string
		step         time.Duration
	}{
		"an hour, all":           {time.Hour, time.Hour, 0, "raw", 10 * time.Millisecond},
		"an hour in few points":  {time.Hour, time.Hour, 61, "minute", time.Minute},
		"a day, all":             {day, day, 0, "raw", 217 * time.Millisecond},
		"all that raw keeps":     {48*time.Hour + time.Second, 48 * time.Hour, 0, "raw", 432 * time.Millisecond},
		"an old hour":            {5 * day, time.Hour, 0, "minute", time.Minute},
		"an old hour, fine":      {5 * day, time.Hour, 1000, "minute", time.Minute},
		"a week for a chart":     {7 * day, 7 * day, 500, "minute", 21 * time.Minute},
		"a month for a chart":    {30 * day, 30 * day, 500, "hour", 2 * time.Hour},
		"a year in few points":   {365 * day, 365 * day, 100, "day", 4 * day},
		"a year in many":         {365 * day, 365 * day, 5000, "hour", 2 * time.Hour},
		"more than anything has": {50 * 365 * day, 50 * 365 * day, 100, "day", 19 * day},
	}
	for name, test := range tests {
		q := Query{From: start.Add(-test.back), To: start.Add(test.length - test.back), MaxPoints: test.most}
		p, err := NewPlan(q, DefaultTiers(), start, 1)
		if err != nil || p.Tier.Name != test.tier || p.Step != test.step || p.Tier != DefaultTiers()[p.Index] {
			t.Errorf("%s: got %s by %v, %v, want %s by %v", name, p.Tier.Name, p.Step, err, test.tier, test.step)
		}
	}
}

func TestPlanBounds(t *testing.T) {
	q := Query{From: start.Add(-time.Hour), To: start}
	for _, series := range []int{0, 1, 1000, MaxAnswer} {
		if p, err := NewPlan(q, DefaultTiers(), start, series); err != nil || p.Points*max(series, 1) > MaxAnswer || p.Points < 1 {
			t.Errorf("%d series: %d points each, %v", series, p.Points, err)
		}
	}
	if _, err := NewPlan(q, DefaultTiers(), start, MaxAnswer+1); !errs.Is(err, errs.TooLarge) {
		t.Errorf("too many series: %v", err)
	}
	for name, q := range map[string]Query{
		"the whole calendar": {From: time.Time{}, To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), MaxPoints: 7},
		"beyond it":          {From: time.Unix(math.MinInt32*1e6, 0), To: time.Unix(math.MaxInt32*1e6, 0), MaxPoints: 1},
		"the future":         {From: start.Add(1e6 * time.Hour), To: start.Add(2e6 * time.Hour)},
	} {
		p, err := NewPlan(q, DefaultTiers(), start, 1)
		if err != nil || p.Step < 0 || p.From > p.To || p.From < start.Add(-6*365*24*time.Hour).UnixMilli() {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestCheckTiers(t *testing.T) {
	if err := CheckTiers(DefaultTiers()); err != nil {
		t.Error(err)
	}
	raw := Tier{Name: "raw", Retention: time.Hour}
	for name, tiers := range map[string][]Tier{
		"none":             nil,
		"no raw":           {{Name: "m", Step: time.Minute, Retention: time.Hour}},
		"raw twice":        {raw, raw},
		"no multiple":      {raw, {Step: time.Minute, Retention: time.Hour}, {Step: 90 * time.Second, Retention: time.Hour}},
		"coarser first":    {raw, {Step: time.Hour, Retention: time.Hour}, {Step: time.Minute, Retention: time.Hour}},
		"coarser, shorter": {raw, {Step: time.Minute, Retention: time.Minute}},
		"part of a second": {raw, {Step: 1500 * time.Millisecond, Retention: time.Hour}},
		"less than a step": {raw, {Step: 2 * time.Hour, Retention: time.Hour}},
	} {
		if CheckTiers(tiers) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestAverageStaysInside(t *testing.T) {
	for _, values := range [][]float64{
		{math.MaxFloat64, math.MaxFloat64}, {-math.MaxFloat64, -math.MaxFloat64},
		{math.MaxFloat64, math.MaxFloat64, -math.MaxFloat64, -math.MaxFloat64}, {0.1, 0.1, 0.1}, {-1e-310, 1e-310},
	} {
		var b, other Bucket
		for i, v := range values {
			if i%2 == 0 {
				b.Merge(Single(0, v))
			} else {
				other.Merge(Single(0, v))
			}
		}
		b.Merge(other)
		b.Merge(Bucket{})
		if a := b.Average(); !(a >= b.Min && a <= b.Max) || b.Count != uint32(len(values)) {
			t.Errorf("%v: average %v of %+v", values, a, b)
		}
	}
	sum := Bucket{Min: -1, Max: 1, Sum: math.NaN(), Count: 2}
	if a := sum.Average(); a != 0 {
		t.Errorf("of a sum that overflowed both ways: %v", a)
	}
}

func TestFloor(t *testing.T) {
	for _, test := range []struct {
		at   int64
		step time.Duration
		want int64
	}{{61_000, time.Minute, 60_000}, {60_000, time.Minute, 60_000}, {-1, time.Minute, -60_000}, {-60_000, time.Minute, -60_000}, {77, 0, 77}} {
		if got := Floor(test.at, test.step); got != test.want {
			t.Errorf("%d by %v: got %d", test.at, test.step, got)
		}
	}
}

func TestReplace(t *testing.T) {
	at := func(times ...int64) (list []Bucket) {
		for _, v := range times {
			list = append(list, Single(v, float64(len(times))))
		}
		return list
	}
	older := at(1, 3, 5)
	got := Replace(older, at(2, 3))
	if len(got) != 4 || got[2] != Single(3, 2) || got[1] != Single(2, 2) || got[3] != Single(5, 3) {
		t.Errorf("got %v", got)
	}
	first, second := Replace(older[:1], at(4)), Replace(older[:1], at(9))
	if first[1].At != 4 || second[1].At != 9 || older[1].At != 3 {
		t.Error("the lists share what they must not")
	}
}

// shelves are stored tiers in the simplest form.
type shelves struct {
	tiers []Tier
	lists [][]Bucket
}

func (s *shelves) read(tier int, from, to int64) (out []Bucket, err error) {
	for _, b := range s.lists[tier] {
		if b.At >= from && b.At < to {
			out = append(out, b)
		}
	}
	return out, nil
}

func (s *shelves) store(tier int, changed []Bucket) error {
	s.lists[tier] = Replace(s.lists[tier], changed)
	return nil
}

// FuzzClimb stores samples in batches, in any order and with repetitions, and compares every tier with one that is
// computed from all samples at once.
func FuzzClimb(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0, 200, 1, 3, 3, 7, 255, 9, 0, 0, 0, 1})
	f.Add([]byte{9, 9, 1, 9, 8, 2, 9, 9, 3, 0, 0, 4})
	tiers := []Tier{{}, {Step: 10 * time.Second}, {Step: time.Minute}, {Step: 5 * time.Minute}}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := shelves{tiers, make([][]Bucket, len(tiers))}
		all := map[int64]float64{}
		for len(data) >= 3 {
			n := min(1+int(data[0])%5, len(data)/3)
			batch := map[int64]float64{}
			for ; n > 0; n-- {
				at := int64(binary.BigEndian.Uint16(data)) * 100
				batch[at], all[at] = float64(data[2]), float64(data[2])
				data = data[3:]
			}
			if err := Climb(tiers, len(tiers)-1, list(batch), s.read, s.store); err != nil {
				t.Fatal(err)
			}
		}
		for i, tier := range tiers {
			if want := Rollup(list(all), tier.Step); !slices.Equal(s.lists[i], want) {
				t.Errorf("by %v:\n got %v\nwant %v", tier.Step, s.lists[i], want)
			}
		}
	})
}

func list(samples map[int64]float64) (out []Bucket) {
	for at, v := range samples {
		out = append(out, Single(at, v))
	}
	slices.SortFunc(out, func(a, b Bucket) int { return int(a.At - b.At) })
	return out
}

func TestClimbStops(t *testing.T) {
	tiers := DefaultTiers()
	broken := errors.New("broken")
	in := []Bucket{Single(1, 1)}
	read := func(int, int64, int64) ([]Bucket, error) { return nil, broken }
	visited := 0
	visit := func(int, []Bucket) error { visited++; return nil }
	if err := Climb(tiers, 0, in, read, visit); err != nil || visited != 1 {
		t.Errorf("raw alone: %v after %d tiers", err, visited)
	}
	if err := Climb(tiers, 3, in, read, visit); !errors.Is(err, broken) || visited != 2 {
		t.Errorf("reading fails: %v after %d tiers", err, visited)
	}
	if err := Climb(tiers, 3, in, read, func(int, []Bucket) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("storing fails: %v", err)
	}
}

// FuzzReduce checks that reducing keeps extremes and counts, the order, the range and the bound.
func FuzzReduce(f *testing.F) {
	f.Add([]byte("some samples of a series, one byte of distance, one of value"), uint16(7), true)
	f.Add([]byte{0, 1, 255, 2, 255, 3}, uint16(1), false)
	f.Fuzz(func(t *testing.T, data []byte, most uint16, minutes bool) {
		q := Query{From: start.Add(-time.Hour), To: start, MaxPoints: int(most) % 300}
		tiers := DefaultTiers()[:1]
		if minutes {
			tiers = []Tier{{Name: "minute", Step: time.Minute, Retention: 2 * time.Hour}}
		}
		p, err := NewPlan(q, tiers, start, 1)
		if err != nil {
			t.Fatal(err)
		}
		var in []Bucket
		at := p.From
		for ; len(data) >= 2; data = data[2:] {
			at += 1 + int64(data[0])*200
			if at >= p.To {
				break
			}
			in = append(in, Single(at, float64(int8(data[1]))))
		}
		in = Rollup(in, tiers[0].Step)
		step, points := p.Reduce(in)
		if step < tiers[0].Step || q.MaxPoints > 0 && len(points) > q.MaxPoints {
			t.Fatalf("%d points by %v of at most %d", len(points), step, q.MaxPoints)
		}
		var got, want Bucket
		for i, point := range points {
			got.Merge(Bucket{Min: point.Min, Max: point.Max, Count: point.Count})
			if i > 0 && !point.Time().After(points[i-1].Time()) || point.Time().Before(q.From) || !point.Time().Before(q.To) || point.Value < point.Min || point.Value > point.Max {
				t.Errorf("point %d is %+v", i, point)
			}
		}
		for _, b := range in {
			want.Merge(b)
		}
		if got.Min != want.Min || got.Max != want.Max || got.Count != want.Count {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
