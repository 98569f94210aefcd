package notify

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
)

// Alerts come and go for years: of each there is nothing left when neither the pause nor the hourly limit asks for it.
func TestWhatWasToldIsForgotten(t *testing.T) {
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	d := &Dispatcher{
		spoken: map[string]time.Time{"long ago": ago(5 * time.Minute), "just now": ago(4 * time.Minute), "clock set back": ago(-time.Hour)},
		hourly: map[string][]time.Time{"long ago": {ago(2 * time.Hour), ago(time.Hour)}, "just now": {ago(2 * time.Hour), ago(time.Minute)}},
	}
	turn := turn{d: d, now: now, doc: alert.Document{Schedule: alert.Schedule{Cooldown: 5}}}
	turn.forget()
	if got := slices.Collect(maps.Keys(d.spoken)); len(got) != 1 || got[0] != "just now" {
		t.Errorf("told last: %v", got)
	}
	if len(d.hourly) != 1 || len(d.hourly["just now"]) != 1 {
		t.Errorf("told in the last hour: %v", d.hourly)
	}
}
