package metrictest

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

func TestMemory(t *testing.T) {
	RunVolatile(t, func(_ *testing.T, _ string, tiers []metric.Tier, now func() time.Time) metric.Store {
		return NewMemory(now, tiers...)
	})
}
