package notify

import (
	"maps"
	"slices"
	"time"
)

// forget drops what no pause and no hourly limit asks for any more: alerts come and go for years.
func (t *turn) forget() {
	maps.DeleteFunc(t.d.spoken, func(_ string, at time.Time) bool { return t.now.Sub(at).Abs() >= t.pause() })
	for name, all := range t.d.hourly {
		if recent := t.lastHour(all); len(recent) > 0 {
			t.d.hourly[name] = recent
		} else {
			delete(t.d.hourly, name)
		}
	}
}

func (t *turn) lastHour(all []time.Time) []time.Time {
	return slices.DeleteFunc(all, func(at time.Time) bool { return t.now.Sub(at).Abs() >= time.Hour })
}
