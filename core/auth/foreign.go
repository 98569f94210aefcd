package auth

import (
	"context"
	"crypto/sha3"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// foreignToken stands before the hash of a token that came from the reference, which hashes with SHA3-256.
const foreignToken = "sha3-256:"

// ForeignHash is how the hash of a token of the reference is stored, so that agents in the field go on with theirs.
func ForeignHash(hash string) string { return foreignToken + hash }

// known returns the token behind a value. The lock is held.
func (s *Service) known(raw string) (Token, bool) {
	if t, ok := s.tokens[digest(raw)]; ok {
		return t, true
	}
	sum := sha3.Sum256([]byte(raw))
	t, ok := s.tokens[ForeignHash(hex.EncodeToString(sum[:]))]
	return t, ok
}

// maxForeignCost is the most work that a foreign hash may ask of a login: 2^14 rounds take a second.
const maxForeignCost = 14

// ForeignPassword tells whether a password hash is one of the reference's. It is accepted once and replaced then.
func ForeignPassword(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return strings.HasPrefix(hash, "$2") && err == nil && cost <= maxForeignCost
}

// verifyForeign compares a password with a hash of the reference.
func (h *hasher) verifyForeign(ctx context.Context, password, hash string) (bool, error) {
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil, nil
}

// renew replaces a foreign hash when its password has just been shown to be right. A failure leaves it for the next
// login.
func (s *Service) renew(ctx context.Context, user, password string) {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return
	}
	s.change.Lock()
	defer s.change.Unlock()
	s.mu.Lock()
	u, ok := s.users[user]
	s.mu.Unlock()
	if !ok || !ForeignPassword(u.Password) {
		return // somebody else was faster
	}
	u.Password = hash
	if err := s.store.SaveUser(ctx, u); err != nil {
		s.log.Warn("an imported password is not hashed anew; it is tried again at the next login", "user", user, "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[user] = u
}

// CheckRole refuses roles that could not be judged.
func CheckRole(r Role) error { return checkRole(r) }

// CheckUser refuses names that do not fit into logs, headers and addresses as they are.
func CheckUser(name string) error { return checkUser(name) }

// FirstAdmin returns the administrator whose name sorts first.
func (s *Service) FirstAdmin() (name string, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range slices.Sorted(maps.Keys(s.users)) {
		if s.rights[n].admin {
			return n, true
		}
	}
	return "", false
}
