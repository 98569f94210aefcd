package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/crypto/argon2"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/auth/authtest"
)

// cheap is the hash of a password at a cost that a test can bear ten thousand times.
func cheap(password string) string {
	salt := []byte("0123456789abcdef")
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=8,t=1,p=1$%s$%s", enc(salt), enc(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32)))
}

// Ten thousand tries from a thousand addresses lock out those who try and nobody else, and the memory for them is bounded.
func TestBruteForce(t *testing.T) {
	store := authtest.New()
	if err := store.SaveUser(t.Context(), auth.User{Name: "admin", Source: auth.SourceLocal, Password: cheap(good), Roles: []string{auth.RoleAdmin}}); err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, store)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, looked := heap(), 0
	for i := range 10_000 {
		_, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: "guess", Peer: fmt.Sprintf("203.0.%d.%d", i%1000/250, i%250)})
		var l *auth.LoginError
		if !errors.As(err, &l) {
			t.Fatal(err)
		}
		if !l.Locked {
			looked++
		}
	}
	if looked != 1000*auth.MaxAttempts {
		t.Errorf("%d passwords were looked at, want %d", looked, 1000*auth.MaxAttempts)
	}
	if _, _, _, err := s.Login(t.Context(), auth.Attempt{User: "admin", Password: good, Peer: "192.0.2.1"}); err != nil {
		t.Errorf("the administrator is locked out: %v", err)
	}
	for i := range 30_000 { // names and addresses of which there is no end
		if _, locked := guess(t.Context(), s, fmt.Sprintf("2001:db8:%x:%x::1", i/65536, i%65536)); locked {
			t.Fatal("locked before anything was tried")
		}
	}
	if n := len(s.Locks()); n > 10_000 {
		t.Errorf("%d locks are kept", n)
	}
	if after := heap(); after > before+16<<20 {
		t.Errorf("the memory grew by %d MiB", (after-before)>>20)
	}
}

func guess(ctx context.Context, s *auth.Service, peer string) (attempts int, locked bool) {
	_, _, _, err := s.Login(ctx, auth.Attempt{User: "admin", Password: "guess", Peer: peer})
	var l *auth.LoginError
	if errors.As(err, &l) {
		return l.Attempts, l.Locked
	}
	return 0, false
}

// However often somebody logs in, their oldest sessions go, and nobody else's.
func TestSessionsAreBounded(t *testing.T) {
	s, _, store := claimed(t)
	if _, err := s.CreateUser(t.Context(), auth.System, "jane", good, []string{"viewer"}); err != nil {
		t.Fatal(err)
	}
	hers, _, err := s.OpenSession(t.Context(), auth.NewSession{User: "jane", Life: auth.SessionLife, Peer: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if _, _, err := s.OpenSession(t.Context(), auth.NewSession{User: "admin", Life: auth.SessionLife, Peer: "192.0.2.1", Agent: strings.Repeat("x", 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	again, _ := open(t, store)
	for name, s := range map[string]*auth.Service{"in memory": s, "stored": again} {
		all := s.ListSessions("")
		if len(all) > 200 || len(all) < 2 || len(all[0].Agent) > 200 {
			t.Errorf("%s: %d sessions", name, len(all))
		}
		if !s.SessionExists(hers) || s.SessionExists("nonsense") {
			t.Errorf("%s: another user's session is gone", name)
		}
	}
}

// Logins are slow on purpose: the budget is 150 ms of processor time.
func BenchmarkLogin(b *testing.B) {
	s, err := auth.Open(b.Context(), authtest.New(), time.Now, hclog.NewNullLogger())
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Claim(b.Context(), "admin", good, ""); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, _, err := s.Login(b.Context(), auth.Attempt{User: "admin", Password: good, Peer: "192.0.2.1"}); err != nil {
			b.Fatal(err)
		}
	}
}

// A session that is looked up with each request of a browser.
func BenchmarkSession(b *testing.B) {
	s, err := auth.Open(b.Context(), authtest.New(), time.Now, hclog.NewNullLogger())
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Claim(b.Context(), "admin", good, ""); err != nil {
		b.Fatal(err)
	}
	session, csrf, err := s.OpenSession(b.Context(), auth.NewSession{User: "admin", Life: auth.SessionLife, Peer: "192.0.2.1"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if p, ok := s.Session(session); !ok || !s.CheckCSRF(p.SessionID, csrf) {
			b.Fatal("refused")
		}
	}
}
