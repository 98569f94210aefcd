package sdk

import (
	"encoding/json"
	"time"
)

// Description is all that a plugin declares. It is data: server and web know no product beyond it.
type Description struct {
	// Kind is the plugin's short name: "host", "ups". It names the binary pulse-plugin-<kind>.
	Kind    string
	Name    string
	Summary string
	Version string
	// Capabilities are the powers of the plugin's instances. schema.Define fills it from the instance type.
	Capabilities  []Capability
	ConfigVersion int
	StateVersion  int
	// Config is the JSON Schema (2020-12) of the configuration. schema.Define fills it from the struct.
	Config json.RawMessage
	// Implicit plugins need no configured integration: the server runs one instance with default config.
	Implicit bool
	// DialsAlone is set by a notifier or provider that opens connections outside Deps.HTTP. It stays off
	// until an operator enables it.
	DialsAlone bool

	Types    []ResourceType
	Metrics  []Metric
	Sections []StateSection
	Rows     []RowsType
	Kinds    []EventKind // events and conditions
	Tasks    []Task
	Reports  []ReportKind
	Actions  []Action
	Queries  []Query
	Channels []Channel
	Probes   []ProbePort
	Scripts  []ScriptKind
}

// Capability names a power.
type Capability string

// The capabilities.
const (
	CapCollect  Capability = "collect"
	CapWatch    Capability = "watch"
	CapIngest   Capability = "ingest"
	CapCheck    Capability = "check"
	CapAct      Capability = "act"
	CapQuery    Capability = "query"
	CapNotify   Capability = "notify"
	CapModel    Capability = "model"
	CapProbe    Capability = "probe"
	CapOnboard  Capability = "onboard"
	CapUpgrade  Capability = "upgrade_config"
	CapSimulate Capability = "simulate"
)

// ResourceType declares a kind of thing: how it is named, shown, measured and judged.
type ResourceType struct {
	Name string
	// APIName is its word in the resource API, Name when empty. Types may share one: a cluster's node is a host there.
	APIName string
	Label   string
	Plural  string
	Icon    string // a lucide icon name
	// Family is the menu section that lists the type: "infrastructure", "workloads", "storage", "backups",
	// "mail", or a word of the plugin's own.
	Family     string
	Relations  []RelationKind
	Columns    []Column
	Facts      []Fact
	Metrics    []string
	Thresholds []Threshold
	Conditions []string
	Actions    []string
	Queries    []string
}

// Format tells the web how to show a value.
type Format string

// The formats.
const (
	FormatText     Format = "text"
	FormatNumber   Format = "number"
	FormatRatio    Format = "ratio"
	FormatPercent  Format = "percent" // 0 to 100 as the wire has it
	FormatBytes    Format = "bytes"
	FormatRate     Format = "bytes_per_second"
	FormatDuration Format = "duration" // seconds
	FormatTime     Format = "time"     // Unix ms or RFC 3339
	FormatCelsius  Format = "celsius"
	FormatWatt     Format = "watt"
	FormatList     Format = "list"
	FormatBool     Format = "bool"
)

// Column of a type's table. It takes its value from a metric or from a path in the document.
type Column struct {
	Name   string
	Label  string
	Metric string
	// Path is a dotted path into the record's document, for example "memory.usage".
	Path    string
	Unit    string
	Format  Format
	Width   int // pixels, 0 lets the web decide
	Default bool
	// Priority decides what stays on a narrow screen: 1 stays longest.
	Priority int
	// Names are types: in a list of rows the value is the name of a resource of one of them, of the same integration, and
	// leads there.
	Names []string
}

// Fact is one line of a resource's page, taken from the document.
type Fact struct {
	Label  string
	Path   string
	Format Format
	Group  string
}

// MetricKind tells gauges from rates.
type MetricKind string

// The kinds of metric.
const (
	Gauge MetricKind = "gauge"
	Rate  MetricKind = "rate"
)

// Unit of a metric: one of the canonical ones.
type Unit string

// The units.
const (
	UnitBytes          Unit = "bytes"
	UnitBytesPerSecond Unit = "bytes_per_second"
	UnitPerSecond      Unit = "per_second"
	UnitSeconds        Unit = "seconds"
	UnitRatio          Unit = "ratio"
	UnitCount          Unit = "count"
	UnitCelsius        Unit = "celsius"
	UnitWatt           Unit = "watt"
	UnitRPM            Unit = "rpm"
)

// Metric declares a number over time.
type Metric struct {
	Name string
	// Types that have the metric.
	Types []string
	Unit  Unit
	Kind  MetricKind
	// Instance names the one dimension ("mount", "interface", "sensor"), or is empty.
	Instance string
	// Precision is how many significant bits the store keeps; 0 keeps all.
	Precision int
	Label     string
	Help      string
	// WireName is the reference's name for it and WireScale what to multiply with (100 for ratio to percent).
	WireName  string
	WireScale float64
	// Chart groups metrics that share one plot, for example "network".
	Chart string
	// Subject is a kind of evidence, for metrics whose instances may be resources by themselves: what the record's own evidence
	// of this kind says, followed by the instance, is that resource's. While one with it is known, its own numbers are judged and
	// this one is not. Empty for instances that are parts of the record.
	Subject string
}

// Threshold is a default rule for a metric of the type.
type Threshold struct {
	Metric  string
	Trigger float64
	Clear   float64
	// Below triggers under the value instead of over it.
	Below    bool
	For      time.Duration
	Severity Severity
	// Says what is wrong and what to do, with {name}, {instance}, {value} and {limit}; empty for the metric's label.
	Says string
	// Unless names a metric of the type that tells the same better: the limit holds only for records of which no number of that
	// one comes in the same cycle, or whose users have it judged no more. Limits that users set hold for all.
	Unless string
}

// StateSection says which section of the state document a type fills and what the server splices in.
type StateSection struct {
	Section string
	Type    string
	Order   int
	// SortBy is the document member that orders the section.
	SortBy string
	Inject []Inject
	Nest   []Nest
	Join   []Join
	Rows   []SectionRows
	// HealthKey is the prefix of the type's keys in the connection health map, for example "host-", or a pattern: "{id}" is
	// the wire id alone. A wire id that begins
	// with it is the whole key.
	HealthKey string
	// ChartGroup is the member of the chart answer that holds the type's series, for example "hostData", and
	// ChartMetrics the wire names it holds. HistoryType is the resource type name in metric history queries.
	ChartGroup   string
	ChartMetrics []string
	HistoryType  string
}

// InjectValue names a value that the server owns.
type InjectValue string

// The values that the server can inject.
const (
	InjectID              InjectValue = "id"
	InjectStatus          InjectValue = "status"       // the product's own word, or as Words maps it
	InjectLastSeen        InjectValue = "last_seen_ms" // Unix ms, whole seconds
	InjectLastSeenTime    InjectValue = "last_seen"    // RFC 3339, whole seconds
	InjectDisplayName     InjectValue = "display_name"
	InjectURL             InjectValue = "url"
	InjectInterval        InjectValue = "interval_seconds"
	InjectAgentVersion    InjectValue = "agent_version"
	InjectCommandsEnabled InjectValue = "commands_enabled"
	InjectIsLegacy        InjectValue = "is_legacy"
	InjectTokenID         InjectValue = "token_id"
	InjectTokenName       InjectValue = "token_name"
	InjectTokenHint       InjectValue = "token_hint"
	InjectTokenLastUsed   InjectValue = "token_last_used_ms"
	InjectLinked          InjectValue = "linked" // the wire id of the linked record of type Arg
	InjectHealth          InjectValue = "connection_health"
	InjectParentID        InjectValue = "parent_id"
)

// Inject puts a value of the server's into a member.
type Inject struct {
	Member string
	Value  InjectValue
	Arg    string
	// Words maps statuses (with "stale" and "maintenance") to the section's words.
	Words map[string]string
	// OmitEmpty leaves the member out when there is no value.
	OmitEmpty bool
}

// Nest puts the documents of related child records into a member.
type Nest struct {
	Member   string
	Type     string
	Relation RelationKind
}

// Join puts a value of a related record, or one derived from rows, into a member. The rows may be another plugin's. Several
// joins of rows into one member are put together: the latest of times, the sum of the rest.
type Join struct {
	Member   string
	Relation RelationKind
	Type     string
	Path     string
	Rows     string
	Derive   string
}

// SectionRows puts rows into a member.
type SectionRows struct {
	Member string
	Rows   string
}

// EventKind declares a kind of event or condition.
type EventKind struct {
	Name      string
	Condition bool
	Label     string
	// Template is the text, with {placeholders} from attributes.
	Template   string
	WireType   string
	IDTemplate string
	Category   string
	Severity   Severity
	Parameters []string
}

// CostClass of a task: how carefully the scheduler spreads it.
type CostClass string

// The cost classes.
const (
	CostLight CostClass = "light"
	CostHeavy CostClass = "heavy"
)

// Task is a unit of collection with its own cadence, and what it owns.
type Task struct {
	Name     string
	Label    string
	Interval time.Duration
	Timeout  time.Duration
	Cost     CostClass
	// Types whose existence the task decides.
	Types []string
	Parts []string
	Rows  []string
}

// ReportKind declares a report that clients push to /api/agents/<name>/report.
type ReportKind struct {
	Name string
	// Limit is the largest accepted body, in bytes, after decompression.
	Limit   int
	Formats []string
	// Type is the resource type of the reporter itself.
	Type string
	// Scope is the token scope that may report, for example "host-agent:report".
	Scope string
	// Offline is how a missing report is judged: Windows times the interval, within Min and Max.
	OfflineFactor   int
	OfflineMin      time.Duration
	OfflineMax      time.Duration
	DefaultInterval time.Duration
}

// Risk of an action or a query.
type Risk string

// The risk classes.
const (
	RiskRead    Risk = "read"
	RiskChange  Risk = "change"
	RiskDestroy Risk = "destroy"
)

// Action declares something to do.
type Action struct {
	Name     string
	Label    string
	Help     string
	Types    []string
	Risk     Risk
	Schema   json.RawMessage
	Rollback string
	// Tool offers the action to the assistant.
	Tool bool
}

// Query declares something to read on demand.
type Query struct {
	Name   string
	Label  string
	Help   string
	Types  []string
	Schema json.RawMessage
	Tool   bool
}

// Channel declares a notifier's kind of channel.
type Channel struct {
	Name      string
	Label     string
	Schema    json.RawMessage
	Presets   []ChannelPreset
	Templates map[string]string
}

// ChannelPreset is a named starting point for a channel's config.
type ChannelPreset struct {
	Name   string
	Label  string
	Config json.RawMessage
}

// ProbePort is where network discovery may ask "is this yours?".
type ProbePort struct {
	Port int
	TLS  bool
	Path string
}

// ScriptKind declares a setup script.
type ScriptKind struct {
	Name      string
	Label     string
	MediaType string
	Params    json.RawMessage
}
