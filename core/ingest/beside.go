package ingest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/event"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/sdk"
)

// maxAhead is how far in the future an event may lie, since clocks differ.
const maxAhead = time.Hour

// MaxMetadata is how many attributes an event or a condition may have.
const MaxMetadata = 64

// Books are where rows, conditions and events are kept.
type Books struct {
	Rows       *rows.Book
	Conditions *condition.Board
	Events     *event.Log
}

// beside is what a partition says besides records and samples.
type beside struct {
	partition  string
	rows       []sdk.Row
	ends       []sdk.RowsEnd
	conditions []sdk.Condition
	events     []sdk.Event
}

// keep hands rows, conditions and events on. It is called when the records are in place, since what these belong to has
// to be there. Each of the three is idempotent, so that a cycle may come again after a failure in between.
func (k *checker) keep(ctx context.Context, b inventory.Batch, created, removed []id.UID) error {
	if err := k.keepRows(ctx, b, removed, created); err != nil {
		return err
	}
	if err := k.keepConditions(ctx, b, removed); err != nil {
		return err
	}
	return k.keepEvents(ctx)
}

func (k *checker) keepRows(ctx context.Context, b inventory.Batch, gone, created []id.UID) error {
	book := k.door.books.Rows
	c := rows.Cycle{Integration: b.Integration, Task: b.Task, At: b.At, Gone: gone}
	for _, p := range b.Partitions {
		if p.Failed != "" {
			c.Partitions = append(c.Partitions, rows.Partition{Name: p.Name, Failed: p.Failed})
		}
	}
	for _, other := range k.beside {
		p := rows.Partition{Name: other.partition}
		for _, r := range other.rows {
			if owner, ok := k.list(r.Rows, r.OwnerType, r.OwnerKey); ok && k.row(r) {
				p.Rows = append(p.Rows, rows.Entry{Rows: r.Rows, Owner: owner, Row: rows.Row{Key: r.Key, Time: r.Time, Subject: rows.Subject(r.Subject), Doc: r.Doc}})
			}
		}
		for _, e := range other.ends {
			if owner, ok := k.list(e.Rows, e.OwnerType, e.OwnerKey); ok {
				p.Ends = append(p.Ends, rows.End{Rows: e.Rows, Owner: owner})
			}
		}
		if book == nil && len(p.Rows)+len(p.Ends) > 0 {
			k.refuse("lists of rows are not kept by this server")
		}
		c.Partitions = append(c.Partitions, p)
	}
	if book == nil {
		return nil
	}
	done, err := book.Apply(ctx, c)
	if err != nil {
		return err
	}
	k.door.supply(done.Lists, created)
	if done.Refused > 0 {
		k.refused += done.Refused
		k.door.warn(k.cycle, done.Refused, fmt.Sprintf("more than %d rows, or %d MiB of them: the surplus is left out", rows.MaxPerIntegration, rows.MaxBytes>>20))
	}
	return nil
}

// list judges what a row or the end of a list names.
func (k *checker) list(name, ownerType, ownerKey string) (owner id.UID, ok bool) {
	if _, declared := k.catalog.Rows(name); !declared {
		k.refuse("the list %.64q is not declared", name)
		return "", false
	}
	if k.owns != nil && !slices.Contains(k.owns, name) {
		k.refuse("the task does not bring the list %q", name)
		return "", false
	}
	if ownerKey == "" {
		return "", true
	}
	return k.there(ownerType, ownerKey, "a row")
}

// there finds the record that something belongs to.
func (k *checker) there(kind, key, what string) (id.UID, bool) {
	uid := id.Record(k.cycle.Integration, key)
	if r, ok := k.door.inv.Record(uid); ok && r.Type == kind {
		return uid, true
	}
	k.refuse("%s is for a record of type %.64q that does not exist", what, kind)
	return "", false
}

func (k *checker) row(r sdk.Row) bool {
	switch {
	case r.Key == "":
		k.refuse("a row of %q has no key", r.Rows)
	case len(r.Subject) > MaxList:
		k.refuse("a row of %q has more than %d pieces of evidence", r.Rows, MaxList)
	case len(r.Doc) > rows.MaxDocument:
		k.refuse("a row of %q is larger than %d bytes", r.Rows, rows.MaxDocument)
	case len(r.Doc) == 0 || !isObject(r.Doc):
		k.refuse("a row of %q is not a JSON object", r.Rows)
	default:
		for _, e := range r.Subject {
			if !k.texts(r.Rows, e.Kind, e.Value) {
				return false
			}
		}
		return k.texts(r.Rows, r.Key)
	}
	return false
}

func (k *checker) keepConditions(ctx context.Context, b inventory.Batch, gone []id.UID) error {
	board := k.door.books.Conditions
	c := condition.Cycle{Integration: b.Integration, Task: b.Task, At: b.At, Gone: gone, Unheard: k.unheard}
	if b.Extent == inventory.Whole {
		c.Home = k.home
	}
	for _, p := range b.Partitions {
		if p.Failed == "" {
			if b.Extent != inventory.Changes {
				c.Partitions = append(c.Partitions, p.Name)
			} else {
				for _, r := range p.Records {
					c.Records = append(c.Records, id.Record(b.Integration, r.Key))
				}
			}
		}
	}
	for _, other := range k.beside {
		for _, one := range other.conditions {
			if uid, ok := k.condition(one); ok {
				if home, known := k.home(uid); known && b.Extent == inventory.Changes {
					other.partition = home // a change does not say where it is
				}
				c.Hold = append(c.Hold, condition.Condition{
					Record: uid, Partition: other.partition, Kind: one.Kind, Instance: one.Instance, Severity: one.Severity, Message: one.Message,
					Since: one.Since.UTC(), Metadata: one.Metadata,
				})
			}
		}
	}
	if board == nil {
		if len(c.Hold) > 0 {
			k.refuse("conditions are not kept by this server")
		}
		return nil
	}
	news, refused, err := board.Apply(ctx, c)
	if err != nil {
		return err
	}
	if refused > 0 {
		k.refused += refused
		k.door.warn(k.cycle, refused, fmt.Sprintf("more than %d conditions: the surplus is left out", condition.MaxPerIntegration))
	}
	board.Publish(news)
	return nil
}

// unheard tells whether there was no word of a record: what holds for it stays.
func (k *checker) unheard(uid id.UID) bool {
	r, there := k.door.inv.Record(uid)
	return there && r.Stale != nil
}

// home is the partition in which the cycle's task has a record.
func (k *checker) home(uid id.UID) (string, bool) {
	r, there := k.door.inv.Record(uid)
	if !there || r.Task != k.cycle.Task {
		return "", false
	}
	return r.Partition, true
}

func (k *checker) condition(c sdk.Condition) (id.UID, bool) {
	kind, declared := k.catalog.Kind(c.Kind)
	switch {
	case !declared || !kind.Condition:
		k.refuse("the condition %.64q is not declared", c.Kind)
		return "", false
	case !severity(c.Severity):
		k.refuse("a condition %q has the severity %.64q", c.Kind, c.Severity)
		return "", false
	case !k.texts(c.Kind, c.Instance, c.Message) || !k.attributes(c.Kind, c.Metadata):
		return "", false
	}
	return k.there(c.Type, c.Key, fmt.Sprintf("a condition %q", c.Kind))
}

func severity(s sdk.Severity) bool {
	return s == sdk.SeverityInfo || s == sdk.SeverityWarning || s == sdk.SeverityCritical
}

func (k *checker) attributes(kind string, all map[string]string) bool {
	if len(all) > MaxMetadata {
		k.refuse("%q has more than %d attributes", kind, MaxMetadata)
		return false
	}
	for name, value := range all {
		if !k.texts(kind, name, value) {
			return false
		}
	}
	return true
}

func (k *checker) keepEvents(ctx context.Context) error {
	var all []event.Event
	for _, other := range k.beside {
		for _, e := range other.events {
			if one, ok := k.event(e); ok {
				all = append(all, one)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	if k.door.books.Events == nil {
		k.refuse("events are not kept by this server")
		return nil
	}
	return k.door.books.Events.Add(ctx, all)
}

func (k *checker) event(e sdk.Event) (event.Event, bool) {
	kind, declared := k.catalog.Kind(e.Kind)
	out := event.Event{
		Integration: k.cycle.Integration, ID: e.ID, Kind: e.Kind, Time: e.Time.UTC(), Severity: e.Severity, Text: e.Text, Attributes: e.Attributes,
	}
	if e.Time.IsZero() {
		out.Time = k.cycle.ObservedAt.UTC()
	}
	if out.Severity == "" {
		out.Severity = kind.Severity
	}
	switch {
	case !declared || kind.Condition:
		k.refuse("the event %.64q is not declared", e.Kind)
		return out, false
	case e.ID == "":
		k.refuse("an event %q has no id", e.Kind)
		return out, false
	case !severity(out.Severity):
		k.refuse("an event %q has the severity %.64q", e.Kind, e.Severity)
		return out, false
	case !k.texts(e.Kind, e.ID, e.Text) || !k.attributes(e.Kind, e.Attributes):
		return out, false
	case out.Time.Before(time.Unix(0, 0)):
		k.refuse("an event %q lies before 1970", e.Kind)
		return out, false
	case out.Time.After(k.door.now().Add(maxAhead)):
		k.refuse("an event %q lies in the future", e.Kind)
		return out, false
	}
	if e.Key != "" {
		out.Record = id.Record(k.cycle.Integration, e.Key) // which may be gone: that can be what happened
	}
	return out, true
}
