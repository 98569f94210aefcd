package alert_test

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
)

// measured is a stage whose numbers are stored, as the door does.
func measured(t *testing.T) (*stage, metric.Store) {
	t.Helper()
	s := newStage(t)
	store := metrictest.NewMemory(s.clock)
	var err error
	s.engine, err = alert.Open(t.Context(), alert.Config{Store: s.store, Settings: s.names, Inventory: s.inv, Conditions: s.board, Metrics: store, Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	return s, store
}

func (s *stage) stored(store metric.Store, key metric.Key, value float64) {
	s.t.Helper()
	s.records()
	one := []metric.Sample{{Key: key, Time: s.now, Value: value}}
	if err := store.Append(s.t.Context(), one); err != nil {
		s.t.Fatal(err)
	}
	if err := s.engine.Samples(s.t.Context(), one); err != nil {
		s.t.Fatal(err)
	}
}

func TestADiskThatFillsIsToldBeforeItIsFull(t *testing.T) {
	s, store := measured(t)
	if got := s.do(`rule {"kind":"fs_used","measure":"full_in","over":7200,"trigger":24,"clear":48,"below":true,"for":0}`); got != "" {
		t.Fatal(got)
	}
	root := metric.Key{Record: uid("box"), Metric: "fs_used", Instance: "/"}
	still := metric.Key{Record: uid("box"), Metric: "fs_used", Instance: "/still"}
	fired := ""
	for n := range 24 { // two hours, in which it grows by 2 % an hour from 60 %
		s.now = s.now.Add(5 * time.Minute)
		s.stored(store, root, 0.6+0.02*float64(n)/12)
		s.stored(store, still, 0.8)
		if got := s.do("tick"); got != "" {
			fired += got
		}
	}
	if fired != "+host:box/disk:root-disk-full_in:warning" {
		t.Fatalf("fired: %q", fired)
	}
	a := s.engine.Active()[0]
	if a.Unit != "h" || a.Value < 15 || a.Value > 22 || a.Category != "storage" {
		t.Fatalf("%+v", a)
	}
	ended := ""
	for range 36 { // then it does not grow any more
		s.now = s.now.Add(5 * time.Minute)
		s.stored(store, root, 0.64)
		ended += s.do("tick")
	}
	if ended != "-host:box/disk:root-disk-full_in" {
		t.Fatalf("ended: %q", ended)
	}
}

func TestAChangeWithinAnHour(t *testing.T) {
	s, store := measured(t)
	s.do(`rule {"kind":"heat","measure":"change","over":3600,"trigger":5,"clear":2,"for":0}`)
	key := metric.Key{Record: uid("gadget"), Metric: "heat"}
	fired := ""
	for n := range 8 {
		s.now = s.now.Add(5 * time.Minute)
		s.stored(store, key, 20+float64(n))
		fired += s.do("tick")
	}
	if fired != "+gadget-heat-change:warning" {
		t.Fatalf("fired: %q", fired)
	}
	if got := s.do(`rule {"kind":"heat","measure":"full_in","trigger":1}`); got != "error: below: must be set: a time until full is wrong when it is short" {
		t.Fatal(got)
	}
}

func TestWhySaysWhichRuleDecidesAndWhatTheNumbersWere(t *testing.T) {
	s, store := measured(t)
	s.do(`rule {"kind":"heat","trigger":40,"critical":50,"for":600}`)
	key := metric.Key{Record: uid("gadget"), Metric: "heat"}
	for n := range 30 {
		s.now = s.now.Add(10 * time.Second)
		s.stored(store, key, 30+float64(n))
	}
	r, _ := s.inv.Record(uid("gadget"))
	why, err := s.engine.Why(t.Context(), r, "heat", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(why.Rules) != 2 || why.Rules[1].ID != why.Decides || why.Phase != alert.Pending || *why.Trigger != 40 || *why.Critical != 50 || why.For != 600 || !why.Judged {
		t.Fatalf("%+v", why)
	}
	if len(why.Evaluations) != 20 || why.Evaluations[0].Value != 59 || why.Evaluations[0].Severity != "critical" || why.Evaluations[19].Severity != "warning" {
		t.Fatalf("%+v", why.Evaluations)
	}
	s.do(`rule {"kind":"*","match":{"ids":["gadget"]},"off":true,"priority":9}`)
	if why, err = s.engine.Why(t.Context(), r, "heat", ""); err != nil || why.Judged || len(why.Evaluations) != 0 {
		t.Fatalf("%+v %v", why, err)
	}
}

func TestWhyOfANumberThatAnotherOneTellsBetter(t *testing.T) {
	s, store := measured(t)
	r, _ := s.inv.Record(uid("vm"))
	for n := range 3 {
		s.now = s.now.Add(time.Minute)
		together := []metric.Sample{{Key: metric.Key{Record: r.UID, Metric: "backup_age"}, Time: s.now, Value: 40 * 86400}}
		if n == 1 {
			together = append(together, metric.Sample{Key: metric.Key{Record: r.UID, Metric: "overdue"}, Time: s.now, Value: 0})
		}
		if err := store.Append(t.Context(), together); err != nil {
			t.Fatal(err)
		}
	}
	why, err := s.engine.Why(t.Context(), r, "backup_age", "")
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, e := range why.Evaluations {
		said += e.Severity + "."
	}
	if said != "warning..warning." || why.Rules[0].Note != `Counts where "Overdue" is not measured.` {
		t.Fatalf("%q %+v", said, why.Rules)
	}
}

func TestLimitsAreWhatAllRulesLeave(t *testing.T) {
	s, _ := measured(t)
	heat := func() (found []alert.MetricLimit) {
		r, _ := s.inv.Record(uid("gadget"))
		for _, l := range s.engine.Limits(r) {
			if l.Metric == "heat" {
				found = append(found, l)
			}
		}
		return found
	}
	if got := heat(); len(got) != 1 || got[0].Trigger != 60 || *got[0].Critical != 80 {
		t.Fatalf("by the plugin: %+v", got)
	}
	s.do(`rule {"kind":"heat","trigger":40,"clear":35,"critical":50}`)
	if got := heat(); len(got) != 1 || got[0].Trigger != 40 || got[0].Clear != 35 || *got[0].Critical != 50 || got[0].Below {
		t.Fatalf("by a rule: %+v", got)
	}
	s.do(`rule {"kind":"heat","match":{"ids":["gadget"]},"off":true,"priority":9}`)
	if got := heat(); len(got) != 0 {
		t.Fatalf("what is not judged has no limit: %+v", got)
	}
}

func TestOneAlertForASourceThatIsAway(t *testing.T) {
	s := newStage(t)
	source := alert.Source{ID: "lab/one", Kind: "lab", Name: "one"}
	gone := false
	open := func() {
		var err error
		s.engine, err = alert.Open(t.Context(), alert.Config{Store: s.store, Settings: s.names, Inventory: s.inv, Conditions: s.board, Now: s.clock, Sources: func() []alert.Source {
			if gone {
				return nil
			}
			return []alert.Source{source}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	open()
	look := func(after time.Duration, want string) {
		t.Helper()
		s.now = s.now.Add(after)
		if got := s.do("tick"); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	look(time.Second, "")
	source.Problem = "the password is refused"
	look(time.Second, "")
	look(119*time.Second, "")
	look(time.Second, "+integration-lab/one:critical")
	look(time.Hour, "")
	open()
	look(time.Second, "")
	source.Problem = ""
	look(time.Second, "-integration-lab/one")
	source.Problem = "the password is refused"
	look(time.Second, "")
	look(120*time.Second, "+integration-lab/one:critical")
	s.do(`doc {"enabled":false}`)
	look(time.Second, "")
	s.do(`doc {"enabled":true}`)
	look(time.Second, "")
	look(120*time.Second, "+integration-lab/one:critical")
	gone = true
	look(time.Second, "-integration-lab/one")
	gone = false
	s.do(`window {"match":{"integrations":["lab/one"]},"to":"` + s.now.Add(time.Hour).Format(time.RFC3339) + `"}`)
	look(time.Second, "")
	look(120*time.Second, "+integration-lab/one:critical(quiet)")
	look(time.Hour, "~integration-lab/one") // the window is over
}
