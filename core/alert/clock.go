package alert

import "time"

// jumpMatters is from when on the clock of the day was set, and did not only run a little fast or slow.
const jumpMatters = 30 * time.Second

// look returns the time of the day. When somebody has set the clock since the last look, what is remembered moves with it: how
// long something lasts does not depend on what the clock shows. The caller holds mu.
func (e *Engine) look() time.Time {
	now := e.Now().Round(0)
	if e.Steady == nil {
		return now
	}
	steady, last := e.Steady(), e.shown
	jump := now.Sub(last) - (steady - e.steady)
	e.shown, e.steady = now, steady
	if last.IsZero() || jump.Abs() < jumpMatters {
		return now
	}
	e.Log.Warn("the clock was set", "by", jump.Round(time.Second).String())
	for _, s := range e.subjects {
		for _, w := range s.watched {
			w.track.move(jump)
		}
	}
	e.measured, e.trimmed = e.measured.Add(jump), e.trimmed.Add(jump)
	return now
}

// move takes over another clock.
func (t *Track) move(by time.Duration) {
	for _, at := range []*time.Time{&t.Since, &t.Seen, &t.Fine} {
		if !at.IsZero() {
			*at = at.Add(by)
		}
	}
	fired := make([]time.Time, 0, len(t.Fired))
	for _, at := range t.Fired {
		fired = append(fired, at.Add(by))
	}
	t.Fired = fired
}
