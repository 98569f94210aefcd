package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/metric"
)

// The key of a row is window, run (8 bits) and series (32 bits). What is packed together is a run: it is written behind all that there
// is, so that pages are filled once and not touched again, and retention deletes whole ones. Runs of a window are read in order;
// where two have a bucket at the same time, the later one's stands.
const (
	runShift    = 32
	windowShift = 40
	seriesMask  = 1<<runShift - 1
	maxRuns     = 64 // of a window; what comes when there are so many is made one with what there is of its series
)

const (
	rawWindow    = 2 * time.Hour // of raw samples
	windowPoints = 240           // buckets in the window of a rollup tier
)

// window returns the width of a tier's windows in milliseconds.
func window(t metric.Tier) int64 {
	if t.Step == 0 {
		return rawWindow.Milliseconds()
	}
	return windowPoints * t.Step.Milliseconds()
}

// tierTable is the table of a tier's blocks. Statements are parsed once: to parse one takes longer than to run it.
type tierTable struct {
	metric.Tier
	table  string
	scan   *sql.Stmt // blocks of a series in windows, for readers
	scanTx *sql.Stmt // the same for the writer
	add    *sql.Stmt
	wipe   *sql.Stmt // rows between two keys
	sum    *sql.Stmt // points of a series
	clear  *sql.Stmt // all of a series
	last   *sql.Stmt // the last key between two
	old    *sql.Stmt // the first rows before a key
	some   *sql.Stmt
	grow   *sql.Stmt
	// rolled is until when the tier is rolled up, in Unix milliseconds. See [view].
	rolled *atomic.Int64
	// end is a key after which there is no row.
	end *atomic.Int64
	// damaged is called for each block that cannot be decoded. Such a block is a gap: one bad page must not keep
	// all else from being read and packed.
	damaged func()
}

func (t tierTable) seconds() int64 { return int64(t.Step.Seconds()) }

func tableOf(tier metric.Tier) tierTable {
	return tierTable{Tier: tier, table: fmt.Sprintf("runs_%d", int64(tier.Step.Seconds())), rolled: new(atomic.Int64), end: new(atomic.Int64)}
}

// newTierTable makes the table unless it is there, and takes over what former versions laid down in another order. A tier of which
// it is not known until when it is rolled up is so before a time.
func newTierTable(ctx context.Context, db *DB, tier metric.Tier, before time.Time, log hclog.Logger) (tierTable, error) {
	t := tableOf(tier)
	t.damaged = sync.OnceFunc(func() { log.Error("stored samples are damaged and left out", "tier", tier.Name, "path", db.path) })
	var rolled, end int64
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		if err := t.create(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT rolled, (SELECT coalesce(max(key), -1) FROM `+t.table+`) FROM tiers WHERE step = ?`, t.seconds()).Scan(&rolled, &end)
	})
	if err != nil {
		return t, err
	}
	if rolled == 0 {
		rolled = metric.Floor(before.UnixMilli(), t.span())
	}
	t.rolled.Store(rolled)
	t.end.Store(end)
	return t, t.prepare(ctx, db)
}

// create makes the table unless it is there.
func (t tierTable) create(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS `+t.table+` (
		key  INTEGER PRIMARY KEY,
		n    INTEGER NOT NULL,
		data BLOB NOT NULL
	) STRICT`)
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO tiers (step) VALUES (?) ON CONFLICT DO NOTHING`, t.seconds())
	}
	if err == nil {
		err = t.convert(ctx, tx)
	}
	return err
}

// prepare parses the statements. They live as long as the database.
func (t *tierTable) prepare(ctx context.Context, db *DB) error {
	// The runs between two keys, found one by one, and the rows of a series in them.
	runs := `WITH RECURSIVE r (k) AS (
		SELECT min(key) >> 32 FROM ` + t.table + ` WHERE key >= ?1 UNION ALL
		SELECT (SELECT min(key) >> 32 FROM ` + t.table + ` WHERE key >= (k + 1) << 32) FROM r WHERE k + 1 <= ?2 >> 32) `
	of := `FROM r CROSS JOIN ` + t.table + ` AS c ON c.key = (r.k << 32) + ?3 WHERE r.k <= ?2 >> 32`
	scan := runs + `SELECT c.n, c.data ` + of
	for _, s := range []struct {
		into **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&t.scan, db.Read, scan},
		{&t.scanTx, db.Write, scan},
		{&t.add, db.Write, `INSERT INTO ` + t.table + ` (key, n, data) VALUES (?, ?, ?)`},
		{&t.wipe, db.Write, `DELETE FROM ` + t.table + ` WHERE key BETWEEN ? AND ?`},
		{&t.sum, db.Write, runs + `SELECT coalesce(sum(c.n), 0) ` + of},
		{&t.clear, db.Write, `DELETE FROM ` + t.table + ` WHERE key IN (` + runs + `SELECT c.key ` + of + `)`},
		{&t.last, db.Write, `SELECT coalesce(max(key), -1) FROM ` + t.table + ` WHERE key BETWEEN ? AND ?`},
		{&t.old, db.Write, `SELECT key, n FROM ` + t.table + ` WHERE key < ? ORDER BY key LIMIT ?`},
		{&t.some, db.Write, runs + `SELECT EXISTS (SELECT 1 ` + of + `)`},
		{&t.grow, db.Write, `UPDATE tiers SET points = max(points + ?, 0) WHERE step = ?`},
	} {
		var err error
		if *s.into, err = s.db.PrepareContext(ctx, s.text); err != nil {
			return fmt.Errorf("prepare statement on %s: %w", t.table, err)
		}
	}
	return nil
}

// keys are the first and last key of the windows in which times lie.
type keys struct{ first, last int64 }

// keysOf returns the keys of the windows of a range of times.
func (t tierTable) keysOf(from, to int64) keys {
	first, last := max(from, 0)/window(t.Tier), max(to-1, 0)/window(t.Tier)
	return keys{first << windowShift, last<<windowShift | (1<<windowShift - 1)}
}

// anyKey are the keys of all windows.
var anyKey = keys{0, 1<<63 - 1}

// read returns the stored buckets of a series that begin in the range from to to; within tx unless it is nil.
func (t tierTable) read(ctx context.Context, tx *sql.Tx, series uint32, from, to int64) ([]metric.Bucket, error) {
	if tx == nil {
		return t.readInto(ctx, nil, series, from, to)
	}
	k := t.keysOf(from, to)
	if from >= to || k.first > t.end.Load() {
		return nil, nil
	}
	rows, err := tx.StmtContext(ctx, t.scanTx).QueryContext(ctx, k.first, k.last, series)
	return t.collect(nil, rows, err, from, to)
}

// readInto is read outside of a transaction. It uses the memory of into, whose content is lost.
func (t tierTable) readInto(ctx context.Context, into []metric.Bucket, series uint32, from, to int64) ([]metric.Bucket, error) {
	k := t.keysOf(from, to)
	if from >= to || k.first > t.end.Load() {
		return nil, nil
	}
	rows, err := t.scan.QueryContext(ctx, k.first, k.last, series)
	return t.collect(into[:0], rows, err, from, to)
}

// collect reads the blocks of the rows that a scan began, or failed to begin.
func (t tierTable) collect(out []metric.Bucket, rows *sql.Rows, err error, from, to int64) ([]metric.Bucket, error) {
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.table, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var n int64
		var data sql.RawBytes
		if err := rows.Scan(&n, &data); err != nil {
			return nil, fmt.Errorf("read %s: %w", t.table, err)
		}
		if cap(out) == 0 {
			// Windows hold about two runs like the first, and a query may ask for many.
			windows := (to-1)/window(t.Tier) - from/window(t.Tier) + 1
			out = make([]metric.Bucket, 0, 2*min(windows, 32)*min(max(n, 0), 1024))
		}
		out = t.join(out, data, from, to)
	}
	return out, rows.Err()
}

// join adds the buckets of another block to those of the blocks before it.
func (t tierTable) join(out []metric.Bucket, data []byte, from, to int64) []metric.Bucket {
	n := len(out)
	all, err := decodeBlock(out, t.Tier, data, from, to)
	if err != nil {
		t.damaged()
		return all[:n]
	}
	if n > 0 && len(all) > n && all[n].At <= all[n-1].At {
		return metric.Replace(slices.Clone(all[:n]), all[n:])
	}
	return all
}

// nextRun returns the number of a new run in the window of a time.
func (t tierTable) nextRun(ctx context.Context, tx *sql.Tx, at int64) (run int64, err error) {
	k := t.keysOf(at, at+1)
	var last int64
	if err := tx.StmtContext(ctx, t.last).QueryRowContext(ctx, k.first, k.last).Scan(&last); err != nil {
		return 0, fmt.Errorf("look into %s: %w", t.table, err)
	}
	if last < 0 {
		return 0, nil
	}
	return last>>runShift&255 + 1, nil
}

// put stores the buckets of a series in one window, ordered by time, as part of a run, in place of those of the same time. Nothing is
// stored that begins after newest. It returns by how many points the tier grew.
func (t tierTable) put(ctx context.Context, tx *sql.Tx, series uint32, buckets []metric.Bucket, newest, run int64) (grown int64, err error) {
	if buckets[0].At < newest || run >= maxRuns {
		return t.merge(ctx, tx, series, buckets)
	}
	grown = int64(len(buckets))
	if buckets[0].At == newest { // a newer state of one that is stored
		grown--
	}
	return grown, t.insert(ctx, tx, t.keysOf(buckets[0].At, buckets[0].At+1).first|run<<runShift|int64(series), grown, buckets)
}

func (t tierTable) insert(ctx context.Context, tx *sql.Tx, key, n int64, buckets []metric.Bucket) error {
	t.end.Store(max(t.end.Load(), key)) // only changed by who holds maintain
	if _, err := tx.StmtContext(ctx, t.add).ExecContext(ctx, key, n, encodeBlock(t.Tier, buckets)); err != nil {
		return fmt.Errorf("write %s: %w", t.table, err)
	}
	return nil
}

// merge makes one row, in each window, of a series' rows and changed buckets, which stand in place of those of the same time.
func (t tierTable) merge(ctx context.Context, tx *sql.Tx, series uint32, changed []metric.Bucket) (grown int64, err error) {
	for len(changed) > 0 {
		from := metric.Floor(changed[0].At, time.Duration(window(t.Tier))*time.Millisecond)
		n := 1
		for n < len(changed) && changed[n].At < from+window(t.Tier) {
			n++
		}
		by, err := t.mergeWindow(ctx, tx, series, from, changed[:n])
		if err != nil {
			return 0, fmt.Errorf("write %s: %w", t.table, err)
		}
		grown, changed = grown+by, changed[n:]
	}
	return grown, nil
}

func (t tierTable) mergeWindow(ctx context.Context, tx *sql.Tx, series uint32, from int64, changed []metric.Bucket) (grown int64, err error) {
	k := t.keysOf(from, from+window(t.Tier))
	before, err := t.delete(ctx, tx, series, k, func() error {
		stored, err := t.read(ctx, tx, series, from, from+window(t.Tier))
		changed = metric.Replace(stored, changed)
		return err
	})
	if err != nil {
		return 0, err
	}
	return int64(len(changed)) - before, t.insert(ctx, tx, k.first|int64(series), int64(len(changed)), changed)
}

// delete deletes the rows of a series between keys, after they were looked at, and returns how many points they had.
func (t tierTable) delete(ctx context.Context, tx *sql.Tx, series uint32, k keys, look func() error) (points int64, err error) {
	if err := tx.StmtContext(ctx, t.sum).QueryRowContext(ctx, k.first, k.last, series).Scan(&points); err != nil {
		return 0, err
	}
	if err := look(); err != nil {
		return 0, err
	}
	_, err = tx.StmtContext(ctx, t.clear).ExecContext(ctx, k.first, k.last, series)
	return points, err
}

// newest returns a time after which nothing of a series is stored: that of its newest bucket, when it is not old.
func (t tierTable) newest(ctx context.Context, tx *sql.Tx, series uint32) (int64, error) {
	var last int64
	err := tx.StmtContext(ctx, t.last).QueryRowContext(ctx, anyKey.first, anyKey.last).Scan(&last)
	if err != nil || last < 0 {
		return -1, err
	}
	to := (last>>windowShift + 1) * window(t.Tier)
	from := max(to-2*window(t.Tier), 0)
	recent, err := t.read(ctx, tx, series, from, to)
	if len(recent) > 0 {
		from = recent[len(recent)-1].At + 1
	}
	return from - 1, err
}

// remove deletes the blocks of a series and returns by how many points the tier shrank.
func (t tierTable) remove(ctx context.Context, tx *sql.Tx, series uint32) (shrunk int64, err error) {
	shrunk, err = t.delete(ctx, tx, series, anyKey, func() error { return nil })
	if err != nil {
		return 0, fmt.Errorf("delete from %s: %w", t.table, err)
	}
	return shrunk, nil
}

// removeOld deletes some of the rows before the window of a time. It returns the series whose rows they were, and by how
// many points the tier shrank; no series when nothing is left to delete.
func (t tierTable) removeOld(ctx context.Context, tx *sql.Tx, before int64) (names []uint32, shrunk int64, err error) {
	rows, err := tx.StmtContext(ctx, t.old).QueryContext(ctx, t.keysOf(before, before).first, removeRows)
	if err != nil {
		return nil, 0, fmt.Errorf("look into %s: %w", t.table, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var key int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&key, &n); err != nil {
			return nil, 0, fmt.Errorf("look into %s: %w", t.table, err)
		}
		shrunk, names = shrunk+n, append(names, uint32(key&seriesMask))
	}
	if err := rows.Err(); err != nil || len(names) == 0 {
		return nil, 0, err
	}
	if _, err = tx.StmtContext(ctx, t.wipe).ExecContext(ctx, 0, key); err != nil {
		return nil, 0, fmt.Errorf("delete from %s: %w", t.table, err)
	}
	return names, shrunk, nil
}

// holds reports whether there is a block of a series.
func (t tierTable) holds(ctx context.Context, tx *sql.Tx, series uint32) (found bool, err error) {
	if err = tx.StmtContext(ctx, t.some).QueryRowContext(ctx, anyKey.first, anyKey.last, series).Scan(&found); err != nil {
		return false, fmt.Errorf("look into %s: %w", t.table, err)
	}
	return found, nil
}

// count changes the number of points that the tier holds.
func (t tierTable) count(ctx context.Context, tx *sql.Tx, by int64) error {
	if by == 0 {
		return nil
	}
	_, err := tx.StmtContext(ctx, t.grow).ExecContext(ctx, by, t.seconds())
	return err
}
