package oidc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/pulse-platform/pulse/sdk/netguard"
)

// skew is how far the clock of a provider may be off.
const skew = 2 * time.Minute

// discoverAgain is after how long a provider is asked anew where its endpoints are.
const discoverAgain = time.Hour

// provider is a provider that has said where its endpoints are.
type provider struct {
	conf   Config
	client *http.Client
	is     *oidc.Provider
	// endSession is where the provider ends its own login, empty when it does not say.
	endSession string
	asked      time.Time
}

// clientFor is the guarded client by which a provider is asked: where its address leads has been judged before it is
// dialed, and so has every other address that its document names.
func clientFor(c Config) *http.Client {
	p := netguard.Profile{Use: netguard.Integration, AllowLoopback: c.AllowLoopback, Timeout: 15 * time.Second}
	if c.CABundle != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		roots.AppendCertsFromPEM([]byte(c.CABundle))
		p.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return netguard.Client(p)
}

// discover asks a provider for its document.
func discover(ctx context.Context, c Config, now time.Time) (*provider, error) {
	p := &provider{conf: c, client: clientFor(c), asked: now}
	var err error
	if p.is, err = oidc.NewProvider(p.with(ctx), c.IssuerURL); err != nil {
		return p, err
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	err = p.is.Claims(&more)
	p.endSession = more.EndSession
	return p, err
}

func (p *provider) with(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.client)
}

// oauth is the client of the code flow.
func (p *provider) oauth(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.conf.ClientID, ClientSecret: p.conf.ClientSecret, Endpoint: p.is.Endpoint(), RedirectURL: redirect, Scopes: p.conf.Scopes,
	}
}

// redeem changes a code into what the provider gives and says about the user, checked.
func (p *provider) redeem(ctx context.Context, code string, f flight, now func() time.Time) (*oauth2.Token, claims, error) {
	ctx = p.with(ctx)
	token, err := p.oauth(f.Redirect).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, nil, refused("exchange_failed", "the provider does not change the code into a token: %s", briefly(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" {
		return nil, nil, refused("missing_id_token", "the provider gave no ID token: is openid among the scopes?")
	}
	id, err := p.verify(ctx, raw, now)
	if err != nil {
		return nil, nil, err
	}
	if !same(id.Nonce, f.Nonce) {
		return nil, nil, refused("invalid_nonce", "the ID token was made for another login")
	}
	said := claims{}
	if err := id.Claims(&said); err != nil {
		return nil, nil, refused("invalid_claims", "the claims of the ID token cannot be read")
	}
	if azp := said.text("azp"); azp != "" && azp != p.conf.ClientID {
		return nil, nil, refused("invalid_id_token", "the ID token was made for another program")
	}
	return token, said, p.complete(ctx, token, id.Subject, said)
}

// idTokenError is why an ID token is not valid, in the contract's words.
func idTokenError(err error) error {
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "unexpected signature algorithm"):
		return refused("invalid_signature_alg", "the ID token is not valid: %s", briefly(err))
	}
	return refused("invalid_id_token", "the ID token is not valid: %s", briefly(err))
}

// complete asks for the claims that the ID token lacks: many providers tell mail and groups only when asked.
func (p *provider) complete(ctx context.Context, token *oauth2.Token, subject string, said claims) error {
	missing := false
	for _, name := range []string{p.conf.UsernameClaim, p.conf.EmailClaim, p.conf.GroupsClaim} {
		_, there := said[name]
		missing = missing || name != "" && !there
	}
	if !missing || p.is.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := p.is.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return refused("invalid_claims", "the provider does not tell more about the user: %s", briefly(err))
	}
	more := claims{}
	if err := info.Claims(&more); err != nil || info.Subject != subject {
		return refused("invalid_claims", "what the provider tells about the user is about another")
	}
	for name, value := range more {
		if _, there := said[name]; !there {
			said[name] = value
		}
	}
	return nil
}

// briefly writes an error of a provider without the bodies that libraries put into it: they may be long, and hold secrets.
func briefly(err error) string {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) {
		if word := wordOf(answer.ErrorCode); word != "" {
			return word
		}
		return answer.Response.Status
	}
	text := err.Error()
	return strings.ToValidUTF8(text[:min(len(text), 200)], "")
}
