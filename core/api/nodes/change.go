package nodes

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/core/address"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

// Done says that something was done.
type Done struct {
	Status string `json:"status"`
}

// Added says what became of a node that was added. It is merged when it is a member of a cluster that is watched already.
type Added struct {
	Status         string `json:"status"`
	Success        bool   `json:"success,omitempty"`
	Merged         bool   `json:"merged,omitempty"`
	Cluster        string `json:"cluster,omitempty"`
	ExistingNode   string `json:"existingNode,omitempty"`
	Message        string `json:"message,omitempty"`
	TotalEndpoints int    `json:"totalEndpoints,omitempty"`
}

var done = Done{"success"}

func (a Area) add(ctx context.Context, in Change) (route.Reply[Added], error) {
	x, err := a.made(in)
	if err != nil {
		return route.Reply[Added]{}, err
	}
	if kind, _ := kindOf(x.Kind); kind.Cluster != "" && a.hasOthers(x.Kind) {
		if twin, there := a.twin(ctx, x, a.met(ctx, &x)); there {
			c := a.Cluster(twin.ID, kind.Cluster)
			return route.Reply[Added]{Body: Added{
				Status: "success", Success: true, Merged: true, Cluster: c.Name, ExistingNode: twin.title(), TotalEndpoints: len(c.Members),
				Message: x.Title + " belongs to a cluster that is watched through " + twin.title() + " already: nothing was added",
			}}, nil
		}
	}
	return route.Reply[Added]{Status: 201, Body: Added{Status: "success"}}, a.save(ctx, x, 0)
}

// hasOthers tells whether there are nodes of a kind.
func (a Area) hasOthers(kind string) bool {
	return slices.ContainsFunc(a.entries(), func(e entry) bool { return e.Kind == kind })
}

// made makes the integration of a new node.
func (a Area) made(in Change) (integration.Integration, error) {
	var x integration.Integration
	x, kind, err := a.draft(in)
	if err != nil {
		return x, err
	}
	if strings.TrimSpace(in.Name) == "" {
		return x, errs.New(errs.Invalid, "Name is required").WithField("name")
	}
	var config map[string]any
	_ = json.Unmarshal(x.Config, &config)
	host := text(config[compat.NodeHost])
	for _, e := range a.entries() {
		if e.Kind != kind.Type {
			continue
		}
		if strings.EqualFold(e.host(), host) {
			return x, errs.New(errs.Conflict, "A node with this host already exists: it is called %s", e.title()).WithField("host")
		}
	}
	x.Title = a.unlike(kind.Type, strings.TrimSpace(in.Name), host)
	x.Name = a.free(kind.Type, x.Title)
	return x, nil
}

// draft makes the integration of a node that is not saved. It has no name.
func (a Area) draft(in Change) (integration.Integration, compat.NodeKind, error) {
	x := integration.Integration{Enabled: true}
	if err := typed(in); err != nil {
		return x, compat.NodeKind{}, err
	}
	if in.Type == "" {
		return x, compat.NodeKind{}, errs.New(errs.Invalid, "Type is required").WithField("type")
	}
	kind, err := kindOf(in.Type)
	if err != nil {
		return x, kind, err
	}
	config := map[string]any{compat.NodeVerify: false}
	if config[compat.NodeHost], err = address.URL("host", in.Host, kind.Port); err != nil {
		return x, kind, err
	}
	if !login(kind, in, config) || text(config[compat.NodePassword]) == "" && text(config[compat.NodeSecret]) == "" {
		return x, kind, missingCredentials(kind)
	}
	x.Kind = kind.Type
	return x, kind, a.fill(&x, kind, config, in)
}

func missingCredentials(kind compat.NodeKind) error {
	ways := "user and password"
	if kind.Tokens {
		ways = "tokenName (user@realm!name) and tokenValue, or " + ways
	}
	return errs.New(errs.Invalid, "Authentication credentials required: give %s", ways).WithField("user")
}

// fill writes what is given into the configuration, as far as the plugin has a key for it.
func (a Area) fill(x *integration.Integration, kind compat.NodeKind, config map[string]any, in Change) error {
	form, err := a.Schema(kind.Type)
	if sdk.KindOf(err) == sdk.KindUnsupported {
		return errs.Wrap(errs.Invalid, err, "There is no plugin for %s on this server: GET /api/plugins lists those that are installed", kind.Title).WithField("type")
	}
	if err != nil {
		return err
	}
	given := members(in)
	for _, f := range kind.Fields {
		value, there := given[f.Name]
		switch {
		case form.Field(f.Key) == nil || f.Form == compat.NodeNumber && value == 0.0:
			delete(config, f.Key)
		case there && value != "":
			config[f.Key] = value
		case f.Clears:
			delete(config, f.Key)
		}
	}
	if form.Field(compat.NodeVerify) == nil {
		delete(config, compat.NodeVerify)
	}
	if address.Local(text(config[compat.NodeHost])) {
		x.Network.AllowLoopback = true // who writes down this machine means it
	}
	if err := checkPrint(config); err != nil {
		return err
	}
	x.Config, err = json.Marshal(config)
	return err
}

// login puts what is given about logging in into the configuration: an API token or a user with a password, and not
// both. It reports whether it can be used.
func login(kind compat.NodeKind, in Change, config map[string]any) bool {
	withRealm := func(user string) string {
		if strings.Contains(user, "@") {
			return user
		}
		return user + "@" + kind.Realm
	}
	if in.User != "" {
		config[compat.NodeUser] = withRealm(in.User)
	}
	token := in.TokenName != "" || in.TokenValue != ""
	if token && kind.Tokens && (in.Password == "" || in.TokenName != "" && in.TokenValue != "") {
		if in.TokenName != "" {
			name := in.TokenName
			if !strings.Contains(name, "!") {
				owner := text(config[compat.NodeUser])
				if before, _, found := strings.Cut(text(config[compat.NodeToken]), "!"); found && owner == "" {
					owner = before
				}
				name = owner + "!" + name
			}
			if strings.HasPrefix(name, "!") {
				return false
			}
			config[compat.NodeToken] = name
		}
		if in.TokenValue != "" {
			config[compat.NodeSecret] = in.TokenValue
		}
		delete(config, compat.NodeUser)
		delete(config, compat.NodePassword)
		return text(config[compat.NodeToken]) != "" && text(config[compat.NodeSecret]) != ""
	}
	if in.Password != "" {
		config[compat.NodePassword] = in.Password
		delete(config, compat.NodeToken)
		delete(config, compat.NodeSecret)
		return text(config[compat.NodeUser]) != ""
	}
	return true
}

// unlike makes a title that no other node of the kind has.
func (a Area) unlike(kind, title, host string) string {
	same := func(e entry) bool { return e.Kind == kind && strings.EqualFold(e.title(), title) }
	if slices.ContainsFunc(a.entries(), same) {
		return title + " (" + address.Bare(host) + ")"
	}
	return title
}

// unfit is what an integration's name cannot hold.
var unfit = regexp.MustCompile(`[^a-z0-9._-]+`)

// maxName leaves room for a number behind a name.
const maxName = 58

// free makes the name of a new integration from a title: one that no other has.
func (a Area) free(kind, title string) string {
	base := strings.Trim(unfit.ReplaceAllString(strings.ToLower(title), "-"), "-._")
	if base = strings.Trim(base[:min(len(base), maxName)], "-._"); base == "" {
		base = kind
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(a.entries(), func(e entry) bool { return e.Kind == kind && e.Name == name })
	}
	name := base
	for n := 2; taken(name); n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	return name
}

type updateIn struct {
	ID     string `path:"id"`
	Change Change `body:"json"`
}

func (a Area) update(ctx context.Context, in updateIn) (Done, error) {
	e, err := a.find(in.ID)
	if err != nil {
		return Done{}, err
	}
	if err := typed(in.Change); err != nil {
		return Done{}, err
	}
	config := e.config()
	moved, err := move(e, in.Change.Host, config)
	if err != nil {
		return Done{}, err
	}
	if !login(e.kind, in.Change, config) {
		return Done{}, missingCredentials(e.kind)
	}
	x := e.Integration
	if name := strings.TrimSpace(in.Change.Name); name != "" {
		x.Title = name
	}
	x.Network.Pins = maps.Clone(x.Network.Pins)
	if print := in.Change.Fingerprint; moved || print != nil && !samePrint(*print, e.fingerprint()) {
		delete(x.Network.Pins, hostPort(e.host()))
		delete(config, compat.NodeFingerprint)
	} else {
		in.Change.Fingerprint = nil // it stays as it is written
	}
	if err := a.fill(&x, e.kind, config, in.Change); err != nil {
		return Done{}, err
	}
	return done, a.save(ctx, x, e.Revision)
}

// move writes where a node is asked from now on, empty for where it was, and reports whether that is somewhere else. An
// address that is only written in another way is the same.
func move(e entry, to string, config map[string]any) (moved bool, err error) {
	if to == "" {
		return false, nil
	}
	if to, err = address.URL("host", to, e.kind.Port); err != nil {
		return false, err
	}
	if was, err := address.URL("host", e.host(), e.kind.Port); err == nil && was == to {
		return false, nil
	}
	config[compat.NodeHost] = to
	return true, nil
}

type idIn struct {
	ID string `path:"id"`
}

func (a Area) remove(ctx context.Context, in idIn) (Done, error) {
	e, err := a.find(in.ID)
	if err != nil {
		return Done{}, err
	}
	return done, a.Service.Delete(ctx, e.ID, e.Revision)
}

// save stores a node. What the plugin finds wrong is told in the words of the wire.
func (a Area) save(ctx context.Context, x integration.Integration, revision int64) error {
	if x.Title == x.Name {
		x.Title = ""
	}
	x.ID = id.Integration(x.Kind + "/" + x.Name)
	_, found, err := a.Service.Save(ctx, x, revision)
	if err != nil {
		return named(x.Kind, err)
	}
	return refusal(x.Kind, found)
}

// named returns an error with the wire's names of the secrets that have to be entered again.
func named(kind string, err error) error {
	return integration.Named(err, func(key string) string { return wireName(kind, key) })
}

// refusal is the answer to what the plugin finds wrong, nil when that is nothing.
func refusal(kind string, found []sdk.Diagnostic) error {
	return integration.Refusal(found, func(key string) string { return wireName(kind, key) })
}

// wireName is the wire's name of a key.
func wireName(kind, key string) string {
	for _, f := range slices.Concat(credentials, fieldsOf(kind)) {
		if f.Key == key {
			return f.Name
		}
	}
	return key
}

// credentials are the members that every kind has beside its fields.
var credentials = []compat.NodeField{
	{Name: "tokenName", Key: compat.NodeToken}, {Name: "tokenValue", Key: compat.NodeSecret}, {Name: "name", Key: "title"},
}

func fieldsOf(kind string) []compat.NodeField {
	k, _ := kindOf(kind)
	return k.Fields
}

// Integration makes the integration of a new node, whatever other nodes there are. It is named as it is titled.
func (a Area) Integration(in Change) (integration.Integration, error) {
	x, _, err := a.draft(in)
	x.Title = strings.TrimSpace(in.Name)
	x.Name = x.Title
	return x, err
}
