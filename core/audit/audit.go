// Package audit is the record of who changed what and who came in. Events are only ever added. Each holds the hash of
// the one before and is signed, so that a change of any of them shows, and so does one that is missing; the signed head
// of the log says where it begins and ends.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/pulse-platform/pulse/core/bus"
	"github.com/pulse-platform/pulse/core/errs"
)

// KeyLen is the length of the key that signs, in bytes.
const KeyLen = 32

// Limits of what is kept.
const (
	// MaxEvents is how many events are kept at most; the oldest go first.
	MaxEvents = 1_000_000
	maxText   = 1000
)

// The events of the log itself.
const (
	started = "audit_log_started"
	trimmed = "audit_log_trimmed"
	damaged = "audit_log_damaged"
)

// Event is one thing that somebody did, or tried.
type Event struct {
	Seq     int64 // 1 for the first
	ID      string
	Time    time.Time // whole milliseconds
	Event   string    // a word such as login or token_created
	User    string    // empty for nobody and for the server itself
	IP      string
	Via     string // how the user came in: session, api_token with its name, ...
	Method  string // of the request
	Path    string
	Success bool
	Details string
	Request string // the id of the request

	Prev      string // hash of the event before, hex
	Hash      string // of all above, hex
	Signature string // HMAC-SHA256 of the hash, hex
}

// hash returns the SHA-256 of an event's content. The content is written as a JSON list, in which no value can run into
// the next.
func (e Event) hash() string {
	content, err := json.Marshal([]any{"v1", e.Seq, e.ID, e.Time.UnixMilli(), e.Event, e.User, e.IP, e.Via, e.Method, e.Path, e.Success, e.Details, e.Request, e.Prev})
	if err != nil {
		panic(err) // texts and numbers
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// Head says where the log begins and ends.
type Head struct {
	// Floor is the number of the newest event that retention has removed, 0 for none, with its hash.
	Floor     int64
	FloorHash string
	// Seq and Hash are those of the newest event.
	Seq       int64
	Hash      string
	Signature string
}

// Query selects events. Zero members select all.
type Query struct {
	Event, User string
	Success     *bool
	From, To    time.Time
	// Text is looked for in details, path and address.
	Text          string
	Limit, Offset int
}

// Store keeps events.
type Store interface {
	// Head returns the head, the zero value when the log is new.
	Head(ctx context.Context) (Head, error)
	// Append stores an event and the head after it, both or none.
	Append(ctx context.Context, e Event, h Head) error
	// Events returns a page, the newest first, and how many there are in all.
	Events(ctx context.Context, q Query) ([]Event, int, error)
	// Event returns an event by its id: errs.NotFound when there is none.
	Event(ctx context.Context, id string) (Event, error)
	// After returns the next events after a number, the oldest first.
	After(ctx context.Context, seq int64, limit int) ([]Event, error)
	// Trim removes the events up to the head's floor and stores the head.
	Trim(ctx context.Context, h Head) error
	// Due returns the newest event that is older than a time or beyond the most that are kept, false when there is none.
	Due(ctx context.Context, before time.Time, most int) (Event, bool, error)
}

// Log is the whole log. It is safe for concurrent use.
type Log struct {
	store Store
	key   []byte
	now   func() time.Time
	news  bus.Bus[struct{}]

	mu   sync.Mutex // one event after the other
	head Head
}

// Open continues a log, or begins one. What is wrong with the head becomes an event, and stays one.
func Open(ctx context.Context, store Store, key []byte, now func() time.Time) (*Log, error) {
	if len(key) != KeyLen {
		return nil, fmt.Errorf("the key of the audit log has %d bytes, want %d", len(key), KeyLen)
	}
	l := &Log{store: store, key: key, now: now}
	h, err := store.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the head of the audit log: %w", err)
	}
	newest, _, err := store.Events(ctx, Query{Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	l.head = h
	switch {
	case h == (Head{}) && len(newest) == 0:
		return l, l.Add(ctx, Event{Event: started, Success: true, Details: "The audit log begins."})
	case l.signed("head", h.content(), h.Signature):
		return l, nil
	}
	if len(newest) > 0 && newest[0].Seq > h.Seq {
		l.head.Seq, l.head.Hash = newest[0].Seq, newest[0].Hash
	}
	return l, l.Add(ctx, Event{Event: damaged, Details: "The head of the log was changed by somebody else: events may be missing."})
}

func (h Head) content() string {
	content, err := json.Marshal([]any{h.Floor, h.FloorHash, h.Seq, h.Hash})
	if err != nil {
		panic(err) // texts and numbers
	}
	return string(content)
}

func (l *Log) sign(what, content string) string {
	m := hmac.New(sha256.New, l.key)
	m.Write([]byte(what + "\n" + content))
	return hex.EncodeToString(m.Sum(nil))
}

func (l *Log) signed(what, content, signature string) bool {
	return hmac.Equal([]byte(l.sign(what, content)), []byte(signature))
}

// Subscribe returns news of new events; see [bus.Bus.Subscribe].
func (l *Log) Subscribe(n int) (<-chan struct{}, func()) { return l.news.Subscribe(n) }

// Add adds an event: what the caller says of it, with number, id, time, hash and signature.
func (l *Log) Add(ctx context.Context, e Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.next(e)
	h := l.head
	h.Seq, h.Hash = next.Seq, next.Hash
	h.Signature = l.sign("head", h.content())
	if err := l.store.Append(ctx, next, h); err != nil {
		return fmt.Errorf("add to the audit log: %w", err)
	}
	l.head = h
	l.news.Publish(struct{}{})
	return nil
}

// next completes an event that follows the head. The lock is held.
func (l *Log) next(e Event) Event {
	e.Seq, e.ID, e.Prev = l.head.Seq+1, uuid.NewString(), l.head.Hash
	e.Time = time.UnixMilli(l.now().UnixMilli())
	for _, text := range []*string{&e.Event, &e.User, &e.IP, &e.Via, &e.Method, &e.Path, &e.Details, &e.Request} {
		*text = plain(*text)
	}
	e.Hash = e.hash()
	e.Signature = l.sign("event", e.Hash)
	return e
}

// plain makes a text of bounded length that is one line.
func plain(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// List returns a page, the newest first, and how many events match in all.
func (l *Log) List(ctx context.Context, q Query) ([]Event, int, error) { return l.store.Events(ctx, q) }

// After returns the next events after a number, the oldest first.
func (l *Log) After(ctx context.Context, seq int64, limit int) ([]Event, error) {
	return l.store.After(ctx, seq, limit)
}

// Last returns the number of the newest event.
func (l *Log) Last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head.Seq
}

// Break is a place where the log is not what was written.
type Break struct {
	Seq  int64
	ID   string
	Text string
}

// Verify looks at one event: its content, its signature, and that it follows the one before. It returns nil when all is
// well.
func (l *Log) Verify(ctx context.Context, name string) (*Break, error) {
	e, err := l.store.Event(ctx, name)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	h := l.head
	l.mu.Unlock()
	before := Event{Seq: h.Floor, Hash: h.FloorHash}
	if e.Seq > h.Floor+1 {
		found, err := l.store.After(ctx, e.Seq-2, 1)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			before = found[0]
		}
	}
	return l.follows(before, e), nil
}

// follows tells what is wrong with an event after the one before, nil for nothing.
func (l *Log) follows(before, e Event) *Break {
	wrong := func(format string, args ...any) *Break { return &Break{e.Seq, e.ID, fmt.Sprintf(format, args...)} }
	switch {
	case e.Hash != e.hash():
		return wrong("The event was changed: its content does not have its hash.")
	case !l.signed("event", e.Hash, e.Signature):
		return wrong("The signature is not this server's.")
	case e.Seq != before.Seq+1:
		return wrong("%d events before it are missing.", e.Seq-before.Seq-1)
	case e.Prev != before.Hash:
		return wrong("It does not follow the event before: one of them was put in or replaced.")
	case e.Event == damaged:
		return wrong("%s", e.Details)
	}
	return nil
}

// Report is what a look through the whole log found.
type Report struct {
	Events   int
	From, To time.Time
	// Hash is that of the newest event. Who keeps it elsewhere can tell later that nothing before was changed.
	Hash string
	// Breaks are the first places where something is wrong.
	Breaks []Break
}

// maxBreaks bounds a report: a replaced key makes every event wrong.
const maxBreaks = 20

// VerifyAll looks through the whole log.
func (l *Log) VerifyAll(ctx context.Context) (Report, error) {
	l.mu.Lock()
	h := l.head
	l.mu.Unlock()
	stored, err := l.store.Head(ctx)
	if err != nil {
		return Report{}, err
	}
	out := Report{Hash: h.Hash}
	note := func(b *Break) {
		if b != nil && len(out.Breaks) < maxBreaks {
			out.Breaks = append(out.Breaks, *b)
		}
	}
	if stored.Seq < h.Seq || !l.signed("head", stored.content(), stored.Signature) {
		note(&Break{Seq: stored.Seq, Text: "The head of the log was changed by somebody else."})
	}
	before := Event{Seq: h.Floor, Hash: h.FloorHash}
	for before.Seq < h.Seq {
		page, err := l.store.After(ctx, before.Seq, 1000)
		if err != nil {
			return out, err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Seq > h.Seq {
				return out, nil // came in while this was looking
			}
			if out.Events++; out.From.IsZero() {
				out.From = e.Time
			}
			out.To = e.Time
			note(l.follows(before, e))
			before = e
		}
	}
	if before.Seq < h.Seq {
		note(&Break{Seq: before.Seq, ID: before.ID, Text: fmt.Sprintf("The end is cut off: the last %d events are missing.", h.Seq-before.Seq)})
	} else if before.Hash != h.Hash {
		note(&Break{Seq: before.Seq, ID: before.ID, Text: "The newest event is not the one that the head names."})
	}
	return out, nil
}

// Trim removes what is older than is kept. The signed head says where the log begins then, and an event says that.
func (l *Log) Trim(ctx context.Context, keep time.Duration) error {
	if keep <= 0 { // a setting that was not read must not empty the log
		return fmt.Errorf("trim the audit log: it cannot be kept for %v", keep)
	}
	last, due, err := l.store.Due(ctx, l.now().Add(-keep), MaxEvents)
	if err != nil || !due {
		return err
	}
	if err := l.Add(ctx, Event{Event: trimmed, Success: true, Details: fmt.Sprintf("Events up to number %d are older than is kept, and are removed.", last.Seq)}); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.head
	h.Floor, h.FloorHash = last.Seq, last.Hash
	h.Signature = l.sign("head", h.content())
	if err := l.store.Trim(ctx, h); err != nil {
		return fmt.Errorf("trim the audit log: %w", err)
	}
	l.head = h
	return nil
}

// FailureOf says whether a failed request is worth an event: who was refused or got stuck, not what was mistyped.
func FailureOf(err error) (text string, worth bool) {
	var e *errs.Error
	if !errors.As(err, &e) {
		return "something went wrong inside the server", true
	}
	switch e.Code {
	case errs.Invalid, errs.NotFound, errs.TooLarge, errs.RateLimited, errs.Outdated, errs.Unavailable:
		return "", false
	}
	return e.Message, true
}
