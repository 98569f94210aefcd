package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// openAudit continues the audit log of a data directory.
func openAudit(ctx context.Context, b *base) (*audit.Log, error) {
	store := sqlite.NewAudit(b.state)
	key, err := store.Key(ctx, b.sealer, func() []byte {
		key := make([]byte, audit.KeyLen)
		rand.Read(key) // never fails since Go 1.24
		return key
	})
	if err != nil {
		return nil, err
	}
	return audit.Open(ctx, store, key, time.Now)
}

// trimEvery is how often the audit log is looked at for what is older than is kept.
const trimEvery = time.Hour

// trimAudit removes what the audit log does not keep any longer.
func (s *server) trimAudit(ctx context.Context) {
	for {
		if err := s.audit.Trim(ctx, audit.Retention); err != nil && ctx.Err() == nil {
			s.log.Error("the audit log cannot be trimmed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(trimEvery):
		}
	}
}

// byCommand keeps in the audit log what somebody did on the server's own machine.
func byCommand(ctx context.Context, b *base, event, details string) error {
	log, err := openAudit(ctx, b)
	if err != nil {
		return err
	}
	return log.Add(ctx, audit.Event{Event: event, Via: "command line", Success: true, Details: details})
}
