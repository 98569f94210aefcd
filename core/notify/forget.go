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
		recent := slices.DeleteFunc(all, func(at time.Time) bool { return t.now.Sub(at).Abs() >= time.Hour })
		if t.d.hourly[name] = recent; len(recent) == 0 {
			delete(t.d.hourly, name)
		}
	}
}
