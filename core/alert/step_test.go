package alert

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Samples lie on whole seconds, so that two reports of one second have the same time.
func TestTwoLooksWithinOneSecond(t *testing.T) {
	limit := Limit{Trigger: 0.5, Clear: 0.4, Severity: sdk.SeverityWarning}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	track, change := Step(Track{}, limit.Judge(0.9), 0, Damping{}, at)
	if change != Fired {
		t.Fatalf("above: %v", change)
	}
	if again, change := Step(track, limit.Judge(0.9), 0, Damping{}, at); change != Unchanged || again.Phase != Firing {
		t.Errorf("the same look again: %v %+v", change, again)
	}
	if old, change := Step(track, limit.Judge(0.1), 0, Damping{}, at.Add(-time.Second)); change != Unchanged || old.Phase != Firing {
		t.Errorf("an older look: %v %+v", change, old)
	}
	if track, change = Step(track, limit.Judge(0.1), 0, Damping{}, at); change != Resolved || track.Phase != Idle {
		t.Errorf("below in the same second: %v %+v", change, track)
	}
}
