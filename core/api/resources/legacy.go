package resources

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

// Families as types declare them.
const (
	familyInfrastructure = "infrastructure"
	familyWorkloads      = "workloads"
)

// Legacy is a resource as the first version of the API has it.
type Legacy struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	Name         string `json:"name"`
	DisplayName  string `json:"displayName"`
	PlatformID   string `json:"platformId"`
	PlatformType string `json:"platformType"`
	SourceType   string `json:"sourceType"`
	ParentID     string `json:"parentId,omitempty"`
	Status       string `json:"status"`
	// CPU, Memory and Disk are shares in percent, with bytes where they are known.
	CPU         *LegacyMetric   `json:"cpu,omitempty"`
	Memory      *LegacyMetric   `json:"memory,omitempty"`
	Disk        *LegacyMetric   `json:"disk,omitempty"`
	Network     *LegacyNetwork  `json:"network,omitempty"`
	Temperature *float64        `json:"temperature,omitempty"`
	Uptime      *float64        `json:"uptime,omitempty"` // seconds
	Tags        []string        `json:"tags,omitempty"`
	LastSeen    time.Time       `json:"lastSeen"`
	Alerts      []LegacyAlert   `json:"alerts,omitempty"`
	Data        map[string]any  `json:"platformData,omitempty"`
	Identity    *LegacyIdentity `json:"identity,omitempty"`
	Schema      int             `json:"schemaVersion"`

	family string
}

// LegacyMetric is a share in percent, and bytes.
type LegacyMetric struct {
	Current float64  `json:"current"`
	Total   *float64 `json:"total,omitempty"`
	Used    *float64 `json:"used,omitempty"`
	Free    *float64 `json:"free,omitempty"`
}

// LegacyNetwork is bytes a second of guests.
type LegacyNetwork struct {
	Received float64 `json:"rxBytes"`
	Sent     float64 `json:"txBytes"`
}

// LegacyIdentity is by what an infrastructure resource is known.
type LegacyIdentity struct {
	Hostname  string   `json:"hostname,omitempty"`
	MachineID string   `json:"machineId,omitempty"`
	IPs       []string `json:"ips,omitempty"`
}

type legacyIn struct {
	Type           string `query:"type"`
	Platform       string `query:"platform"`
	Status         string `query:"status"`
	Parent         string `query:"parent"`
	Alerts         string `query:"alerts"`
	Infrastructure string `query:"infrastructure"`
	Workloads      string `query:"workloads"`
}

type legacyStats struct {
	Total      int            `json:"totalResources"`
	Suppressed int            `json:"suppressedResources"`
	ByType     map[string]int `json:"byType"`
	ByPlatform map[string]int `json:"byPlatform"`
	ByStatus   map[string]int `json:"byStatus"`
	WithAlerts int            `json:"withAlerts"`
	LastUpdate time.Time      `json:"lastUpdated"`
}

type legacyOut struct {
	// Resources is null when nothing passes, as clients know it.
	Resources []Legacy    `json:"resources"`
	Count     int         `json:"count"`
	Stats     legacyStats `json:"stats"`
}

// LegacyAlert is an alert as a resource of the first version has it.
type LegacyAlert struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Level     string    `json:"level"`
	Message   string    `json:"message"`
	Value     float64   `json:"value"`
	Threshold float64   `json:"threshold"`
	StartTime time.Time `json:"startTime"`
}

// firing are the alerts of a record.
func (v *view) firing(uid id.UID) []LegacyAlert {
	if v.alerts == nil {
		v.alerts = map[id.UID][]LegacyAlert{}
		if v.active != nil {
			for _, a := range v.active() {
				v.alerts[a.Key.Record] = append(v.alerts[a.Key.Record], LegacyAlert{a.ID, a.Type, string(a.Severity), a.Message, a.Value, a.Threshold, a.Started})
			}
		}
	}
	return v.alerts[uid]
}

func (v *view) legacy() []Legacy {
	out := make([]Legacy, 0, len(v.all))
	for _, r := range v.all {
		out = append(out, v.legacyOf(r))
	}
	slices.SortFunc(out, func(a, b Legacy) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func (v *view) legacyOf(r *inventory.Record) Legacy {
	kind, _ := v.catalog.Type(r.Type)
	doc := decode(r)
	out := Legacy{
		ID: r.WireID, Type: compat.LegacyType(r.Type), Name: r.Name, PlatformID: string(r.Integration), PlatformType: compat.LegacyPlatform(kindOf(r)),
		SourceType: "api", Status: legacyStatus(kind.Family, r), Tags: r.AllTags(), LastSeen: r.LastSeen.UTC(), Data: doc, Schema: 1, family: kind.Family,
	}
	if name := r.DisplayName(); name != r.Name || kind.Family == familyInfrastructure {
		out.DisplayName = name
	}
	if r.Source.TokenID != "" || r.Source.Reporter {
		out.SourceType = "agent"
	}
	if r.Source.Reporter {
		out.PlatformID = r.WireID
	}
	if p := v.parents[r.UID]; p != nil {
		out.ParentID = p.WireID
	}
	values := metrics(kind, doc)
	out.CPU, out.Memory, out.Disk = legacyMetric(values, "cpu"), legacyMetric(values, "memory"), legacyMetric(values, "disk")
	out.Uptime = first(doc, "uptimeSeconds", "uptime")
	if in, sent := first(doc, "networkIn"), first(doc, "networkOut"); in != nil && sent != nil {
		out.Network = &LegacyNetwork{*in, *sent}
	}
	out.Temperature = first(doc, "temperature", "temperature.cpuPackage")
	out.Alerts = v.firing(r.UID)
	if kind.Family == familyInfrastructure {
		out.Identity = legacyIdentity(r)
	}
	return out
}

func legacyIdentity(r *inventory.Record) *LegacyIdentity {
	is := identity(r)
	out := &LegacyIdentity{MachineID: is.MachineID, IPs: is.IPAddresses}
	if len(is.Hostnames) > 0 {
		out.Hostname = is.Hostnames[0]
	}
	return out
}

// first returns the first number that stands at one of the paths.
func first(doc map[string]any, paths ...string) *float64 {
	for _, path := range paths {
		if n, ok := rows.At(doc, path).(float64); ok {
			return &n
		}
	}
	return nil
}

func legacyMetric(all map[string]Value, name string) *LegacyMetric {
	v, ok := all[name]
	if !ok || v.Percent == nil {
		return nil
	}
	out := &LegacyMetric{Current: *v.Percent, Total: v.Total, Used: v.Used}
	if v.Total != nil && v.Used != nil {
		free := *v.Total - *v.Used
		out.Free = &free
	}
	return out
}

// legacyStatus is the first version's word for how a resource is: what runs somewhere has other words than what it runs on.
func legacyStatus(family string, r *inventory.Record) string {
	workload := family == familyWorkloads
	word := func(ofWorkload, other string) string {
		if workload {
			return ofWorkload
		}
		return other
	}
	if r.Stale != nil {
		return word("unknown", "offline")
	}
	switch r.Status {
	case sdk.StatusUp:
		return word("running", "online")
	case sdk.StatusDegraded:
		return "degraded"
	case sdk.StatusDown, sdk.StatusOff:
		return word("stopped", "offline")
	case sdk.StatusPaused:
		return "paused"
	}
	return "unknown"
}

func (in legacyIn) passes(r Legacy) bool {
	if in.Infrastructure == "true" || in.Workloads == "true" {
		return in.Infrastructure == "true" && r.family == familyInfrastructure || in.Workloads == "true" && r.family == familyWorkloads
	}
	one := func(list, value string) bool { return list == "" || slices.Contains(strings.Split(list, ","), value) }
	return one(in.Type, r.Type) && one(in.Platform, r.PlatformType) && one(in.Status, r.Status) &&
		(in.Parent == "" || in.Parent == r.ParentID) && (in.Alerts != "true" || len(r.Alerts) > 0)
}

func (a *Area) legacyList(_ context.Context, in legacyIn) (legacyOut, error) {
	all := a.view().legacy()
	out := legacyOut{Stats: statsOf(all)}
	for _, r := range all {
		if in.passes(r) {
			out.Resources = append(out.Resources, r)
		}
	}
	out.Count = len(out.Resources)
	return out, nil
}

func statsOf(all []Legacy) legacyStats {
	s := legacyStats{Total: len(all), ByType: map[string]int{}, ByPlatform: map[string]int{}, ByStatus: map[string]int{}}
	for _, r := range all {
		s.ByType[r.Type]++
		s.ByPlatform[r.PlatformType]++
		s.ByStatus[r.Status]++
		if len(r.Alerts) > 0 {
			s.WithAlerts++
		}
		if r.LastSeen.After(s.LastUpdate) {
			s.LastUpdate = r.LastSeen
		}
	}
	return s
}

func (a *Area) legacyStats(context.Context, route.None) (legacyStats, error) {
	return statsOf(a.view().legacy()), nil
}

type legacyIDIn struct {
	ID string `path:"id..."`
}

func (a *Area) legacyGet(_ context.Context, in legacyIDIn) (Legacy, error) {
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return Legacy{}, errs.New(errs.NotFound, "there is no resource %q: GET /api/resources lists them", in.ID)
	}
	return v.legacyOf(r), nil
}

// values are the numbers of a resource as they are now; null when there are none.
func (a *Area) values(_ context.Context, in idIn) (json.RawMessage, error) {
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v.resource(r).Metrics)
}
