package charts

import (
	"context"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
)

// Whoever may read may ask for reports, and so they are made one after another.
func TestReportsTakeTurns(t *testing.T) {
	a := fixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.turn <- struct{}{}
	if _, err := a.report(ctx, reportIn{Type: "host", ID: "w", Format: "csv"}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("while another is made: %v", err)
	}
	<-a.turn
	for range 2 {
		if _, err := a.report(t.Context(), reportIn{Type: "host", ID: "w", Format: "csv"}); err != nil {
			t.Error(err)
		}
	}
}
