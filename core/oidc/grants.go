package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/pulse-platform/pulse/core/auth"
)

// How often a provider is asked whether a session still holds.
const (
	// RefreshEvery is how often [Service.Refresh] should run.
	RefreshEvery = 30 * time.Second
	askEarly     = time.Minute // before what the provider gave ends
	askAtMost    = time.Minute
	askAtLeast   = time.Hour
	// patience is how long sessions hold while the provider does not answer: what it runs on may be what people came to
	// look after.
	patience = 8 * time.Hour
)

// GrantStore keeps what a provider gave with a session, until the session ends.
type GrantStore interface {
	// Grants returns the sessions that have one.
	Grants(ctx context.Context) ([]string, error)
	Grant(ctx context.Context, session string) ([]byte, error)
	// SaveGrant fails when the session has ended.
	SaveGrant(ctx context.Context, session string, sealed []byte) error
}

// grant is what a provider gave with a session. The json names are those in which it is stored, sealed.
type grant struct {
	Issuer  string    `json:"issuer"`
	Client  string    `json:"client"`
	Subject string    `json:"subject"` // of the ID token
	User    string    `json:"user"`    // here
	Refresh string    `json:"refresh,omitempty"`
	IDToken string    `json:"idToken"`
	Asked   time.Time `json:"asked"` // when the provider last said yes
	Due     time.Time `json:"due"`   // when it is asked again, zero for never
}

// turn is when a session's provider was asked, and when it is again. The zero turn is one of before a restart.
type turn struct{ asked, due time.Time }

func grantPlace(session string) string { return "sso-grant/" + session }

// newGrant is what a token gives at now; it stands on the one of before.
func (g grant) with(t *oauth2.Token, now time.Time) grant {
	if t.RefreshToken != "" {
		g.Refresh = t.RefreshToken
	}
	if raw, ok := t.Extra("id_token").(string); ok && raw != "" {
		g.IDToken = raw
	}
	g.Asked, g.Due = now, time.Time{}
	if g.Refresh != "" {
		ends := t.Expiry.Add(-askEarly)
		if t.Expiry.IsZero() || ends.After(now.Add(askAtLeast)) {
			ends = now.Add(askAtLeast)
		}
		if soon := now.Add(askAtMost); ends.Before(soon) {
			ends = soon
		}
		g.Due = ends
	}
	return g
}

func (s *Service) saveGrant(ctx context.Context, session string, g grant) error {
	plain, err := json.Marshal(g)
	if err != nil {
		return err
	}
	sealed, err := s.opt.Sealer.Seal(grantPlace(session), plain)
	if err != nil {
		return err
	}
	if err := s.opt.Grants.SaveGrant(ctx, session, sealed); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns[session] = turn{g.Asked, g.Due}
	return nil
}

func (s *Service) loadGrant(ctx context.Context, session string) (g grant, err error) {
	sealed, err := s.opt.Grants.Grant(ctx, session)
	if err != nil {
		return g, err
	}
	plain, err := s.opt.Sealer.Open(grantPlace(session), sealed)
	if err != nil {
		return g, err
	}
	return g, json.Unmarshal(plain, &g)
}

// Refresh asks the provider about the sessions that are in use and whose time has come: it ends those that the provider
// ends or that may not come in any more, and takes over changed roles.
func (s *Service) Refresh(ctx context.Context) {
	for _, session := range s.due() {
		if why := s.renew(ctx, session); why != "" {
			s.end(ctx, session, why)
		}
	}
}

// due returns the sessions whose provider is to be asked. Who has not been here since it was asked last is left alone:
// a session there that nobody uses should end in its own time.
func (s *Service) due() (out []string) {
	now := s.opt.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for session, t := range s.turns {
		seen, live := s.opt.Doors.Seen(session)
		switch {
		case !live:
			delete(s.turns, session)
		case t.due.IsZero() && !t.asked.IsZero(): // the provider gave nothing to ask with
		case !t.due.After(now) && seen.After(t.asked):
			out = append(out, session)
		}
	}
	return out
}

// renew asks the provider about one session. It returns why the session ends, nothing when it goes on.
func (s *Service) renew(ctx context.Context, session string) (why string) {
	g, err := s.loadGrant(ctx, session)
	if err != nil {
		return "what the provider gave cannot be read"
	}
	now := s.opt.Now()
	if c := s.Config(); !c.Enabled || c.IssuerURL != g.Issuer || c.ClientID != g.Client {
		return "the provider is not in use any more"
	}
	if g.Refresh == "" || g.Due.After(now) {
		s.wait(session, g.Asked, g.Due)
		return ""
	}
	p, err := s.provider(ctx)
	if err != nil {
		return s.bear(session, g)
	}
	t, said, err := p.again(ctx, g, s.opt.Now)
	var answer *oauth2.RetrieveError
	var no *Refused
	switch {
	case errors.As(err, &answer) && answer.ErrorCode == "invalid_grant":
		return "the provider has ended the login"
	case errors.As(err, &no):
		return no.Error()
	case err != nil:
		return s.bear(session, g)
	}
	if _, err := s.admit(ctx, p.conf, said); err != nil {
		return err.Error()
	}
	if err := s.saveGrant(ctx, session, g.with(t, now)); err != nil {
		return "the server could not keep what the provider gave"
	}
	if err := s.opt.Doors.Renew(ctx, session, sessionLife); err != nil {
		return "the server could not renew the session"
	}
	return ""
}

// bear goes on for a while with a provider that does not answer.
func (s *Service) bear(session string, g grant) (why string) {
	now := s.opt.Now()
	if now.Sub(g.Asked) > patience {
		return "the provider has not answered for too long"
	}
	s.wait(session, g.Asked, now.Add(askAtMost))
	return ""
}

func (s *Service) wait(session string, asked, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns[session] = turn{asked, due}
}

// end logs a session out and says why.
func (s *Service) end(ctx context.Context, session, why string) {
	g, _ := s.loadGrant(ctx, session)
	s.mu.Lock()
	delete(s.turns, session)
	s.mu.Unlock()
	if err := s.opt.Doors.Logout(ctx, session); err != nil {
		why += ": " + err.Error()
	}
	s.opt.Ended(ctx, g.User, why)
}

// endAll logs out everybody who came by the provider of before.
func (s *Service) endAll(ctx context.Context, why string) {
	s.mu.Lock()
	var all []string
	for session := range s.turns {
		all = append(all, session)
	}
	s.mu.Unlock()
	for _, session := range all {
		if _, live := s.opt.Doors.Seen(session); live {
			s.end(ctx, session, why)
		}
	}
}

// again asks with a refresh token, and returns what the provider says about the user now.
func (p *provider) again(ctx context.Context, g grant, now func() time.Time) (*oauth2.Token, claims, error) {
	ctx = p.with(ctx)
	t, err := p.oauth("").TokenSource(ctx, &oauth2.Token{RefreshToken: g.Refresh}).Token()
	if err != nil {
		return nil, nil, err
	}
	said := claims{"iss": g.Issuer, "sub": g.Subject}
	if raw, ok := t.Extra("id_token").(string); ok && raw != "" {
		id, err := p.verify(ctx, raw, now)
		if err != nil {
			return nil, nil, err
		}
		if id.Subject != g.Subject {
			return nil, nil, refused("invalid_id_token", "the provider renews the login of another")
		}
		if err := id.Claims(&said); err != nil {
			return nil, nil, refused("invalid_claims", "the claims of the ID token cannot be read")
		}
	}
	err = p.complete(ctx, t, g.Subject, said)
	return t, said, err
}

// LogoutPage is where a browser goes on after its session has been logged out here, empty for nowhere: the page that was
// configured, or the provider's own, to which it shows whose login ends. Back is where that leads back to.
func (s *Service) LogoutPage(ctx context.Context, session, back string) string {
	c := s.Config()
	if c.LogoutURL != "" || !c.Enabled {
		return c.LogoutURL
	}
	g, err := s.loadGrant(ctx, session)
	if err != nil || g.Issuer != c.IssuerURL {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	p, err := s.provider(ctx)
	if err != nil {
		return ""
	}
	u, err := url.Parse(p.endSession)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	q := u.Query()
	q.Set("id_token_hint", g.IDToken)
	q.Set("client_id", g.Client)
	q.Set("post_logout_redirect_uri", back)
	u.RawQuery = q.Encode()
	return u.String()
}

// admit lets in whom the claims are about, when the rules allow it.
func (s *Service) admit(ctx context.Context, c Config, said claims) (auth.Principal, error) {
	who, err := c.judge(said)
	if err != nil {
		return auth.Principal{User: who.name}, err
	}
	p, err := s.opt.Doors.Admit(ctx, auth.Vouched{Method: auth.MethodOIDC, Subject: who.subject, Name: who.name, Roles: who.roles})
	if err != nil {
		return auth.Principal{User: who.name}, refused("session_failed", "%s", plain(err))
	}
	return p, nil
}

// verify checks an ID token: who signed it, for whom and until when.
func (p *provider) verify(ctx context.Context, raw string, now func() time.Time) (*oidc.IDToken, error) {
	id, err := p.is.Verifier(&oidc.Config{ClientID: p.conf.ClientID, Now: func() time.Time { return now().Add(-skew) }}).Verify(ctx, raw)
	return id, idTokenError(err)
}
