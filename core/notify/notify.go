// Package notify carries the word about alerts to people: it groups what belongs together, decides which channels hear
// it and when, and delivers until it has arrived. What a message looks like is the business of the plugin behind the
// channel.
//
// Notices of alerts lie in the store until they have become deliveries, in one transaction; deliveries lie there until
// they have arrived or are given up. So nothing is lost by a crash, and what is sent twice by one bears the same id.
package notify

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Channel is a configured way to people: an integration of a plugin that notifies.
type Channel struct {
	ID      id.Integration `json:"id"`
	Kind    string         `json:"kind"`
	Name    string         `json:"name"`
	Enabled bool           `json:"enabled"`
	Route   Route          `json:"route"`
}

// Route says what a channel is told. The zero value is everything.
type Route struct {
	// Critical leaves out what is only a warning.
	Critical bool `json:"critical,omitempty"`
	// NoResolved leaves out that something is over.
	NoResolved bool `json:"noResolved,omitempty"`
	// Types, Tags and Names limit it to resources of these types, with one of these tags, or with names that fit a pattern.
	Types      []string `json:"types,omitempty"`
	Tags       []string `json:"tags,omitempty"`
	Names      []string `json:"names,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// When is when the channel hears anything; nil is always.
	When *alert.Weekly `json:"when,omitempty"`
}

// Status of a delivery.
type Status string

// The statuses.
const (
	Waiting   Status = "pending"
	Sending   Status = "sending"
	Sent      Status = "sent"
	Dead      Status = "dlq"
	Cancelled Status = "cancelled"
)

// Delivery is one message on its way to one channel.
type Delivery struct {
	ID      string         `json:"id"`
	Channel id.Integration `json:"channel"`
	Kind    string         `json:"kind"` // of the channel's plugin
	Status  Status         `json:"status"`
	Message sdk.Message    `json:"message"`
	// Incidents are those that the message is about, Alerts what the reference shows of them.
	Incidents []string      `json:"incidents,omitempty"`
	Alerts    []alert.Alert `json:"alerts,omitempty"`

	Attempts    int       `json:"attempts"`
	MaxAttempts int       `json:"maxAttempts"`
	Created     time.Time `json:"created"`
	Next        time.Time `json:"next,omitzero"`
	LastAttempt time.Time `json:"lastAttempt,omitzero"`
	Completed   time.Time `json:"completed,omitzero"`
	// LastError is fit for people and holds no secret.
	LastError string `json:"lastError,omitempty"`
	Code      int    `json:"code,omitempty"` // of the last answer
}

// Told is what is remembered of an incident that people were told of.
type Told struct {
	Incident string    `json:"incident"`
	AlertID  string    `json:"alertId"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	// Channels were told of it; they hear of its end.
	Channels []id.Integration `json:"channels"`
	// Level is the highest step of the escalation that was taken, and Levels when.
	Level  int         `json:"level,omitempty"`
	Levels []time.Time `json:"levels,omitempty"`
	Ended  time.Time   `json:"ended,omitzero"`
}

// Batch is what one turn of the dispatcher changes; all or nothing.
type Batch struct {
	Taken      []int64 // notices that need no more work
	Deliveries []Delivery
	Told       []Told
	// Cancel are incidents that are over: what waits to be said of their beginning is not sent.
	Cancel []string
}

// Store keeps notices, deliveries and who was told.
type Store interface {
	// Notices returns those that are not done, the oldest first.
	Notices(ctx context.Context, after int64, limit int) ([]alert.Notice, error)
	Told(ctx context.Context) ([]Told, error)
	Dispatch(ctx context.Context, b Batch) error
	// Due returns waiting deliveries whose time has come, the oldest first.
	Due(ctx context.Context, now time.Time, limit int) ([]Delivery, error)
	// NextDue is when the next waiting one is due, zero when none waits.
	NextDue(ctx context.Context) (time.Time, error)
	Save(ctx context.Context, d Delivery) error
	// Recover makes those that were being sent when the server ended wait again.
	Recover(ctx context.Context) error
	List(ctx context.Context, statuses []Status, limit int) ([]Delivery, error)
	Delivery(ctx context.Context, id string) (Delivery, bool, error)
	// Counts are deliveries by status; of those that are done only the ones since a time.
	Counts(ctx context.Context, since time.Time) (map[Status]int, error)
	Trim(ctx context.Context, done, dead time.Time) error
}

// Sender sends a message through a channel.
type Sender interface {
	Send(ctx context.Context, channel id.Integration, m sdk.Message) ([]sdk.Receipt, error)
}

// Alerts is what is known of what fires; it is an [alert.Engine].
type Alerts interface {
	Active() []alert.Alert
	Document() alert.Document
	Record(ctx context.Context, incidents []string, kind, summary string, details map[string]any) error
}
