// Package fleet is about those who report by themselves: who they are, in which order their reports count and what they
// are told in return. What a report says is a plugin's business; what becomes of it, the door's.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// maxBindings is how many pairs of token and host name are kept.
const maxBindings = 50_000

// Ingesters decode reports. An [*sdk.Error] says whose fault it is when they cannot.
type Ingesters interface {
	Ingest(ctx context.Context, kind string, r sdk.Report) (sdk.Ingested, error)
}

// Config is what a fleet stands on.
type Config struct {
	Ingesters Ingesters
	Inventory *inventory.Inventory
	Door      *ingest.Door
	Store     Store
	// TokenExists reports whether a token with the id is still valid.
	TokenExists func(id string) bool
	// CommandsEnabled returns what an operator decided for a reporter, nil when nobody did. It may be nil.
	CommandsEnabled func(kind, host string) *bool
	// Tokens lets the token of a removed reporter be revoked. It may be nil.
	Tokens Tokens
	// Block says for how long a removed reporter of a kind is refused; nil: none is.
	Block func(kind string) time.Duration
	Now   func() time.Time
	Log   hclog.Logger
}

// Tokens are the API tokens; it is an [auth.Service].
type Tokens interface {
	ListTokens() []auth.Token
	RevokeToken(ctx context.Context, id string) error
}

// Fleet takes reports. It is safe for concurrent use.
type Fleet struct {
	cfg         Config
	store       Store
	tokenExists func(id string) bool

	mu       sync.Mutex
	bindings map[bindingKey]Binding
	clocks   map[id.UID]*clock
	removals map[removalKey]Removal
}

// New returns a fleet that knows the stored identities.
func New(ctx context.Context, cfg Config) (*Fleet, error) {
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	if cfg.CommandsEnabled == nil {
		cfg.CommandsEnabled = func(string, string) *bool { return nil }
	}
	if cfg.Block == nil {
		cfg.Block = func(string) time.Duration { return 0 }
	}
	f := &Fleet{
		cfg: cfg, store: cfg.Store, tokenExists: cfg.TokenExists, bindings: map[bindingKey]Binding{}, clocks: map[id.UID]*clock{},
		removals: map[removalKey]Removal{},
	}
	if f.tokenExists == nil {
		f.tokenExists = func(string) bool { return true }
	}
	all, err := cfg.Store.Bindings(ctx)
	if err != nil {
		return nil, fmt.Errorf("load identities: %w", err)
	}
	for _, b := range all {
		f.bindings[b.key()] = b
	}
	removed, err := cfg.Store.Removals(ctx)
	if err != nil {
		return nil, fmt.Errorf("load removals: %w", err)
	}
	for _, x := range removed {
		f.removals[removalKey{x.Kind, x.Host}] = x
	}
	return f, nil
}

// Meta is how a report arrived.
type Meta struct {
	// Token is nil when the caller showed none.
	Token    *auth.TokenInfo
	Peer     string
	Received time.Time
	// SentAt is the reporter's clock when it sent the report, zero when it did not say.
	SentAt time.Time
}

// Report takes one report in. When it returns without an error, what the report says survives a crash. A report that was
// taken before is answered again and changes nothing; one that is older than the newest adds its samples only. Errors
// are of code invalid (with the word of the wire), not found, or unavailable with the time to wait.
func (f *Fleet) Report(ctx context.Context, kind string, body []byte, m Meta) (Reply, error) {
	declared, ok := f.cfg.Inventory.Catalog().Report(kind)
	if !ok {
		return Reply{}, errs.New(errs.NotFound, "no plugin takes reports of kind %.64q", kind)
	}
	r := sdk.Report{Kind: kind, Peer: m.Peer, ReceivedAt: m.Received, Body: body}
	if len(declared.Formats) > 0 {
		r.Format = declared.Formats[0]
	}
	if m.Token != nil {
		r.TokenID = m.Token.ID
	}
	in, err := f.cfg.Ingesters.Ingest(ctx, kind, r)
	if err != nil {
		return Reply{}, refusal(err)
	}
	f.mu.Lock()
	host, err := f.resolve(ctx, kind, r.TokenID, in.Claims)
	f.mu.Unlock()
	if err != nil {
		return Reply{}, unavailable(err)
	}
	return f.take(ctx, declared, host, in, m)
}

// take applies a report whose sender is known.
func (f *Fleet) take(ctx context.Context, kind inventory.Report, host string, in sdk.Ingested, m Meta) (Reply, error) {
	integration := id.Integration(kind.Plugin)
	uid := id.Record(integration, host)
	record, known := f.cfg.Inventory.Record(uid)
	k := f.clock(uid, record)
	k.taking.Lock()
	defer k.taking.Unlock()
	at, skew, older := k.when(in.Claims, m)
	replaceSelf(in.Observations, host)
	shift(in.Observations, skew, m.Received)
	c := ingest.Cycle{
		Integration: integration, Task: "report/" + kind.Name + "/" + host, Sequence: sequence(in.Claims, m), ObservedAt: at,
		Extent: inventory.Some, Interval: in.Claims.Interval, Reporter: host, Source: f.source(kind.Name, host, in.Claims, m, skew, at),
	}
	p := ingest.Partition{Name: host, Observations: in.Observations}
	if older && known {
		c.Extent = inventory.Changes
		p.Observations = append(samplesOf(in.Observations), sdk.Unchanged{Type: kind.Type, Key: host})
	}
	if _, err := f.cfg.Door.Apply(ctx, c, []ingest.Partition{p}); err != nil {
		return Reply{}, unavailable(err)
	}
	if at.After(k.newest) {
		k.newest = at
	}
	return Reply{HostID: host, LastSeen: m.Received, Members: in.Reply, CommandsEnabled: f.cfg.CommandsEnabled(kind.Name, host)}, nil
}

func sequence(c sdk.Claims, m Meta) int64 {
	if c.ReportedAt.IsZero() {
		return m.Received.UnixNano()
	}
	return c.ReportedAt.UnixNano()
}

func (f *Fleet) source(kind, host string, c sdk.Claims, m Meta, skew time.Duration, at time.Time) *inventory.Source {
	s := &inventory.Source{
		AgentVersion: c.AgentVersion, AgentType: c.AgentType, CommandsEnabled: c.CommandsEnabled, ClockSkew: skew, Measured: at,
		DisplayName: c.DisplayName, Hostname: c.Hostname, MachineID: sanitise(c.MachineID),
	}
	if override := f.cfg.CommandsEnabled(kind, host); override != nil {
		s.CommandsEnabled = override
	}
	if m.Token != nil {
		s.TokenID, s.TokenName, s.TokenHint, s.TokenLastUsed = m.Token.ID, m.Token.Name, m.Token.Hint, m.Received
	}
	return s
}

// occupied reports whether somebody else has the identity already.
func (f *Fleet) occupied(candidate string, b Binding) bool {
	kind, _ := f.cfg.Inventory.Catalog().Report(b.Kind)
	r, ok := f.cfg.Inventory.Record(id.Record(id.Integration(kind.Plugin), candidate))
	if !ok {
		return false
	}
	s := r.Source
	mine := s.TokenID == b.Token || s.TokenID == "" || !f.tokenExists(s.TokenID)
	return !mine || !strings.EqualFold(s.Hostname, b.Hostname) || s.MachineID != b.Machine
}

// refusal gives the error of a plugin the code that the reporter acts on.
func refusal(err error) error {
	var e *sdk.Error
	if !errors.As(err, &e) {
		return unavailable(err)
	}
	switch e.Kind {
	case sdk.KindInvalid:
		out := errs.Wrap(errs.Invalid, err, "%s", e.Message).WithWord(e.Code)
		out.Field = e.Field
		return out
	case sdk.KindInternal, sdk.KindConfig:
		return errs.Wrap(errs.Internal, err, "the report could not be read")
	}
	out := unavailable(err)
	if e.RetryAfter > 0 {
		out.RetryAfter = min(max(e.RetryAfter, retryMin), retryMax)
	}
	return out
}

// How long a reporter is asked to wait: not the same for all, so that they do not come back together.
const (
	retryMin = 2 * time.Second
	retryMax = 5 * time.Second
)

func unavailable(err error) *errs.Error {
	var coded *errs.Error
	if errors.As(err, &coded) {
		return coded
	}
	e := errs.Wrap(errs.Unavailable, err, "the report cannot be taken right now: send it again")
	e.RetryAfter = retryMin + rand.N(retryMax-retryMin)
	return e
}
