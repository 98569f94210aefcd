package fleet

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// body returns what a host's document says.
func (r *rig) body(host string) string {
	r.t.Helper()
	record, ok := r.inv.Record(id.Record("probe", host))
	if !ok {
		r.t.Fatalf("no host %s", host)
	}
	var doc struct{ Body string }
	if err := json.Unmarshal(record.Parts[""], &doc); err != nil {
		r.t.Fatal(err)
	}
	return doc.Body
}

// The server is started again while an agent sends what waited in its spool: what is older is charted where it belongs
// and does not pass for the present.
func TestASpoolDoesNotPassForThePresentAfterARestart(t *testing.T) {
	r := newRig(t)
	host := r.send("t1", "m", "one", r.now, "present")
	r.restart()
	r.now = r.now.Add(time.Second)
	r.send("t1", "m", "one", r.now.Add(-30*time.Minute), "half an hour ago")
	if got := r.body(host); got != "present" {
		t.Errorf("the host shows %q", got)
	}
	if got := r.times(host); len(got) != 2 || !got[0].Before(got[1].Add(-29*time.Minute)) {
		t.Errorf("charted at %v", got)
	}
	r.now = r.now.Add(10 * time.Second)
	r.send("t1", "m", "one", r.now, "the next")
	if got := r.body(host); got != "the next" {
		t.Errorf("the host shows %q", got)
	}
}

// A host's clock is set while it reports: a few reports at the same pace show that it was, and the charts go on.
func TestAClockThatIsSetIsFollowed(t *testing.T) {
	for name, jump := range map[string]time.Duration{"forwards": 3 * time.Hour, "backwards": -3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			host := ""
			for range 5 {
				r.now = r.now.Add(10 * time.Second)
				host = r.send("t1", "m", "one", r.now, "before")
			}
			for range steadyLags + 1 {
				r.now = r.now.Add(10 * time.Second)
				r.send("t1", "m", "one", r.now.Add(jump), "after")
			}
			if got := r.body(host); got != "after" {
				t.Errorf("the host shows what was %s", got)
			}
			points := r.times(host)
			if last := points[len(points)-1]; r.now.Sub(last).Abs() > 2*time.Second {
				t.Errorf("the last report is charted at %v, it arrived at %v", last, r.now)
			}
		})
	}
}

// The server's own clock was far ahead and is set back: reports do not wait for hours to count as new.
func TestTheServersClockIsSetBack(t *testing.T) {
	r := newRig(t)
	host := r.send("t1", "m", "one", r.now, "ahead")
	r.now = r.now.Add(-5 * time.Hour)
	r.send("t1", "m", "one", r.now, "right")
	if got := r.body(host); got != "right" {
		t.Errorf("the host shows %q", got)
	}
}

func TestSamplesAreTheReportersByTheServersClock(t *testing.T) {
	received := time.Unix(1_700_000_000, 0)
	one := func(key string, at time.Time) sdk.Sample { return sdk.Sample{Key: key, Time: at} }
	obs := []sdk.Observation{
		one(sdk.Self, received.Add(-time.Hour)),
		sdk.Samples{one(sdk.Self+"/sda", received.Add(-time.Hour)), one("other", received.Add(time.Hour)), one(sdk.Self, time.Time{})},
	}
	replaceSelf(obs, "h")
	shift(obs, time.Minute, received)
	ago := received.Add(-59 * time.Minute)
	want := []sdk.Observation{one("h", ago), sdk.Samples{one("h/sda", ago), one("other", received), one("h", time.Time{})}}
	if !reflect.DeepEqual(obs, want) {
		t.Errorf("got %+v, want %+v", obs, want)
	}
	if kept := samplesOf(append(obs, sdk.Record{})); !reflect.DeepEqual(kept, want) {
		t.Errorf("the samples alone are %+v", kept)
	}
}
