// Package secret seals what must not lie in the clear at rest: AES-256-GCM under a key that has a file of its own. It
// does not know what it seals or where that is stored.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/pulse-platform/pulse/sdk"
)

// String is a text that never prints. It is the plugins' type, so that a secret stays one all the way.
type String = sdk.Secret

const (
	keySize = 32
	idSize  = 8
	version = 1
	// header is the version and the id of the key.
	header = 1 + idSize
)

// The ways in which a sealed value does not open.
var (
	// ErrFormat: it was not sealed by this package, or by a newer version of it.
	ErrFormat = errors.New("not a sealed value that this version knows")
	// ErrKey: it was sealed under a key that is not at hand.
	ErrKey = errors.New("sealed under another key")
	// ErrTampered: it was changed, or moved here from another place.
	ErrTampered = errors.New("changed, or moved from another place")
)

// Sealer seals under one key, and opens what was sealed under it or under a retired one. It is safe for concurrent
// use.
type Sealer struct {
	current key
	retired []key
}

type key struct {
	id   [idSize]byte
	aead cipher.AEAD
}

// New returns a sealer for a key of 32 bytes and the retired keys that may still be needed to open old values.
func New(current []byte, retired ...[]byte) (*Sealer, error) {
	k, err := newKey(current)
	if err != nil {
		return nil, err
	}
	s := &Sealer{current: k}
	for _, b := range retired {
		if k, err = newKey(b); err != nil {
			return nil, err
		}
		s.retired = append(s.retired, k)
	}
	return s, nil
}

func newKey(b []byte) (key, error) {
	if len(b) != keySize {
		return key{}, fmt.Errorf("use key: it has %d bytes instead of %d", len(b), keySize)
	}
	block, err := aes.NewCipher(b)
	if err != nil {
		return key{}, fmt.Errorf("use key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return key{}, fmt.Errorf("use key: %w", err)
	}
	sum := sha256.Sum256(append([]byte("pulse key id\x00"), b...))
	return key{id: [idSize]byte(sum[:idSize]), aead: aead}, nil
}

// Seal encrypts plain for a place, for example "integration/ups/cellar". It opens for the same place only, so that
// a sealed value cannot be passed off as another one.
func (s *Sealer) Seal(place string, plain []byte) ([]byte, error) {
	k := s.current
	out := make([]byte, header+k.aead.NonceSize(), header+k.aead.NonceSize()+len(plain)+k.aead.Overhead())
	out[0] = version
	copy(out[1:], k.id[:])
	nonce := out[header:]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return k.aead.Seal(out, nonce, plain, associated(out[:header], place)), nil
}

// Open decrypts what Seal made for the same place. The errors are [ErrFormat], [ErrKey] and [ErrTampered].
func (s *Sealer) Open(place string, sealed []byte) ([]byte, error) {
	k, err := s.keyOf(sealed)
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	nonce, text := sealed[header:header+k.aead.NonceSize()], sealed[header+k.aead.NonceSize():]
	plain, err := k.aead.Open(nil, nonce, text, associated(sealed[:header], place))
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", ErrTampered)
	}
	return plain, nil
}

// Retired reports whether a value was sealed under a retired key: open it and seal it again.
func (s *Sealer) Retired(sealed []byte) bool {
	k, err := s.keyOf(sealed)
	return err == nil && k.id != s.current.id
}

func (s *Sealer) keyOf(sealed []byte) (key, error) {
	if len(sealed) < header+s.current.aead.NonceSize()+s.current.aead.Overhead() || sealed[0] != version {
		return key{}, ErrFormat
	}
	id := [idSize]byte(sealed[1:header])
	if id == s.current.id {
		return s.current, nil
	}
	for _, k := range s.retired {
		if id == k.id {
			return k, nil
		}
	}
	return key{}, ErrKey
}

// associated binds version, key and place to the ciphertext.
func associated(head []byte, place string) []byte {
	return append(append(make([]byte, 0, len(head)+len(place)), head...), place...)
}
