package sqlite

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// The test binary run with this variable appends to a store in the folder that it names, until it is killed, and
// prints how many samples were acknowledged.
const killVariable = "PULSE_TEST_APPEND"

var killStart = time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killVariable); dir != "" {
		fmt.Println(appendForEver(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func appendForEver(dir string) error {
	ctx := context.Background()
	m, err := OpenMetrics(ctx, filepath.Join(dir, "metrics.db"), Options{Now: func() time.Time { return killStart }})
	if err != nil {
		return err
	}
	go func() {
		for {
			if err := m.Flush(ctx); err != nil {
				fmt.Println(err)
			}
		}
	}()
	before, err := m.Query(ctx, killQuery())
	if err != nil {
		return err
	}
	n := 0
	for _, s := range before {
		n += len(s.Points)
	}
	for ; ; n++ {
		if err := m.Append(ctx, []metric.Sample{killSample(n)}); err != nil {
			return err
		}
		fmt.Println(n + 1)
	}
}

// killSample is the nth sample: the series take turns, time goes on.
func killSample(n int) metric.Sample {
	return metric.Sample{
		Key:   metric.Key{Record: "host", Metric: "cpu", Instance: strconv.Itoa(n % 7)},
		Time:  killStart.Add(-40*time.Hour + time.Duration(n)*time.Second),
		Value: float64(n),
	}
}

func killQuery() metric.Query {
	return metric.Query{Records: []id.UID{"host"}, From: killStart.Add(-48 * time.Hour), To: killStart}
}

// runUntilKilled starts the appending process, kills it after some acknowledgements, and returns the last that it
// printed whole.
func runUntilKilled(t *testing.T, dir string, after int) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged, r := 0, bufio.NewReader(out)
	for lines := 0; ; lines++ {
		line, err := r.ReadString('\n')
		if err != nil {
			break
		}
		if acknowledged, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
			t.Errorf("the appending process says %q", line)
		}
		if lines == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	return acknowledged
}

// The store is killed at random moments, 30 times or as often as PULSE_KILLS says, and has each time all that it acknowledged.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	kills, err := strconv.Atoi(cmp.Or(os.Getenv("PULSE_KILLS"), "30"))
	if err != nil {
		t.Fatal(err)
	}
	for round := range kills {
		acknowledged := runUntilKilled(t, dir, rand.IntN(250)) //nolint:gosec // no secret
		m := openAt(t, dir, nil, func() time.Time { return killStart })
		answer, err := m.Query(t.Context(), killQuery())
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, s := range answer {
			for _, p := range s.Points {
				n := int(p.Value)
				if want := killSample(n); p.Count != 1 || want.Instance != s.Instance || !want.Time.Equal(p.Time()) {
					t.Fatalf("round %d: %v holds %+v", round, s.Key, p)
				}
				found++
			}
		}
		if found < acknowledged {
			t.Fatalf("round %d: %d samples were acknowledged, %d found", round, acknowledged, found)
		}
		checkRolledUp(t, m, found)
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if found > 100_000 { // the raw tier is kept for so long and no longer
			dir = t.TempDir()
		}
	}
}

// checkRolledUp asks the coarser tiers for how many samples they stand for.
func checkRolledUp(t *testing.T, m *Metrics, want int) {
	t.Helper()
	for _, back := range []time.Duration{10 * 24 * time.Hour, 300 * 24 * time.Hour, 1000 * 24 * time.Hour} {
		q := killQuery()
		q.From = killStart.Add(-back)
		answer, err := m.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, s := range answer {
			for _, p := range s.Points {
				total += int(p.Count)
			}
		}
		if total != want {
			t.Errorf("%v back: rollups stand for %d samples, %d are stored", back, total, want)
		}
	}
}
