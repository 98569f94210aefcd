package fleet

import (
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// recentLags is over how many reports the least lag is taken for the difference of the clocks.
	recentLags = 16
	// tolerated is how far clocks may be apart without being corrected: less is the way of the report.
	tolerated = time.Second
)

// clock is what is known of a reporter's clock.
type clock struct {
	lags []time.Duration
	// newest is the corrected time of the newest report that was applied.
	newest time.Time
}

// when returns the server's time of a report, how far the reporter's clock is behind, and whether the report is older
// than one that was applied already. A clock that tells when it sent is compared with the arrival; otherwise the least
// lag of the recent reports is the difference, because what waited in a spool only lags more.
func (f *Fleet) when(uid id.UID, record *inventory.Record, c sdk.Claims, m Meta) (at time.Time, skew time.Duration, older bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.clocks[uid]
	if k == nil {
		k = &clock{}
		if record != nil {
			k.lags = []time.Duration{record.Source.ClockSkew}
		}
		f.clocks[uid] = k
	}
	if c.ReportedAt.IsZero() {
		return m.Received, 0, false
	}
	if m.SentAt.IsZero() {
		if k.lags = append(k.lags, m.Received.Sub(c.ReportedAt)); len(k.lags) > recentLags {
			k.lags = k.lags[1:]
		}
		skew = slices.Min(k.lags)
	} else {
		skew = m.Received.Sub(m.SentAt)
	}
	if skew.Abs() < tolerated {
		skew = 0
	}
	at = clamp(c.ReportedAt.Add(skew), m.Received)
	return at, skew, at.Before(k.newest)
}

func (f *Fleet) advance(uid id.UID, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k := f.clocks[uid]; k != nil && at.After(k.newest) {
		k.newest = at
	}
}

// clamp keeps a time from lying in the future.
func clamp(t, received time.Time) time.Time {
	if t.After(received) {
		return received
	}
	return t
}

// shift moves samples to the server's clock.
func shift(obs []sdk.Observation, skew time.Duration, received time.Time) {
	for n, o := range obs {
		if s, ok := o.(sdk.Sample); ok && !s.Time.IsZero() {
			s.Time = clamp(s.Time.Add(skew), received)
			obs[n] = s
		}
	}
}

func samplesOf(obs []sdk.Observation) []sdk.Observation {
	var out []sdk.Observation
	for _, o := range obs {
		if s, ok := o.(sdk.Sample); ok {
			out = append(out, s)
		}
	}
	return out
}
