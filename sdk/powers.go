package sdk

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Plugin is what a plugin program serves. schema.Define builds one from a config struct and a constructor.
type Plugin interface {
	// Describe returns the plugin's declarations. It is pure: no I/O, the same answer every time.
	Describe() Description
	// Validate judges a configuration (a JSON object) without touching the network.
	Validate(ctx context.Context, config json.RawMessage) []Diagnostic
	// Configure makes a live instance. What it returns is asked for its powers by type assertion, and closed
	// if it is an [io.Closer].
	Configure(ctx context.Context, in Instance, deps Deps) (any, error)
}

// ConfigUpgrader is a [Plugin] whose config schema has had an earlier version.
type ConfigUpgrader interface {
	UpgradeConfig(ctx context.Context, config json.RawMessage, fromVersion int) (json.RawMessage, error)
}

// Instance is one configured use of a plugin.
type Instance struct {
	// Integration is the id of the integration, unique on the server.
	Integration string
	Name        string
	// Revision grows with each change of the configuration.
	Revision int64
	// Config is a JSON object, secrets in clear. It must not be logged or put into errors. It is empty for an instance that
	// nobody has configured, which is asked for a [Prober] or an [Onboarder].
	Config json.RawMessage
	// Pins holds certificate fingerprints (SHA-256, hex) by host:port that the operator accepted.
	Pins map[string]string
	// Settings holds what users set per record key, for example an override.
	Settings map[string]json.RawMessage
	// AllowLoopback and AllowNetworks are what the operator allows the instance to dial beyond what is usual: this machine
	// itself, and networks in CIDR notation.
	AllowLoopback bool
	AllowNetworks []string
}

// Network is what an instance may reach and believe beyond what is usual. A client that an instance builds by itself starts
// from it: netguard.For makes a profile of it.
type Network struct {
	// Pins, AllowLoopback and AllowNetworks are those of the [Instance].
	Pins          map[string]string
	AllowLoopback bool
	AllowNetworks []string
}

// Deps is what the server lends to an instance.
type Deps struct {
	// Name is what the operator calls the integration; empty while a configuration is tried that has no name yet.
	Name    string
	Network Network
	Log     *slog.Logger
	Now     func() time.Time
	// HTTP dials only what the guard of sdk/netguard lets through.
	HTTP *http.Client
	// Dial opens connections for protocols other than HTTP to addresses that the operator wrote down. Private addresses
	// are normal; the machine itself only when it is allowed, link-local addresses and cloud metadata never.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Host Host
}

// Host is the one way back into the server: small state and sealed secrets of the integration, and a
// proposal to change its config. There is no access to other plugins, the database or users.
type Host interface {
	State(ctx context.Context, key string) (value []byte, version int64, err error)
	// SetState stores value if the stored version is still the given one (0: not there yet), else its error has
	// [CodeOutdated]. An instance that was replaced stores nothing any more.
	SetState(ctx context.Context, key string, value []byte, version int64) error
	Secret(ctx context.Context, name string) (string, error)
	SetSecret(ctx context.Context, name, value string) error
	ProposeConfig(ctx context.Context, patch json.RawMessage, reason string) error
}

// Collector gathers observations on a schedule that the server keeps.
type Collector interface {
	// Collect runs one cycle of a declared task. A nil error commits the default partition as complete; an
	// error fails it, and nothing of it is kept. Cancelling the context stops I/O within a second.
	Collect(ctx context.Context, task string, sink Sink) error
}

// Watcher follows a source by itself: a complete first cycle, then changes, until the context ends or the
// source is lost. The server calls it again after an error. What is emitted into partitions is a snapshot that
// commits when the partition is done; what is emitted outside them is a change and commits at once.
type Watcher interface {
	Watch(ctx context.Context, sink Sink) error
}

// Sink takes the observations of one cycle.
type Sink interface {
	// Emit adds to the default partition.
	Emit(obs ...Observation) error
	// Partition opens a part of the cycle that commits on its own.
	Partition(name string) Partition
}

// Partition takes observations that belong together: all or nothing.
type Partition interface {
	Emit(obs ...Observation) error
	// Done ends the partition: complete when err is nil, else failed with the reason. It is called once.
	Done(err error) error
}

// Ingester decodes reports that clients push to the server.
type Ingester interface {
	Ingest(ctx context.Context, r Report) (Ingested, error)
}

// Report is one pushed report as it arrived.
type Report struct {
	// Kind and Format name a declared [ReportKind].
	Kind   string
	Format string
	// TokenID is the id, not the value, of the token that brought the report; empty for other callers.
	TokenID    string
	Peer       string
	ReceivedAt time.Time
	Body       []byte
}

// Ingested is what a report says: who claims to have sent it, and what was observed, with [Self] for the
// reporter.
type Ingested struct {
	Claims       Claims
	Observations []Observation
	// Reply is a JSON object whose members become part of the answer.
	Reply json.RawMessage
}

// Claims is who a report says it is from. The server decides what to believe.
type Claims struct {
	// IDs are candidate identities, strongest first.
	IDs          []string
	MachineID    string
	AgentID      string
	AgentVersion string
	AgentType    string
	Hostname     string
	DisplayName  string
	// Interval is how often the reporter reports; zero when it does not say.
	Interval   time.Duration
	ReportedAt time.Time
	// CommandsEnabled is nil when the reporter does not say.
	CommandsEnabled *bool
}

// Checker tries a configuration that is not saved yet.
type Checker interface {
	Check(ctx context.Context, progress func(CheckStep)) (CheckResult, error)
}

// CheckStep is one step of a check, sent when it ends.
type CheckStep struct {
	Name    string
	Outcome CheckOutcome
	Message string
	Took    time.Duration
}

// CheckOutcome of a step.
type CheckOutcome string

// The outcomes of a check's step.
const (
	CheckPassed  CheckOutcome = "passed"
	CheckWarning CheckOutcome = "warning"
	CheckFailed  CheckOutcome = "failed"
	CheckSkipped CheckOutcome = "skipped"
)

// CheckResult is what a check found out.
type CheckResult struct {
	Product            string
	Version            string
	ClusterIdentity    string
	CertificateSHA256  string
	CertificatePEM     string
	MissingPrivileges  []MissingPrivilege
	ProposeConfigPatch json.RawMessage
	// ClusterName is empty for what is in no cluster.
	ClusterName string
	Members     []ClusterMember
	// Found tells how many of each resource type the credentials see.
	Found map[string]int64
}

// ClusterMember is a member of the cluster that was asked.
type ClusterMember struct {
	Name string
	// Address is how the cluster names it.
	Address string
	Online  bool
	// Asked tells that it is the one that answered.
	Asked bool
}

// MissingPrivilege names what the given account may not do, and the exact command or click that mends it.
type MissingPrivilege struct {
	Privilege string
	Path      string
	Effect    string
	Remedy    string
}

// Actor changes something.
type Actor interface {
	Act(ctx context.Context, r ActRequest, progress func(Progress)) (ActResult, error)
}

// CommandAcknowledger is an [Actor] whose actions an agent carries out: it turns the agent's word into
// progress, a result and observations.
type CommandAcknowledger interface {
	Acknowledge(ctx context.Context, a Acknowledgement) (AckResult, error)
}

// ActRequest asks for one declared action.
type ActRequest struct {
	Action         string
	Type           string
	Key            string
	Params         json.RawMessage
	IdempotencyKey string
	DryRun         bool
}

// ActResult is the outcome of an action, or the command that an agent has to carry out.
type ActResult struct {
	Result  json.RawMessage
	Command *Command
}

// Command is work that the agent takes with its next report.
type Command struct {
	Type    string
	Payload json.RawMessage
}

// Progress of long work. Ratio is negative when it is not known.
type Progress struct {
	Message string
	Ratio   float64
}

// Acknowledgement is an agent's word on a command.
type Acknowledgement struct {
	CommandID string
	Type      string
	Key       string
	Status    string
	Message   string
	Payload   json.RawMessage
}

// AckResult is what an acknowledgement means.
type AckResult struct {
	Done         bool
	Progress     *Progress
	Result       json.RawMessage
	Observations []Observation
}

// Querier reads something on demand. What it writes reaches the caller in pieces of up to 1 MiB.
type Querier interface {
	Query(ctx context.Context, q QueryRequest, w io.Writer) (QueryResult, error)
}

// QueryRequest asks for one declared query.
type QueryRequest struct {
	Query  string
	Type   string
	Key    string
	Params json.RawMessage
	Limit  int
}

// QueryResult describes the bytes that were written.
type QueryResult struct {
	MediaType string
	Truncated bool
}

// Notifier delivers messages.
type Notifier interface {
	Send(ctx context.Context, m Message, channel json.RawMessage) ([]Receipt, error)
}

// Previewer is a [Notifier] that can show what it would send.
type Previewer interface {
	Preview(ctx context.Context, m Message, channel json.RawMessage) (Preview, error)
}

// Message is one structured notification: what the server wants said, not how.
type Message struct {
	ID       string
	Kind     string // "firing", "resolved", "test", "report"
	Severity Severity
	Title    string
	Text     string
	URL      string
	Time     time.Time
	Alerts   []MessageAlert
	Labels   map[string]string
}

// MessageAlert is one alert within a grouped message.
type MessageAlert struct {
	ID           string
	Kind         string
	Severity     Severity
	ResourceType string
	ResourceID   string
	ResourceName string
	Node         string
	Text         string
	Metric       string
	Value        *float64
	Threshold    *float64
	Unit         string
	Started      time.Time
	Ended        time.Time
	Acknowledged bool
	URL          string
	Attributes   map[string]string
}

// Receipt is the outcome for one target of a message.
type Receipt struct {
	Target     string
	OK         bool
	Permanent  bool
	RetryAfter time.Duration
	Status     int
	Excerpt    string
}

// Preview is what would be sent, secrets masked.
type Preview struct {
	Method    string
	Target    string
	MediaType string
	Headers   map[string]string
	Body      []byte
}

// Prober tells whether an address, host:port, is one of its own. It is asked before anything is configured. The error is
// of kind unsupported when somebody else answers there.
type Prober interface {
	Probe(ctx context.Context, address string) (Candidate, error)
}

// Candidate is a thing that a probe recognised.
type Candidate struct {
	Kind              string
	Name              string
	Version           string
	CertificateSHA256 string
}

// Onboarder writes setup scripts, before anything is configured. Quoting parameters is its duty.
type Onboarder interface {
	Script(ctx context.Context, r ScriptRequest) (string, error)
}

// ScriptRequest asks for a setup script.
type ScriptRequest struct {
	Name   string
	Params map[string]string
	// Token is valid once, for this script.
	Token string
}

// Healther is an instance that can say how it is. Without it an instance is healthy while it answers.
type Healther interface {
	Health(ctx context.Context) error
}
