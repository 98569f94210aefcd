package metric

import (
	"testing"
)

func TestRates(t *testing.T) {
	at := func(s int, v float64) Point {
		return Point{At: 1000 * int64(s), Value: v, Min: v, Max: v, Count: 1}
	}
	bucket := Point{At: 160_000, Value: 150, Min: 100, Max: 200, Count: 6}
	for name, tt := range map[string]struct {
		in   []Point
		want map[int64]float64 // by second
	}{
		"none":          {nil, map[int64]float64{}},
		"one":           {[]Point{at(0, 5)}, map[int64]float64{}},
		"growth":        {[]Point{at(0, 5), at(10, 25), at(20, 25)}, map[int64]float64{10: 2, 20: 0}},
		"a new start":   {[]Point{at(0, 1000), at(10, 30), at(20, 50)}, map[int64]float64{10: 3, 20: 2}},
		"a gap":         {[]Point{at(0, 0), at(100, 50), at(110, 60)}, map[int64]float64{100: 0.5, 110: 1}},
		"the same time": {[]Point{at(0, 0), at(0, 9), at(10, 19)}, map[int64]float64{10: 1}},
		"buckets":       {[]Point{at(100, 80), bucket}, map[int64]float64{160: 2}},
	} {
		got := Rates(tt.in)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %d points, want %d", name, len(got), len(tt.want))
		}
		for _, p := range got {
			if want, ok := tt.want[p.At/1000]; !ok || p.Value != want || p.Min != want || p.Max != want {
				t.Errorf("%s: at %d %v, want %v", name, p.At/1000, p.Value, want)
			}
		}
	}
}
