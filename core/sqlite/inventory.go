package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
)

// Records keeps the records of the inventory. It implements inventory.Store.
//
// All of a cluster's records change with each look at it, and are alike. So they lie in a few compressed pages: a checkpoint of
// thousands writes a tenth of what a row for each would.
type Records struct {
	db   *DB
	pack *packer
}

// NewRecords returns the store on an open state database.
func NewRecords(db *DB) *Records { return &Records{db, sharedPacker()} }

var _ inventory.Store = (*Records)(nil)

// recordPages is over how many pages records are spread. Another number needs a migration.
const recordPages = 32

// pageOf returns the page of a record.
func pageOf(uid id.UID) uint32 {
	h := fnv.New32a()
	h.Write([]byte(uid))
	return h.Sum32() % recordPages
}

// Records returns all stored records.
func (r *Records) Records(ctx context.Context) ([]*inventory.Record, error) {
	all, err := r.former(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		if err := r.SaveRecords(ctx, all); err != nil {
			return nil, err
		}
		if _, err := r.db.Write.ExecContext(ctx, `DELETE FROM records`); err != nil {
			return nil, r.db.mapError(err)
		}
	}
	return r.read(ctx)
}

func (r *Records) read(ctx context.Context) (all []*inventory.Record, err error) {
	rows, err := r.db.Read.QueryContext(ctx, `SELECT page, body FROM record_pages`)
	if err != nil {
		return nil, r.db.mapError(fmt.Errorf("read records: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var page int
		var body sql.RawBytes
		if err := rows.Scan(&page, &body); err != nil {
			return nil, fmt.Errorf("read page of records: %w", err)
		}
		entries, err := r.pack.open(body)
		if err != nil {
			return nil, fmt.Errorf("page %d of records: %w", page, err)
		}
		for _, e := range entries {
			record := new(inventory.Record)
			if err := json.Unmarshal(e.body, record); err != nil {
				return nil, fmt.Errorf("decode record %s: %w", e.uid, err)
			}
			all = append(all, record)
		}
	}
	return all, r.db.mapError(rows.Err())
}

// former returns the records that a former version wrote, a row for each.
func (r *Records) former(ctx context.Context) (all []*inventory.Record, err error) {
	rows, err := r.db.Read.QueryContext(ctx, `SELECT body FROM records`)
	if err != nil {
		return nil, r.db.mapError(fmt.Errorf("read former records: %w", err))
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var body []byte
		record := new(inventory.Record)
		if err := errors.Join(rows.Scan(&body), json.Unmarshal(body, record)); err != nil {
			return nil, fmt.Errorf("read former record: %w", err)
		}
		all = append(all, record)
	}
	return all, r.db.mapError(rows.Err())
}

// SaveRecords adds or replaces records, all or none.
func (r *Records) SaveRecords(ctx context.Context, records []*inventory.Record) error {
	news := pageChanges{}
	for _, record := range records {
		body, err := json.Marshal(record)
		if err != nil {
			return fmt.Errorf("encode record %s: %w", record.UID, err)
		}
		news.note(record.UID, body)
	}
	return r.change(ctx, news)
}

// DeleteRecords forgets records.
func (r *Records) DeleteRecords(ctx context.Context, uids []id.UID) error {
	news := pageChanges{}
	for _, uid := range uids {
		news.note(uid, nil)
	}
	return r.change(ctx, news)
}

// pageChanges are by page the new bodies of records, nil for one that is to go.
type pageChanges map[uint32]map[id.UID][]byte

func (c pageChanges) note(uid id.UID, body []byte) {
	page := pageOf(uid)
	if c[page] == nil {
		c[page] = map[id.UID][]byte{}
	}
	c[page][uid] = body
}

// change writes pages anew, all or none.
func (r *Records) change(ctx context.Context, news pageChanges) error {
	return r.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, page := range slices.Sorted(maps.Keys(news)) {
			if err := r.rewrite(ctx, tx, page, news[page]); err != nil {
				return fmt.Errorf("write page %d of records: %w", page, err)
			}
		}
		return nil
	})
}

func (r *Records) rewrite(ctx context.Context, tx *sql.Tx, page uint32, news map[id.UID][]byte) error {
	var old []byte
	err := tx.QueryRowContext(ctx, `SELECT body FROM record_pages WHERE page = ?`, page).Scan(&old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	entries, err := r.pack.open(old)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e entry) bool { _, anew := news[e.uid]; return anew })
	for uid, body := range news {
		if body != nil {
			entries = append(entries, entry{uid, body})
		}
	}
	if len(entries) == 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM record_pages WHERE page = ?`, page)
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO record_pages (page, body) VALUES (?, ?)`, page, r.pack.seal(entries))
	return err
}
