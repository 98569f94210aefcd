// Package passkey logs users in by passkeys (WebAuthn): a key that a device keeps, which it uses only for this server's
// address and only after it has seen its owner. Such a key is knowledge and possession in one, so no code is asked for.
package passkey

import (
	"context"
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

const (
	// CeremonyLife is how long somebody may take before the device.
	CeremonyLife = 5 * time.Minute
	// maxCeremonies bounds what is remembered of those who have begun.
	maxCeremonies = 1000
	maxKeys       = 20 // of one user
	maxName       = 64
)

// Key is a passkey of a user.
type Key struct {
	ID       string // of the credential, base64url
	User     string
	Name     string
	Host     string // for which it was made; it counts for no other
	Created  time.Time
	LastUsed time.Time // zero when never
	// Credential is its public half, with what tells copies.
	Credential webauthn.Credential
}

// Store keeps keys. A user's keys go with the user.
type Store interface {
	Keys(ctx context.Context) ([]Key, error)
	SaveKey(ctx context.Context, k Key) error
	DeleteKey(ctx context.Context, id string) error
}

// ceremony is a registration or a login that is under way.
type ceremony struct {
	user string // empty for a login
	host string
	data webauthn.SessionData
	ends time.Time
}

// Service knows the passkeys of all users. It is safe for concurrent use.
type Service struct {
	store Store
	now   func() time.Time

	mu       sync.Mutex
	underWay map[string]ceremony
}

// New returns the service.
func New(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now, underWay: map[string]ceremony{}}
}

// Unavailable says why there can be no passkeys at an address of this server, nothing when there can.
func Unavailable(base string) string {
	u, err := url.Parse(base)
	switch host := hostOf(base); {
	case err != nil || host == "":
		return "The address of this server is unknown."
	case net.ParseIP(host) != nil:
		return "Browsers keep passkeys for names only: open Pulse by its name instead of an IP address."
	case u.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost"):
		return "Browsers keep passkeys for HTTPS only: serve Pulse by HTTPS."
	}
	return ""
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// party is this server as a device sees it.
func party(base string) (*webauthn.WebAuthn, error) {
	if why := Unavailable(base); why != "" {
		return nil, errs.New(errs.Invalid, "%s", why)
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	return webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Pulse", RPOrigins: []string{u.Scheme + "://" + u.Host}})
}

// owner is a user as the library sees one.
type owner struct {
	name string
	keys []Key
}

func (o owner) WebAuthnID() []byte          { return []byte(o.name) }
func (o owner) WebAuthnName() string        { return o.name }
func (o owner) WebAuthnDisplayName() string { return o.name }

func (o owner) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, len(o.keys))
	for i, k := range o.keys {
		out[i] = k.Credential
	}
	return out
}

// of returns the keys of a user, by their age; those for a host only, unless it is empty.
func (s *Service) of(ctx context.Context, user, host string) (owner, error) {
	all, err := s.store.Keys(ctx)
	all = slices.DeleteFunc(all, func(k Key) bool { return k.User != user || host != "" && k.Host != host })
	slices.SortFunc(all, func(a, b Key) int { return a.Created.Compare(b.Created) })
	return owner{user, all}, err
}

// List returns the keys of a user.
func (s *Service) List(ctx context.Context, user string) ([]Key, error) {
	o, err := s.of(ctx, user, "")
	return o.keys, err
}

// begin remembers what has begun, and names it.
func (s *Service) begin(c ceremony) string {
	now := s.now()
	c.ends = now.Add(CeremonyLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, old := range s.underWay {
		if !old.ends.After(now) || len(s.underWay) >= maxCeremonies {
			delete(s.underWay, name)
		}
	}
	name := id.Random(32)
	s.underWay[name] = c
	return name
}

// take returns what has begun, once.
func (s *Service) take(name, user, base string) (ceremony, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.underWay[name]
	delete(s.underWay, name)
	if !ok || !c.ends.After(s.now()) || c.user != user || c.host != hostOf(base) {
		return ceremony{}, errs.New(errs.Invalid, "it took too long, or has ended already: begin again").WithWord("ceremony_over")
	}
	return c, nil
}

// Register begins to make a key for a user. The options are for navigator.credentials.create.
func (s *Service) Register(ctx context.Context, user, base string) (name string, options any, err error) {
	w, err := party(base)
	if err != nil {
		return "", nil, err
	}
	o, err := s.of(ctx, user, "")
	if err != nil {
		return "", nil, err
	}
	if len(o.keys) >= maxKeys {
		return "", nil, errs.New(errs.Conflict, "you have %d passkeys already: delete some", maxKeys)
	}
	creation, data, err := w.BeginRegistration(o,
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}),
		webauthn.WithExclusions(webauthn.Credentials(o.WebAuthnCredentials()).CredentialDescriptors()),
	)
	if err != nil {
		return "", nil, err
	}
	return s.begin(ceremony{user: user, host: hostOf(base), data: *data}), creation.Response, nil
}

// Add ends the registration and keeps the key that the device has made.
func (s *Service) Add(ctx context.Context, user, base, name, ceremony string, answer []byte) (Key, error) {
	if name = strings.TrimSpace(name); name == "" || len(name) > maxName {
		return Key{}, badName()
	}
	c, err := s.take(ceremony, user, base)
	if err != nil {
		return Key{}, err
	}
	w, err := party(base)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Key{}, badAnswer()
	}
	made, err := w.CreateCredential(owner{name: user}, c.data, parsed)
	if err != nil || !made.Flags.UserVerified {
		return Key{}, badAnswer()
	}
	k := Key{ID: base64.RawURLEncoding.EncodeToString(made.ID), User: user, Name: name, Host: c.host, Created: s.now(), Credential: *made}
	all, err := s.store.Keys(ctx)
	if err != nil {
		return Key{}, err
	}
	if slices.ContainsFunc(all, func(o Key) bool { return o.ID == k.ID }) {
		return Key{}, errs.New(errs.Conflict, "this passkey is known already")
	}
	return k, s.store.SaveKey(ctx, k)
}

func badName() error {
	return errs.New(errs.Invalid, "name the passkey with 1 to %d characters, for example after the device", maxName).WithField("name")
}

func badAnswer() error {
	return errs.New(errs.Invalid, "what the device answered does not fit: begin again").WithField("credential")
}

// find returns a key of a user.
func (s *Service) find(ctx context.Context, user, key string) (Key, error) {
	o, err := s.of(ctx, user, "")
	if err != nil {
		return Key{}, err
	}
	if i := slices.IndexFunc(o.keys, func(k Key) bool { return k.ID == key }); i >= 0 {
		return o.keys[i], nil
	}
	return Key{}, errs.New(errs.NotFound, "you have no such passkey")
}

// Rename gives a user's key another name.
func (s *Service) Rename(ctx context.Context, user, key, name string) error {
	if name = strings.TrimSpace(name); name == "" || len(name) > maxName {
		return badName()
	}
	k, err := s.find(ctx, user, key)
	if err != nil {
		return err
	}
	k.Name = name
	return s.store.SaveKey(ctx, k)
}

// Delete removes a user's key and returns what it was called. The device keeps its half, which opens nothing any more.
func (s *Service) Delete(ctx context.Context, user, key string) (string, error) {
	k, err := s.find(ctx, user, key)
	if err != nil {
		return "", err
	}
	return k.Name, s.store.DeleteKey(ctx, key)
}

// DeleteAll removes all keys of a user and returns what they were called.
func (s *Service) DeleteAll(ctx context.Context, user string) ([]string, error) {
	o, err := s.of(ctx, user, "")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, k := range o.keys {
		if err := s.store.DeleteKey(ctx, k.ID); err != nil {
			return names, err
		}
		names = append(names, k.Name)
	}
	return names, nil
}

// Login begins a login. The options are for navigator.credentials.get; they name nobody, as the device knows whose key it
// has.
func (s *Service) Login(base string) (name string, options any, err error) {
	w, err := party(base)
	if err != nil {
		return "", nil, err
	}
	assertion, data, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return "", nil, err
	}
	return s.begin(ceremony{host: hostOf(base), data: *data}), assertion.Response, nil
}

// Enter ends a login and returns whose key the device has used.
func (s *Service) Enter(ctx context.Context, base, ceremony string, answer []byte) (Key, error) {
	c, err := s.take(ceremony, "", base)
	if err != nil {
		return Key{}, err
	}
	w, err := party(base)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Key{}, badAnswer()
	}
	var failed error
	var whose owner
	used, err := w.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
		whose, failed = s.of(ctx, string(handle), c.host)
		return whose, failed
	}, c.data, parsed)
	if failed != nil {
		return Key{}, failed
	}
	if err != nil || !used.Flags.UserVerified || used.Authenticator.CloneWarning {
		return Key{}, errs.New(errs.Unauthenticated, "this passkey is not known here, or was deleted").WithWord("invalid_credentials")
	}
	name := base64.RawURLEncoding.EncodeToString(used.ID)
	i := slices.IndexFunc(whose.keys, func(k Key) bool { return k.ID == name })
	if i < 0 {
		return Key{}, badAnswer()
	}
	k := whose.keys[i]
	k.Credential, k.LastUsed = *used, s.now()
	return k, s.store.SaveKey(ctx, k)
}
