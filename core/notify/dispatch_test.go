package notify_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/notify"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
)

// desk is a dispatcher on a real store with alerts made by hand.
type desk struct {
	t        *testing.T
	db       *sqlite.DB
	now      time.Time
	doc      alert.Document
	active   map[string]alert.Alert
	channels []notify.Channel
	d        *notify.Dispatcher

	mu   sync.Mutex
	sent []string // "channel kind title"
	ids  []string
	fail map[id.Integration]error
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	x := &desk{t: t, now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC), doc: alert.DefaultDocument(), active: map[string]alert.Alert{}, fail: map[id.Integration]error{}}
	x.doc.ActivationState = alert.Active
	x.doc.Schedule.Grouping.Enabled = false
	x.doc.Schedule.Cooldown = 0
	x.channels = []notify.Channel{{ID: "email/home", Kind: "email", Name: "home", Enabled: true}}
	db, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	x.db = db
	t.Cleanup(func() { _ = x.db.Close() })
	x.open()
	return x
}

func (x *desk) open() {
	var err error
	x.d, err = notify.Open(x.t.Context(), notify.Config{
		Store: sqlite.NewNotify(x.db), Alerts: x, Sender: x, Channels: func() []notify.Channel { return x.channels },
		Base: func() string { return "https://pulse.example.com/" }, Now: func() time.Time { return x.now },
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *desk) Active() []alert.Alert {
	var out []alert.Alert
	for _, a := range x.active {
		out = append(out, a)
	}
	return out
}

func (x *desk) Document() alert.Document { return x.doc }

func (x *desk) Record(context.Context, []string, string, string, map[string]any) error { return nil }

func (x *desk) Send(_ context.Context, channel id.Integration, m sdk.Message) ([]sdk.Receipt, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ids = append(x.ids, m.ID)
	if err := x.fail[channel]; err != nil {
		return nil, err
	}
	x.sent = append(x.sent, fmt.Sprintf("%s %s %s", channel, m.Kind, m.Title))
	return []sdk.Receipt{{Target: "t", OK: true}}, nil
}

// fire begins an alert and writes its notice as the engine does.
func (x *desk) fire(name string, severity sdk.Severity) alert.Alert {
	a := alert.Alert{Incident: name + x.now.Format("150405"), ID: name, Key: alert.Key{Record: id.UID(name), Kind: "cpu"}, Type: "cpu", Severity: severity, Category: "performance",
		ResourceName: name, RecordType: "host", Node: "node1", Message: name + " is busy.", Started: x.now, Fired: x.now, Told: true}
	x.active[a.Incident] = a
	x.commit(alert.NoticeFired, a)
	return a
}

func (x *desk) resolve(a alert.Alert) {
	delete(x.active, a.Incident)
	a.Ended = x.now
	x.commit(alert.NoticeResolved, a)
}

func (x *desk) commit(kind alert.NoticeKind, a alert.Alert) {
	x.t.Helper()
	b := alert.Batch{Notices: []alert.Notice{{Key: a.Incident + string(kind), Kind: kind, Alert: a, Created: x.now}}}
	if err := sqlite.NewAlerts(x.db).Commit(x.t.Context(), b); err != nil {
		x.t.Fatal(err)
	}
}

// look lets time pass, dispatches and delivers, and returns what arrived.
func (x *desk) look(after time.Duration) string {
	x.t.Helper()
	x.now = x.now.Add(after)
	x.sent = nil
	if err := x.d.Turn(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.d.Work(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	slices.Sort(x.sent)
	return strings.Join(x.sent, "; ")
}

func (x *desk) want(after time.Duration, want string) {
	x.t.Helper()
	if got := x.look(after); got != want {
		x.t.Fatalf("arrived: %q\nwant:    %q", got, want)
	}
}

func TestFiringAndEndAreToldOnce(t *testing.T) {
	x := newDesk(t)
	a := x.fire("box", sdk.SeverityWarning)
	x.want(0, "email/home firing Warning: box: cpu")
	x.want(time.Hour, "")
	x.open()
	x.want(time.Second, "")
	x.resolve(a)
	x.want(time.Second, "email/home resolved Resolved: box: cpu")
	x.want(time.Hour, "")
}

func TestNothingIsToldBeforeActivationAndWhatStillFiresAfter(t *testing.T) {
	x := newDesk(t)
	x.doc.ActivationState = alert.PendingReview
	x.fire("box", sdk.SeverityWarning)
	gone := x.fire("gone", sdk.SeverityCritical)
	x.want(time.Minute, "")
	x.resolve(gone)
	x.want(time.Minute, "")
	x.open()
	x.doc.ActivationState = alert.Active
	x.want(time.Minute, "email/home firing Warning: box: cpu")
}

func TestGroupsWaitForTheirWindowAndCriticalOnesDoNot(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.Grouping = alert.Grouping{Enabled: true, Window: 30, ByNode: true}
	x.fire("a", sdk.SeverityWarning)
	x.want(10*time.Second, "")
	x.fire("b", sdk.SeverityWarning)
	x.want(19*time.Second, "")
	x.want(time.Second, "email/home firing 2 warnings")
	x.fire("c", sdk.SeverityWarning)
	x.fire("d", sdk.SeverityCritical)
	x.want(time.Second, "email/home firing 2 alerts, 1 critical")
}

func TestWhatEndsWithinItsWindowIsNotTold(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.Grouping = alert.Grouping{Enabled: true, Window: 30}
	a := x.fire("a", sdk.SeverityWarning)
	x.want(10*time.Second, "")
	x.resolve(a)
	x.want(time.Minute, "")
	x.want(time.Minute, "")
}

func TestTenThousandAtOnceAreOneMessage(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.Grouping = alert.Grouping{Enabled: true, Window: 30}
	var b alert.Batch
	for n := range 10_000 {
		a := alert.Alert{Incident: fmt.Sprint(n), ID: fmt.Sprint("a", n), Severity: sdk.SeverityCritical, Type: "cpu", ResourceName: "box", Message: "m"}
		x.active[a.Incident] = a
		b.Notices = append(b.Notices, alert.Notice{Kind: alert.NoticeFired, Alert: a, Created: x.now})
	}
	if err := sqlite.NewAlerts(x.db).Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	x.want(time.Second, "email/home firing 10000 critical alerts")
	all, err := x.d.List(t.Context(), nil, 10)
	if err != nil || len(all) != 1 || len(all[0].Message.Alerts) != 50 || len(all[0].Incidents) != 10_000 {
		t.Fatalf("%d deliveries, %v", len(all), err)
	}
}

func TestQuietHoursHoldBackAndTellWhatIsLeft(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.QuietHours = alert.QuietHours{Enabled: true, Start: "11:00", End: "13:00", Timezone: "UTC", Days: map[string]bool{"monday": true}}
	x.fire("stays", sdk.SeverityWarning)
	goes := x.fire("goes", sdk.SeverityWarning)
	x.fire("urgent", sdk.SeverityCritical)
	x.want(time.Second, "email/home firing Critical: urgent: cpu")
	x.resolve(goes)
	x.want(30*time.Minute, "")
	x.open()
	x.want(30*time.Minute, "email/home firing Warning: stays: cpu")
	x.doc.Schedule.QuietHours.Days["monday"] = false
}

func TestQuietHoursSilenceTheCategoriesThatAreTicked(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.QuietHours = alert.QuietHours{Enabled: true, Start: "11:00", End: "13:00", Timezone: "UTC", Days: map[string]bool{"monday": true}, Suppress: alert.Suppress{Performance: true}}
	x.fire("urgent", sdk.SeverityCritical)
	x.want(time.Second, "")
}

func TestTheEndIsSilentInQuietHoursToo(t *testing.T) {
	x := newDesk(t)
	a := x.fire("box", sdk.SeverityWarning)
	x.want(0, "email/home firing Warning: box: cpu")
	x.doc.Schedule.QuietHours = alert.QuietHours{Enabled: true, Start: "11:00", End: "13:00", Timezone: "UTC", Days: map[string]bool{"monday": true}}
	x.resolve(a)
	x.want(time.Minute, "")
	x.want(time.Hour, "email/home resolved Resolved: box: cpu")
}

func TestTheSameAlertWaitsForThePause(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.Cooldown = 5
	a := x.fire("box", sdk.SeverityWarning)
	x.want(0, "email/home firing Warning: box: cpu")
	x.resolve(a)
	x.want(time.Minute, "email/home resolved Resolved: box: cpu")
	x.now = x.now.Add(time.Second)
	b := x.fire("box", sdk.SeverityWarning)
	x.want(0, "")
	x.resolve(b)
	x.want(time.Second, "")
	x.now = x.now.Add(time.Second)
	x.fire("box", sdk.SeverityWarning)
	x.want(time.Second, "")
	x.open()
	x.want(5*time.Minute, "email/home firing Warning: box: cpu")
}

func TestNoMoreThanSoManyAnHour(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.MaxAlertsHour = 2
	for n := range 4 {
		a := x.fire("box", sdk.SeverityWarning)
		want := "email/home firing Warning: box: cpu"
		if n >= 2 {
			want = ""
		}
		x.want(time.Second, want)
		x.resolve(a)
		x.look(time.Second)
	}
	stays := x.fire("box", sdk.SeverityWarning)
	x.want(time.Minute, "")
	x.want(time.Hour, "email/home firing Warning: box: cpu")
	x.resolve(stays)
	x.want(time.Second, "email/home resolved Resolved: box: cpu")
}

// raise makes an alert worse, or less bad, as the engine does.
func (x *desk) raise(a alert.Alert, severity sdk.Severity) {
	a.Severity = severity
	x.active[a.Incident] = a
	if severity == sdk.SeverityCritical {
		x.commit(alert.NoticeRaised, a)
	}
}

func TestWhatGotWorseWhileItWaitedIsToldOnce(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.QuietHours = alert.QuietHours{Enabled: true, Start: "11:00", End: "13:00", Timezone: "UTC", Days: map[string]bool{"monday": true}}
	a := x.fire("box", sdk.SeverityWarning)
	x.want(time.Second, "")
	x.raise(a, sdk.SeverityCritical)
	x.want(time.Second, "email/home firing Critical: box: cpu")
	x.open()
	x.want(time.Hour, "")
}

func TestWhatWaitedIsToldAsItIsByThen(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.QuietHours = alert.QuietHours{Enabled: true, Start: "11:00", End: "13:00", Timezone: "UTC", Days: map[string]bool{"monday": true}, Suppress: alert.Suppress{Performance: true}}
	a := x.fire("box", sdk.SeverityCritical)
	x.want(time.Second, "")
	x.raise(a, sdk.SeverityWarning)
	x.want(time.Hour, "email/home firing Warning: box: cpu")
}

func TestEscalationWaitsForTheEndOfQuietHours(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.Escalation = alert.Escalation{Enabled: true, Levels: []alert.Level{{After: 15, Notify: "email"}, {After: 30, Notify: "all"}}}
	x.fire("box", sdk.SeverityWarning)
	x.want(0, "email/home firing Warning: box: cpu")
	x.doc.Schedule.QuietHours = alert.QuietHours{Enabled: true, Start: "11:00", End: "13:00", Timezone: "UTC", Days: map[string]bool{"monday": true}}
	x.want(40*time.Minute, "")
	x.want(20*time.Minute, "email/home firing Warning: box: cpu") // once, whatever levels are due by now
	x.want(time.Hour, "")
}

func TestNoWordOfTheEndWhenNotWanted(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.NotifyResolve = false
	a := x.fire("box", sdk.SeverityWarning)
	x.want(0, "email/home firing Warning: box: cpu")
	x.resolve(a)
	x.want(time.Second, "")
}

func TestAcknowledgedAndSnoozedAreNotTold(t *testing.T) {
	x := newDesk(t)
	a, b := x.fire("acked", sdk.SeverityWarning), x.fire("snoozed", sdk.SeverityWarning)
	a.Acknowledged, b.SnoozedUntil = true, x.now.Add(time.Hour)
	x.active[a.Incident], x.active[b.Incident] = a, b
	x.want(time.Minute, "")
	x.want(time.Hour, "email/home firing Warning: snoozed: cpu")
}

func TestRoutes(t *testing.T) {
	x := newDesk(t)
	x.channels = []notify.Channel{
		{ID: "email/all", Kind: "email", Enabled: true},
		{ID: "email/off", Kind: "email"},
		{ID: "webhook/critical", Kind: "webhook", Enabled: true, Route: notify.Route{Critical: true}},
		{ID: "webhook/db", Kind: "webhook", Enabled: true, Route: notify.Route{Names: []string{"db*"}, NoResolved: true}},
		{ID: "webhook/storage", Kind: "webhook", Enabled: true, Route: notify.Route{Categories: []string{"storage"}}},
	}
	a := x.fire("db1", sdk.SeverityWarning)
	x.want(0, "email/all firing Warning: db1: cpu; webhook/db firing Warning: db1: cpu")
	x.resolve(a)
	x.want(time.Second, "email/all resolved Resolved: db1: cpu")
	x.fire("box", sdk.SeverityCritical)
	x.want(time.Second, "email/all firing Critical: box: cpu; webhook/critical firing Critical: box: cpu")
}

func TestEscalationTellsMoreAndTheirEnd(t *testing.T) {
	x := newDesk(t)
	x.channels = append(x.channels, notify.Channel{ID: "webhook/boss", Kind: "webhook", Enabled: true, Route: notify.Route{Critical: true}})
	x.doc.Schedule.Escalation = alert.Escalation{Enabled: true, Levels: []alert.Level{{After: 15, Notify: "webhook"}, {After: 30, Notify: "all"}}}
	x.doc.Schedule.Cooldown = 60
	a := x.fire("box", sdk.SeverityWarning)
	x.want(0, "email/home firing Warning: box: cpu")
	x.want(14*time.Minute, "")
	x.want(time.Minute, "webhook/boss firing Warning: box: cpu")
	x.open()
	x.want(time.Minute, "")
	x.want(14*time.Minute, "email/home firing Warning: box: cpu; webhook/boss firing Warning: box: cpu")
	x.want(time.Hour, "")
	x.resolve(a)
	x.want(time.Second, "email/home resolved Resolved: box: cpu; webhook/boss resolved Resolved: box: cpu")
}

func TestAcknowledgedDoesNotEscalate(t *testing.T) {
	x := newDesk(t)
	x.doc.Schedule.Escalation = alert.Escalation{Enabled: true, Levels: []alert.Level{{After: 15, Notify: "all"}}}
	a := x.fire("box", sdk.SeverityWarning)
	x.want(0, "email/home firing Warning: box: cpu")
	a.Acknowledged = true
	x.active[a.Incident] = a
	x.want(time.Hour, "")
}

func TestDeliveriesAreTriedAgainWithTheSameID(t *testing.T) {
	x := newDesk(t)
	x.fail["email/home"] = sdk.Errorf(sdk.KindUnreachable, "The mail server does not answer.")
	x.fire("box", sdk.SeverityWarning)
	x.want(0, "")
	for range 8 {
		x.want(10*time.Minute, "")
	}
	all, _ := x.d.List(t.Context(), nil, 10)
	if len(all) != 1 || all[0].Status != notify.Waiting || all[0].Attempts != 9 || all[0].LastError != "The mail server does not answer." {
		t.Fatalf("%+v", all)
	}
	x.want(10*time.Minute, "")
	if all, _ = x.d.List(t.Context(), []notify.Status{notify.Dead}, 10); len(all) != 1 {
		t.Fatal("not among the dead letters after ten attempts")
	}
	for _, one := range x.ids {
		if one != all[0].ID {
			t.Fatalf("ids %v", x.ids)
		}
	}
	delete(x.fail, "email/home")
	if err := x.d.Retry(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	x.want(time.Second, "email/home firing Warning: box: cpu")
	if err := x.d.Retry(t.Context(), all[0].ID); err == nil {
		t.Fatal("what was sent is no dead letter")
	}
}

func TestAWrongConfigurationIsNotTriedAgain(t *testing.T) {
	x := newDesk(t)
	x.fail["email/home"] = sdk.Errorf(sdk.KindConfig, "There is no recipient.")
	x.fire("box", sdk.SeverityWarning)
	x.want(0, "")
	all, _ := x.d.List(t.Context(), []notify.Status{notify.Dead}, 10)
	if len(all) != 1 || all[0].Attempts != 1 {
		t.Fatalf("%+v", all)
	}
	if err := x.d.Drop(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := x.d.Drop(t.Context(), "nope"); err == nil {
		t.Fatal("unknown letters can be dropped")
	}
}

func TestWhatWaitsIsNotSentWhenItIsOver(t *testing.T) {
	x := newDesk(t)
	x.fail["email/home"] = errors.New("down")
	a := x.fire("box", sdk.SeverityWarning)
	x.want(0, "")
	delete(x.fail, "email/home")
	x.resolve(a)
	x.want(time.Hour, "email/home resolved Resolved: box: cpu")
}

func TestSendingIsTakenUpAgainAfterARestart(t *testing.T) {
	x := newDesk(t)
	x.fire("box", sdk.SeverityWarning)
	if err := x.d.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, _ := x.d.List(t.Context(), nil, 1)
	all[0].Status = notify.Sending // as it is when the server is killed
	if err := sqlite.NewNotify(x.db).Save(t.Context(), all[0]); err != nil {
		t.Fatal(err)
	}
	x.open()
	x.want(time.Second, "email/home firing Warning: box: cpu")
}
