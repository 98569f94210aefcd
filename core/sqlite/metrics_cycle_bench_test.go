package sqlite

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

const (
	cycleSeries = 20_000
	cycleEvery  = 10 * time.Second
)

// cycles makes the samples of 20,000 series: gauges that wander, rates that jump, and some that hardly move, at the
// precision of the catalogue.
type cycles struct {
	samples []metric.Sample
	state   []uint64
}

func newCycles() *cycles {
	c := &cycles{samples: make([]metric.Sample, cycleSeries), state: make([]uint64, cycleSeries)}
	for i := range c.samples {
		c.samples[i].Key = metric.Key{Record: id.UID(fmt.Sprintf("guest-%05d", i/10)), Metric: fmt.Sprintf("metric%d", i%10)}
		c.state[i] = uint64(i)*0x9e3779b97f4a7c15 + 1
	}
	return c
}

// at returns the samples of a moment. The list is used again.
func (c *cycles) at(at time.Time) []metric.Sample {
	for i := range c.samples {
		c.state[i] ^= c.state[i] << 13
		c.state[i] ^= c.state[i] >> 7
		c.state[i] ^= c.state[i] << 17
		noise, v := float64(c.state[i]%1000)/1000, 0.0
		switch i % 10 {
		case 0, 1: // a ratio that wanders
			v = 0.3 + 0.1*math.Sin(float64(at.Unix())/3000) + noise/20
		case 2, 3: // bytes a second
			v = 1e6 * noise
			if noise < 0.5 {
				v = 0
			}
		case 4, 5, 6: // memory that moves now and then
			v = 8e9 + float64(c.state[i]%16/15)*4096*1000
		case 7: // a disk that fills
			v = 1e11 + float64(at.Unix()/600)*1e6
		default: // a count
			v = float64(i % 100)
		}
		c.samples[i].Time, c.samples[i].Value = at, metric.Round(v, 10)
	}
	return c.samples
}

// written returns how many bytes this process has given to the block layer, as the kernel counts them.
func written() int64 {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			v, _ := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			return v
		}
	}
	return 0
}

// BenchmarkCycle appends an hour and some of cycles of 20,000 series, each 10 s a cycle, packs it, and tells what it costs.
func BenchmarkCycle(b *testing.B) {
	for b.Loop() {
		clock := killStart.Truncate(time.Hour)
		dir := b.TempDir()
		var before, after runtime.MemStats
		c := newCycles()
		runtime.GC()
		runtime.ReadMemStats(&before)
		m, err := OpenMetrics(b.Context(), filepath.Join(dir, "metrics.db"), Options{Now: func() time.Time { return clock }})
		if err != nil {
			b.Fatal(err)
		}
		io, n := written(), 0
		var appending, packing time.Duration
		for hour := range 4 {
			for range int(time.Hour / cycleEvery) {
				clock = clock.Add(cycleEvery)
				samples := c.at(clock)
				start := time.Now()
				if err := m.Append(b.Context(), samples); err != nil {
					b.Fatal(err)
				}
				appending += time.Since(start)
				n += len(samples)
			}
			if hour == 0 {
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapInuse-before.HeapInuse)/(1<<20), "MiB")
			}
			start := time.Now()
			if err := m.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			packing += time.Since(start)
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(n)/appending.Seconds(), "samples/s")
		b.ReportMetric(packing.Seconds()*1e9/float64(n), "packing-ns/sample")
		b.ReportMetric(float64(written()-io)/float64(n), "written-B/sample")
		reportSize(b, dir, n)
	}
}

// reportSize tells how many bytes of the file a sample takes, raw samples alone and with the rollups.
func reportSize(b *testing.B, dir string, samples int) {
	b.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "metrics.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, step := range []int{0, 60, 3600} {
		var bytes float64
		if err := db.QueryRowContext(b.Context(), fmt.Sprintf(`SELECT sum(length(data)) FROM chunks_%d`, step)).Scan(&bytes); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(bytes/float64(samples), fmt.Sprintf("data%d-B/sample", step))
	}
	info, err := os.Stat(filepath.Join(dir, "metrics.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(samples), "file-B/sample")
}

// BenchmarkPlainRows stores the same cycles as one row per sample, a transaction per cycle, for comparison.
func BenchmarkPlainRows(b *testing.B) {
	for b.Loop() {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "plain.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := db.ExecContext(b.Context(), `CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL, metric TEXT NOT NULL,
			value REAL NOT NULL, at INTEGER NOT NULL, tier TEXT NOT NULL); CREATE INDEX lookup ON metrics (record, metric, tier, at)`); err != nil {
			b.Fatal(err)
		}
		c, clock, n, io := newCycles(), killStart, 0, written()
		start := time.Now()
		for range 6 {
			clock = clock.Add(cycleEvery)
			if err := plainRows(b, db, c.at(clock)); err != nil {
				b.Fatal(err)
			}
			n += cycleSeries
		}
		b.ReportMetric(float64(n)/time.Since(start).Seconds(), "samples/s")
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(written()-io)/float64(n), "written-B/sample")
	}
}

func plainRows(b *testing.B, db *sql.DB, samples []metric.Sample) error {
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(b.Context(), `INSERT INTO metrics (record, metric, value, at, tier) VALUES (?, ?, ?, ?, 'raw')`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, s := range samples {
		if _, err := insert.ExecContext(b.Context(), string(s.Record), s.Metric, s.Value, s.Time.Unix()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// BenchmarkSparklines asks for an hour of 500 series in 60 points, in one call.
func BenchmarkSparklines(b *testing.B) {
	clock := killStart.Truncate(time.Hour)
	m := openBench(b, func() time.Time { return clock })
	c := newCycles()
	for range int(90 * time.Minute / cycleEvery) {
		clock = clock.Add(cycleEvery)
		if err := m.Append(b.Context(), c.at(clock)[:500]); err != nil {
			b.Fatal(err)
		}
		if clock.Equal(killStart.Truncate(time.Hour).Add(time.Hour)) {
			if err := m.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	q := metric.Query{From: clock.Add(-time.Hour), To: clock, MaxPoints: 60}
	for i := range 50 {
		q.Records = append(q.Records, c.samples[i*10].Record)
	}
	for b.Loop() {
		if answer, err := m.Query(b.Context(), q); err != nil || len(answer) != 500 {
			b.Fatal(len(answer), err)
		}
	}
}
