package arrival

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/bundle"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/oidc"
	"github.com/pulse-platform/pulse/core/settings"
)

// Makers make integrations of what the API takes from the reference's clients, so that what is imported is what would
// have been typed. Errors say what is wrong with it.
type Makers interface {
	// Node makes one of a kind of [compat.NodeKinds] from the members of the API.
	Node(kind string, members Member) (integration.Integration, error)
	Email(raw json.RawMessage) (integration.Integration, error)
	Webhook(raw json.RawMessage) (integration.Integration, error)
	Relay(raw json.RawMessage) (integration.Integration, error)
}

// Here is what the server has already.
type Here struct {
	// Settings is the stored document of the system settings, empty for none.
	Settings json.RawMessage
	// Users are the names of the local users, Roles the ids of all roles.
	Users, Roles []string
	// Owner is who imported tokens belong to.
	Owner string
	Now   time.Time
}

// Translate says what becomes of a document.
func Translate(ctx context.Context, d Document, m Makers, here Here) (bundle.Arrival, error) {
	t := &translator{makers: m, here: here, names: map[string]bool{}, out: bundle.Arrival{Tables: bundle.Tables{}, Version: d.Version, Exported: d.ExportedAt}}
	t.nodes(d)
	t.channels(d)
	if err := t.alerts(d); err != nil {
		return t.out, err
	}
	if err := t.system(ctx, d); err != nil {
		return t.out, err
	}
	t.signOn(d)
	t.metadata(compat.MetadataGuest, d.GuestMetadata)
	for _, kind := range slices.Sorted(maps.Keys(d.Metadata)) {
		t.metadata(kind, d.Metadata[kind])
	}
	t.tokens(d)
	t.roles(d)
	t.users(d)
	for _, file := range slices.Sorted(maps.Keys(d.Unread)) {
		t.left(file, d.Unread[file])
	}
	return t.out, nil
}

type translator struct {
	makers Makers
	here   Here
	names  map[string]bool // ids of integrations that are made
	out    bundle.Arrival
}

func (t *translator) left(what, reason string) {
	t.out.Left = append(t.out.Left, bundle.Left{What: what, Reason: reason})
}

func (t *translator) row(table string, r bundle.Row) {
	t.out.Tables[table] = append(t.out.Tables[table], r)
}

// why is the reason of an error, fit for people.
func why(err error) string {
	if e, ok := err.(*errs.Error); ok { //nolint:errorlint // only what is one as it stands has a message for people
		return e.Message
	}
	return "it cannot be read"
}

// instances is the member that lists the nodes of a kind.
func instances(kind string) string { return kind + "Instances" }

func (t *translator) nodes(d Document) {
	for _, kind := range compat.NodeKinds() {
		var all []Member
		if raw := d.Nodes[instances(kind.Type)]; !empty(raw) {
			if err := json.Unmarshal(raw, &all); err != nil {
				t.left(kind.Title, "its list of nodes cannot be read")
				continue
			}
		}
		for _, n := range all {
			members := Member{}
			for name, value := range n {
				members[lowered(name)] = value
			}
			name := text(members["name"])
			what := kind.Title + " " + name
			x, err := t.makers.Node(kind.Type, members)
			if err != nil {
				t.left(what, why(err))
				continue
			}
			if port := string(members["sshPort"]); port != "" && port != "0" && port != "22" {
				t.left(what+": SSH port "+port, "temperatures come from agents, not over SSH")
			}
			t.integration(what, x)
		}
	}
}

// lowered is the API's name of a member that the reference keeps with a capital.
func lowered(name string) string {
	for i, r := range name {
		if i == 0 {
			return string(unicode.ToLower(r)) + name[len(string(r)):]
		}
	}
	return name
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

func (t *translator) channels(d Document) {
	one := func(what string, raw json.RawMessage, make func(json.RawMessage) (integration.Integration, error), needs string) {
		var m Member
		if empty(raw) {
			return
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.left(what, "it cannot be read")
			return
		}
		if needs != "" && (empty(m[needs]) || string(m[needs]) == `""`) && string(m["enabled"]) != "true" {
			return // was never set up
		}
		x, err := make(raw)
		if err != nil {
			t.left(what, why(err))
			return
		}
		t.integration(what, x)
	}
	one("e-mail", d.Email, t.makers.Email, "server")
	var relay struct {
		Targets   []string `json:"targets"`
		ServerURL string   `json:"serverUrl"`
	}
	if json.Unmarshal(d.Relay, &relay) == nil && (len(relay.Targets) > 0 || relay.ServerURL != "") {
		one(compat.RelayPlugin, d.Relay, t.makers.Relay, "")
	}
	for i, hook := range d.Webhooks {
		var m Member
		_ = json.Unmarshal(hook, &m)
		what := "webhook " + text(m["name"])
		if text(m["name"]) == "" {
			what = "webhook " + strconv.Itoa(i+1)
		}
		one(what, hook, t.makers.Webhook, "")
	}
}

// unfit is what an integration's name cannot hold.
var unfit = regexp.MustCompile(`[^a-z0-9._-]+`)

const maxName = 58

// integration adds one under a name that no other has.
func (t *translator) integration(what string, x integration.Integration) {
	base := strings.Trim(unfit.ReplaceAllString(strings.ToLower(x.Name), "-"), "-._")
	if base = strings.Trim(base[:min(len(base), maxName)], "-._"); base == "" {
		base = x.Kind
	}
	x.Name = base
	for n := 2; t.names[x.Kind+"/"+x.Name]; n++ {
		x.Name = base + "-" + strconv.Itoa(n)
	}
	t.names[x.Kind+"/"+x.Name] = true
	network, err := json.Marshal(x.Network)
	if err != nil {
		t.left(what, why(err))
		return
	}
	t.row("integrations", bundle.Row{
		"id": x.Kind + "/" + x.Name, "kind": x.Kind, "name": x.Name, "title": x.Title, "source": x.Source, "revision": int64(1), "enabled": flag(x.Enabled),
		"config": string(x.Config), "config_version": int64(x.ConfigVersion), "network": string(network),
	})
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

func (t *translator) alerts(d Document) error {
	if empty(d.Alerts) {
		return nil
	}
	doc, err := alert.ParseDocument(d.Alerts)
	if err != nil {
		t.left("alert configuration", why(err))
		return nil
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	t.row("settings", bundle.Row{"name": alert.DocumentName, "value": string(raw)})
	return nil
}

// stored keeps one document in memory, for the settings to be judged by those who own them.
type stored struct{ value json.RawMessage }

func (s *stored) Get(_ context.Context, _ string, into any) (bool, error) {
	if empty(s.value) {
		return false, nil
	}
	return true, json.Unmarshal(s.value, into)
}

func (s *stored) Set(_ context.Context, _ string, value any) (err error) {
	s.value, err = json.Marshal(value)
	return err
}

// system takes each setting that this server has and that is in order, over those that are here.
func (t *translator) system(ctx context.Context, d Document) error {
	var given Member
	if empty(d.System) {
		return nil
	}
	if err := json.Unmarshal(d.System, &given); err != nil {
		t.left("system settings", "they cannot be read")
		return nil
	}
	keep := &stored{value: t.here.Settings}
	s, err := settings.Open(ctx, keep, nil)
	if err != nil {
		return err
	}
	known := map[string]compat.Setting{}
	for _, f := range compat.Settings() {
		known[f.Name] = f
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		f, there := known[name]
		if !there || empty(value) || string(value) == `""` || string(value) == "0" && f.Default == nil {
			continue
		}
		if f.Fixed {
			t.left("setting "+name, "this has a page of its own in the settings here, or is set in the configuration file")
			continue
		}
		one, err := json.Marshal(Member{name: value})
		if err != nil {
			return err
		}
		if err := s.Update(ctx, one); err != nil {
			t.left("setting "+name, why(err))
		}
	}
	if !empty(keep.value) {
		t.row("settings", bundle.Row{"name": settings.DocumentName, "value": string(keep.value)})
	}
	return nil
}

// signOn takes the provider of single sign-on. Its users come anew with their first login: the reference knows them by
// names only, which say nothing about who they are.
func (t *translator) signOn(d Document) {
	if empty(d.SignOn) {
		return
	}
	value, err := oidc.Stored(d.SignOn)
	if err != nil {
		t.left("single sign-on", why(err))
		return
	}
	if value != nil {
		t.row("settings", bundle.Row{"name": oidc.SettingName, "value": string(value)})
	}
}

func (t *translator) metadata(name string, all map[string]json.RawMessage) {
	i := slices.IndexFunc(compat.MetadataKinds(), func(k compat.MetadataKind) bool { return k.Name == name })
	if i < 0 {
		return
	}
	kind := compat.MetadataKinds()[i]
	for _, id := range slices.Sorted(maps.Keys(all)) {
		members, err := inventory.ReadMetadata(kind, all[id])
		if err != nil {
			t.left("notes on "+id, why(err))
			continue
		}
		if len(members) == 0 {
			continue
		}
		raw, err := json.Marshal(members)
		if err != nil {
			continue // it was just read
		}
		t.row("metadata", bundle.Row{"kind": kind.Name, "id": id, "body": string(raw)})
	}
}

var hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)
