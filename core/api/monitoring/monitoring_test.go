package monitoring

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/poll"
	"github.com/pulse-platform/pulse/sdk"
)

func TestHealthTellsWhatIsDueAndWhatFails(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	a := Area{Now: func() time.Time { return now }, Sources: func() []Source {
		return []Source{
			{Kind: "ups", Name: "z", Connection: "https://z", Calls: 12.5, Jobs: []poll.Status{
				{Job: poll.Job{Task: "all", Interval: 10 * time.Second}, Breaker: poll.Closed, LastSuccess: ago(time.Minute), Next: now.Add(5 * time.Second), LastTook: 20 * time.Millisecond},
				{Job: poll.Job{Task: "slow", Interval: time.Hour}, Breaker: poll.Closed, Next: now.Add(time.Hour)},
				{Job: poll.Job{Task: "watch", Watch: true}, Running: true},
			}},
			{Kind: "ups", Name: "a", Title: "Attic", Calls: -1, Warnings: []string{"half"}, Jobs: []poll.Status{
				{Job: poll.Job{Task: "all", Interval: 10 * time.Second}, Breaker: poll.Open, Failures: 5, LastError: "refused", LastKind: sdk.KindAuth,
					LastSuccess: ago(time.Hour), FirstFailure: ago(time.Minute), LastFailure: ago(time.Second), BreakerSince: ago(30 * time.Second), Next: now.Add(time.Minute)},
				{Job: poll.Job{Task: "more"}, Breaker: poll.HalfOpen, Running: true, Failures: 1, LastKind: sdk.KindUnreachable},
			}},
			{Kind: "note", Name: "never polled"},
		}
	}}
	got, err := a.health(t.Context(), route.None{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Queue.Depth != 3 || got.Queue.DueWithinSeconds != 1 || got.Queue.PerType["ups"] != 3 {
		t.Errorf("queue: %+v", got.Queue)
	}
	if got.DeadLetter.Count != 1 || got.DeadLetter.Tasks[0].Instance != "a" || got.DeadLetter.Tasks[0].Failures != 5 {
		t.Errorf("dead letters: %+v", got.DeadLetter)
	}
	if len(got.Instances) != 2 || len(got.Breakers) != 1 || got.Breakers[0].State != "open" {
		t.Fatalf("%+v", got)
	}
	bad, good := got.Instances[0], got.Instances[1]
	if bad.Key != "ups::a" || bad.DisplayName != "Attic" || bad.PollStatus.ConsecutiveFailures != 5 || bad.PollStatus.LastError.Category != "permanent" ||
		bad.Breaker.RetryAt == nil || !bad.DeadLetter.Present || bad.DeadLetter.RetryCount != 5 || bad.CallsPerMinute != nil || len(bad.Warnings) != 1 {
		t.Errorf("%+v", bad)
	}
	if good.PollStatus.LastError != nil || good.Breaker.State != "closed" || good.DeadLetter.Present || *good.CallsPerMinute != 12.5 || len(good.Tasks) != 3 || good.Tasks[0].TookMS != 20 {
		t.Errorf("%+v", good)
	}
	for _, s := range got.Staleness {
		if want := map[string]float64{"z": 0.2, "a": 1}[s.Instance]; s.Score != want {
			t.Errorf("score of %s: %v, want %v", s.Instance, s.Score, want)
		}
	}
	raw, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(raw), `"lastError":"0001-01-01T00:00:00Z"`) {
		t.Errorf("a time that never was is told as the reference does: %s, %v", raw, err)
	}
}
