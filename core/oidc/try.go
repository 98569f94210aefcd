package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"golang.org/x/oauth2"
)

// Step is one thing that was tried of a provider.
type Step struct {
	Name   string
	OK     bool
	Detail string // what was found, or what is wrong
}

// maxKeys bounds the answer with a provider's keys, in bytes.
const maxKeys = 1 << 20

// Try asks the provider of a configuration step by step as a login would, without a user and without changing anything.
// It ends with the first step that fails. Its error is about a configuration that could not work with any provider.
func (s *Service) Try(ctx context.Context, c Config, callback string) ([]Step, error) {
	c = c.normal()
	c.Enabled = true
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.RedirectURL != "" {
		callback = c.RedirectURL
	}
	var p *provider
	var steps []Step
	for _, step := range []struct {
		name string
		try  func() (string, error)
	}{
		{"The provider describes itself", func() (detail string, err error) {
			p, err = discover(ctx, c, s.opt.Now())
			if err != nil {
				return "", err
			}
			return "People log in at " + p.is.Endpoint().AuthURL, nil
		}},
		{"It logs in the way that Pulse does", func() (string, error) { return p.fits() }},
		{"Its keys can be read", func() (string, error) { return p.readKeys(ctx) }},
		{"It knows this server by client ID and secret", func() (string, error) { return p.knowsUs(ctx, callback) }},
	} {
		detail, err := step.try()
		if err != nil {
			detail = briefly(err)
		}
		if steps = append(steps, Step{step.name, err == nil, detail}); err != nil {
			break
		}
	}
	return steps, nil
}

// fits checks what the provider says it can do. What it does not mention is taken to be there.
func (p *provider) fits() (string, error) {
	var says struct {
		Types   []string `json:"response_types_supported"`
		Methods []string `json:"code_challenge_methods_supported"`
		Scopes  []string `json:"scopes_supported"`
	}
	if err := p.is.Claims(&says); err != nil {
		return "", err
	}
	if len(says.Types) > 0 && !slices.Contains(says.Types, "code") {
		return "", errors.New("it does not offer the code flow")
	}
	if len(says.Methods) > 0 && !slices.Contains(says.Methods, "S256") {
		return "", errors.New("it does not offer PKCE with S256")
	}
	detail := "The code flow with PKCE"
	if p.endSession != "" {
		detail += ", and logging out"
	}
	for _, scope := range p.conf.Scopes {
		if len(says.Scopes) > 0 && !slices.Contains(says.Scopes, scope) {
			detail += fmt.Sprintf("; it does not mention the scope %s", scope)
		}
	}
	return detail, nil
}

// readKeys asks for the keys with which ID tokens are signed.
func (p *provider) readKeys(ctx context.Context) (string, error) {
	var says struct {
		Keys string `json:"jwks_uri"`
	}
	if err := p.is.Claims(&says); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, says.Keys, nil)
	if err != nil {
		return "", err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxKeys)).Decode(&set); err != nil || len(set.Keys) == 0 {
		return "", fmt.Errorf("there are no keys at %s (%s)", says.Keys, res.Status)
	}
	return fmt.Sprintf("%d keys", len(set.Keys)), nil
}

// knowsUs offers a code that is none: a provider that knows the client refuses the code, another refuses the client.
func (p *provider) knowsUs(ctx context.Context, callback string) (string, error) {
	_, err := p.oauth(callback).Exchange(p.with(ctx), "test", oauth2.VerifierOption(oauth2.GenerateVerifier()))
	var answer *oauth2.RetrieveError
	switch {
	case err == nil:
		return "", errors.New("it took a code that it never gave")
	case !errors.As(err, &answer):
		return "", err
	case answer.ErrorCode == "invalid_client" || answer.ErrorCode == "unauthorized_client" || answer.ErrorCode == "":
		return "", fmt.Errorf("it refuses client ID or secret: %s", briefly(err))
	}
	return "The address to come back to must be allowed there: " + callback, nil
}
