package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"testing"

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
