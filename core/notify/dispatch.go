package notify

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// perTurn is how many notices one turn looks at.
const perTurn = 10_000

// Turn makes deliveries of what is to be told by now. What has to wait (for others of its group, for the end of quiet
// hours, of a snooze or of the pause after the last word) stays where it is.
func (d *Dispatcher) Turn(ctx context.Context) error {
	d.turning.Lock()
	defer d.turning.Unlock()
	if err := d.fetch(ctx); err != nil {
		return err
	}
	doc := d.alerts.Document()
	if len(d.notices) == 0 && !doc.Schedule.Escalation.Enabled {
		return nil
	}
	t := d.begin(doc)
	for _, group := range t.groups() {
		t.flush(group)
	}
	t.escalate()
	if t.empty() {
		return nil
	}
	if err := d.store.Dispatch(ctx, t.b); err != nil {
		return fmt.Errorf("store deliveries: %w", err)
	}
	for _, told := range t.b.Told {
		d.told[told.Incident] = told
		if !told.Ended.IsZero() {
			delete(d.told, told.Incident)
		}
	}
	d.notices = slices.DeleteFunc(d.notices, func(n alert.Notice) bool { return slices.Contains(t.b.Taken, n.Seq) })
	if len(t.b.Deliveries) > 0 {
		d.nudge()
	}
	return nil
}

// fetch reads the notices that came since.
func (d *Dispatcher) fetch(ctx context.Context) error {
	fresh, err := d.store.Notices(ctx, d.seen, perTurn)
	if err != nil {
		return fmt.Errorf("read notices: %w", err)
	}
	for _, n := range fresh {
		d.seen = n.Seq
		d.notices = append(d.notices, n)
	}
	return nil
}

// turn is one look at all that is to be told.
type turn struct {
	d        *Dispatcher
	now      time.Time
	doc      alert.Document
	base     string
	channels []Channel
	active   map[string]alert.Alert // by incident
	last     map[string]time.Time   // when an alert was last told, by its id
	told     map[string]Told
	b        Batch
}

func (d *Dispatcher) begin(doc alert.Document) *turn {
	t := &turn{d: d, now: d.now(), doc: doc, base: d.base(), active: map[string]alert.Alert{}, last: map[string]time.Time{}, told: map[string]Told{}}
	for _, c := range d.channels() {
		if c.Enabled {
			t.channels = append(t.channels, c)
		}
	}
	for _, a := range d.alerts.Active() {
		t.active[a.Incident] = a
	}
	for _, told := range d.told {
		if told.Last.After(t.last[told.AlertID]) {
			t.last[told.AlertID] = told.Last
		}
	}
	t.forget()
	for name, at := range d.spoken {
		if at.After(t.last[name]) {
			t.last[name] = at
		}
	}
	return t
}

// pause is how long an alert that was told is not told again.
func (t *turn) pause() time.Duration { return time.Duration(t.doc.Schedule.Cooldown) * time.Minute }

func (t *turn) empty() bool {
	return len(t.b.Taken)+len(t.b.Deliveries)+len(t.b.Told)+len(t.b.Cancel) == 0
}

// groups are the notices that are told together.
func (t *turn) groups() map[string][]alert.Notice {
	out := map[string][]alert.Notice{}
	g := t.doc.Schedule.Grouping
	for _, n := range t.d.notices {
		key := "all"
		switch {
		case !g.Enabled:
			key = n.Alert.Incident
		case g.ByGuest:
			key = "resource " + string(n.Alert.Key.Record)
		case g.ByNode:
			key = "node " + n.Alert.Node
		}
		if n.Kind == alert.NoticeResolved {
			key += " resolved"
		}
		out[key] = append(out[key], n)
	}
	return out
}

// flush tells a group when its time has come.
func (t *turn) flush(group []alert.Notice) {
	group = t.sort(group)
	if len(group) == 0 || !t.ripe(group) {
		return
	}
	for _, c := range t.channels {
		var all []alert.Alert
		var words []string
		for _, n := range group {
			if !t.hears(c, n) {
				continue
			}
			words = append(words, strconv.FormatInt(n.Seq, 10))
			if at := slices.IndexFunc(all, func(a alert.Alert) bool { return a.Incident == n.Alert.Incident }); at >= 0 {
				all[at] = n.Alert // it got worse meanwhile
				continue
			}
			all = append(all, n.Alert)
		}
		if len(all) == 0 {
			continue
		}
		kind := KindFiring
		if group[0].Kind == alert.NoticeResolved {
			kind = KindResolved
		}
		t.send(c, kind, all, strings.Join(words, ","))
	}
	for _, n := range group {
		t.b.Taken = append(t.b.Taken, n.Seq)
	}
}

// ripe tells whether a group has waited long enough: critical ones do not wait.
func (t *turn) ripe(group []alert.Notice) bool {
	g := t.doc.Schedule.Grouping
	if !g.Enabled || g.Window <= 0 {
		return true
	}
	for _, n := range group {
		if n.Kind != alert.NoticeResolved && n.Alert.Severity == sdk.SeverityCritical {
			return true
		}
	}
	return t.now.Sub(group[0].Created).Abs() >= time.Duration(g.Window)*time.Second
}

// sort leaves in what may be told now, and takes what need not be told any more.
func (t *turn) sort(group []alert.Notice) []alert.Notice {
	var out []alert.Notice
	for _, n := range group {
		switch t.judge(n) {
		case tell:
			if a, active := t.active[n.Alert.Incident]; active {
				n.Alert = a // it may have waited for hours
			}
			out = append(out, n)
		case forget:
			t.b.Taken = append(t.b.Taken, n.Seq)
		case wait:
		}
	}
	return out
}

type judgement int

const (
	tell judgement = iota
	wait
	forget
)

func (t *turn) judge(n alert.Notice) judgement {
	if n.Kind == alert.NoticeResolved {
		return t.judgeResolved(n)
	}
	a, active := t.active[n.Alert.Incident]
	_, told := t.d.told[n.Alert.Incident]
	switch {
	case !active:
		return forget // it is over, and nobody was told
	case a.Acknowledged:
		return forget
	case n.Kind == alert.NoticeFired && told:
		return forget // it got worse while this waited, and people know
	case t.doc.ActivationState != alert.Active, t.silent(a):
		return wait
	case n.Kind == alert.NoticeFired && t.tooSoon(a), t.tooOften(a.ID):
		return wait
	}
	return tell
}

// judgeResolved judges the word that something is over. Who was not told of its beginning is not told of its end.
func (t *turn) judgeResolved(n alert.Notice) judgement {
	told, was := t.d.told[n.Alert.Incident]
	switch {
	case !was:
		// Its beginning may wait still, in this turn or an earlier one.
		t.b.Cancel = append(t.b.Cancel, n.Alert.Incident)
		return forget
	case !t.doc.Schedule.NotifyResolve:
		told.Ended = t.now
		t.b.Told = append(t.b.Told, told)
		t.b.Cancel = append(t.b.Cancel, n.Alert.Incident)
		return forget
	case t.quiet(n.Alert):
		return wait
	}
	return tell
}

// tooSoon tells whether the same alert was told shortly before: then it has to last until the pause is over.
func (t *turn) tooSoon(a alert.Alert) bool {
	last, ok := t.last[a.ID]
	return ok && t.now.Sub(last).Abs() < t.pause()
}

// tooOften tells whether an alert was told as often as it may be within an hour.
func (t *turn) tooOften(name string) bool {
	most := t.doc.Schedule.MaxAlertsHour
	if most <= 0 {
		return false
	}
	return len(t.d.hourly[name]) >= most
}

// silent tells whether nobody is to hear of an alert for now.
func (t *turn) silent(a alert.Alert) bool {
	return t.now.Before(a.SnoozedUntil) || a.Quiet != "" || t.quiet(a)
}

// quiet tells whether quiet hours silence an alert.
func (t *turn) quiet(a alert.Alert) bool {
	q := t.doc.Schedule.QuietHours
	if !q.Quiet(t.now) {
		return false
	}
	if a.Severity != sdk.SeverityCritical {
		return true
	}
	switch a.Category {
	case "performance":
		return q.Suppress.Performance
	case "offline":
		return q.Suppress.Offline
	case "storage", "backup", "hardware":
		return q.Suppress.Storage
	}
	return compat.AlertCategory(a.Type) == "storage" && q.Suppress.Storage
}

// hears tells whether a channel is told of a notice.
func (t *turn) hears(c Channel, n alert.Notice) bool {
	if n.Kind == alert.NoticeResolved {
		return !c.Route.NoResolved && slices.Contains(t.d.told[n.Alert.Incident].Channels, c.ID)
	}
	return c.Route.takes(n.Alert, t.now)
}

func (r Route) takes(a alert.Alert, now time.Time) bool {
	any := func(list []string, fits func(string) bool) bool {
		return len(list) == 0 || slices.ContainsFunc(list, fits)
	}
	switch {
	case r.Critical && a.Severity != sdk.SeverityCritical, r.When != nil && !r.When.Holds(now):
		return false
	}
	return any(r.Types, func(s string) bool { return s == a.RecordType }) &&
		any(r.Categories, func(s string) bool { return s == a.Category }) &&
		any(r.Tags, func(s string) bool {
			return slices.ContainsFunc(a.Tags, func(own string) bool { return strings.EqualFold(own, s) })
		}) &&
		any(r.Names, func(s string) bool { return alert.Glob(s, a.ResourceName) })
}

// send puts a message for a channel among the deliveries.
func (t *turn) send(c Channel, kind string, all []alert.Alert, key string) {
	m := compose(kind, all, t.base, t.now)
	// The same word to the same channel has the same id, however often it is decided.
	m.ID = id.Stable(string(c.ID), kind, key)
	dv := Delivery{ID: m.ID, Channel: c.ID, Kind: c.Kind, Status: Waiting, Message: m, MaxAttempts: maxAttempts, Created: t.now.UTC(), Next: t.now.UTC(), Alerts: all[:min(len(all), maxAlerts)]}
	for _, a := range all {
		dv.Incidents = append(dv.Incidents, a.Incident)
		t.tell(a, c.ID, kind)
	}
	t.b.Deliveries = append(t.b.Deliveries, dv)
}

// tell remembers that a channel is told of an alert.
func (t *turn) tell(a alert.Alert, channel id.Integration, kind string) {
	at := slices.IndexFunc(t.b.Told, func(o Told) bool { return o.Incident == a.Incident })
	if at < 0 {
		told, was := t.d.told[a.Incident]
		if !was {
			told = Told{Incident: a.Incident, AlertID: a.ID, First: t.now.UTC()}
			t.d.hourly[a.ID] = append(t.d.hourly[a.ID], t.now)
		}
		told.Channels = slices.Clone(told.Channels)
		t.b.Told = append(t.b.Told, told)
		at = len(t.b.Told) - 1
	}
	told := &t.b.Told[at]
	told.Last = t.now.UTC()
	if kind == KindResolved {
		told.Ended = t.now.UTC()
		t.d.spoken[a.ID] = t.now
		t.b.Cancel = append(t.b.Cancel, a.Incident)
	} else if !slices.Contains(told.Channels, channel) {
		told.Channels = append(told.Channels, channel)
	}
}

// escalate tells more channels of what nobody looks after.
func (t *turn) escalate() {
	e := t.doc.Schedule.Escalation
	if !e.Enabled || t.doc.ActivationState != alert.Active {
		return
	}
	for incident, told := range t.d.told {
		a, active := t.active[incident]
		if !active || a.Acknowledged || t.silent(a) || slices.ContainsFunc(t.b.Told, func(o Told) bool { return o.Incident == incident }) {
			continue
		}
		kinds, level := []string{}, told.Level
		for n, l := range e.Levels {
			if n >= told.Level && t.now.Sub(a.Fired) >= time.Duration(l.After)*time.Minute {
				kinds, level = append(kinds, l.Notify), n+1
			}
		}
		if level == told.Level {
			continue
		}
		for _, c := range t.channels {
			if slices.Contains(kinds, "all") || slices.Contains(kinds, c.Kind) {
				t.send(c, KindFiring, []alert.Alert{a}, fmt.Sprintf("%s/escalation/%d", incident, level))
			}
		}
		t.escalated(told, level)
	}
}

func (t *turn) escalated(told Told, level int) {
	at := slices.IndexFunc(t.b.Told, func(o Told) bool { return o.Incident == told.Incident })
	if at < 0 {
		t.b.Told = append(t.b.Told, told)
		at = len(t.b.Told) - 1
	}
	t.b.Told[at].Level = level
	t.b.Told[at].Levels = append(slices.Clone(t.b.Told[at].Levels), t.now.UTC())
}
