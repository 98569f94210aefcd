package alert

import (
	"context"
	"fmt"
	"time"
)

const (
	waitingName = "alerts.waiting"
	// longWait is from when on what has to last is remembered over the end of the server.
	longWait = time.Hour
)

// waiting is a finding that has to last for long before it fires.
type waiting struct {
	Key   Key       `json:"key"`
	Since time.Time `json:"since"`
}

// waits tells whether a change is one of what is remembered over the end of the server.
func (w *watched) waits(change Change) bool {
	return w.judged.lasts >= longWait && (change == Began || change == Dropped || change == Fired)
}

// keepWaiting stores what has to last for long. What could not be stored is stored with the next turn. The caller holds mu.
func (e *Engine) keepWaiting(ctx context.Context) {
	all := []waiting{}
	for _, s := range e.subjects {
		for key, w := range s.watched {
			if w.track.Phase == Pending && w.judged.lasts >= longWait {
				all = append(all, waiting{key, w.track.Since.UTC()})
			}
		}
	}
	err := e.Settings.Set(ctx, waitingName, all)
	if e.unkept = err != nil; e.unkept {
		e.Log.Warn("since when findings last was not stored", "error", err)
	}
}

// loadWaiting takes over what was waiting when the server ended.
func (e *Engine) loadWaiting(ctx context.Context) error {
	var all []waiting
	if _, err := e.Settings.Get(ctx, waitingName, &all); err != nil {
		return fmt.Errorf("load findings that have to last: %w", err)
	}
	for _, one := range all {
		s := e.subjects[one.Key.Record]
		if s == nil {
			s = &subject{watched: map[Key]*watched{}}
			e.subjects[one.Key.Record] = s
		}
		if s.watched[one.Key] == nil {
			s.watched[one.Key] = &watched{on: true, track: Track{Phase: Pending, Since: one.Since}}
		}
		if k, _ := e.catalog.Kind(one.Key.Kind); k.Condition {
			e.held[one.Key] = struct{}{}
		}
	}
	return nil
}
