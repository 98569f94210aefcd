package alert_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

func TestSpooledSamplesAreNotJudged(t *testing.T) {
	s := newStage(t)
	err := s.engine.Samples(t.Context(), []metric.Sample{{Key: metric.Key{Record: uid("gadget"), Metric: "charge"}, Time: s.now.Add(-time.Hour), Value: 0.1}})
	if err != nil || len(s.engine.Active()) != 0 {
		t.Fatalf("fired by what was measured an hour ago: %v", err)
	}
}

func TestWhatCannotBeStoredIsTakenBackAndComesAgain(t *testing.T) {
	s := newStage(t)
	s.store.fail = true
	low := []metric.Sample{{Key: metric.Key{Record: uid("gadget"), Metric: "charge"}, Time: s.now, Value: 0.1}}
	if err := s.engine.Samples(t.Context(), low); err == nil || len(s.engine.Active()) != 0 {
		t.Fatalf("it fires although it could not be stored: %v", err)
	}
	s.store.fail = false
	if err := s.engine.Samples(t.Context(), low); err != nil || len(s.engine.Active()) != 1 {
		t.Fatalf("the same sample does not fire afterwards: %v", err)
	}
	s.store.fail, s.now = true, s.now.Add(time.Minute)
	fine := []metric.Sample{{Key: low[0].Key, Time: s.now, Value: 0.9}}
	if err := s.engine.Samples(t.Context(), fine); err == nil || len(s.engine.Active()) != 1 {
		t.Fatal("it ended although that could not be stored")
	}
	s.store.fail = false
	if err := s.engine.Samples(t.Context(), fine); err != nil || len(s.engine.Active()) != 0 {
		t.Fatalf("it does not end afterwards: %v", err)
	}
}

func TestOnlyWhatWasToldIsTakenBack(t *testing.T) {
	s := newStage(t)
	for _, what := range []string{"tagged.fs_used[/]=0.95", "gadget.charge=0.1"} {
		s.do(what)
	}
	s.now = s.now.Add(10 * time.Second)
	for _, what := range []string{"tagged.fs_used[/]=0.95", "tagged.fs_used[/]=0.1", "gadget.charge=0.9"} {
		s.now = s.now.Add(time.Second)
		s.do(what)
	}
	var told []string
	for _, n := range s.store.notices {
		told = append(told, string(n.Kind)+" "+n.Alert.ID)
	}
	if strings.Join(told, ", ") != "fired gadget-charge, resolved gadget-charge" {
		t.Fatalf("told: %v", told)
	}
}

func TestTimelineAndNotes(t *testing.T) {
	s := newStage(t)
	s.do("gadget.charge=0.1")
	a := s.engine.Active()[0]
	if a.Message != "Charge of gadget is at 10 %, under the limit of 20 %." || a.Value != 10 || a.Threshold != 20 {
		t.Fatalf("%q %v %v", a.Message, a.Value, a.Threshold)
	}
	s.do("ack gadget-charge")
	for incident, wants := range map[[2]string]string{{a.Incident, ""}: "", {"", a.ID}: "", {"", "other"}: "no such incident", {"", ""}: "is missing"} {
		err := s.engine.Note(t.Context(), incident[0], incident[1], "ann", "looked at it")
		if (err == nil) != (wants == "") || err != nil && !strings.Contains(err.Error(), wants) {
			t.Fatalf("note on %v: %v", incident, err)
		}
	}
	s.now = s.now.Add(time.Minute)
	s.do("gadget.charge=0.9")
	entries, err := s.engine.Timeline(t.Context(), a.Incident)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range entries {
		kinds = append(kinds, e.Type)
	}
	if strings.Join(kinds, " ") != "alert_fired alert_acknowledged note note alert_resolved" {
		t.Fatalf("timeline %v", kinds)
	}
	past, _ := s.engine.History(t.Context(), alert.HistoryQuery{AlertID: a.ID})
	if len(past) != 1 || !past[0].Ended.Equal(s.now) {
		t.Fatalf("history %+v", past)
	}
}

func TestQuietHoursCountFromTheDayTheyBegin(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	weekdays := map[string]bool{"monday": true, "tuesday": true, "wednesday": true, "thursday": true, "friday": true}
	q := alert.QuietHours{Enabled: true, Start: "22:00", End: "08:00", Timezone: "Europe/Berlin", Days: weekdays}
	for text, want := range map[string]bool{
		"2026-01-09 21:59": false, // Friday
		"2026-01-09 22:00": true,
		"2026-01-10 07:59": true, // Saturday, but it began on Friday
		"2026-01-10 08:00": false,
		"2026-01-10 23:00": false,
		"2026-01-12 03:00": false, // Monday before dawn belongs to Sunday
		"2026-03-29 01:30": false, // Sunday of the clocks
		"2026-03-27 23:30": true,
		"2026-10-24 07:30": true,
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		if q.Quiet(at) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	// The night on which the clocks go forward is an hour shorter, not shifted.
	q.Days = map[string]bool{"saturday": true}
	for text, want := range map[string]bool{"2026-03-29 07:59": true, "2026-03-29 08:00": false, "2026-10-25 07:59": true, "2026-10-25 08:01": false} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if q.Quiet(at) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

func TestQuietHoursWhenClocksChange(t *testing.T) {
	for _, c := range []struct {
		name, zone, start, end string
		days                   []string
		in, out                []string // in UTC
	}{
		{"begins in the hour that never comes", "Europe/Berlin", "02:30", "03:15", nil,
			[]string{"2026-03-29T01:00:00Z", "2026-03-29T01:14:59Z"}, []string{"2026-03-29T00:59:59Z", "2026-03-29T01:15:00Z", "2026-03-29T12:00:00Z"}},
		{"never comes", "Europe/Berlin", "02:15", "02:45", nil,
			nil, []string{"2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T12:00:00Z"}},
		{"comes twice", "Europe/Berlin", "02:15", "02:45", nil,
			[]string{"2026-10-25T00:15:00Z", "2026-10-25T01:15:00Z"}, []string{"2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:45:00Z"}},
		{"over the hour that comes twice", "Europe/Berlin", "22:00", "06:00", []string{"saturday"},
			[]string{"2026-10-24T20:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T04:59:59Z"}, []string{"2026-10-24T19:59:59Z", "2026-10-25T05:00:00Z", "2026-10-25T22:00:00Z"}},
		{"ends in the hour that never comes", "America/New_York", "22:00", "02:30", []string{"saturday"},
			[]string{"2026-03-08T03:00:00Z", "2026-03-08T06:59:59Z"}, []string{"2026-03-08T07:00:00Z", "2026-03-08T12:00:00Z", "2026-03-09T03:00:00Z"}},
		{"comes twice on a Sunday", "America/New_York", "01:00", "02:00", []string{"sunday"},
			[]string{"2026-11-01T05:00:00Z", "2026-11-01T06:59:59Z"}, []string{"2026-11-01T04:59:59Z", "2026-11-01T07:00:00Z"}},
		{"of a Sunday that begins at one", "America/Santiago", "22:00", "08:00", []string{"sunday"},
			[]string{"2026-09-07T03:30:00Z"}, []string{"2026-09-06T03:30:00Z", "2026-09-06T04:00:00Z", "2026-09-06T04:30:00Z"}},
		{"to midnight", "Europe/Berlin", "20:00", "00:00", []string{"sunday"},
			[]string{"2026-03-29T18:00:00Z", "2026-03-29T21:59:59Z"}, []string{"2026-03-29T17:59:59Z", "2026-03-29T22:00:00Z"}},
		{"the whole day", "Europe/Berlin", "00:00", "00:00", []string{"sunday"},
			[]string{"2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"}, []string{"2026-10-24T21:59:59Z", "2026-10-25T23:00:00Z"}},
	} {
		w := alert.Weekly{Days: c.days, Start: c.start, End: c.end, Timezone: c.zone}
		for want, times := range map[bool][]string{true: c.in, false: c.out} {
			for _, text := range times {
				at, err := time.Parse(time.RFC3339, text)
				if err != nil {
					t.Fatal(err)
				}
				if w.Holds(at) != want {
					t.Errorf("%s: %s: %v", c.name, text, !want)
				}
			}
		}
	}
}

// TestModel compares the engine with a plain model over random samples, restarts and failures of the store: each firing
// and each end is told once, in turn, and what fires is what the model says.
func TestModel(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := newStage(t)
		s.do(`doc {"flappingEnabled":false}`)
		firing := false
		for range 60 {
			s.now = s.now.Add(time.Duration(1+random.IntN(50)) * time.Second)
			value := float64(random.IntN(100)) / 100
			s.store.fail = random.IntN(8) == 0
			what := fmt.Sprintf("gadget.charge=%v", value)
			for strings.HasPrefix(s.do(what), "error") { // the door applies a cycle again
				s.store.fail = random.IntN(2) == 0
			}
			s.store.fail = false
			switch {
			case value <= 0.2:
				firing = true
			case value >= 0.3:
				firing = false
			}
			if got := len(s.engine.Active()) == 1; got != firing {
				t.Fatalf("seed %d: after %v it fires: %v", seed, value, got)
			}
			if random.IntN(10) == 0 {
				s.open()
			}
		}
		last := alert.NoticeResolved
		for _, n := range s.store.notices {
			if n.Kind == last {
				t.Fatalf("seed %d: %s was told twice", seed, n.Kind)
			}
			last = n.Kind
		}
		if (last == alert.NoticeFired) != firing {
			t.Fatalf("seed %d: the last word is %s", seed, last)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"enabled":true,"hostDefaults":{"cpu":{"trigger":1}},"overrides":{"a":{"cpuLegacy":3}}}`))
	f.Add([]byte(`{"schedule":{"quietHours":{"enabled":true,"start":"x"}}}`))
	catalog, err := inventory.NewCatalog([]sdk.Description{types()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := alert.ParseDocument(raw)
		if err != nil {
			return
		}
		again, err := alert.ParseDocument((&settings{}).encode(d))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		alert.NewPolicy(catalog, again, nil)
	})
}

// BenchmarkJudge judges one look at 100,000 limits: 5,000 resources with 20 file systems each.
func BenchmarkJudge(b *testing.B) {
	now := monday
	catalog, err := inventory.NewCatalog([]sdk.Description{types()})
	if err != nil {
		b.Fatal(err)
	}
	inv := inventory.New(catalog, nowhere{}, func() time.Time { return now })
	var records []sdk.Record
	var samples []metric.Sample
	for n := range 5000 {
		key := fmt.Sprintf("box%d", n)
		records = append(records, sdk.Record{Type: "host", Key: key, Name: key, WireID: key, Status: sdk.StatusUp})
		for m := range 20 {
			samples = append(samples, metric.Sample{Key: metric.Key{Record: uid(key), Metric: "fs_used", Instance: fmt.Sprintf("/mnt/%d", m)}, Value: 0.5})
		}
	}
	if _, _, err := inv.Apply(b.Context(), inventory.Batch{Integration: "lab", Task: "t", At: now, Partitions: []inventory.Partition{{Records: records}}}); err != nil {
		b.Fatal(err)
	}
	e, err := alert.Open(b.Context(), alert.Config{Store: newMemory(), Settings: &settings{values: map[string][]byte{}}, Inventory: inv, Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(10 * time.Second)
		for i := range samples {
			samples[i].Time = now
		}
		if err := e.Samples(b.Context(), samples); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(samples)), "limits")
}
