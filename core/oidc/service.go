package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

const (
	// SettingName is the stored configuration, which is sealed: it holds the client's secret.
	SettingName = "sso"
	// flightPlace is what a login that is under way is sealed to.
	flightPlace = "oidc/login"
	// FlightLife is how long a login may take at the provider.
	FlightLife = 10 * time.Minute
	// sessionLife is that of the contract.
	sessionLife = 24 * time.Hour
	// maxUsed bounds what is remembered about finished logins.
	maxUsed = 10_000
)

// Store keeps values by name.
type Store interface {
	Get(ctx context.Context, name string, into any) (bool, error)
	Set(ctx context.Context, name string, value any) error
}

// Sealer seals and opens what lies at a place.
type Sealer interface {
	Seal(place string, plain []byte) ([]byte, error)
	Open(place string, sealed []byte) ([]byte, error)
}

// Doors lets people in.
type Doors interface {
	Admit(ctx context.Context, v auth.Vouched) (auth.Principal, error)
	OpenSession(ctx context.Context, n auth.NewSession) (session, csrf string, err error)
	// Seen is when a session was last used, false when it has ended.
	Seen(session string) (time.Time, bool)
	// Renew lets a session live on for a while from now.
	Renew(ctx context.Context, session string, life time.Duration) error
	Logout(ctx context.Context, session string) error
}

// Options are what the service is made of.
type Options struct {
	Store  Store
	Sealer Sealer
	Doors  Doors
	Grants GrantStore
	// Ended is told of each session that ends because of the provider.
	Ended func(ctx context.Context, user, why string)
	// File is what the configuration file says, nil when it says nothing. It then decides alone.
	File *Config
	Now  func() time.Time
}

// Service logs users in by one provider. It is safe for concurrent use.
type Service struct {
	opt Options

	mu    sync.Mutex
	conf  Config
	known *provider            // nil until it was asked
	used  map[string]time.Time // states of finished logins, until when they would hold
	turns map[string]turn      // by session
}

// Open loads the configuration.
func Open(ctx context.Context, opt Options) (*Service, error) {
	s := &Service{opt: opt, used: map[string]time.Time{}, turns: map[string]turn{}, conf: Config{}.normal()}
	sessions, err := opt.Grants.Grants(ctx)
	if err != nil {
		return nil, err
	}
	for _, session := range sessions {
		s.turns[session] = turn{}
	}
	if opt.File != nil {
		s.conf = opt.File.normal()
		return s, s.conf.check()
	}
	var sealed []byte
	if found, err := opt.Store.Get(ctx, SettingName, &sealed); err != nil || !found {
		return s, err
	}
	plain, err := opt.Sealer.Open("settings/"+SettingName, sealed)
	if err != nil {
		return nil, fmt.Errorf("open the settings of single sign-on: %w", err)
	}
	if err := json.Unmarshal(plain, &s.conf); err != nil {
		return nil, fmt.Errorf("read the settings of single sign-on: %w", err)
	}
	s.conf = s.conf.normal()
	return s, nil
}

// Config returns the configuration, with the client's secret.
func (s *Service) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conf
}

// Fixed tells that the configuration file decides.
func (s *Service) Fixed() bool { return s.opt.File != nil }

// Update replaces the configuration. It holds at once; logins that are under way end, and so do sessions of a provider
// that is not in use any more.
func (s *Service) Update(ctx context.Context, c Config) error {
	if s.Fixed() {
		return errs.New(errs.Conflict, "the configuration decides about single sign-on: change the block oidc of its file, or the variables OIDC_…").WithWord("oidc_locked")
	}
	c = c.normal()
	if err := c.check(); err != nil {
		return err
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return err
	}
	sealed, err := s.opt.Sealer.Seal("settings/"+SettingName, plain)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if err := s.opt.Store.Set(ctx, SettingName, sealed); err != nil {
		s.mu.Unlock()
		return err
	}
	before := s.conf
	s.conf, s.known = c, nil
	s.mu.Unlock()
	if before.Enabled && (!c.Enabled || c.IssuerURL != before.IssuerURL || c.ClientID != before.ClientID) {
		s.endAll(ctx, "the provider is not in use any more")
	}
	return nil
}

// provider returns the provider in force.
func (s *Service) provider(ctx context.Context) (*provider, error) {
	s.mu.Lock()
	p, conf := s.known, s.conf
	s.mu.Unlock()
	now := s.opt.Now()
	if p != nil && now.Sub(p.asked) < discoverAgain {
		return p, nil
	}
	fresh, err := discover(ctx, conf, now)
	if err != nil {
		return nil, refused("oidc_init_failed", "the provider does not describe itself: %s", briefly(err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == p { // else it was changed meanwhile
		s.known = fresh
	}
	return fresh, nil
}

// flight is a login that is under way. The browser keeps it, sealed.
type flight struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	ReturnTo string    `json:"returnTo"`
	Redirect string    `json:"redirect"`
	Issuer   string    `json:"issuer"`
	Client   string    `json:"client"`
	Expires  time.Time `json:"expires"`
}

// Begin starts a login: it returns the provider's page and what the browser must keep until it comes back to callback.
func (s *Service) Begin(ctx context.Context, returnTo, callback string) (page, keep string, err error) {
	c := s.Config()
	if !c.Enabled {
		return "", "", refused("oidc_disabled", "single sign-on is off")
	}
	p, err := s.provider(ctx)
	if err != nil {
		return "", "", err
	}
	f := flight{
		State: id.Random(32), Nonce: id.Random(32), Verifier: oauth2.GenerateVerifier(), ReturnTo: OwnPlace(returnTo), Redirect: c.RedirectURL,
		Issuer: p.conf.IssuerURL, Client: p.conf.ClientID, Expires: s.opt.Now().Add(FlightLife),
	}
	if f.Redirect == "" {
		f.Redirect = callback
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return "", "", err
	}
	sealed, err := s.opt.Sealer.Seal(flightPlace, plain)
	if err != nil {
		return "", "", err
	}
	page = p.oauth(f.Redirect).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier))
	return page, base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Callback is what a browser brings back from the provider.
type Callback struct {
	State, Code, Error, Issuer string
	Keep                       string // of Begin
	Peer, Agent                string
}

// Entry is a login that was let in. ReturnTo and User are also known of some that were refused.
type Entry struct {
	User, Session, CSRF string
	Life                time.Duration
	ReturnTo            string
}

// Finish ends a login. Its errors are [*Refused].
func (s *Service) Finish(ctx context.Context, b Callback) (Entry, error) {
	f, err := s.land(b)
	e := Entry{ReturnTo: f.ReturnTo, Life: sessionLife}
	if err != nil {
		return e, err
	}
	if b.Error != "" {
		word := wordOf(b.Error)
		if word == "" {
			word = "provider_error"
		}
		return e, refused(word, "the provider did not log the user in")
	}
	if b.Code == "" {
		return e, refused("missing_code", "the provider gave no code")
	}
	p, err := s.provider(ctx)
	if err != nil {
		return e, err
	}
	token, said, err := p.redeem(ctx, b.Code, f, s.opt.Now)
	if err != nil {
		return e, err
	}
	in, err := s.admit(ctx, p.conf, said)
	if e.User = in.User; err != nil {
		return e, err
	}
	if e.Session, e.CSRF, err = s.opt.Doors.OpenSession(ctx, auth.NewSession{User: e.User, Life: sessionLife, Method: auth.MethodOIDC, Peer: b.Peer, Agent: b.Agent}); err != nil {
		return e, refused("session_failed", "%s", plain(err))
	}
	g := grant{Issuer: f.Issuer, Client: f.Client, Subject: said.text("sub"), User: e.User}.with(token, s.opt.Now())
	if err := s.saveGrant(ctx, auth.SessionHash(e.Session), g); err != nil {
		return e, refused("session_failed", "%s", plain(err))
	}
	return e, nil
}

// land finds the login that a callback ends: one that this server began, in this browser, for this provider, and that
// has not ended yet.
func (s *Service) land(b Callback) (flight, error) {
	wrong := refused("invalid_state", "the login was not begun in this browser, took too long, or has ended already")
	if b.State == "" {
		return flight{}, refused("missing_state", "the callback names no login")
	}
	var f flight
	sealed, err := base64.RawURLEncoding.DecodeString(b.Keep)
	if err != nil || len(sealed) == 0 {
		return flight{}, wrong
	}
	plain, err := s.opt.Sealer.Open(flightPlace, sealed)
	if err != nil || json.Unmarshal(plain, &f) != nil || !same(f.State, b.State) {
		return flight{}, wrong
	}
	now := s.opt.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, again := s.used[f.State]
	if again || !f.Expires.After(now) || f.Issuer != s.conf.IssuerURL || f.Client != s.conf.ClientID || !s.conf.Enabled || b.Issuer != "" && b.Issuer != f.Issuer {
		return flight{}, wrong
	}
	if len(s.used) >= maxUsed {
		s.forget(now)
	}
	s.used[f.State] = f.Expires
	return f, nil
}

// forget makes room among the finished logins: those that would not hold any more go, and all when that does not
// suffice; the provider takes no code twice either. The lock is held.
func (s *Service) forget(now time.Time) {
	for state, ends := range s.used {
		if !ends.After(now) {
			delete(s.used, state)
		}
	}
	if len(s.used) >= maxUsed {
		clear(s.used)
	}
}

// OwnPlace returns a path of this server, the root for everything else: a login must send nobody elsewhere.
func OwnPlace(to string) string {
	u, err := url.Parse(to)
	if err != nil || len(to) > 2048 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	if p := path.Clean(u.Path); strings.HasPrefix(p, "//") || strings.Contains(u.Path, "//") {
		return "/"
	}
	return u.RequestURI()
}

// Refused is a login that was not let in, with the word of the contract for why.
type Refused struct {
	Code string
	text string
}

func (r *Refused) Error() string { return r.text }

func refused(code, format string, args ...any) error {
	return &Refused{Code: code, text: fmt.Sprintf(format, args...)}
}

// plain is what people may read of an error.
func plain(err error) string {
	var e *errs.Error
	var l *auth.LoginError
	switch {
	case errors.As(err, &e) && e.Code != errs.Internal:
		return e.Message
	case errors.As(err, &l):
		return "the user is disabled"
	}
	return "the server could not open a session"
}

var errorWord = regexp.MustCompile(`^[a-z_]{1,64}$`)

// wordOf returns an error code of a provider, empty when it is none: it lands in an address and in the log.
func wordOf(code string) string {
	if errorWord.MatchString(code) {
		return code
	}
	return ""
}

// same compares in a time that tells nothing.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return a != "" && subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// Keys are the fields of the configuration, for those who list what the file decides.
func Keys() []string {
	return slices.Clone([]string{"enabled", "issuerUrl", "clientId", "clientSecret", "redirectUrl", "logoutUrl", "scopes", "usernameClaim", "emailClaim", "groupsClaim", "allowedGroups", "allowedDomains", "allowedEmails", "groupRoleMappings", "caBundle", "allowLoopback"})
}
