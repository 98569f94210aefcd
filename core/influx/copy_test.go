package influx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// A copy that was cut short goes on where it ended, and what was copied is what there was, in each tier.
func TestCopy(t *testing.T) { each(t, testCopy) }

func testCopy(t *testing.T, server *server) {
	clock := begin
	now := func() time.Time { return clock }
	from := openSuite(t, server, t.TempDir(), nil, now)
	defer from.Close()
	for hour := range 5 {
		clock = begin.Add(time.Duration(hour) * 24 * time.Hour)
		var all []metric.Sample
		for i := range 45 {
			for n := range 20 {
				all = append(all, metric.Sample{Key: metric.Key{Record: id.UID(fmt.Sprintf("host%d", i)), Metric: "cpu"}, Time: clock.Add(time.Duration(n*10) * time.Second), Value: float64(i*n) / 7})
			}
		}
		if err := from.Append(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	settled{from}.Settle(t)
	to := openSuite(t, server, t.TempDir(), nil, now)
	defer to.Close()
	stopped := errors.New("stopped")
	batches := 0
	p, err := metric.Copy(t.Context(), from, to, 4, metric.Progress{}, func(metric.Progress) error {
		if batches++; batches == 4 {
			return stopped
		}
		return nil
	})
	if !errors.Is(err, stopped) || p.Done || p.Tier != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err = metric.Copy(t.Context(), from, to, 4, p, func(metric.Progress) error { return nil }); err != nil || !p.Done {
		t.Fatalf("%+v, %v", p, err)
	}
	for tier := range 4 {
		want, got := read(t, from, tier), read(t, to, tier)
		if len(want) != 45 || !slices.EqualFunc(want, got, func(a, b metric.History) bool { return a.Key == b.Key && slices.Equal(a.Buckets, b.Buckets) }) {
			t.Errorf("tier %d: got %d series, want %d", tier, len(got), len(want))
		}
	}
}

func read(t *testing.T, a metric.Archive, tier int) []metric.History {
	t.Helper()
	keys, err := a.Keys(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	all, err := a.Read(t.Context(), tier, keys)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
