package report

import (
	"math"
	"testing"
)

func TestShort(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		unit string
		want string
	}{
		{0, "s", "0 s"}, {12.5, "s", "12.5 s"}, {60, "s", "1 min"}, {63_660, "s", "17 h 41 min"}, {90_000, "s", "1 d 1 h"}, {-3600, "s", "-1 h"},
		{1536, "B", "1.5 KiB"}, {2500, "B/s", "2.44 KiB/s"}, {99.5, "%", "99.5 %"}, {1234, "", "1.23 k"}, {-1_500_000, "1/s", "-1.5 M1/s"},
	} {
		if got := short(tt.v, tt.unit); got != tt.want {
			t.Errorf("%v %s: %q, want %q", tt.v, tt.unit, got, tt.want)
		}
	}
}

func TestCeiling(t *testing.T) {
	for _, tt := range []struct {
		v    float64
		unit string
		want float64
	}{
		{0, "", 0}, {1, "", 1}, {2.98, "", 4}, {101, "%", 200}, {2.98 * 1024, "B/s", 4 * 1024}, {700, "B", 800}, {1 << 30, "B", 1 << 30},
		{64_560, "s", 20 * 3600}, {3, "s", 4}, {0.0007, "", 0.0008},
	} {
		if got := ceiling(tt.v, tt.unit); math.Abs(got-tt.want) > 1e-9*tt.want {
			t.Errorf("%v %s: %v, want %v", tt.v, tt.unit, got, tt.want)
		}
	}
}
