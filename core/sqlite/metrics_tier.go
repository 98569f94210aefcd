package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/metric"
)

// tierTable is the table of a tier's blocks. Statements are parsed once: to parse one takes longer than to run it.
type tierTable struct {
	metric.Tier
	table  string
	scan   *sql.Stmt // blocks of a range of keys, for readers
	scanTx *sql.Stmt // the same for the writer
	find   *sql.Stmt // the block that takes a time
	write  *sql.Stmt
	sum    *sql.Stmt
	wipe   *sql.Stmt
	some   *sql.Stmt
	grow   *sql.Stmt
	// damaged is called for each block that cannot be decoded. Such a block is a gap: one bad page must not keep
	// all else from being read and packed.
	damaged func()
}

func (t tierTable) seconds() int64 { return int64(t.Step.Seconds()) }

func tableOf(tier metric.Tier) tierTable {
	return tierTable{Tier: tier, table: fmt.Sprintf("blocks_%d", int64(tier.Step.Seconds()))}
}

// newTierTable makes the table unless it is there.
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
		return err
	})
	if err != nil {
		return t, err
	}
	return t, t.prepare(ctx, db)
}

// prepare parses the statements. They live as long as the database.
func (t *tierTable) prepare(ctx context.Context, db *DB) error {
	scan := `SELECT data FROM ` + t.table + ` WHERE key <= ?3 AND
		key >= (SELECT coalesce(max(key), ?1) FROM ` + t.table + ` WHERE key BETWEEN ?1 AND ?2) ORDER BY key`
	for _, s := range []struct {
		into **sql.Stmt
		db   *sql.DB
		text string
	}{
		{&t.scan, db.Read, scan},
		{&t.scanTx, db.Write, scan},
		{&t.find, db.Write, `SELECT key, n, data, (SELECT coalesce(min(key), 0) FROM ` + t.table + ` WHERE key > b.key AND key <= ?3)
			FROM ` + t.table + ` AS b WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT 1`},
		{&t.write, db.Write, `INSERT OR REPLACE INTO ` + t.table + ` (key, n, data) VALUES (?, ?, ?)`},
		{&t.sum, db.Write, `SELECT count(*), coalesce(sum(n), 0) FROM ` + t.table + ` WHERE key >= ? AND key < ?`},
		{&t.wipe, db.Write, `DELETE FROM ` + t.table + ` WHERE key >= ? AND key < ?`},
		{&t.some, db.Write, `SELECT EXISTS (SELECT 1 FROM ` + t.table + ` WHERE key >= ? AND key < ?)`},
		{&t.grow, db.Write, `UPDATE tiers SET points = max(points + ?, 0) WHERE step = ?`},
	} {
		var err error
		if *s.into, err = s.db.PrepareContext(ctx, s.text); err != nil {
			return fmt.Errorf("prepare statement on %s: %w", t.table, err)
		}
	}
	return nil
}

// slot is what a block's number counts, in milliseconds: windows, of raw samples seconds.
func (t tierTable) slot() int64 {
	if t.Step == 0 {
		return 1000
	}
	return window(t.Tier)
}

// key returns the lowest key of a block of a series that begins at a time or in the slot of it.
func (t tierTable) key(series uint32, at int64) int64 {
	return int64(series)<<32 | min(max(at, 0)/t.slot(), math.MaxUint32)
}

// first returns the key of the first block in the window of a time.
func (t tierTable) first(series uint32, at int64) int64 {
	at = max(at, 0)
	return t.key(series, at-at%window(t.Tier))
}

// read returns the stored buckets of a series that begin in the range from to to; within tx unless it is nil.
func (t tierTable) read(ctx context.Context, tx *sql.Tx, series uint32, from, to int64) ([]metric.Bucket, error) {
	if from >= to {
		return nil, nil
	}
	scan := t.scan
	if tx != nil {
		scan = tx.StmtContext(ctx, t.scanTx)
	}
	rows, err := scan.QueryContext(ctx, t.first(series, from), t.key(series, from), t.key(series, to-1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", t.table, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var out []metric.Bucket
	for rows.Next() {
		var block sql.RawBytes
		if err := rows.Scan(&block); err != nil {
			return nil, fmt.Errorf("read %s: %w", t.table, err)
		}
		before := len(out)
		if out, err = decodeBlock(out, t.Tier, block, from, to); err != nil {
			t.damaged()
			out = out[:before]
		}
	}
	return out, rows.Err()
}

// put stores changed buckets of a series, ordered by time, in place of those of the same time. It returns by how
// many points the tier grew, and the last block that it wrote.
func (t tierTable) put(ctx context.Context, tx *sql.Tx, series uint32, changed []metric.Bucket) (grown int64, b block, err error) {
	for len(changed) > 0 {
		if b, err = t.block(ctx, tx, series, changed[0].At); err != nil {
			return 0, b, fmt.Errorf("read %s: %w", t.table, err)
		}
		n := 1
		for n < len(changed) && changed[n].At < b.end {
			n++
		}
		if b.full(t, changed[0].At) {
			b.key, b.buckets = t.key(series, changed[0].At), nil
		}
		all := metric.Replace(b.buckets, changed[:n])
		write := tx.StmtContext(ctx, t.write)
		if _, err := write.ExecContext(ctx, b.key, len(all), encodeBlock(t.Tier, all)); err != nil {
			return 0, b, fmt.Errorf("write %s: %w", t.table, err)
		}
		grown, changed = grown+int64(len(all)-len(b.buckets)), changed[n:]
		b.buckets = all
	}
	return grown, b, nil
}

// block is what is stored of one window: all of it or, when there is much, a part that begins at its key's time.
type block struct {
	key     int64
	buckets []metric.Bucket
	end     int64 // Unix milliseconds from which on another block has its place
}

// holds returns the block's buckets of a range of time when the range lies in the block.
func (b block) holds(t tierTable, from, to int64) ([]metric.Bucket, bool) {
	if b.buckets == nil || from < (b.key&math.MaxUint32)*t.slot() || to > b.end {
		return nil, false
	}
	at := func(o metric.Bucket, at int64) int { return cmp.Compare(o.At, at) }
	i, _ := slices.BinarySearchFunc(b.buckets, from, at)
	j, _ := slices.BinarySearchFunc(b.buckets, to, at)
	return b.buckets[i:j:j], true
}

// full reports whether what comes at a time is better put into a new block: to add a little to much means to write much.
func (b block) full(t tierTable, at int64) bool {
	n := len(b.buckets)
	return t.Step == 0 && n >= blockPoints && at/t.slot() > b.buckets[n-1].At/t.slot()
}

// block returns the block that a time belongs to; an empty one when there is none yet.
func (t tierTable) block(ctx context.Context, tx *sql.Tx, series uint32, at int64) (block, error) {
	b := block{key: t.first(series, at)}
	b.end = max(at, 0) - max(at, 0)%window(t.Tier) + window(t.Tier)
	var n, next int64
	var data []byte
	err := tx.StmtContext(ctx, t.find).QueryRowContext(ctx, b.key, t.key(series, at), t.key(series, b.end-1)).Scan(&b.key, &n, &data, &next)
	if errors.Is(err, sql.ErrNoRows) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	if next != 0 {
		b.end = (next & math.MaxUint32) * t.slot()
	}
	if b.buckets, err = decodeBlock(nil, t.Tier, data, math.MinInt64, math.MaxInt64); err != nil {
		t.damaged()
		b.buckets = nil // it is lost either way; what comes now need not be
	}
	return b, nil
}

// remove deletes the blocks of a series with keys from first to before end, and returns by how many points the tier
// shrank.
func (t tierTable) remove(ctx context.Context, tx *sql.Tx, first, end int64) (shrunk int64, err error) {
	var blocks int64
	err = tx.StmtContext(ctx, t.sum).QueryRowContext(ctx, first, end).Scan(&blocks, &shrunk)
	if err == nil && blocks > 0 {
		_, err = tx.StmtContext(ctx, t.wipe).ExecContext(ctx, first, end)
	}
	if err != nil {
		return 0, fmt.Errorf("delete from %s: %w", t.table, err)
	}
	return shrunk, nil
}

// holds reports whether there is a block of a series.
func (t tierTable) holds(ctx context.Context, tx *sql.Tx, series uint32) (any bool, err error) {
	err = tx.StmtContext(ctx, t.some).QueryRowContext(ctx, int64(series)<<32, (int64(series)+1)<<32).Scan(&any)
	if err != nil {
		return false, fmt.Errorf("look into %s: %w", t.table, err)
	}
	return any, nil
}

// count changes the number of points that the tier holds.
func (t tierTable) count(ctx context.Context, tx *sql.Tx, by int64) error {
	if by == 0 {
		return nil
	}
	_, err := tx.StmtContext(ctx, t.grow).ExecContext(ctx, by, t.seconds())
	return err
}
