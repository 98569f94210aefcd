package sdk

import (
	"encoding/json"
	"time"
)

// Observation is one thing a source saw: a [Record], [Part], [Removed], [Unchanged], [Sample] or [Samples], [Row],
// [RowsEnd], [Event] or [Condition]. The set is closed; the wire has one message for each.
type Observation interface{ observation() }

// Status tells how a record is, as its source says. Stale and maintenance are laid over it by the server
// and never sent by a plugin.
type Status string

// The statuses. StatusUnknown is also what an empty Status means.
const (
	StatusUp       Status = "up"
	StatusDegraded Status = "degraded"
	StatusDown     Status = "down"
	StatusOff      Status = "off" // stopped on purpose
	StatusPaused   Status = "paused"
	StatusUnknown  Status = "unknown"
)

// Record is one source's view of one thing.
type Record struct {
	// Type names a declared [ResourceType].
	Type string
	// Key is unique and immutable within the integration. An [Ingester] writes [Self] for the reporter.
	Key string
	// Name is what people call the thing; it may change.
	Name string
	// WireID is the id that the type's state section shows; it may change, the key may not. Empty: the key.
	WireID string
	// Aliases are former wire ids that still find the record.
	Aliases []string
	Status  Status
	// StatusWord is the product's own word for the status, for example "running".
	StatusWord string
	Tags       []string
	Evidence   []Evidence
	Relations  []Relation
	// Doc is the record's document for its main part: a JSON object without the members that the state
	// section declares as injected, nested, joined or rows.
	Doc json.RawMessage
}

// Self is the record key, or the prefix "self/" of one, that stands for the reporter in what an [Ingester]
// answers. The server replaces it by the identity that it resolved.
const Self = "self"

// Evidence says who a record is: a kind such as "machine_id" and its value. The server keeps the strength of
// each kind in one table; an unknown kind is shown and never merges anything.
type Evidence struct {
	Kind  string
	Value string
}

// Well-known kinds of evidence.
const (
	EvidenceMachineID = "machine_id"
	EvidenceDMIUUID   = "dmi_uuid"
	EvidenceSMBIOS    = "smbios_uuid"
	EvidenceMAC       = "mac"
	EvidenceAddress   = "address"
	EvidenceHostName  = "host_name"
	EvidenceDisk      = "disk"
	EvidencePool      = "pool_guid"
	EvidenceEngine    = "engine_id"
	EvidenceCluster   = "cluster_uid"
)

// Relation ties a record to another one, named by type and key within the same integration or, when Key is
// empty, by evidence.
type Relation struct {
	Kind     RelationKind
	Type     string
	Key      string
	Evidence []Evidence
}

// RelationKind is the meaning of a [Relation]. The tree, muting and linked fields come from it.
type RelationKind string

// The relation kinds.
const (
	RunsOn   RelationKind = "runs_on"
	MemberOf RelationKind = "member_of"
	StoredOn RelationKind = "stored_on"
	OwnedBy  RelationKind = "owned_by"
	BacksUp  RelationKind = "backs_up"
)

// Part replaces a named piece of a record's document, as a whole. Tasks other than the one that owns the
// record's existence contribute parts; a part for a record that does not exist is dropped and counted.
type Part struct {
	Type string
	Key  string
	Name string
	Doc  json.RawMessage
}

// Removed says that a record is gone. Only a watch or the task that owns the type may say so.
type Removed struct {
	Type string
	Key  string
}

// Unchanged says that a record is still there and its document (or the named part of it) is the one last
// sent. The SDK writes it; a plugin just emits records.
type Unchanged struct {
	Type string
	Key  string
	Part string
}

// Sample is one measurement. Its zero Time means the cycle's time.
type Sample struct {
	Type string
	Key  string
	// Metric names a declared [Metric] of the type.
	Metric string
	// Instance is the metric's one dimension (mount point, interface, sensor), or empty.
	Instance string
	Time     time.Time
	Value    float64
}

// Samples are many measurements at once, which costs less than each by itself. Whatever way samples are emitted, a sink at
// the other end of the process boundary is given them like this, and may keep and change the list.
type Samples []Sample

// Row is one entry of a declared list of rows, such as a backup or a task. Rows are replaced per partition.
type Row struct {
	Rows string
	Key  string
	// Owner is the record that the rows belong to; empty means the integration.
	OwnerType string
	OwnerKey  string
	// Subject names, by evidence, the thing that the row is about.
	Subject []Evidence
	Time    time.Time
	Doc     json.RawMessage
}

// RowsEnd closes the list of rows of one owner in this partition: rows not sent before it are gone. A list
// that is not closed only adds and replaces.
type RowsEnd struct {
	Rows      string
	OwnerType string
	OwnerKey  string
}

// Severity of an event or a condition.
type Severity string

// The severities.
const (
	SeverityInfo     Severity = "info"
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
)

// Event is something that happened. It is stored and shown and is never "active".
type Event struct {
	// ID makes the event idempotent within its integration.
	ID         string
	Type       string
	Key        string
	Kind       string
	Time       time.Time
	Severity   Severity
	Text       string
	Attributes map[string]string
}

// Condition is a verdict on something that is not a number, for example a degraded pool. It is
// level-triggered: what a complete cycle no longer reports is cleared.
type Condition struct {
	Type     string
	Key      string
	Kind     string
	Instance string
	Severity Severity
	Message  string
	Since    time.Time
	Metadata map[string]string
}

// Single returns the observations with each of [Samples] by itself.
func Single(obs []Observation) []Observation {
	out := make([]Observation, 0, len(obs))
	for _, o := range obs {
		many, ok := o.(Samples)
		if !ok {
			out = append(out, o)
			continue
		}
		for _, s := range many {
			out = append(out, s)
		}
	}
	return out
}

func (Record) observation()    {}
func (Part) observation()      {}
func (Removed) observation()   {}
func (Unchanged) observation() {}
func (Sample) observation()    {}
func (Samples) observation()   {}
func (Row) observation()       {}
func (RowsEnd) observation()   {}
func (Event) observation()     {}
func (Condition) observation() {}
