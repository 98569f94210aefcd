package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/pulse-platform/pulse/core/api/auditlog"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
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
		if err := s.audit.Trim(ctx, s.auditRetention()); err != nil && ctx.Err() == nil {
			s.log.Error("the audit log cannot be trimmed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(trimEvery):
		}
	}
}

// auditRetention is how long events of the audit log are kept.
func (s *server) auditRetention() time.Duration {
	return time.Duration(s.settings.Document(s.fixedSettings()).Int(compat.SettingAuditRetention)) * 24 * time.Hour
}

// byCommand keeps in the audit log what somebody did on the server's own machine.
func byCommand(ctx context.Context, b *base, event, details string) error {
	log, err := openAudit(ctx, b)
	if err != nil {
		return err
	}
	return log.Add(ctx, audit.Event{Event: event, Via: "command line", Success: true, Details: details})
}

// auditHooks tell addresses outside of events.
func (s *server) auditHooks() *audit.Hooks {
	guard := func() netguard.Profile {
		return netguard.For(netguard.Notification, sdk.Network{AllowNetworks: s.messageNetworks()})
	}
	return audit.NewHooks(audit.HookConfig{
		Log: s.audit, Store: sqlite.NewAuditHooks(s.base.state, s.base.sealer), Now: time.Now, Logger: s.log.Named("audit"),
		Post: func(ctx context.Context, to string, header map[string]string, body []byte) (int, error) {
			return post(ctx, netguard.Client(guard()), to, header, body)
		},
		Check:  func(ctx context.Context, u *url.URL) error { return judge(ctx, guard(), u.Hostname()) },
		Encode: func(e audit.Event) any { return auditlog.Out(e) },
		Wait: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		},
	})
}

// post sends a body to the address that was entered, and to no other.
func post(ctx context.Context, client *http.Client, to string, header map[string]string, body []byte) (status int, err error) {
	defer client.CloseIdleConnections()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the address cannot be used")
	}
	for key, value := range header {
		req.Header.Set(key, value)
	}
	res, err := client.Do(req)
	var failed *url.Error
	if errors.As(err, &failed) {
		return 0, failed.Err // without the address, which may hold a token
	}
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// resolvePatience is how long finding the addresses of a name may take.
const resolvePatience = 2 * time.Second

// judge tells whether a guard would let a host be dialled.
func judge(ctx context.Context, guard netguard.Profile, host string) error {
	ctx, cancel := context.WithTimeout(ctx, resolvePatience)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host) // takes addresses as they are
	if err != nil {
		return fmt.Errorf("its name %s is not known", host)
	}
	for _, a := range addrs {
		if err := guard.Judge(a); err != nil {
			return err
		}
	}
	return nil
}
