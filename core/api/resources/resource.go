package resources

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

// Resource is one thing that is monitored. What is not known is absent.
type Resource struct {
	ID           string                  `json:"id"`
	Type         string                  `json:"type"`
	Name         string                  `json:"name"`
	Status       string                  `json:"status"`
	LastSeen     time.Time               `json:"lastSeen"`
	UpdatedAt    time.Time               `json:"updatedAt"`
	Sources      []string                `json:"sources"`
	SourceStatus map[string]SourceStatus `json:"sourceStatus"`
	Identity     Identity                `json:"identity"`
	Metrics      map[string]Value        `json:"metrics,omitempty"`
	ParentID     string                  `json:"parentId,omitempty"`
	ChildCount   int                     `json:"childCount,omitempty"`
	Tags         []string                `json:"tags,omitempty"`
	// StateID is the id in the state document and in charts.
	StateID string `json:"stateId"`
	// Reason says why the last word of the resource is old, and Since since when.
	Reason string     `json:"staleReason,omitempty"`
	Since  *time.Time `json:"staleSince,omitempty"`
	// Conditions are what is wrong with the resource now.
	Conditions []Condition `json:"conditions,omitempty"`
	// Blocks are what each source says of it; each stands under the name of its source.
	Blocks map[string]json.RawMessage `json:"-"`
}

// MarshalJSON writes the blocks as members of the resource, as the contract has them.
func (r Resource) MarshalJSON() ([]byte, error) {
	type plain Resource
	out, err := json.Marshal(plain(r))
	if err != nil {
		return nil, err
	}
	for _, source := range slices.Sorted(maps.Keys(r.Blocks)) {
		name, err := json.Marshal(source)
		if err != nil {
			return nil, err
		}
		out = append(out[:len(out)-1], ',')
		out = append(append(out, name...), ':')
		out = append(append(out, r.Blocks[source]...), '}')
	}
	return out, nil
}

// SourceStatus is how one source of a resource is: online, stale or offline.
type SourceStatus struct {
	Status   string    `json:"status"`
	LastSeen time.Time `json:"lastSeen"`
	Error    string    `json:"error,omitempty"`
}

// Identity is by what a resource is known.
type Identity struct {
	MachineID    string   `json:"machineId,omitempty"`
	DMIUUID      string   `json:"dmiUuid,omitempty"`
	Hostnames    []string `json:"hostnames,omitempty"`
	IPAddresses  []string `json:"ipAddresses,omitempty"`
	MACAddresses []string `json:"macAddresses,omitempty"`
	ClusterName  string   `json:"clusterName,omitempty"`
}

// Value is what is known of a number now: a share in percent, and bytes where it is one of them.
type Value struct {
	Value   *float64 `json:"value,omitempty"`
	Used    *float64 `json:"used,omitempty"`
	Total   *float64 `json:"total,omitempty"`
	Percent *float64 `json:"percent,omitempty"`
	Unit    string   `json:"unit,omitempty"`
}

// resource is a machine or a thing on one, with all that its sources say: where they differ, the leading one is right.
func (v *view) resource(r *inventory.Record) Resource {
	out := Resource{
		ID: v.resourceID(r), Type: v.typeOf(r), Name: r.Name, Status: v.status(r), LastSeen: r.LastSeen.UTC(), UpdatedAt: r.LastSeen.UTC(),
		SourceStatus: map[string]SourceStatus{}, ChildCount: v.children[r.UID], StateID: r.WireID,
	}
	if p := v.parents[r.UID]; p != nil {
		out.ParentID = v.resourceID(p)
	}
	if r.Stale != nil {
		since := r.Stale.Since.UTC()
		out.Reason, out.Since = r.Stale.Reason, &since
	}
	for _, one := range v.snapshot.Same(v.catalog, r) {
		v.add(&out, one)
	}
	return out
}

// add brings in what one source says.
func (v *view) add(out *Resource, r *inventory.Record) {
	source := sourceOf(r)
	if _, there := out.SourceStatus[source]; !there {
		out.Sources = append(out.Sources, source)
		out.SourceStatus[source] = sourceStatus(r)
	}
	out.Identity.merge(identity(r))
	for _, tag := range r.AllTags() {
		if !slices.Contains(out.Tags, tag) {
			out.Tags = append(out.Tags, tag)
		}
	}
	out.Conditions = append(out.Conditions, v.conditions(r)...)
	if seen := r.LastSeen.UTC(); seen.After(out.UpdatedAt) {
		out.LastSeen, out.UpdatedAt = seen, seen
	}
	doc := decode(r)
	if t, ok := v.catalog.Type(r.Type); ok {
		for name, value := range metrics(t, doc) {
			if out.Metrics == nil {
				out.Metrics = map[string]Value{}
			}
			if _, there := out.Metrics[name]; !there {
				out.Metrics[name] = value
			}
		}
	}
	if b := block(r, source, doc); b != nil && out.Blocks[source] == nil {
		if out.Blocks == nil {
			out.Blocks = map[string]json.RawMessage{}
		}
		out.Blocks[source] = b
	}
}

// merge adds what another source knows of who it is.
func (i *Identity) merge(other Identity) {
	i.MachineID, i.DMIUUID, i.ClusterName = cmp.Or(i.MachineID, other.MachineID), cmp.Or(i.DMIUUID, other.DMIUUID), cmp.Or(i.ClusterName, other.ClusterName)
	union := func(into *[]string, from []string) {
		for _, s := range from {
			if !slices.Contains(*into, s) {
				*into = append(*into, s)
			}
		}
	}
	union(&i.Hostnames, other.Hostnames)
	union(&i.IPAddresses, other.IPAddresses)
	union(&i.MACAddresses, other.MACAddresses)
}

func sourceStatus(r *inventory.Record) SourceStatus {
	s := SourceStatus{Status: "online", LastSeen: r.LastSeen.UTC()}
	switch {
	case r.Stale != nil:
		s.Status, s.Error = "stale", r.Stale.Reason
	case r.Status == sdk.StatusDown:
		s.Status = "offline"
	}
	return s
}

func identity(r *inventory.Record) Identity {
	var out Identity
	for _, e := range r.Evidence {
		switch e.Kind {
		case sdk.EvidenceMachineID:
			out.MachineID = e.Value
		case sdk.EvidenceDMIUUID, sdk.EvidenceSMBIOS:
			out.DMIUUID = e.Value
		case sdk.EvidenceHostName:
			out.Hostnames = append(out.Hostnames, e.Value)
		case sdk.EvidenceAddress:
			out.IPAddresses = append(out.IPAddresses, e.Value)
		case sdk.EvidenceMAC:
			out.MACAddresses = append(out.MACAddresses, e.Value)
		}
	}
	return out
}

// decode returns the record's document; a part that is no object is left out.
func decode(r *inventory.Record) map[string]any {
	doc := map[string]any{}
	for _, part := range r.Parts {
		_ = json.Unmarshal(part, &doc) // ingest let in only objects
	}
	return doc
}

// summary are the metrics that a resource shows.
var summary = []string{"cpu", "memory", "disk"}

// metrics reads the summary from the columns of the type: where a number stands and how it is written is declared there.
func metrics(t sdk.ResourceType, doc map[string]any) map[string]Value {
	var out map[string]Value
	for _, c := range t.Columns {
		n, ok := rows.At(doc, c.Path).(float64)
		if !ok || !slices.Contains(summary, c.Metric) || c.Format != sdk.FormatRatio && c.Format != sdk.FormatPercent {
			continue
		}
		if c.Format == sdk.FormatRatio {
			n *= 100
		}
		v := Value{Percent: &n, Unit: "percent"}
		if c.Metric == "cpu" {
			v.Value = &n
		}
		if parent, _, nested := cutLast(c.Path); nested {
			used, known := rows.At(doc, parent+".used").(float64)
			total, bounded := rows.At(doc, parent+".total").(float64)
			if known && bounded {
				v.Used, v.Total, v.Unit = &used, &total, "bytes"
			}
		}
		if out == nil {
			out = map[string]Value{}
		}
		out[c.Metric] = v
	}
	return out
}

func cutLast(path string) (parent, name string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// block is what a source says of a resource in the members that the contract names; nil when it says nothing.
func block(r *inventory.Record, source string, doc map[string]any) json.RawMessage {
	out := map[string]any{}
	for _, name := range compat.ResourceBlock(source) {
		if v, ok := doc[name]; ok {
			out[name] = v
		}
	}
	if r.Source.AgentVersion != "" {
		out["agentVersion"] = r.Source.AgentVersion
	}
	if len(out) == 0 {
		return nil
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil // it came from JSON: it goes back to JSON
	}
	return b
}
