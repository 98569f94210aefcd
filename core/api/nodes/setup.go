package nodes

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/pulse-platform/pulse/core/address"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

// setupRoutes let a machine introduce itself.
func (a Area) setupRoutes() []route.Route {
	claimed := func(x *route.Access) { x.Unclaimed = false }
	return []route.Route{
		route.Post("/api/setup-script-url", "makeSetupScript", "Make a one-time token and the command that uses it", a.setupURL).
			Admin(scopeWrite).Body(8 << 10),
		route.Get("/api/setup-script", "getSetupScript", "The script that makes an account on a node; needs its one-time token", a.setupScript).
			Public().Class("public").With(claimed),
		route.Post("/api/auto-register", "autoRegister", "Take a node that introduces itself with a setup token or an API token", a.autoRegister).
			Public().Class("public").Body(bodyLimit).With(claimed),
	}
}

type setupIn struct {
	Type        string `json:"type"`
	Host        string `json:"host,omitempty"`
	BackupPerms bool   `json:"backupPerms,omitempty"`
}

// Setup is how a machine is set up.
type Setup struct {
	URL            string `json:"url" help:"Of the script. It serves with the token only, as X-Setup-Token."`
	Command        string `json:"command" help:"To be run on the machine. The token stands in it, and in no command line of a process."`
	CommandWithEnv string `json:"commandWithEnv"`
	// CommandWithoutEnv asks for the token.
	CommandWithoutEnv string `json:"commandWithoutEnv"`
	SetupToken        string `json:"setupToken"`
	TokenHint         string `json:"tokenHint"`
	Expires           int64  `json:"expires" help:"Unix seconds."`
}

func (a Area) setupURL(ctx context.Context, in setupIn) (Setup, error) {
	if err := typed(in); err != nil {
		return Setup{}, err
	}
	kind, err := setupKind(in.Type)
	if err != nil {
		return Setup{}, err
	}
	host := ""
	if in.Host != "" {
		if host, err = address.URL("host", in.Host, kind.Port); err != nil {
			return Setup{}, err
		}
	}
	base, err := a.base(ctx)
	if err != nil {
		return Setup{}, err
	}
	query := "type=" + url.QueryEscape(kind.Type)
	if host != "" {
		query += "&host=" + url.QueryEscape(host)
	}
	query += "&pulse_url=" + url.QueryEscape(base)
	if in.BackupPerms {
		query += "&backup_perms=true"
	}
	token, expires, err := a.Tickets.issue(ctx, ticket{Kind: kind.Type, Host: host, Perms: in.BackupPerms})
	if err != nil {
		return Setup{}, err
	}
	out := Setup{
		URL: base + "/api/setup-script?" + query, SetupToken: token, TokenHint: token[:3] + "…" + token[len(token)-3:], Expires: expires.Unix(),
	}
	// The header goes through standard input and the token through the environment: other users of the machine see neither.
	fetch := `set -o pipefail; curl -fsSL -H @- ` + quote(out.URL) + ` <<<"X-Setup-Token: $PULSE_SETUP_TOKEN" | bash`
	out.Command = "PULSE_SETUP_TOKEN=" + token + " bash -c " + quote(fetch)
	out.CommandWithEnv = out.Command
	out.CommandWithoutEnv = "bash -c " + quote(`read -rsp "Setup token: " PULSE_SETUP_TOKEN </dev/tty; echo; `+fetch)
	return out, nil
}

// quote makes one word of the shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func setupKind(word string) (compat.NodeKind, error) {
	if word == "" {
		return compat.NodeKind{}, errs.New(errs.Invalid, "Type is required").WithField("type")
	}
	kind, err := kindOf(word)
	if err == nil && !kind.Setup {
		err = errs.New(errs.Invalid, "There is no setup script for %s: add it by hand", kind.Title).WithField("type")
	}
	return kind, err
}

// base is the address under which machines reach this server: the configured one, else that of the request.
func (a Area) base(ctx context.Context) (string, error) {
	if base := a.PublicURL(); base != "" {
		return strings.TrimRight(base, "/"), nil
	}
	r := route.RequestFrom(ctx)
	scheme := "http"
	if r.HTTPS {
		scheme = "https"
	}
	u, err := url.Parse(scheme + "://" + r.Host)
	if err != nil || u.Host != r.Host || u.Hostname() == "" {
		return "", errs.New(errs.Invalid, "The Host header is not a host: set the public address of this server in the settings")
	}
	return u.String(), nil
}

type scriptIn struct {
	Type        string `query:"type"`
	Host        string `query:"host"`
	PulseURL    string `query:"pulse_url"`
	BackupPerms bool   `query:"backup_perms"`
	AuthToken   string `query:"auth_token"`
	SetupToken  string `header:"X-Setup-Token"`
	Bearer      string `header:"Authorization"`
}

// token is the one-time token that came with the request.
func (in scriptIn) token() string {
	scheme, value, _ := strings.Cut(in.Bearer, " ")
	switch {
	case in.SetupToken != "":
		return strings.TrimSpace(in.SetupToken)
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(value)
	}
	return in.AuthToken
}

func (a Area) setupScript(ctx context.Context, in scriptIn) (route.Raw, error) {
	kind, err := setupKind(in.Type)
	if err != nil {
		return route.Raw{}, err
	}
	ticket, valid, err := a.Tickets.see(ctx, in.token(), kind.Type)
	if err != nil {
		return route.Raw{}, err
	}
	if !valid {
		return route.Raw{}, errs.New(errs.Unauthenticated, "The setup token is missing, was used or has expired: make a new command in Pulse").WithWord("invalid_setup_token")
	}
	params := map[string]string{"host": in.Host, "url": in.PulseURL}
	if in.Host == "" {
		params["host"] = ticket.Host
	} else if params["host"], err = address.URL("host", in.Host, kind.Port); err != nil {
		return route.Raw{}, err
	}
	if params["url"] == "" {
		if params["url"], err = a.base(ctx); err != nil {
			return route.Raw{}, err
		}
	}
	if in.BackupPerms || ticket.Perms {
		params["backup_perms"] = "true"
	}
	text, err := a.Script(ctx, kind.Type, sdk.ScriptRequest{Name: compat.SetupScript, Params: params, Token: in.token()})
	if err != nil {
		return route.Raw{}, scriptFailure(err)
	}
	return route.Raw{
		ContentType: "text/plain; charset=utf-8", Body: []byte(text),
		Header: http.Header{"Content-Disposition": {"inline; filename=pulse-setup-" + kind.Type + ".sh"}},
	}, nil
}

// scriptFailure says whose fault it is that there is no script.
func scriptFailure(err error) error {
	var e *sdk.Error
	if errors.As(err, &e) && e.Kind == sdk.KindInvalid {
		field := map[string]string{"url": "pulse_url"}[e.Field]
		if field == "" {
			field = e.Field
		}
		return errs.Wrap(errs.Invalid, err, "%s: %s", field, e.Message).WithField(field)
	}
	out := errs.Wrap(errs.Unavailable, err, "The plugin does not write its script now: try again")
	if e != nil {
		out.RetryAfter = e.RetryAfter
	}
	return out
}
