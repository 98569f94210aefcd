package sqlite

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

func newCycles() *cycles { return cyclesOf(cycleSeries) }

func cyclesOf(series int) *cycles {
	c := &cycles{samples: make([]metric.Sample, series), state: make([]uint64, series)}
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

// spent sums up what pieces of work took: time, processor time of the whole process, and bytes that the kernel wrote.
type spent struct {
	wall, processor time.Duration
	bytes           int64

	began       time.Time
	user, wrote int64
}

func (s *spent) start() { s.began, s.user, s.wrote = time.Now(), processor(), written() }

func (s *spent) stop() {
	s.wall += time.Since(s.began)
	s.processor += time.Duration(processor() - s.user)
	s.bytes += written() - s.wrote
}

// report tells what it comes to for each of so many samples; prefix names the piece of work.
func (s *spent) report(b *testing.B, prefix string, samples int) {
	b.Helper()
	b.ReportMetric(float64(samples)/s.wall.Seconds(), prefix+"samples/s")
	b.ReportMetric(float64(s.processor.Nanoseconds())/float64(samples), prefix+"cpu-ns/sample")
	b.ReportMetric(float64(s.bytes)/float64(samples), prefix+"written-B/sample")
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
		n, io := 0, written()
		var appending, packing spent
		for hour := range 4 {
			for range int(time.Hour / cycleEvery) {
				clock = clock.Add(cycleEvery)
				samples := c.at(clock)
				appending.start()
				if err := m.Append(b.Context(), samples); err != nil {
					b.Fatal(err)
				}
				appending.stop()
				n += len(samples)
			}
			if hour == 0 {
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapInuse-before.HeapInuse)/(1<<20), "MiB")
			}
			packing.start()
			if err := m.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			packing.stop()
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
		appending.report(b, "", n)
		packing.report(b, "packing-", n)
		b.ReportMetric(float64(written()-io)/float64(n), "all-written-B/sample")
		reportSize(b, dir, n)
	}
}

// BenchmarkDays appends and packs five days of 1,000 series, so that each tier is written as in years: what a sample costs in the
// long run.
func BenchmarkDays(b *testing.B) {
	for b.Loop() {
		clock := killStart.Truncate(24 * time.Hour)
		dir := b.TempDir()
		c := cyclesOf(1000)
		tiers := metric.DefaultTiers()
		tiers[0].Retention = 6 * 24 * time.Hour // so that the file holds all that was written
		m, err := OpenMetrics(b.Context(), filepath.Join(dir, "metrics.db"), Options{Tiers: tiers, Now: func() time.Time { return clock }})
		if err != nil {
			b.Fatal(err)
		}
		n, io := 0, written()
		for pack := range int(5 * 24 * time.Hour / packEvery) {
			for range int(packEvery / cycleEvery) {
				clock = clock.Add(cycleEvery)
				samples := c.at(clock)
				if err := m.Append(b.Context(), samples); err != nil {
					b.Fatal(err)
				}
				n += len(samples)
			}
			if err := m.Flush(b.Context()); err != nil {
				b.Fatal(pack, err)
			}
		}
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(written()-io)/float64(n), "all-written-B/sample")
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
	for _, step := range []int{0, 60, 3600, 86400} {
		var bytes float64
		if err := db.QueryRowContext(b.Context(), fmt.Sprintf(`SELECT coalesce(sum(length(data)), 0) FROM runs_%d`, step)).Scan(&bytes); err != nil {
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

// BenchmarkPlainRows stores the same cycles as one row per sample, for comparison: with an index to find a series by and one
// to delete what is old by, and as often synced as the samples' log is. The table holds ten minutes before it is measured, for
// it becomes slower as it grows. A transaction holds a cycle, or a hundred rows.
func BenchmarkPlainRows(b *testing.B) {
	for name, size := range map[string]int{"transaction=cycle": cycleSeries, "transaction=100": 100} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				plainRows(b, size)
			}
		})
	}
}

func plainRows(b *testing.B, transaction int) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "plain.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(b.Context(), `CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, record TEXT NOT NULL, metric TEXT NOT NULL,
		value REAL NOT NULL, at INTEGER NOT NULL, tier TEXT NOT NULL); CREATE INDEX lookup ON metrics (type, record, metric, tier, at); CREATE INDEX age ON metrics (tier, at)`); err != nil {
		b.Fatal(err)
	}
	c, clock := newCycles(), killStart
	cycle := func(size int) {
		clock = clock.Add(cycleEvery)
		for rows := range slices.Chunk(c.at(clock), size) {
			if err := insertRows(b, db, rows); err != nil {
				b.Fatal(err)
			}
		}
	}
	for range 60 {
		cycle(cycleSeries)
	}
	const measured = 6
	var took spent
	took.start()
	for range measured {
		cycle(transaction)
	}
	took.stop()
	took.report(b, "", measured*cycleSeries)
	if info, err := os.Stat(path); err == nil {
		b.ReportMetric(float64(info.Size())/(66*cycleSeries), "file-B/sample")
	}
}

func insertRows(b *testing.B, db *sql.DB, samples []metric.Sample) error {
	b.Helper()
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(b.Context(), `INSERT INTO metrics (type, record, metric, value, at, tier) VALUES ('guest', ?, ?, ?, ?, 'raw')`)
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
