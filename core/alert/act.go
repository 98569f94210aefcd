package alert

import (
	"context"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// maxNote is how long a note may be, in bytes.
const maxNote = 4 << 10

// Acknowledge says that somebody looks after an alert: it is not told again until it ends.
func (e *Engine) Acknowledge(ctx context.Context, name, user string) error {
	return e.edit(ctx, name, func(t *turn, a *Alert) {
		if !a.Acknowledged {
			a.Acknowledged, a.AckTime, a.AckUser = true, t.now.UTC(), user
			t.entry(a, EntryAcknowledged, "Acknowledged by "+user+".", map[string]any{"user": user})
		}
	})
}

// Unacknowledge takes it back.
func (e *Engine) Unacknowledge(ctx context.Context, name, user string) error {
	return e.edit(ctx, name, func(t *turn, a *Alert) {
		if a.Acknowledged {
			a.Acknowledged, a.AckTime, a.AckUser = false, time.Time{}, ""
			t.entry(a, EntryUnacknowledged, "Acknowledgement taken back by "+user+".", map[string]any{"user": user})
		}
	})
}

// Snooze silences an alert until a time; the zero time ends it.
func (e *Engine) Snooze(ctx context.Context, name, user string, until time.Time) error {
	return e.edit(ctx, name, func(t *turn, a *Alert) {
		a.SnoozedUntil = until.UTC()
		summary := "Snoozed by " + user + " until " + until.UTC().Format(time.RFC3339) + "."
		if until.IsZero() {
			a.SnoozedUntil, summary = time.Time{}, "Snoozing ended by "+user+"."
		}
		t.entry(a, EntrySnoozed, summary, map[string]any{"user": user})
	})
}

func (e *Engine) edit(ctx context.Context, name string, change func(*turn, *Alert)) error {
	return e.turn(ctx, func(t *turn) error {
		a, err := e.find(name)
		if err != nil {
			return err
		}
		next := *a
		change(t, &next)
		t.put(&next)
		return nil
	})
}

// Clear ends an alert by hand. What is still wrong fires again when it has lasted long enough.
func (e *Engine) Clear(ctx context.Context, name, user string) error {
	return e.turn(ctx, func(t *turn) error {
		a, err := e.find(name)
		if err != nil {
			return err
		}
		e.looked = 0 // all that plugins report is looked at anew
		if s := e.subjects[a.Key.Record]; s != nil && s.watched[a.Key] != nil {
			t.drop(a.Key, s.watched[a.Key], "cleared by "+user)
			return nil
		}
		t.end(a.Key, "cleared by "+user)
		return nil
	})
}

// Note adds a note to an incident: to that one, or to the newest of an alert.
func (e *Engine) Note(ctx context.Context, incident, alertID, user, text string) error {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return errs.New(errs.Invalid, "note is empty").WithField("note")
	case len(text) > maxNote:
		return errs.New(errs.Invalid, "note is longer than %d bytes", maxNote).WithField("note")
	case incident == "" && alertID == "":
		return errs.New(errs.Invalid, "alert_id or incident_id is missing").WithField("alert_id")
	}
	q := HistoryQuery{Incident: incident, Limit: 1}
	if incident == "" {
		q.AlertID = alertID
	}
	found, err := e.Store.History(ctx, q)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errs.New(errs.Invalid, "there is no such incident").WithField("incident_id")
	}
	return e.turn(ctx, func(t *turn) error {
		t.entry(&found[0], EntryNote, text, map[string]any{"note": text, "user": user})
		return nil
	})
}

// Record writes a line into the timeline of incidents, for example that a message was delivered.
func (e *Engine) Record(ctx context.Context, incidents []string, kind, summary string, details map[string]any) error {
	return e.turn(ctx, func(t *turn) error {
		for _, incident := range incidents {
			t.entry(&Alert{Incident: incident}, kind, summary, details)
		}
		return nil
	})
}
