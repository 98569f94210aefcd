package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
)

// settled is a store whose background work the suite can ask for.
type settled struct{ *Metrics }

func (s settled) Settle(t *testing.T) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Errorf("flush: %v", err)
	}
	if err := s.Retain(t.Context()); err != nil {
		t.Errorf("retain: %v", err)
	}
}

// packing is a store that packs after each append, so that the suite finds everything in blocks.
type packing struct{ settled }

func (p packing) Append(ctx context.Context, samples []metric.Sample) error {
	if err := p.Metrics.Append(ctx, samples); err != nil {
		return err
	}
	return p.Flush(ctx)
}

func openAt(t *testing.T, dir string, tiers []metric.Tier, now func() time.Time) *Metrics {
	t.Helper()
	m, err := OpenMetrics(t.Context(), filepath.Join(dir, "metrics.db"), Options{Tiers: tiers, Now: now, Sync: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMetricsInMemory(t *testing.T) {
	metrictest.RunStore(t, func(t *testing.T, dir string, tiers []metric.Tier, now func() time.Time) metric.Store {
		return settled{openAt(t, dir, tiers, now)}
	})
}

func TestMetricsInBlocks(t *testing.T) {
	metrictest.RunStore(t, func(t *testing.T, dir string, tiers []metric.Tier, now func() time.Time) metric.Store {
		return packing{settled{openAt(t, dir, tiers, now)}}
	})
}
