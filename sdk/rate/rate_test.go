package rate_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk/rate"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// step is one value at a second, and the rate expected: negative for none.
type step struct {
	second float64
	value  uint64
	want   float64
}

const none = -1

func TestRate(t *testing.T) {
	tests := map[string][]step{
		"first, then growth":                 {{0, 100, none}, {10, 200, 10}, {20, 300, 10}},
		"first value is 0":                   {{0, 0, none}, {10, 50, 5}},
		"reset":                              {{0, 1000, none}, {10, 2000, 100}, {20, 5, none}, {30, 105, 10}},
		"reset to 0":                         {{0, 1000, none}, {10, 0, none}, {20, 100, 10}},
		"no repeat of the last rate":         {{0, 0, none}, {10, 100, 10}, {20, 100, none}, {30, 100, none}, {40, 100, 0}, {50, 100, 0}},
		"slow refresh keeps the average":     {{0, 0, none}, {10, 100, 10}, {15, 100, none}, {20, 200, 10}},
		"moves again after standing still":   {{0, 0, none}, {10, 100, 10}, {50, 100, 0}, {60, 200, 10}},
		"stands still between slow readings": {{0, 100, none}, {60, 100, 0}, {120, 160, 1}},
		"gap":                                {{0, 0, none}, {10, 100, 10}, {611, 100000, none}, {621, 100010, 1}},
		"gap while standing still":           {{0, 7, none}, {700, 7, none}, {735, 7, 0}},
		"just within the gap":                {{0, 0, none}, {600, 600, 1}},
		"late":                               {{0, 0, none}, {10, 100, 10}, {5, 50, none}, {20, 200, 10}},
		"same time again":                    {{0, 0, none}, {10, 100, 10}, {10, 100, none}, {10, 300, none}, {20, 200, 10}},
		"replay between fresh values":        {{100, 1000, none}, {110, 1100, 10}, {10, 0, none}, {20, 40, 4}, {120, 1200, 10}, {30, 80, 4}, {130, 1300, 10}},
		"clock set back":                     {{1000, 10, none}, {1010, 20, 1}, {100, 30, none}, {110, 40, 1}, {120, 50, 1}},
		"late ones do not reset":             {{10, 1000, none}, {20, 1100, 10}, {15, 3, none}, {30, 1200, 10}},
		"too close together":                 {{0, 0, none}, {10, 100, 10}, {10.1, 200, none}, {20, 300, 20}},
		"fall is no wrap":                    {{0, math.MaxUint32 - 10, none}, {10, 10, none}},
		"wrap of 64 bits":                    {{0, math.MaxUint64 - 49, none}, {10, 50, 10}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			tracker := rate.New[string](rate.Options{})
			for i, s := range steps {
				got, ok := tracker.Rate("a", s.value, start.Add(time.Duration(s.second*float64(time.Second))))
				check(t, fmt.Sprintf("step %d", i), got, ok, s.want)
			}
		})
	}
}

func check(t *testing.T, what string, got float64, ok bool, want float64) {
	t.Helper()
	if ok != (want != none) || ok && math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: got %v %v, want %v", what, got, ok, want)
	}
}

func TestRate32(t *testing.T) {
	tracker := rate.New[string](rate.Options{})
	for i, s := range []struct {
		value uint32
		want  float64
	}{{math.MaxUint32 - 499, none}, {500, 100}, {1 << 31, float64(1<<31-500) / 10}, {10, none}, {20, 1}} {
		got, ok := tracker.Rate32("a", s.value, start.Add(time.Duration(i)*10*time.Second))
		check(t, fmt.Sprintf("step %d", i), got, ok, s.want)
	}
}

func TestKeysAreApartAndBounded(t *testing.T) {
	tracker := rate.New[string](rate.Options{MaxKeys: 2})
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	tracker.Rate("a", 0, at(0))
	tracker.Rate("b", 1000, at(0))
	got, ok := tracker.Rate("a", 10, at(10))
	check(t, "a", got, ok, 1)
	tracker.Rate("c", 0, at(10)) // forgets b, which was not seen for longest
	got, ok = tracker.Rate("a", 20, at(20))
	check(t, "a stays", got, ok, 1)
	got, ok = tracker.Rate("b", 1010, at(20))
	check(t, "b is forgotten", got, ok, none)
	if left := tracker.Expire(at(1000)); left != 0 {
		t.Errorf("%d keys left after all expired", left)
	}
	tracker.Rate("x/1", 0, at(0))
	tracker.Rate("y/1", 0, at(0))
	tracker.Forget(func(k string) bool { return k[0] == 'x' })
	if left := tracker.Expire(start); left != 1 {
		t.Errorf("%d keys left after one was forgotten, want 1", left)
	}
}

// One source with a clock in the future must not cost the others their rates.
func TestFutureTimesHurtNobodyElse(t *testing.T) {
	tracker := rate.New[string](rate.Options{})
	tracker.Rate("a", 0, start)
	tracker.Rate("mad", 0, start.AddDate(80, 0, 0))
	tracker.Expire(start.Add(-time.Hour))
	got, ok := tracker.Rate("a", 10, start.Add(10*time.Second))
	check(t, "a", got, ok, 1)
}

func FuzzRate(f *testing.F) {
	f.Add(uint64(1), int64(10), uint64(2), int64(20), uint64(3))
	f.Add(uint64(math.MaxUint64), int64(-5), uint64(0), int64(math.MaxInt64), uint64(1))
	f.Fuzz(func(t *testing.T, a uint64, d1 int64, b uint64, d2 int64, c uint64) {
		tracker := rate.New[int](rate.Options{})
		for _, s := range []struct {
			v  uint64
			at time.Duration
		}{{a, 0}, {b, time.Duration(d1)}, {c, time.Duration(d2)}} {
			got, ok := tracker.Rate(1, s.v, start.Add(s.at))
			if got < 0 || math.IsNaN(got) || math.IsInf(got, 0) || !ok && got != 0 {
				t.Errorf("got %v %v", got, ok)
			}
		}
	})
}

func BenchmarkRate(b *testing.B) {
	tracker := rate.New[int](rate.Options{})
	at := start
	for i := range b.N {
		if i%1000 == 0 {
			at = at.Add(10 * time.Second)
		}
		tracker.Rate(i%1000, uint64(i), at)
	}
}
