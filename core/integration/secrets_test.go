package integration

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// schemed are plugins whose configuration has a schema.
type schemed struct {
	plugins
	form *schema.Schema
}

func (p schemed) Secrets(string) (Secrets, error) { return p.form, nil }

type ups struct {
	URL      string     `name:"url" help:"." target:"true"`
	Password sdk.Secret `name:"password" help:"."`
	Key      sdk.Secret `name:"key" help:"."`
	Pace     int        `name:"pace" help:"."`
}

// callers are all that may change settings, by whether they may do all there is.
func callers(ctx context.Context) map[string]struct {
	ctx   context.Context
	whole bool
} {
	type caller = struct {
		ctx   context.Context
		whole bool
	}
	of := func(p auth.Principal, whole bool) caller { return caller{auth.WithPrincipal(ctx, p), whole} }
	return map[string]caller{
		"administrator":                          of(auth.Principal{Method: auth.MethodSession, Admin: true}, true),
		"administrator's token":                  of(auth.Principal{Method: auth.MethodToken, Admin: true, Token: &auth.TokenInfo{Scopes: []auth.Scope{auth.ScopeAll}}}, true),
		"the server":                             of(auth.System, true),
		"administrator's token with some scopes": of(auth.Principal{Method: auth.MethodToken, Admin: true, Token: &auth.TokenInfo{Scopes: []auth.Scope{auth.ScopeSettingsWrite}}}, false),
		"role that changes settings":             of(auth.Principal{Method: auth.MethodSession, Rights: auth.Rights{{Action: auth.ActAdmin, Resource: "settings"}}}, false),
		"token of such a role":                   of(auth.Principal{Method: auth.MethodToken, Token: &auth.TokenInfo{Scopes: []auth.Scope{auth.ScopeAll}}}, false),
		"nobody":                                 {ctx, false},
	}
}

func TestOnlyAWholeAdministratorSendsStoredSecretsElsewhere(t *testing.T) {
	form, err := schema.Of[ups]()
	if err != nil {
		t.Fatal(err)
	}
	const at = "a:1"
	for name, c := range map[string]struct {
		config string
		pins   map[string]string
		asks   []string // the secrets that have to be entered again
	}{
		"another address":              {`{"url":"hush://b","password":"***","key":"***"}`, map[string]string{at: print("a")}, []string{"key", "password"}},
		"one secret is entered":        {`{"url":"hush://b","password":"new","key":"***"}`, map[string]string{at: print("a")}, []string{"key"}},
		"all are":                      {`{"url":"hush://b","password":"new","key":"new"}`, map[string]string{at: print("a")}, nil},
		"another certificate is taken": {`{"url":"hush://a","password":"***"}`, map[string]string{at: print("b")}, []string{"password"}},
		"no certificate is asked for":  {`{"url":"hush://a","password":"***"}`, nil, []string{"password"}},
		"another pace":                 {`{"url":"hush://a","password":"***","key":"***","pace":7}`, map[string]string{at: print("a")}, nil},
	} {
		for who, caller := range callers(t.Context()) {
			s, err := Open(t.Context(), &memory{rows: map[id.Integration]Sealed{}}, reverser{}, schemed{form: form})
			if err != nil {
				t.Fatal(err)
			}
			x := Integration{Kind: "ups", Name: "one", Enabled: true, Config: json.RawMessage(`{"url":"hush://a","password":"p1","key":"k1"}`), Network: Network{Pins: map[string]string{at: print("a")}}}
			if _, found, err := s.Save(caller.ctx, x, 0); err != nil || len(found) > 0 {
				t.Fatal(err, found)
			}
			before := s.Desired()[0]
			x.Config, x.Network.Pins = json.RawMessage(c.config), c.pins
			want := c.asks
			if caller.whole {
				want = nil
			}
			_, triedErr := s.Try(caller.ctx, x)
			_, _, savedErr := s.Save(caller.ctx, x, 1)
			for what, err := range map[string]error{"try": triedErr, "save": savedErr} {
				var r *Redirected
				if errors.As(err, &r) != (want != nil) || r != nil && !slices.Equal(r.Secrets, want) {
					t.Errorf("%s, %s: %s: %v, want %q", name, who, what, err, want)
				}
				if want != nil && (!errs.Is(err, errs.Forbidden) || !strings.Contains(err.Error(), strings.Join(want, ", ")+": enter it again")) {
					t.Errorf("%s, %s: %s: it does not say what to do: %v", name, who, what, err)
				}
			}
			after := s.Desired()[0]
			if want != nil && (string(after.Config) != string(before.Config) || after.Revision != 1) {
				t.Errorf("%s, %s: something was stored: %s", name, who, after.Config)
			}
			if want == nil && after.Revision != 2 {
				t.Errorf("%s, %s: it was not stored", name, who)
			}
		}
	}
}

// print is a fingerprint made of a digit.
func print(digit string) string { return strings.Repeat(digit, 64) }
