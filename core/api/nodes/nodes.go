// Package nodes holds the routes by which the reference's clients configure what is asked over an API of its own. They
// stand on integrations: a table of core/compat pairs their members with keys of configurations, so no product is known
// here.
package nodes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Service keeps the integrations.
type Service interface {
	List() []integration.Integration
	Save(ctx context.Context, x integration.Integration, revision int64) (integration.Integration, []sdk.Diagnostic, error)
	Delete(ctx context.Context, name id.Integration, revision int64) error
	Try(ctx context.Context, x integration.Integration) (integration.Trial, error)
}

// The words for how a node is doing.
const (
	Connected    = "connected"
	Disconnected = "disconnected"
	Pending      = "pending"
)

// Area serves the rows.
type Area struct {
	Service Service
	// Schema returns the form of a kind's configuration.
	Schema func(kind string) (*schema.Schema, error)
	// Status tells how an integration is doing: [Connected], [Disconnected] or [Pending].
	Status func(name id.Integration) string
	// Cluster returns what is known of the cluster that an integration asks.
	Cluster func(name id.Integration, section string) Cluster
	// Refresh asks an integration again at once and returns when it has answered.
	Refresh func(ctx context.Context, name id.Integration) error
	// Again has all that an integration brings be asked for soon; nil for when it is time.
	Again func(name id.Integration)
	// Script has the plugin of a kind write a setup script.
	Script func(ctx context.Context, kind string, r sdk.ScriptRequest) (string, error)
	// Probe asks the plugin of a kind whether an address, host:port, is one of its own.
	Probe func(ctx context.Context, kind, address string, network integration.Network) (sdk.Candidate, error)
	// Token finds the caller behind an API token.
	Token   func(raw string) (auth.Principal, bool)
	Tickets *Tickets
	// PublicURL is the configured address of this server, empty when nobody said.
	PublicURL func() string
	// Broadcast tells those who listen.
	Broadcast func(kind string, data json.RawMessage)
	Now       func() time.Time
}

const scopeWrite = auth.ScopeSettingsWrite

// bodyLimit is the largest body of a node.
const bodyLimit = 32 << 10

// Routes returns the rows.
func (a Area) Routes() []route.Route {
	read, write := auth.ScopeSettingsRead, scopeWrite
	return append([]route.Route{
		route.Get("/api/config/nodes", "listNodes", "All nodes that are asked over their API; secrets are never told", a.list).Admin(read),
		route.Post("/api/config/nodes", "addNode", "Add a node", a.add).Admin(write).Body(bodyLimit),
		route.Post("/api/config/nodes/test-connection", "testNodeConnection", "Try a node without saving it", a.testConnection).Admin(write).Body(bodyLimit),
		route.Post("/api/config/nodes/test-config", "testNodeConfig", "Try a node without saving it, with the time that it took", a.testConfig).Admin(write).Body(bodyLimit),
		route.Put("/api/config/nodes/{id}", "updateNode", "Change a node; what is not given stays", a.update).Admin(write).Body(bodyLimit),
		route.Delete("/api/config/nodes/{id}", "deleteNode", "Remove a node with all that it brought", a.remove).Admin(write),
		route.Post("/api/config/nodes/{id}/test", "testNode", "Try a node with what is stored", a.testStored).Admin(write),
		route.Post("/api/config/nodes/{id}/refresh-cluster", "refreshNodeCluster", "Look for the members of a node's cluster again", a.refresh).Admin(write),
	}, a.setupRoutes()...)
}

// Node is a node as the list shows it. What a kind does not have is left out.
type Node struct {
	ID   string `json:"id" help:"Stays the same whatever is added or removed. The former ids, which count within a type, are taken too."`
	Type string `json:"type"`
	Name string `json:"name"`
	Host string `json:"host"`
	User string `json:"user,omitempty"`
	// HasPassword and HasToken tell which secret is stored.
	HasPassword bool   `json:"hasPassword"`
	HasToken    bool   `json:"hasToken"`
	TokenName   string `json:"tokenName,omitempty"`

	GuestURL                     string   `json:"guestURL,omitempty"`
	Fingerprint                  string   `json:"fingerprint,omitempty"`
	VerifySSL                    bool     `json:"verifySSL"`
	TemperatureMonitoringEnabled *bool    `json:"temperatureMonitoringEnabled,omitempty"`
	MonitorVMs                   bool     `json:"monitorVMs,omitempty"`
	MonitorContainers            bool     `json:"monitorContainers,omitempty"`
	MonitorStorage               bool     `json:"monitorStorage,omitempty"`
	MonitorBackups               bool     `json:"monitorBackups,omitempty"`
	MonitorPhysicalDisks         *bool    `json:"monitorPhysicalDisks,omitempty"`
	PhysicalDiskPollingMinutes   int      `json:"physicalDiskPollingMinutes,omitempty"`
	MonitorDatastores            bool     `json:"monitorDatastores,omitempty"`
	MonitorSyncJobs              bool     `json:"monitorSyncJobs,omitempty"`
	MonitorVerifyJobs            bool     `json:"monitorVerifyJobs,omitempty"`
	MonitorPruneJobs             bool     `json:"monitorPruneJobs,omitempty"`
	MonitorGarbageJobs           bool     `json:"monitorGarbageJobs,omitempty"`
	ExcludeDatastores            []string `json:"excludeDatastores,omitempty"`
	MonitorMailStats             bool     `json:"monitorMailStats,omitempty"`
	MonitorQueues                bool     `json:"monitorQueues,omitempty"`
	MonitorQuarantine            bool     `json:"monitorQuarantine,omitempty"`
	MonitorDomainStats           bool     `json:"monitorDomainStats,omitempty"`

	Status           string     `json:"status"`
	IsCluster        bool       `json:"isCluster,omitempty"`
	ClusterName      string     `json:"clusterName,omitempty"`
	ClusterEndpoints []Endpoint `json:"clusterEndpoints,omitempty"`
	NodeCount        int        `json:"nodeCount,omitempty" help:"How many members the cluster has."`
	Source           string     `json:"source,omitempty"`
	// Origin is the file and line that own the node; then it is read-only here.
	Origin string `json:"origin,omitempty"`
	// MergedInto is the id of the node that is asked in the place of this one, and Notice says so to people.
	MergedInto string `json:"mergedInto,omitempty"`
	Notice     string `json:"notice,omitempty"`
}

// Change is what a client writes about a node.
type Change struct {
	Type       string `json:"type,omitempty"`
	Name       string `json:"name,omitempty"`
	Host       string `json:"host,omitempty"`
	User       string `json:"user,omitempty"`
	Password   string `json:"password,omitempty"`
	TokenName  string `json:"tokenName,omitempty"`
	TokenValue string `json:"tokenValue,omitempty"`

	GuestURL                     *string   `json:"guestURL,omitempty"`
	Fingerprint                  *string   `json:"fingerprint,omitempty"`
	VerifySSL                    *bool     `json:"verifySSL,omitempty"`
	TemperatureMonitoringEnabled *bool     `json:"temperatureMonitoringEnabled,omitempty"`
	MonitorVMs                   *bool     `json:"monitorVMs,omitempty"`
	MonitorContainers            *bool     `json:"monitorContainers,omitempty"`
	MonitorStorage               *bool     `json:"monitorStorage,omitempty"`
	MonitorBackups               *bool     `json:"monitorBackups,omitempty"`
	MonitorPhysicalDisks         *bool     `json:"monitorPhysicalDisks,omitempty"`
	PhysicalDiskPollingMinutes   *int      `json:"physicalDiskPollingMinutes,omitempty"`
	MonitorDatastores            *bool     `json:"monitorDatastores,omitempty"`
	MonitorSyncJobs              *bool     `json:"monitorSyncJobs,omitempty"`
	MonitorVerifyJobs            *bool     `json:"monitorVerifyJobs,omitempty"`
	MonitorPruneJobs             *bool     `json:"monitorPruneJobs,omitempty"`
	MonitorGarbageJobs           *bool     `json:"monitorGarbageJobs,omitempty"`
	ExcludeDatastores            *[]string `json:"excludeDatastores,omitempty"`
	MonitorMailStats             *bool     `json:"monitorMailStats,omitempty"`
	MonitorQueues                *bool     `json:"monitorQueues,omitempty"`
	MonitorQuarantine            *bool     `json:"monitorQuarantine,omitempty"`
	MonitorDomainStats           *bool     `json:"monitorDomainStats,omitempty"`
}

func (a Area) list(context.Context, route.None) ([]Node, error) {
	out := []Node{}
	for _, e := range a.entries() {
		n, err := a.node(e)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// entry is an integration that the routes of nodes know.
type entry struct {
	integration.Integration
	kind compat.NodeKind
}

// entries are all nodes: by kind, in the order of their names.
func (a Area) entries() (out []entry) {
	all := a.Service.List()
	for _, kind := range compat.NodeKinds() {
		for _, x := range all {
			if x.Kind == kind.Type {
				out = append(out, entry{x, kind})
			}
		}
	}
	return out
}

// into is the node that is asked in the place of one that was merged, nil for others.
func (a Area) into(e entry) *entry {
	if e.Joined == "" || e.Enabled {
		return nil
	}
	for _, other := range a.entries() {
		if other.ID == e.Joined {
			return &other
		}
	}
	return nil
}

// id is how the wire names a node. It has no slash, since it stands in paths.
func (e entry) id() string { return e.Kind + "-" + e.Name }

// source is who made the node, without the token.
func (e entry) source() string {
	word, _, _ := strings.Cut(e.Source, "/")
	return word
}

func (e entry) title() string { return cmp.Or(e.Title, e.Name) }

// config returns the configuration, secrets masked.
func (e entry) config() map[string]any {
	out := map[string]any{}
	_ = json.Unmarshal(e.Config, &out) // what is stored is an object
	return out
}

func (e entry) host() string { return text(e.config()[compat.NodeHost]) }

func text(v any) string { s, _ := v.(string); return s }

// node shows an entry. What the configuration does not say has the default of the plugin.
func (a Area) node(e entry) (Node, error) {
	config := e.config()
	form, err := a.Schema(e.Kind)
	if err != nil {
		form = &schema.Schema{Root: &schema.Field{}} // its plugin is gone
	}
	members := map[string]any{
		"id": e.id(), "type": e.Kind, "name": e.title(), "host": text(config[compat.NodeHost]), "user": text(config[compat.NodeUser]),
		"hasPassword": text(config[compat.NodePassword]) != "", "hasToken": text(config[compat.NodeSecret]) != "",
		"tokenName": text(config[compat.NodeToken]), "status": Disconnected, "source": e.source(), "origin": e.Origin,
	}
	for _, f := range e.kind.Fields {
		value, there := config[f.Key]
		if known := form.Field(f.Key); !there && known != nil && !f.Unset {
			value, there = known.Default, known.Default != nil
		}
		if there {
			members[f.Name] = value
		}
	}
	if print := e.fingerprint(); print != "" {
		members["fingerprint"] = print
	}
	if e.Enabled {
		members["status"] = a.Status(e.ID)
	}
	if into := a.into(e); into != nil {
		members["status"], members["mergedInto"] = a.Status(into.ID), into.id()
		members["notice"] = "Belongs to the cluster that is asked through " + into.title() + ": it is not asked by itself, and its history goes on there"
	}
	var n Node
	raw, err := json.Marshal(members)
	if err == nil {
		err = json.Unmarshal(raw, &n)
	}
	if err != nil {
		return n, fmt.Errorf("show %s: %w", e.ID, err)
	}
	if e.kind.Cluster != "" {
		c := a.Cluster(e.ID, e.kind.Cluster)
		n.IsCluster, n.ClusterName, n.ClusterEndpoints, n.NodeCount = c.Name != "", c.Name, overridden(c.Members, config), len(c.Members)
	}
	return n, nil
}

// fingerprint is that of the certificate that is accepted for a node's host: the configured one, else one that somebody
// has accepted; empty for none.
func (e entry) fingerprint() string {
	return cmp.Or(text(e.config()[compat.NodeFingerprint]), e.Network.Pins[hostPort(e.host())])
}

// counted is the form of the reference's ids: a kind and a number.
var counted = regexp.MustCompile(`^([a-z]+)-([0-9]{1,6})$`)

// find returns the node with an id, or with the position among those of its kind that the reference calls it by.
func (a Area) find(name string) (entry, error) {
	all := a.entries()
	if at := slices.IndexFunc(all, func(e entry) bool { return e.id() == name }); at >= 0 {
		return all[at], nil
	}
	m := counted.FindStringSubmatch(name)
	kind, rest, _ := strings.Cut(name, "-")
	if m == nil {
		if _, err := kindOf(kind); err != nil || rest == "" {
			return entry{}, errs.New(errs.Invalid, "Invalid node ID: GET /api/config/nodes lists them").WithField("id")
		}
		return entry{}, errs.New(errs.NotFound, "Node not found")
	}
	at, _ := strconv.Atoi(m[2])
	for _, e := range all {
		if e.Kind != m[1] {
			continue
		}
		if at == 0 {
			return e, nil
		}
		at--
	}
	return entry{}, errs.New(errs.NotFound, "Node not found")
}

func kindOf(word string) (compat.NodeKind, error) {
	var words []string
	for _, k := range compat.NodeKinds() {
		if k.Type == word {
			return k, nil
		}
		words = append(words, k.Type)
	}
	return compat.NodeKind{}, errs.New(errs.Invalid, "Invalid node type: it is one of %s", strings.Join(words, ", ")).WithField("type")
}
