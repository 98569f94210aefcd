package serve

import "testing"

func TestTheHeapGrowsWithTheWork(t *testing.T) {
	for _, c := range []struct {
		rate       float64
		busy, want int
	}{
		{0, 75, 25}, {2e6, 75, 25}, {13e6, 75, 50}, {26e6, 75, 75}, {1e9, 75, 75}, {26e6, 150, 75}, {1e12, 150, 150}, {1e9, 10, 25},
	} {
		if got := growth(c.rate, c.busy); got != c.want {
			t.Errorf("%.0f bytes a second, busy at %d: %d, want %d", c.rate, c.busy, got, c.want)
		}
	}
}
