package inventory

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Record is one source's view of one thing, with what the server knows about it. It is never changed after it has been
// handed out; slices and maps in it are shared and must not be written to.
type Record struct {
	UID         id.UID
	Integration id.Integration
	// Task and Partition say which collection decides about the record's existence.
	Task      string `json:",omitempty"`
	Partition string `json:",omitempty"`
	Type      string
	Key       string
	Name      string
	// WireID is the id on the wire. It is never empty.
	WireID  string
	Aliases []string `json:",omitempty"`
	// Former are ids on the wire that it had before, the newest last: what people set for it under one of them still holds.
	Former []string `json:",omitempty"`
	Status sdk.Status
	// Ran tells that it was seen running: what was always off is off because somebody wants it so.
	Ran bool `json:",omitempty"`
	// Word is the product's own word for the status.
	Word      string         `json:",omitempty"`
	Evidence  []sdk.Evidence `json:",omitempty"`
	Relations []sdk.Relation `json:",omitempty"`
	// Tags are those of the source.
	Tags []string `json:",omitempty"`
	// Given are the tags that people gave it; see [Record.AllTags].
	Given []string `json:"-"`
	// Parts are the pieces of the document; the main one is named "".
	Parts map[string]json.RawMessage `json:",omitempty"`
	// FirstSeen and LastSeen are by the server's clock.
	FirstSeen time.Time
	LastSeen  time.Time
	// Interval is how often the source reports, 0 when it does not say.
	Interval time.Duration `json:",omitempty"`
	// Stale is set while the server has no fresh word of the record.
	Stale  *Stale `json:",omitempty"`
	Source Source
}

// Stale says why a record is not fresh.
type Stale struct {
	Reason string
	Since  time.Time
	// Cycle is the one that missed the record, while a second one has to confirm that it is gone.
	Cycle string `json:",omitempty"`
}

// Source is who reports a record: an agent with its token. Records that the server collects by itself have none.
type Source struct {
	TokenID         string        `json:",omitempty"`
	TokenName       string        `json:",omitempty"`
	TokenHint       string        `json:",omitempty"`
	TokenLastUsed   time.Time     `json:",omitzero"`
	AgentVersion    string        `json:",omitempty"`
	AgentType       string        `json:",omitempty"`
	CommandsEnabled *bool         `json:",omitempty"`
	ClockSkew       time.Duration `json:",omitempty"`
	// Measured is when the newest report that counts was measured, by the server's clock.
	Measured    time.Time `json:",omitzero"`
	DisplayName string    `json:",omitempty"`
	Hostname    string    `json:",omitempty"`
	MachineID   string    `json:",omitempty"`
	// Reporter marks the record that stands for the agent itself.
	Reporter bool `json:",omitempty"`
}

// Reasons for which a record is stale. A failed partition gives its error's text instead.
const (
	ReasonSilent      = "no report in time"
	ReasonUnconfirmed = "many were missing at once: waiting for a second complete answer"
	ReasonMoved       = "not found where it was, and a place where it may be did not answer"
)

// OtherNames are the names by which people may know it beside its id on the wire.
func (r *Record) OtherNames() []string { return append(slices.Clip(r.Aliases), r.Former...) }

// Bears tells whether a name is one of the record's: its uid, its id on the wire, or another one.
func (r *Record) Bears(name string) bool {
	return name == r.WireID || name == string(r.UID) || slices.Contains(r.Aliases, name) || slices.Contains(r.Former, name)
}

// formerKept is how many former ids of a record are kept.
const formerKept = 8

// follow takes over what is known of the record from before.
func (r *Record) follow(old *Record) {
	r.FirstSeen, r.Ran, r.Former = old.FirstSeen, r.Ran || old.Ran, old.Former
	if old.WireID != r.WireID {
		r.Former = append(slices.DeleteFunc(slices.Clone(old.Former), func(name string) bool { return name == r.WireID || name == old.WireID }), old.WireID)
		r.Former = r.Former[max(0, len(r.Former)-formerKept):]
	}
}

// running tells whether a status is that of something that runs, however well.
func running(s sdk.Status) bool {
	return s == sdk.StatusUp || s == sdk.StatusDegraded || s == sdk.StatusPaused
}

// StatusWord returns the record's status as sections map it: its own, or "stale" while it is stale.
func (r *Record) StatusWord() string {
	switch {
	case r.Stale != nil:
		return "stale"
	case r.Status == "":
		return string(sdk.StatusUnknown)
	}
	return string(r.Status)
}

// Healthy reports whether the last contact with the record was good.
func (r *Record) Healthy() bool { return r.Stale == nil && r.Status != sdk.StatusDown }
