package proxmox

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

const (
	// ticketLife is when a ticket is renewed; the servers accept it for two hours.
	ticketLife = time.Hour
	// pause is how long refused credentials are not tried again: each refusal costs the server three seconds, and a
	// user may be locked.
	pause = 5 * time.Minute
)

// Login is an API token, or a user with a password. With both, the token is used.
type Login struct {
	// Token is user@realm!name.
	Token  string
	Secret sdk.Secret
	// User is user@realm.
	User     string
	Password sdk.Secret
}

// credentials is one header of a request.
type credentials struct{ header, value string }

// login is the answer to a login.
type login struct {
	Ticket  Str  `json:"ticket"`
	NeedTFA Bool `json:"NeedTFA"`
}

// loginCall posts a login form.
type loginCall func(ctx context.Context, form url.Values) (login, error)

// authenticator gives requests their credentials.
type authenticator interface {
	// credentials returns what to send, logging in first where that is needed.
	credentials(ctx context.Context, call loginCall) (credentials, error)
	// refused is told that a server did not accept what credentials returned, and says whether it is worth another try.
	refused(used credentials, err *Error) (again bool)
}

// Check finds what a login lacks. The errors name the field.
func (l Login) Check(p Product) error {
	_, err := l.authenticator(p, nil)
	return err
}

func (l Login) authenticator(p Product, now func() time.Time) (authenticator, error) {
	turn := make(chan struct{}, 1)
	switch {
	case l.Token != "":
		if !p.tokens() {
			return nil, Wrong("token_name", "%s has no API tokens. Give a user and a password.", p.Name)
		}
		if !strings.Contains(l.Token, "!") || !strings.Contains(l.Token, "@") {
			return nil, Wrong("token_name", "The token id has the form user@realm!name.")
		}
		if l.Secret == "" {
			return nil, Wrong("token_value", "The token has no secret.")
		}
		value := p.scheme + "=" + l.Token + p.separator + l.Secret.Reveal()
		return &token{now: now, turn: turn, made: credentials{"Authorization", value}}, nil
	case l.User != "":
		if !strings.Contains(l.User, "@") {
			return nil, Wrong("user", "The user has the form user@realm, for example monitor@%s.", realmOf(p))
		}
		if l.Password == "" {
			return nil, Wrong("password", "The user has no password.")
		}
		return &ticket{now: now, turn: turn, product: p, user: l.User, password: l.Password}, nil
	}
	if p.tokens() {
		return nil, Wrong("token_name", "Give a token with its secret, or a user with a password.")
	}
	return nil, Wrong("user", "Give a user and a password.")
}

func realmOf(p Product) string {
	switch p.Name {
	case Backup.Name:
		return "pbs"
	case MailGateway.Name:
		return "pmg"
	}
	return "pve"
}

// gate holds back requests after the credentials were refused.
type gate struct {
	until time.Time
	err   *Error
}

func (g *gate) open(now time.Time) error {
	if g.err != nil && now.Before(g.until) {
		return g.err
	}
	return nil
}

func (g *gate) shut(now time.Time, err *Error) {
	g.until, g.err = now.Add(pause), err
}

// token is an API token: a header that never changes.
type token struct {
	now  func() time.Time
	turn chan struct{}
	made credentials
	gate gate
}

func (t *token) credentials(ctx context.Context, _ loginCall) (credentials, error) {
	if err := take(ctx, t.turn); err != nil {
		return credentials{}, err
	}
	defer give(t.turn)
	return t.made, t.gate.open(t.now())
}

func (t *token) refused(_ credentials, err *Error) bool {
	t.turn <- struct{}{}
	defer give(t.turn)
	t.gate.shut(t.now(), err)
	return false
}

// ticket is a login with a password, renewed before it becomes old. Those who need it while it is renewed wait for
// that one login.
type ticket struct {
	now      func() time.Time
	turn     chan struct{}
	product  Product
	user     string
	password sdk.Secret
	gate     gate

	current credentials
	value   string // the ticket itself
	since   time.Time
}

func (t *ticket) credentials(ctx context.Context, call loginCall) (credentials, error) {
	if err := take(ctx, t.turn); err != nil {
		return credentials{}, err
	}
	defer give(t.turn)
	if err := t.gate.open(t.now()); err != nil {
		return credentials{}, err
	}
	if t.value != "" && t.now().Sub(t.since) < ticketLife {
		return t.current, nil
	}
	if t.value != "" {
		// A ticket that still lives may be given in place of the password.
		if err := t.renew(ctx, call, t.value); err == nil {
			return t.current, nil
		}
		t.value = ""
	}
	err := t.renew(ctx, call, t.password.Reveal())
	var e *Error
	if errors.As(err, &e) && (e.Kind == KindAuth || e.Kind == KindSecondFactor) {
		t.gate.shut(t.now(), e)
	}
	return t.current, err
}

func (t *ticket) renew(ctx context.Context, call loginCall, password string) error {
	got, err := call(ctx, url.Values{"username": {t.user}, "password": {password}})
	switch {
	case err != nil:
		return err
	case bool(got.NeedTFA) || strings.Contains(string(got.Ticket), ":!tfa!"):
		return &Error{Kind: KindSecondFactor, Call: "/access/ticket", Message: t.product.withoutFactor()}
	case got.Ticket == "":
		return &Error{Kind: KindForeign, Call: "/access/ticket", Message: "no ticket in the answer"}
	}
	t.value, t.since = string(got.Ticket), t.now()
	t.current = credentials{"Cookie", t.product.cookie + "=" + url.QueryEscape(t.value)}
	return nil
}

// refused forgets the ticket, which may have ended early, so that the next request logs in anew.
func (t *ticket) refused(used credentials, err *Error) bool {
	t.turn <- struct{}{}
	defer give(t.turn)
	if used != t.current || t.value == "" {
		return true // another request was told before and has a new one
	}
	fresh := t.now().Sub(t.since) < time.Minute
	t.value = ""
	if fresh {
		// It was issued a moment ago and is refused: another login changes nothing.
		t.gate.shut(t.now(), err)
		return false
	}
	return true
}

func take(ctx context.Context, turn chan struct{}) error {
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a login: %w", ctx.Err())
	}
}

func give(turn chan struct{}) { <-turn }
