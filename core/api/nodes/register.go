package nodes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/address"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
)

// The words for who made a node when no person did. Behind that of an agent stands the id of its token, after a slash.
const (
	sourceScript = "script"
	sourceAgent  = "agent"
)

// Registration is how a node introduces itself.
type Registration struct {
	Type       string `json:"type"`
	Host       string `json:"host"`
	TokenID    string `json:"tokenId"`
	TokenValue string `json:"tokenValue"`
	ServerName string `json:"serverName,omitempty"`
	// AuthToken is a setup token or an API token; SetupCode is its former name.
	AuthToken string `json:"authToken,omitempty"`
	SetupCode string `json:"setupCode,omitempty"`
	Source    string `json:"source,omitempty" help:"agent or script."`
	// Fingerprint is the SHA-256 of the node's own certificate.
	Fingerprint  string `json:"fingerprint,omitempty"`
	RequestToken bool   `json:"requestToken,omitempty" help:"Refused: the setup script makes a token on the node itself."`
}

// Registered says what became of it.
type Registered struct {
	Status  string `json:"status"`
	Success bool   `json:"success"`
	Message string `json:"message"`
	NodeID  string `json:"nodeId"`
	// The following are set when the node is a member of a cluster that is watched already.
	Merged         bool   `json:"merged,omitempty"`
	Cluster        string `json:"cluster,omitempty"`
	ExistingNode   string `json:"existingNode,omitempty"`
	TotalEndpoints int    `json:"totalEndpoints,omitempty"`
}

// introducer is who introduces a node.
type introducer struct {
	// owner is the id of the token of an agent that may only report: it may change what it has made itself.
	owner string
	// giveBack makes the setup token valid again, when nothing came of it; nil for who showed another one.
	giveBack func() error
}

// tokenIDs is the form of an API token's id, user@realm!name.
var tokenIDs = regexp.MustCompile(`^[^\s@!]+(@[^\s@!]+)+![^\s@!]+$`)

func (a Area) autoRegister(ctx context.Context, in Registration) (Registered, error) {
	if err := typed(in); err != nil {
		return Registered{}, err
	}
	if in.RequestToken {
		return Registered{}, errs.New(errs.Invalid, "requestToken is not served: run the setup script on the node, or add it by hand").WithField("requestToken")
	}
	if field := in.lacks(); field != "" {
		return Registered{}, errs.New(errs.Invalid, "Missing required fields: type, host, tokenId and tokenValue").WithField(field)
	}
	kind, err := setupKind(in.Type)
	if err != nil {
		return Registered{}, err
	}
	host, err := address.URL("host", in.Host, kind.Port)
	if err != nil {
		return Registered{}, err
	}
	if !tokenIDs.MatchString(in.TokenID) {
		return Registered{}, errs.New(errs.Invalid, "tokenId is not of the form user@realm!name").WithField("tokenId")
	}
	if err := checkPrint(map[string]any{compat.NodeFingerprint: in.Fingerprint, compat.NodeHost: host}); err != nil {
		return Registered{}, err
	}
	who, err := a.introduced(ctx, in, kind)
	if err != nil {
		return Registered{}, err
	}
	out, err := a.taken(ctx, in, kind, host, who)
	switch {
	case err != nil && who.giveBack != nil:
		err = errors.Join(err, who.giveBack())
	case err == nil:
		a.tell("node_auto_registered", map[string]any{
			"type": kind.Type, "host": host, "name": cmp.Or(in.ServerName, address.Bare(host)), "tokenId": in.TokenID, "hasToken": true, "verifySSL": true, "status": Connected,
		})
	}
	return out, err
}

// races is how often a node is looked up again because another one was stored in the meantime.
const races = 5

// taken is take, again as long as another node that introduces itself at the same time was faster with a name.
func (a Area) taken(ctx context.Context, in Registration, kind compat.NodeKind, host string, who introducer) (out Registered, err error) {
	for range races {
		var known *errs.Error
		if out, err = a.take(ctx, in, kind, host, who); !errors.As(err, &known) || known.Code != errs.Outdated && (known.Code != errs.Conflict || known.Field != "name") {
			break
		}
	}
	return out, err
}

// lacks is the first of the members that every registration has, and this one has not.
func (in Registration) lacks() string {
	for _, one := range []struct{ name, value string }{{"type", in.Type}, {"host", in.Host}, {"tokenId", in.TokenID}, {"tokenValue", in.TokenValue}} {
		if one.value == "" {
			return one.name
		}
	}
	return ""
}

// introduced finds out who introduces a node: the holder of a setup token, which is used up, or of an API token.
func (a Area) introduced(ctx context.Context, in Registration, kind compat.NodeKind) (introducer, error) {
	given := cmp.Or(in.AuthToken, in.SetupCode)
	for _, raw := range []string{given, route.RequestFrom(ctx).Header.Get("X-API-Token")} {
		if raw == "" {
			continue
		}
		p, ok := a.Token(raw)
		switch {
		case ok && p.Admin && p.May(auth.ScopeSettingsWrite):
			return introducer{}, nil
		case ok && p.May(auth.ScopeHostReport):
			return introducer{owner: p.Token.ID}, nil
		case raw != given:
			continue
		}
		one, valid, err := a.Tickets.take(ctx, raw, kind.Type)
		if err != nil {
			return introducer{}, err
		}
		if valid {
			return introducer{giveBack: func() error { return a.Tickets.put(context.WithoutCancel(ctx), raw, one) }}, nil
		}
	}
	if given == "" && route.RequestFrom(ctx).Header.Get("X-API-Token") == "" {
		return introducer{}, errs.New(errs.Unauthenticated, "Pulse requires authentication").WithWord("authentication_required")
	}
	return introducer{}, errs.New(errs.Unauthenticated, "Invalid or expired setup code").WithWord("invalid_setup_token")
}

// take changes the node that is meant, or makes a new one.
func (a Area) take(ctx context.Context, in Registration, kind compat.NodeKind, host string, who introducer) (Registered, error) {
	done := Registered{Status: "success", Success: true, NodeID: in.Host}
	e, known := a.meant(in, kind, host)
	var x integration.Integration
	config := map[string]any{compat.NodeVerify: true}
	if known {
		if who.owner != "" && e.Source != sourceAgent+"/"+who.owner {
			return done, errs.New(errs.Forbidden, "The node %s is not this agent's: its credentials are changed by who made it, or by an administrator", e.title())
		}
		x, config = e.Integration, e.config()
		done.Message = "The node " + e.title() + " uses the new token"
	} else {
		x = integration.Integration{Kind: kind.Type, Enabled: true}
		x.Title = a.unlike(kind.Type, cmp.Or(strings.TrimSpace(in.ServerName), address.Bare(host)), host)
		x.Name = a.free(kind.Type, x.Title)
		done.Message = "The node " + x.Title + " was added"
	}
	if !known || in.Source != sourceAgent || config[compat.NodeHost] == nil {
		config[compat.NodeHost] = host
	}
	config[compat.NodeToken], config[compat.NodeSecret] = in.TokenID, in.TokenValue
	delete(config, compat.NodeUser)
	delete(config, compat.NodePassword)
	if in.Fingerprint != "" {
		config[compat.NodeFingerprint] = in.Fingerprint
	}
	if x.Source = in.source(who); known && who.owner == "" && in.Source == "" {
		x.Source = e.Source
	}
	if address.Local(text(config[compat.NodeHost])) {
		x.Network.AllowLoopback = true
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return done, err
	}
	x.Config = raw
	identity := a.met(ctx, &x)
	if twin, there := a.twin(ctx, x, identity); there && !known {
		c := a.Cluster(twin.ID, kind.Cluster)
		done.Merged, done.Cluster, done.ExistingNode, done.TotalEndpoints = true, c.Name, twin.title(), len(c.Members)
		done.Message = cmp.Or(in.ServerName, address.Bare(host)) + " belongs to a cluster that is watched through " + twin.title() + " already: nothing was added, and its new token is not used"
		return done, nil
	}
	return done, a.save(ctx, x, x.Revision)
}

func (in Registration) source(who introducer) string {
	switch {
	case in.Source == sourceAgent || who.owner != "":
		return strings.TrimSuffix(sourceAgent+"/"+who.owner, "/")
	case in.Source == sourceScript:
		return sourceScript
	}
	return ""
}

// meant finds the node that introduces itself among those that are known: by its host, by name and token, or because
// the same agent has introduced it before.
func (a Area) meant(in Registration, kind compat.NodeKind, host string) (entry, bool) {
	var all []entry
	for _, e := range a.entries() {
		if e.Kind == kind.Type {
			all = append(all, e)
		}
	}
	named := func(e entry) bool { return strings.EqualFold(e.title(), in.ServerName) && in.ServerName != "" }
	ours := func(token string) bool {
		owner, name, _ := strings.Cut(token, "!")
		return strings.HasPrefix(owner, compat.SetupUser+"@") && strings.HasPrefix(name, compat.SetupTokenPrefix)
	}
	for _, same := range []func(entry) bool{
		func(e entry) bool { return strings.EqualFold(e.host(), host) },
		func(e entry) bool { return named(e) && text(e.config()[compat.NodeToken]) == in.TokenID },
		func(e entry) bool {
			return named(e) && in.Source == sourceAgent && strings.HasPrefix(e.Source, sourceAgent) && ours(text(e.config()[compat.NodeToken])) && ours(in.TokenID)
		},
	} {
		if at := slices.IndexFunc(all, same); at >= 0 {
			return all[at], true
		}
	}
	return entry{}, false
}

// tell tells those who listen.
func (a Area) tell(kind string, data map[string]any) {
	if raw, err := json.Marshal(data); err == nil {
		a.Broadcast(kind, raw)
	}
}

// hostPort is that of a URL.
func hostPort(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Host
}
