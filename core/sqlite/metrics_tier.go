package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/metric"
)

// The key of a row is window, series (32 bits) and part (8 bits): what is packed together lies together, so that a pack
// writes full pages, and retention deletes them. Parts of a window are read in order; where two have a bucket at the same
// time, the later one's stands.
const (
	seriesShift = 8
	windowShift = 40
	maxParts    = 16 // of a window; more are made one
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
	add    *sql.Stmt // another part
	wipe   *sql.Stmt // rows between two keys
	sum    *sql.Stmt // points of a series
	clear  *sql.Stmt // all of a series
	old    *sql.Stmt // the first rows before a key
	some   *sql.Stmt
	grow   *sql.Stmt
	// damaged is called for each block that cannot be decoded. Such a block is a gap: one bad page must not keep
	// all else from being read and packed.
	damaged func()
}

func (t tierTable) seconds() int64 { return int64(t.Step.Seconds()) }

func tableOf(tier metric.Tier) tierTable {
	return tierTable{Tier: tier, table: fmt.Sprintf("chunks_%d", int64(tier.Step.Seconds()))}
}

// newTierTable makes the table unless it is there, and takes over what a former version laid down by series.
func newTierTable(ctx context.Context, db *DB, tier metric.Tier, log hclog.Logger) (tierTable, error) {
	t := tableOf(tier)
	t.damaged = sync.OnceFunc(func() { log.Error("stored samples are damaged and left out", "tier", tier.Name, "path", db.path) })
	err := db.Tx(ctx, func(tx *sql.Tx) error {
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
	})
	if err != nil {
		return t, err
	}
	return t, t.prepare(ctx, db)
}

// convert moves the rows of a former version, whose keys were series (32 bits) and window, or second of raw samples.
func (t tierTable) convert(ctx context.Context, tx *sql.Tx) error {
	former := fmt.Sprintf("blocks_%d", t.seconds())
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`, former).Scan(&n); err != nil || n == 0 {
		return err
	}
	slots := int64(1)
	if t.Step == 0 {
		slots = int64(rawWindow.Seconds())
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO `+t.table+` (key, n, data)
		SELECT (w << 40) + (s << 8) + min(255, row_number() OVER (PARTITION BY w, s ORDER BY key) - 1), n, data
		FROM (SELECT (key & 4294967295) / ? AS w, key >> 32 AS s, key, n, data FROM `+former+`)`, slots)
	if err == nil {
		_, err = tx.ExecContext(ctx, `DROP TABLE `+former)
	}
	return err
}

// windows is the start of each window between two keys of a series.
const windows = `WITH RECURSIVE w (k) AS (VALUES (?1) UNION ALL SELECT k + (1 << 40) FROM w WHERE k + (1 << 40) <= ?2) `

// prepare parses the statements. They live as long as the database.
func (t *tierTable) prepare(ctx context.Context, db *DB) error {
	of := `FROM w CROSS JOIN ` + t.table + ` AS c ON c.key BETWEEN w.k AND w.k + 255`
	scan := windows + `SELECT c.n, c.data ` + of
	for _, s := range []struct {
		into **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&t.scan, db.Read, scan},
		{&t.scanTx, db.Write, scan},
		{&t.add, db.Write, `INSERT INTO ` + t.table + ` (key, n, data) SELECT coalesce(max(key) + 1, ?1), ?2, ?3 FROM ` + t.table + `
			WHERE key BETWEEN ?1 AND ?1 + 255 RETURNING key & 255`},
		{&t.wipe, db.Write, `DELETE FROM ` + t.table + ` WHERE key BETWEEN ? AND ?`},
		{&t.sum, db.Write, windows + `SELECT coalesce(sum(c.n), 0) ` + of},
		{&t.clear, db.Write, `DELETE FROM ` + t.table + ` WHERE key IN (` + windows + `SELECT c.key ` + of + `)`},
		{&t.old, db.Write, `SELECT key, n FROM ` + t.table + ` WHERE key < ? ORDER BY key LIMIT ?`},
		{&t.some, db.Write, windows + `SELECT EXISTS (SELECT 1 ` + of + `)`},
		{&t.grow, db.Write, `UPDATE tiers SET points = max(points + ?, 0) WHERE step = ?`},
	} {
		var err error
		if *s.into, err = s.db.PrepareContext(ctx, s.text); err != nil {
			return fmt.Errorf("prepare statement on %s: %w", t.table, err)
		}
	}
	return nil
}

// key returns the first key of a series in the window of a time.
func (t tierTable) key(series uint32, at int64) int64 {
	return max(at, 0)/window(t.Tier)<<windowShift | int64(series)<<seriesShift
}

// read returns the stored buckets of a series that begin in the range from to to; within tx unless it is nil.
func (t tierTable) read(ctx context.Context, tx *sql.Tx, series uint32, from, to int64) ([]metric.Bucket, error) {
	if tx == nil {
		return t.readInto(ctx, nil, series, from, to)
	}
	if from >= to {
		return nil, nil
	}
	rows, err := tx.StmtContext(ctx, t.scanTx).QueryContext(ctx, t.key(series, from), t.key(series, to-1))
	return t.collect(nil, rows, err, from, to)
}

// readInto is read outside of a transaction. It uses the memory of into, whose content is lost.
func (t tierTable) readInto(ctx context.Context, into []metric.Bucket, series uint32, from, to int64) ([]metric.Bucket, error) {
	if from >= to {
		return nil, nil
	}
	rows, err := t.scan.QueryContext(ctx, t.key(series, from), t.key(series, to-1))
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
			// Windows hold about two parts like the first, and a query may ask for many.
			out = make([]metric.Bucket, 0, 2*min(t.windows(from, to), 32)*min(max(n, 0), 1024))
		}
		out = t.join(out, data, from, to)
	}
	return out, rows.Err()
}

// windows returns in how many windows a range lies.
func (t tierTable) windows(from, to int64) int64 {
	return (t.key(0, to-1)-t.key(0, from))>>windowShift + 1
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

// put stores changed buckets of a series, ordered by time, in place of those of the same time. Nothing is stored that
// begins after newest. It returns by how many points the tier grew.
func (t tierTable) put(ctx context.Context, tx *sql.Tx, series uint32, changed []metric.Bucket, newest int64) (grown int64, err error) {
	for len(changed) > 0 {
		base := t.key(series, changed[0].At)
		n := 1
		for n < len(changed) && t.key(series, changed[n].At) == base {
			n++
		}
		var by int64
		if changed[0].At >= newest {
			by, err = t.append(ctx, tx, base, changed[:n], changed[0].At == newest)
		} else {
			by, err = t.merge(ctx, tx, base, changed[:n])
		}
		if err != nil {
			return 0, fmt.Errorf("write %s: %w", t.table, err)
		}
		grown, changed = grown+by, changed[n:]
	}
	return grown, nil
}

// append adds a part to a window. The first of its buckets may be a newer state of one that is stored.
func (t tierTable) append(ctx context.Context, tx *sql.Tx, base int64, buckets []metric.Bucket, again bool) (grown int64, err error) {
	grown = int64(len(buckets))
	if again {
		grown--
	}
	var part int64
	if err := tx.StmtContext(ctx, t.add).QueryRowContext(ctx, base, grown, encodeBlock(t.Tier, buckets)).Scan(&part); err != nil {
		return 0, err
	}
	if part+1 < maxParts {
		return grown, nil
	}
	more, err := t.merge(ctx, tx, base, nil)
	return grown + more, err
}

// merge makes one part of a window's parts and changed buckets.
func (t tierTable) merge(ctx context.Context, tx *sql.Tx, base int64, changed []metric.Bucket) (grown int64, err error) {
	var before int64
	if err := tx.StmtContext(ctx, t.sum).QueryRowContext(ctx, base, base).Scan(&before); err != nil {
		return 0, err
	}
	series, from := uint32(base>>seriesShift), base>>windowShift*window(t.Tier)
	stored, err := t.read(ctx, tx, series, from, from+window(t.Tier))
	if err != nil {
		return 0, err
	}
	if _, err := tx.StmtContext(ctx, t.wipe).ExecContext(ctx, base, base+255); err != nil {
		return 0, err
	}
	all := metric.Replace(stored, changed)
	var part int64
	err = tx.StmtContext(ctx, t.add).QueryRowContext(ctx, base, len(all), encodeBlock(t.Tier, all)).Scan(&part)
	return int64(len(all)) - before, err
}

// span returns the first keys of a series in the first and last window of the table, and whether it has any.
func (t tierTable) span(ctx context.Context, tx *sql.Tx, series uint32) (first, last int64, any bool, err error) {
	var low, high sql.NullInt64
	err = tx.QueryRowContext(ctx, `SELECT (SELECT min(key) FROM `+t.table+`), (SELECT max(key) FROM `+t.table+`)`).Scan(&low, &high)
	if err != nil {
		return 0, 0, false, fmt.Errorf("look into %s: %w", t.table, err)
	}
	name := int64(series) << seriesShift
	return low.Int64>>windowShift<<windowShift | name, high.Int64>>windowShift<<windowShift | name, low.Valid, nil
}

// newest returns a time after which nothing of a series is stored: that of its newest bucket, when it is not old.
func (t tierTable) newest(ctx context.Context, tx *sql.Tx, series uint32) (int64, error) {
	_, last, any, err := t.span(ctx, tx, series)
	if err != nil || !any {
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
	first, last, any, err := t.span(ctx, tx, series)
	if err != nil || !any {
		return 0, err
	}
	err = tx.StmtContext(ctx, t.sum).QueryRowContext(ctx, first, last).Scan(&shrunk)
	if err == nil {
		_, err = tx.StmtContext(ctx, t.clear).ExecContext(ctx, first, last)
	}
	if err != nil {
		return 0, fmt.Errorf("delete from %s: %w", t.table, err)
	}
	return shrunk, nil
}

// removeOld deletes some of the rows before the window of a time. It returns the series whose rows they were, and by how
// many points the tier shrank; no series when nothing is left to delete.
func (t tierTable) removeOld(ctx context.Context, tx *sql.Tx, before int64) (names []uint32, shrunk int64, err error) {
	rows, err := tx.StmtContext(ctx, t.old).QueryContext(ctx, max(before, 0)/window(t.Tier)<<windowShift, removeRows)
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
		shrunk, names = shrunk+n, append(names, uint32(key>>seriesShift))
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
	first, last, any, err := t.span(ctx, tx, series)
	if err != nil || !any {
		return false, err
	}
	if err = tx.StmtContext(ctx, t.some).QueryRowContext(ctx, first, last).Scan(&found); err != nil {
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
