package influx

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
)

// settled is a store whose background work the suite can ask for.
type settled struct{ *Store }

func (s settled) Settle(t *testing.T) {
	t.Helper()
	if err := s.Roll(t.Context(), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Errorf("roll up: %v", err)
	}
	if err := s.Age(t.Context()); err != nil {
		t.Errorf("age: %v", err)
	}
}

// rolling is a store that rolls up after each append, so that the suite finds everything in buckets.
type rolling struct{ settled }

func (r rolling) Append(ctx context.Context, samples []metric.Sample) error {
	if err := r.Store.Append(ctx, samples); err != nil {
		return err
	}
	return r.Roll(ctx, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC))
}

func open(t *testing.T, server *server, dir string, opt Options) *Store {
	t.Helper()
	opt.URL, opt.Org, opt.Token, opt.Every = server.url, server.org, server.token, time.Hour
	if opt.Bucket == "" {
		opt.Bucket = server.database(t, dir)
	}
	s, err := Open(t.Context(), filepath.Join(dir, "influx"), opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The suite's samples are of another year, so that no bucket may drop what is old.
func openSuite(t *testing.T, server *server, dir string, tiers []metric.Tier, now func() time.Time) *Store {
	t.Helper()
	s := open(t, server, dir, Options{Tiers: tiers, Now: now})
	if err := s.SetUp(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	each(t, func(t *testing.T, server *server) {
		metrictest.RunStore(t, func(t *testing.T, dir string, tiers []metric.Tier, now func() time.Time) metric.Store {
			return settled{openSuite(t, server, dir, tiers, now)}
		})
	})
}

func TestStoreRolledUp(t *testing.T) {
	each(t, func(t *testing.T, server *server) {
		metrictest.RunStore(t, func(t *testing.T, dir string, tiers []metric.Tier, now func() time.Time) metric.Store {
			return rolling{settled{openSuite(t, server, dir, tiers, now)}}
		})
	})
}
