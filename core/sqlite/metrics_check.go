package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/metric"
)

// Finding is what [CheckMetrics] found of one tier.
type Finding struct {
	Tier    string
	Blocks  int64
	Points  int64
	Damaged int64 // blocks that cannot be decoded

	Orphans int64 // blocks of series that are not known
}

// Checked is the state of a store.
type Checked struct {
	// Database is what SQLite says is wrong with the file, empty when nothing is.
	Database string
	Tiers    []Finding
	Series   int64
	// LogBytes is the size of the log, TornBytes what of it was never acknowledged or is damaged.
	LogBytes, TornBytes int64
	// Repaired tells that what was wrong has been removed; Aside is where a damaged file lies now.
	Repaired bool
	Aside    string
}

// Sound reports whether nothing is wrong.
func (c Checked) Sound() bool {
	ok := c.Database == ""
	for _, f := range c.Tiers {
		ok = ok && f.Damaged == 0 && f.Orphans == 0
	}
	return ok
}

// CheckMetrics looks through the whole store at path, which nobody may have open: the file, each block of the tiers, the
// log. With repair it removes what is damaged; a file that is damaged as a database is written anew from what of it can be
// read, and set aside. A torn end of the log is no damage: the next start cuts it off.
func CheckMetrics(ctx context.Context, path string, tiers []metric.Tier, repair bool, now time.Time) (Checked, error) {
	var c Checked
	if _, err := os.Stat(path); err != nil {
		return c, fmt.Errorf("look for the store: %w", err)
	}
	if len(tiers) == 0 {
		tiers = metric.DefaultTiers()
	}
	sub, err := fs.Sub(metricsMigrations, "metrics")
	if err != nil {
		return c, err
	}
	if err := checkLog(path, &c); err != nil {
		return c, err
	}
	if c.Database, err = verdict(ctx, path, sub); err != nil {
		return c, err
	}
	if c.Database != "" {
		if !repair {
			return c, nil
		}
		if c.Aside, err = salvage(ctx, path, sub, tiers, now); err != nil {
			return c, err
		}
		c.Repaired = true
	}
	db, err := open(ctx, path, sub, layout{synchronous: "FULL", readers: 1, cacheKiB: 4096})
	if err != nil {
		return c, err
	}
	defer db.Close() //nolint:errcheck // what was repaired is committed
	err = db.Read.QueryRowContext(ctx, `SELECT count(*) FROM series`).Scan(&c.Series)
	for _, tier := range tiers {
		if err != nil {
			return c, db.mapError(err)
		}
		var f Finding
		f, err = checkTier(ctx, db, tier, repair)
		c.Tiers = append(c.Tiers, f)
		c.Repaired = c.Repaired || repair && f.Damaged+f.Orphans > 0
	}
	return c, db.mapError(err)
}

// verdict returns what SQLite finds wrong with a file, empty when nothing is.
func verdict(ctx context.Context, path string, migrations fs.FS) (string, error) {
	db, err := open(ctx, path, migrations, layout{synchronous: "FULL", readers: 1, cacheKiB: 4096})
	if damaged(err) {
		return err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	defer db.Close() //nolint:errcheck // nothing was written
	var said string
	err = db.Read.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said)
	switch {
	case damaged(err):
		return err.Error(), nil
	case err != nil || said == "ok":
		return "", err
	}
	return said, nil
}

// checkLog reads the segments of the log.
func checkLog(path string, c *Checked) error {
	l := sampleLog{dir: logDir(path)}
	all, err := segments(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	for _, seq := range all {
		whole, damaged, err := replay(l.name(seq), nobody{})
		if err != nil && !errors.Is(err, errTorn) {
			return err
		}
		if info, err := os.Stat(l.name(seq)); err == nil {
			c.LogBytes += info.Size()
			c.TornBytes += info.Size() - whole + damaged
		}
	}
	return nil
}

// nobody takes entries of the log and forgets them.
type nobody struct{}

func (nobody) define(uint32, metric.Key)     {}
func (nobody) sample(uint32, int64, float64) {}
func (nobody) forget(uint32)                 {}

// checkTier decodes each block of a tier. With repair it deletes those that cannot be decoded, or whose series nobody
// knows, and counts anew.
func checkTier(ctx context.Context, db *DB, tier metric.Tier, repair bool) (Finding, error) {
	f := Finding{Tier: tier.Name}
	t := tableOf(tier)
	known, err := knownSeries(ctx, db)
	if err != nil {
		return f, err
	}
	if err := db.Tx(ctx, func(tx *sql.Tx) error { return t.create(ctx, tx) }); err != nil {
		return f, err
	}
	bad, err := f.scan(ctx, db, t, known)
	if err != nil || !repair {
		return f, err
	}
	return f, db.Tx(ctx, func(tx *sql.Tx) error {
		for _, key := range bad {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+t.table+` WHERE key = ?`, key); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE tiers SET points = (SELECT coalesce(sum(n), 0) FROM `+t.table+`) WHERE step = ?`, t.seconds())
		return err
	})
}

// scan counts the blocks of a tier and returns the keys of those that are of no use.
func (f *Finding) scan(ctx context.Context, db *DB, t tierTable, known map[uint32]bool) (bad []int64, err error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT key, n, data FROM `+t.table+` ORDER BY key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var buckets []metric.Bucket
	for rows.Next() {
		var key, n int64
		var data sql.RawBytes
		if err := rows.Scan(&key, &n, &data); err != nil {
			return nil, err
		}
		f.Blocks++
		f.Points += n
		if buckets, err = decodeBlock(buckets[:0], t.Tier, data, math.MinInt64, math.MaxInt64); err != nil {
			f.Damaged++
			bad = append(bad, key)
			continue
		}
		if !known[uint32(key&seriesMask)] {
			f.Orphans++
			bad = append(bad, key)
		}
	}
	return bad, rows.Err()
}

func knownSeries(ctx context.Context, db *DB) (map[uint32]bool, error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT id FROM series`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	known := map[uint32]bool{}
	for rows.Next() {
		var name uint32
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		known[name] = true
	}
	return known, rows.Err()
}

// salvage writes what can be read of a damaged database into a new one, which takes its place.
func salvage(ctx context.Context, path string, migrations fs.FS, tiers []metric.Tier, now time.Time) (aside string, err error) {
	if aside, err = setAside(path, now); err != nil {
		return "", err
	}
	to, err := open(ctx, path, migrations, layout{synchronous: "FULL", readers: 1, cacheKiB: 4096})
	if err != nil {
		return aside, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	from, err := sql.Open("sqlite", layout{synchronous: "OFF", readers: 1}.source(aside, false))
	if err != nil {
		return aside, err
	}
	defer from.Close() //nolint:errcheck // it is only read
	if err := copySeries(ctx, from, to); err != nil {
		return aside, err
	}
	for _, tier := range tiers {
		if err := salvageTier(ctx, from, to, tableOf(tier)); err != nil {
			return aside, err
		}
	}
	return aside, nil
}

func copySeries(ctx context.Context, from *sql.DB, to *DB) error {
	for _, order := range []string{"", " DESC"} { // from both sides, as far as it can be read
		rows, err := from.QueryContext(ctx, `SELECT id, record, metric, instance FROM series ORDER BY id`+order) //nolint:rowserrcheck // what cannot be read is the damage
		if err != nil {
			return errs.Wrap(errs.Internal, err, "nothing of the database can be read")
		}
		err = to.Tx(ctx, func(tx *sql.Tx) error {
			for rows.Next() {
				var name int64
				var k metric.Key
				if rows.Scan(&name, (*string)(&k.Record), &k.Metric, &k.Instance) != nil {
					return nil
				}
				if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO series (id, record, metric, instance) VALUES (?, ?, ?, ?)`, name, string(k.Record), k.Metric, k.Instance); err != nil {
					return err
				}
			}
			return nil
		})
		_ = rows.Close() // its error is the damage
		if err != nil {
			return err
		}
	}
	return nil
}

// salvageTier copies the rows of a tier, as they lie there.
func salvageTier(ctx context.Context, from *sql.DB, to *DB, t tierTable) error {
	if err := to.Tx(ctx, func(tx *sql.Tx) error { return t.create(ctx, tx) }); err != nil {
		return err
	}
	if err := copyBlocks(ctx, from, to, t.table); err != nil {
		return err
	}
	for _, f := range former {
		table := fmt.Sprintf(f.table, t.seconds())
		if there, err := hasTable(ctx, from, table); err != nil || !there {
			continue // that nothing can be read is the damage
		}
		if _, err := to.Write.ExecContext(ctx, `CREATE TABLE `+table+` (key INTEGER PRIMARY KEY, n INTEGER NOT NULL, data BLOB NOT NULL)`); err != nil {
			return err
		}
		if err := copyBlocks(ctx, from, to, table); err != nil {
			return err
		}
	}
	return to.Tx(ctx, func(tx *sql.Tx) error {
		if err := t.convert(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE tiers SET points = (SELECT coalesce(sum(n), 0) FROM `+t.table+`) WHERE step = ?`, t.seconds())
		return err
	})
}

func copyBlocks(ctx context.Context, from *sql.DB, to *DB, table string) error {
	for _, order := range []string{"", " DESC"} {
		rows, err := from.QueryContext(ctx, `SELECT key, n, data FROM `+table+` ORDER BY key`+order) //nolint:rowserrcheck,sqlclosecheck // what cannot be read is the damage; it is closed below
		if err != nil {
			return nil //nolint:nilerr // nothing of this tier can be read
		}
		err = to.Tx(ctx, func(tx *sql.Tx) error {
			for rows.Next() {
				var key, n int64
				var data []byte
				if rows.Scan(&key, &n, &data) != nil {
					return nil
				}
				if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO `+table+` (key, n, data) VALUES (?, ?, ?)`, key, n, data); err != nil {
					return err
				}
			}
			return nil
		})
		_ = rows.Close() // its error is the damage
		if err != nil {
			return err
		}
	}
	return nil
}

// Snapshot packs what is in memory and writes the database as it is then to a new file: a backup that can be opened as a
// store, while this one goes on.
func (m *Metrics) Snapshot(ctx context.Context, path string) error {
	if err := m.Flush(ctx); err != nil {
		return err
	}
	if err := private(path); err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	if _, err := m.db.Write.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return m.db.mapError(fmt.Errorf("write snapshot: %w", err))
	}
	return nil
}
