package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/pulse-platform/pulse/core/audit"
)

// AuditHooks keeps who is told of events. Addresses are sealed, since they may hold tokens.
type AuditHooks struct {
	db     *DB
	sealer Sealer
}

// NewAuditHooks returns the store on an open state database.
func NewAuditHooks(db *DB, sealer Sealer) *AuditHooks { return &AuditHooks{db, sealer} }

var _ audit.HookStore = (*AuditHooks)(nil)

func hookPlace(id int64) string { return fmt.Sprintf("audit-webhook/%d", id) }

const hookSecretPlace = "audit-webhook-secret/1"

// Hooks returns all of them.
func (a *AuditHooks) Hooks(ctx context.Context) ([]audit.Hook, error) {
	return all(ctx, a.db, `SELECT id, url, cursor FROM audit_webhooks ORDER BY id`, func(r *sql.Rows) (h audit.Hook, err error) {
		var sealed []byte
		if err := r.Scan(&h.ID, &sealed, &h.Cursor); err != nil {
			return h, err
		}
		plain, err := a.sealer.Open(hookPlace(h.ID), sealed)
		h.URL = string(plain)
		return h, err
	})
}

// SetHooks replaces the addresses. Those that stay keep their cursor.
func (a *AuditHooks) SetHooks(ctx context.Context, urls []string, cursor int64) error {
	old, err := a.Hooks(ctx)
	if err != nil {
		return err
	}
	next := int64(1)
	for _, h := range old {
		next = max(next, h.ID+1)
	}
	return a.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, h := range old {
			if slices.Contains(urls, h.URL) {
				continue
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM audit_webhooks WHERE id = ?`, h.ID); err != nil {
				return err
			}
		}
		for _, u := range urls {
			if slices.ContainsFunc(old, func(h audit.Hook) bool { return h.URL == u }) {
				continue
			}
			sealed, err := a.sealer.Seal(hookPlace(next), []byte(u))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO audit_webhooks (id, url, cursor) VALUES (?, ?, ?)`, next, sealed, cursor); err != nil {
				return err
			}
			next++
		}
		return nil
	})
}

// Delivered stores the cursor of a hook that is still there.
func (a *AuditHooks) Delivered(ctx context.Context, id, cursor int64) error {
	_, err := a.db.Write.ExecContext(ctx, `UPDATE audit_webhooks SET cursor = ? WHERE id = ?`, cursor, id)
	return a.db.mapError(err)
}

// HookSecret returns what deliveries are signed with.
func (a *AuditHooks) HookSecret(ctx context.Context) (string, error) {
	var sealed []byte
	err := a.db.Read.QueryRowContext(ctx, `SELECT secret FROM audit_webhook_secret`).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", a.db.mapError(err)
	}
	plain, err := a.sealer.Open(hookSecretPlace, sealed)
	return string(plain), err
}

// SetHookSecret replaces it.
func (a *AuditHooks) SetHookSecret(ctx context.Context, secret string) error {
	sealed, err := a.sealer.Seal(hookSecretPlace, []byte(secret))
	if err != nil {
		return err
	}
	_, err = a.db.Write.ExecContext(ctx, `INSERT INTO audit_webhook_secret (id, secret) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET secret = excluded.secret`, sealed)
	return a.db.mapError(err)
}
