package sqlite

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// Whatever order the series of a batch come in, and whatever is deleted in between, each sample is its own series'.
func TestSamplesFindTheirSeriesInAnyOrder(t *testing.T) {
	m := openAt(t, t.TempDir(), nil, fixed)
	defer m.Close()
	random := rand.New(rand.NewPCG(1, 2))
	want := map[metric.Key]int{}
	for round := range 60 {
		var batch []metric.Sample
		for host := range 3 {
			for n := range 8 {
				k := metric.Key{Record: id.UID(fmt.Sprint("host", host)), Metric: "heat", Instance: fmt.Sprint(n)}
				batch = append(batch, metric.Sample{Key: k, Time: killStart.Add(time.Duration(round-100) * time.Second), Value: float64(10*host + n)})
			}
		}
		if round%3 > 0 { // two of three rounds differ
			random.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
			batch = batch[:len(batch)-random.IntN(5)]
		}
		if round%20 == 19 {
			if err := m.Delete(t.Context(), []id.UID{"host1"}); err != nil {
				t.Fatal(err)
			}
			for k := range want {
				if k.Record == "host1" {
					delete(want, k)
				}
			}
		}
		if err := m.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		for _, s := range batch {
			want[s.Key]++
		}
	}
	got, err := m.Query(t.Context(), metric.Query{Records: []id.UID{"host0", "host1", "host2"}, From: killStart.Add(-time.Hour), To: killStart.Add(time.Hour)})
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d series, want %d, %v", len(got), len(want), err)
	}
	for _, s := range got {
		if len(s.Points) != want[s.Key] {
			t.Errorf("%v has %d points, want %d", s.Key, len(s.Points), want[s.Key])
		}
		var host, n int
		if _, err := fmt.Sscanf(string(s.Record)+" "+s.Instance, "host%d %d", &host, &n); err != nil {
			t.Fatal(err)
		}
		for _, p := range s.Points {
			if p.Value != float64(10*host+n) {
				t.Fatalf("%v has the value %v of another one", s.Key, p.Value)
			}
		}
	}
}
