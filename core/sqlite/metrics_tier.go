package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/metric"
)

// tierTable is the table of a tier's blocks.
type tierTable struct {
	metric.Tier
	table string
	scan  string // blocks of a range of keys
	// damaged is called for each block that cannot be decoded. Such a block is a gap: one bad page must not keep
	// all else from being read and packed.
	damaged func()
}

func (t tierTable) seconds() int64 { return int64(t.Step.Seconds()) }

// newTierTable makes the table unless it is there.
func newTierTable(ctx context.Context, db *DB, tier metric.Tier, log hclog.Logger) (tierTable, error) {
	t := tierTable{Tier: tier}
	t.table = fmt.Sprintf("blocks_%d", t.seconds())
	t.scan = `SELECT data FROM ` + t.table + ` WHERE key >= ? AND key <= ? ORDER BY key`
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
	return t, err
}

// key returns the key of the block of a series that holds a time.
func (t tierTable) key(series uint32, at int64) int64 {
	number := min(max(at, 0)/window(t.Tier), math.MaxUint32)
	return int64(series)<<32 | number
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// read returns the stored buckets of a series that begin in the range from to to.
func (t tierTable) read(ctx context.Context, q querier, series uint32, from, to int64) ([]metric.Bucket, error) {
	if from >= to {
		return nil, nil
	}
	rows, err := q.QueryContext(ctx, t.scan, t.key(series, from), t.key(series, to-1))
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
// many points the tier grew.
func (t tierTable) put(ctx context.Context, tx *sql.Tx, series uint32, changed []metric.Bucket) (grown int64, err error) {
	for len(changed) > 0 {
		key := t.key(series, changed[0].At)
		n := 1
		for n < len(changed) && t.key(series, changed[n].At) == key {
			n++
		}
		g, err := t.putBlock(ctx, tx, key, changed[:n])
		if err != nil {
			return 0, fmt.Errorf("write %s: %w", t.table, err)
		}
		grown, changed = grown+g, changed[n:]
	}
	return grown, nil
}

func (t tierTable) putBlock(ctx context.Context, tx *sql.Tx, key int64, changed []metric.Bucket) (grown int64, err error) {
	var block []byte
	err = tx.QueryRowContext(ctx, `SELECT data FROM `+t.table+` WHERE key = ?`, key).Scan(&block)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	var stored []metric.Bucket
	if err == nil {
		if stored, err = decodeBlock(nil, t.Tier, block, math.MinInt64, math.MaxInt64); err != nil {
			t.damaged()
			stored = nil // it is lost either way; what comes now need not be
		}
	}
	all := metric.Replace(stored, changed)
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO `+t.table+` (key, n, data) VALUES (?, ?, ?)`, key, len(all), encodeBlock(t.Tier, all))
	return int64(len(all) - len(stored)), err
}

// remove deletes the blocks of a series with keys from first to before end, and returns by how many points the tier
// shrank.
func (t tierTable) remove(ctx context.Context, tx *sql.Tx, first, end int64) (shrunk int64, err error) {
	var blocks int64
	err = tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(n), 0) FROM `+t.table+` WHERE key >= ? AND key < ?`, first, end).Scan(&blocks, &shrunk)
	if err == nil && blocks > 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM `+t.table+` WHERE key >= ? AND key < ?`, first, end)
	}
	if err != nil {
		return 0, fmt.Errorf("delete from %s: %w", t.table, err)
	}
	return shrunk, nil
}

// count changes the number of points that the tier holds.
func (t tierTable) count(ctx context.Context, tx *sql.Tx, by int64) error {
	if by == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE tiers SET points = max(points + ?, 0) WHERE step = ?`, by, t.seconds())
	return err
}
