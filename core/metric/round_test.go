package metric_test

import (
	"math"
	"testing"

	"github.com/pulse-platform/pulse/core/metric"
)

func TestRound(t *testing.T) {
	for _, test := range []struct {
		v    float64
		bits int
		want float64
	}{
		{0.1, 0, 0.1}, {0.1, 60, 0.1}, {0, 10, 0}, {1023, 10, 1023}, {1025, 10, 1026}, {-1025, 10, -1026}, {1000, 1, 1024},
		{math.MaxFloat64, 10, math.MaxFloat64}, {math.Inf(1), 10, math.Inf(1)}, {0.5, 10, 0.5},
	} {
		if got := metric.Round(test.v, test.bits); got != test.want {
			t.Errorf("Round(%v, %d) = %v, want %v", test.v, test.bits, got, test.want)
		}
	}
	if !math.IsNaN(metric.Round(math.NaN(), 10)) {
		t.Error("no number became one")
	}
	for v := 1e-9; v < 1e12; v *= 1.37 {
		if got := metric.Round(v, 10); math.Abs(got-v) > v/1024 {
			t.Errorf("Round(%v) = %v", v, got)
		}
	}
}
