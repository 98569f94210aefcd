package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/pulse-platform/pulse/core/errs"
)

// The cost of a password hash: argon2id as the OWASP Password Storage Cheat Sheet has it for 19 MiB.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	saltLen      = 16
	keyLen       = 32
)

// The bounds of a password, in characters and bytes.
const (
	MinPassword = 12
	maxPassword = 1024
)

// hasher computes one hash at a time, so that logins cannot exhaust the memory, and gives the memory back when the last
// of a row is done: the runtime would keep it for minutes.
type hasher struct {
	slots chan struct{}
	tidy  *time.Timer
}

// tidyAfter is how long after a hash its memory is given back.
const tidyAfter = time.Second

func newHasher() *hasher {
	h := &hasher{slots: make(chan struct{}, 1), tidy: time.AfterFunc(time.Hour, debug.FreeOSMemory)}
	h.tidy.Stop()
	return h
}

func (h *hasher) release() {
	h.tidy.Reset(tidyAfter)
	<-h.slots
}

func (h *hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errs.Wrap(errs.Unavailable, ctx.Err(), "too many logins at the same time: try again")
	}
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails since Go 1.24
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, keyLen)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, enc(salt), enc(key)), nil
}

// nobody is what a password is compared with when there is no such user, so that the answer takes as long.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// verify compares a password with a PHC string.
func (h *hasher) verify(ctx context.Context, password, phc string) (bool, error) {
	if len(password) > maxPassword {
		return false, nil
	}
	if ForeignPassword(phc) {
		return h.verifyForeign(ctx, password, phc)
	}
	var version, memory, passes, threads int
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("the stored password hash is not argon2id")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &threads); err != nil {
		return false, fmt.Errorf("read the stored password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read the stored password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("read the stored password hash: %w", err)
	}
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	got := argon2.IDKey([]byte(password), salt, uint32(passes), uint32(memory), uint8(threads), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// checkPassword refuses passwords that are too short to be safe or too long to be one.
func checkPassword(password, field string) error {
	switch {
	case utf8.RuneCountInString(password) < MinPassword:
		return errs.New(errs.Invalid, "the password must have at least %d characters", MinPassword).WithWord("invalid_password").WithField(field)
	case len(password) > maxPassword:
		return errs.New(errs.Invalid, "the password must have at most %d bytes", maxPassword).WithWord("invalid_password").WithField(field)
	}
	return nil
}

var userName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$`)

// checkUser refuses names that do not fit into logs, headers and addresses as they are.
func checkUser(name string) error {
	if !userName.MatchString(name) {
		return errs.New(errs.Invalid, "the user name must have 1 to 64 letters, digits or any of . _ @ + - and begin with a letter or digit").WithField("username")
	}
	return nil
}
