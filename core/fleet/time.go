package fleet

import (
	"slices"
	"sync"
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
	// steadyLags is how many reports in a row with the same lag show that the clock was set: what waited in a spool comes
	// at another pace than it was measured at.
	steadyLags = 3
	// unsteady is how far such lags may be apart, and the least time that they must span.
	unsteady = 2 * time.Second
)

// clock is what is known of a reporter's clock.
type clock struct {
	// taking is held while a report of the reporter is applied: which one is newer is settled in between.
	taking sync.Mutex
	lags   []time.Duration
	// arrived is when the reports with the lags did, zero for a lag that was stored.
	arrived []time.Time
	// newest is the corrected time of the newest report that was applied.
	newest time.Time
}

// when returns the server's time of a report, how far the reporter's clock is behind, and whether the report is older
// than one that was applied already. A clock that tells when it sent is compared with the arrival; otherwise the least
// lag of the recent reports is the difference, because what waited in a spool only lags more.
// The caller holds the clock.
func (k *clock) when(c sdk.Claims, m Meta) (at time.Time, skew time.Duration, older bool) {
	if c.ReportedAt.IsZero() {
		return m.Received, 0, false
	}
	if m.SentAt.IsZero() {
		skew = k.lag(m.Received.Sub(c.ReportedAt), m.Received)
	} else {
		skew = m.Received.Sub(m.SentAt)
	}
	if skew.Abs() < tolerated {
		skew = 0
	}
	at = clamp(c.ReportedAt.Add(skew), m.Received)
	if k.newest.After(m.Received.Add(tolerated)) {
		k.newest = time.Time{} // the server's own clock was set back
	}
	return at, skew, at.Before(k.newest)
}

// lag takes in how much later than it was measured a report arrived, and returns the difference of the clocks.
func (k *clock) lag(lag time.Duration, arrived time.Time) time.Duration {
	k.lags, k.arrived = append(k.lags, lag), append(k.arrived, arrived)
	n := len(k.lags)
	if n > recentLags {
		k.lags, k.arrived = k.lags[1:], k.arrived[1:]
		n--
	}
	if n < steadyLags {
		return slices.Min(k.lags)
	}
	last := k.lags[n-steadyLags:]
	first := k.arrived[n-steadyLags]
	if !first.IsZero() && slices.Max(last)-slices.Min(last) < unsteady && arrived.Sub(first) >= unsteady {
		k.lags, k.arrived = slices.Clone(last), slices.Clone(k.arrived[n-steadyLags:])
	}
	return slices.Min(k.lags)
}

// clock returns what is known of a reporter's clock: after a restart what was stored with its record.
func (f *Fleet) clock(uid id.UID, record *inventory.Record) *clock {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.clocks[uid]
	if k == nil {
		k = &clock{}
		if record != nil {
			k.lags, k.arrived, k.newest = []time.Duration{record.Source.ClockSkew}, []time.Time{{}}, record.Source.Measured
		}
		f.clocks[uid] = k
	}
	return k
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
	move := func(s *sdk.Sample) {
		if !s.Time.IsZero() {
			s.Time = clamp(s.Time.Add(skew), received)
		}
	}
	for n, o := range obs {
		switch o := o.(type) {
		case sdk.Sample:
			move(&o)
			obs[n] = o
		case sdk.Samples:
			for i := range o {
				move(&o[i])
			}
		}
	}
}

func samplesOf(obs []sdk.Observation) []sdk.Observation {
	var out []sdk.Observation
	for _, o := range obs {
		switch o.(type) {
		case sdk.Sample, sdk.Samples:
			out = append(out, o)
		}
	}
	return out
}
