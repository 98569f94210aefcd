package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/pulse-platform/pulse/core/passkey"
)

// Passkeys keeps the passkeys of users; they go with them by the schema. It implements passkey.Store.
type Passkeys struct{ db *DB }

// NewPasskeys returns the store on an open state database.
func NewPasskeys(db *DB) *Passkeys { return &Passkeys{db} }

var _ passkey.Store = (*Passkeys)(nil)

// Keys returns all passkeys.
func (p *Passkeys) Keys(ctx context.Context) ([]passkey.Key, error) {
	return all(ctx, p.db, `SELECT id, user, name, host, created, last_used, body FROM passkeys`, func(r *sql.Rows) (k passkey.Key, err error) {
		var created, used int64
		var body []byte
		if err := r.Scan(&k.ID, &k.User, &k.Name, &k.Host, &created, &used, &body); err != nil {
			return k, err
		}
		k.Created, k.LastUsed = fromMS(created), fromMS(used)
		return k, json.Unmarshal(body, &k.Credential)
	})
}

// SaveKey stores a passkey.
func (p *Passkeys) SaveKey(ctx context.Context, k passkey.Key) error {
	body, err := json.Marshal(k.Credential)
	if err != nil {
		return err
	}
	_, err = p.db.Write.ExecContext(ctx, `INSERT INTO passkeys (id, user, name, host, created, last_used, body) VALUES (?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO UPDATE SET name = excluded.name, last_used = excluded.last_used, body = excluded.body`,
		k.ID, k.User, k.Name, k.Host, ms(k.Created), ms(k.LastUsed), string(body))
	return p.db.mapError(err)
}

// DeleteKey removes a passkey.
func (p *Passkeys) DeleteKey(ctx context.Context, id string) error {
	_, err := p.db.Write.ExecContext(ctx, `DELETE FROM passkeys WHERE id = ?`, id)
	return p.db.mapError(err)
}
