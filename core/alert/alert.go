// Package alert judges what is measured and what plugins report: rules say from when on something is a finding, a pure
// step function follows each one, and the engine keeps what fires, its history and the word about it for those who
// deliver messages. It does not know who hears of an alert.
//
// Everything that has to be told is a [Notice]. It is written in the same transaction as the change of the alert, and
// stays until it is taken by [Store.Take] of whoever delivers: a crash in between loses nothing, and the notice's key is
// the same however often it is read.
package alert

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Key says what an alert is about: one kind of finding on one record.
type Key struct {
	Record   id.UID `json:"record"`
	Kind     string `json:"kind"`
	Instance string `json:"instance,omitempty"`
}

// Alert is one firing, from its beginning to its end.
type Alert struct {
	// Incident identifies the firing; ID, the alert's name on the wire, comes back with each firing of the same kind.
	Incident string `json:"incident"`
	ID       string `json:"id"`
	Key      Key    `json:"key"`
	Type     string `json:"type"`
	// Category is performance, storage, offline or a plugin's own word.
	Category string       `json:"category"`
	Severity sdk.Severity `json:"severity"`
	// Rule is the one that decided.
	Rule string `json:"rule,omitempty"`

	ResourceID   string         `json:"resourceId"`
	ResourceName string         `json:"resourceName"`
	ResourceType string         `json:"resourceType"` // for people
	RecordType   string         `json:"recordType"`
	Integration  id.Integration `json:"integration"`
	Node         string         `json:"node"`
	Platform     string         `json:"platform,omitempty"`
	Tags         []string       `json:"tags,omitempty"`

	Message string `json:"message"`
	// Value, Threshold and Clear are in Unit, as people see them.
	Value     float64           `json:"value"`
	Threshold float64           `json:"threshold"`
	Clear     float64           `json:"clear,omitempty"`
	Unit      string            `json:"unit,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`

	Started  time.Time `json:"started"` // when the finding began
	Fired    time.Time `json:"fired"`   // when it had lasted long enough
	LastSeen time.Time `json:"lastSeen"`
	Ended    time.Time `json:"ended,omitzero"`
	// EndReason says why it ended when that is not that all is well.
	EndReason string `json:"endReason,omitempty"`

	Acknowledged bool      `json:"acknowledged,omitempty"`
	AckTime      time.Time `json:"ackTime,omitzero"`
	AckUser      string    `json:"ackUser,omitempty"`
	// SnoozedUntil silences it until then.
	SnoozedUntil time.Time `json:"snoozedUntil,omitzero"`

	// Quiet says why nobody is told, empty when people are.
	Quiet string `json:"quiet,omitempty"`
	// Told says that its firing was handed on to be told.
	Told     bool `json:"told,omitempty"`
	Flapping bool `json:"flapping,omitempty"`
}

// Entry is one line of an incident's timeline.
type Entry struct {
	ID       string         `json:"id"`
	Incident string         `json:"-"`
	Type     string         `json:"type"`
	Time     time.Time      `json:"timestamp"`
	Summary  string         `json:"summary"`
	Details  map[string]any `json:"details,omitempty"`
}

// Types of entries.
const (
	EntryFired          = "alert_fired"
	EntryChanged        = "alert_changed"
	EntryAcknowledged   = "alert_acknowledged"
	EntryUnacknowledged = "alert_unacknowledged"
	EntrySnoozed        = "alert_snoozed"
	EntryResolved       = "alert_resolved"
	EntryNote           = "note"
	EntryDelivery       = "delivery"
)

// NoticeKind is what there is to tell.
type NoticeKind string

// The kinds of notices.
const (
	NoticeFired    NoticeKind = "fired"
	NoticeRaised   NoticeKind = "raised"
	NoticeResolved NoticeKind = "resolved"
)

// Notice is something to be told about an alert.
type Notice struct {
	// Seq orders notices; the store gives it.
	Seq int64
	// Key is the same for the same news, however often it is told.
	Key     string
	Kind    NoticeKind
	Alert   Alert
	Created time.Time
}

// Saved is an alert with what the engine remembers of it.
type Saved struct {
	Alert Alert
	Track Track
}

// Batch is what one turn of the engine changes; it is stored as a whole or not at all.
type Batch struct {
	// Put are alerts that fire; Ended those that do not any more.
	Put     []Saved
	Ended   []Alert
	Entries []Entry
	Notices []Notice
}

func (b *Batch) empty() bool { return len(b.Put)+len(b.Ended)+len(b.Entries)+len(b.Notices) == 0 }

// HistoryQuery asks for past and present firings, the newest first.
type HistoryQuery struct {
	From, To   time.Time // of the start; zero for any
	Severity   sdk.Severity
	ResourceID string
	AlertID    string
	Incident   string
	Limit      int // 0 for all
	Offset     int
}

// Store keeps alerts, their history and what is to be told.
type Store interface {
	// Firing returns the alerts that had not ended.
	Firing(ctx context.Context) ([]Saved, error)
	Commit(ctx context.Context, b Batch) error
	// History answers with alerts whether they have ended or not.
	History(ctx context.Context, q HistoryQuery) ([]Alert, error)
	Entries(ctx context.Context, incident string) ([]Entry, error)
	// Trim forgets incidents that ended before a time.
	Trim(ctx context.Context, before time.Time) error
	// ClearHistory forgets all incidents that have ended.
	ClearHistory(ctx context.Context) error
}

// Changed is the news that alerts changed.
type Changed struct {
	Fired, Resolved []Alert
}
