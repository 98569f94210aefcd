package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// How deliveries are made.
const (
	maxAttempts = 10
	firstPause  = 2 * time.Second
	longest     = 5 * time.Minute
	together    = 5  // deliveries at once
	atATime     = 20 // that are looked at
	perMinute   = 30 // messages to one channel
	patience    = 45 * time.Second
	lookEvery   = time.Second
	// keepDone and keepDead are how long deliveries are kept for people to look at.
	keepDone = 7 * 24 * time.Hour
	keepDead = 30 * 24 * time.Hour
)

// Config is what a dispatcher works with.
type Config struct {
	Store  Store
	Alerts Alerts
	Sender Sender
	// Channels returns all configured ones.
	Channels func() []Channel
	// Base is the address of the server for people, empty when it is not known.
	Base func() string
	Log  hclog.Logger
	Now  func() time.Time
}

// Dispatcher makes messages of notices and delivers them. It is safe for concurrent use.
type Dispatcher struct {
	store    Store
	alerts   Alerts
	sender   Sender
	channels func() []Channel
	base     func() string
	log      hclog.Logger
	now      func() time.Time
	work     chan struct{}

	turning sync.Mutex // orders turns; what follows belongs to them
	seen    int64
	notices []alert.Notice
	told    map[string]Told      // by incident
	spoken  map[string]time.Time // when an alert that is over was last told, by its id
	hourly  map[string][]time.Time

	mu     sync.Mutex
	paces  map[id.Integration][]time.Time
	states map[id.Integration]Health
}

// Health is how a channel has been doing since the start.
type Health struct {
	LastSuccess time.Time `json:"lastSuccess,omitzero"`
	LastFailure time.Time `json:"lastFailure,omitzero"`
	LastError   string    `json:"lastError,omitempty"`
	Sent        int       `json:"sent"`
	Failed      int       `json:"failed"`
}

// Open loads who was told; deliveries that were under way when the server ended wait again.
func Open(ctx context.Context, c Config) (*Dispatcher, error) {
	d := &Dispatcher{
		store: c.Store, alerts: c.Alerts, sender: c.Sender, channels: c.Channels, base: c.Base, log: c.Log, now: c.Now, work: make(chan struct{}, 1),
		told: map[string]Told{}, spoken: map[string]time.Time{}, hourly: map[string][]time.Time{}, paces: map[id.Integration][]time.Time{}, states: map[id.Integration]Health{},
	}
	if d.log == nil {
		d.log = hclog.NewNullLogger()
	}
	all, err := c.Store.Told(ctx)
	if err != nil {
		return nil, fmt.Errorf("load who was told: %w", err)
	}
	for _, told := range all {
		d.hourly[told.AlertID] = append(d.hourly[told.AlertID], told.First)
		if told.Ended.IsZero() {
			d.told[told.Incident] = told
		} else if told.Last.After(d.spoken[told.AlertID]) {
			d.spoken[told.AlertID] = told.Last
		}
	}
	if err := c.Store.Recover(ctx); err != nil {
		return nil, fmt.Errorf("recover deliveries: %w", err)
	}
	return d, nil
}

// Run dispatches and delivers until ctx ends. News says that there may be notices.
func (d *Dispatcher) Run(ctx context.Context, news <-chan alert.Changed) {
	var wg sync.WaitGroup
	wg.Go(func() { d.deliver(ctx) })
	defer wg.Wait()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	trim := time.NewTicker(time.Hour)
	defer trim.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-trim.C:
			if err := d.store.Trim(ctx, d.now().Add(-keepDone), d.now().Add(-keepDead)); err != nil {
				d.log.Warn("old deliveries could not be forgotten", "error", err)
			}
			continue
		case <-look.C:
		case <-news:
		}
		err := d.Turn(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			d.log.Error("alerts cannot be told; it is tried again each second", "error", err)
		}
		failing = err != nil
	}
}

func (d *Dispatcher) nudge() {
	select {
	case d.work <- struct{}{}:
	default:
	}
}

// deliver works the queue until ctx ends.
func (d *Dispatcher) deliver(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.work:
		case <-wait.C:
		}
		pause, err := d.Work(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.Error("deliveries cannot be read or stored", "error", err)
			pause = firstPause
		}
		wait.Reset(pause)
	}
}

// Work sends what is due and returns when to look again.
func (d *Dispatcher) Work(ctx context.Context) (time.Duration, error) {
	for {
		due, err := d.store.Due(ctx, d.now(), atATime)
		if err != nil || len(due) == 0 {
			if err != nil {
				return 0, err
			}
			break
		}
		slots := make(chan struct{}, together)
		var wg sync.WaitGroup
		var mu sync.Mutex
		for _, one := range due {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				if e := d.attempt(ctx, one); e != nil {
					mu.Lock()
					err = errors.Join(err, e)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if err != nil || ctx.Err() != nil {
			return 0, err
		}
	}
	next, err := d.store.NextDue(ctx)
	if err != nil || next.IsZero() {
		return time.Minute, err
	}
	return min(max(next.Sub(d.now()), 100*time.Millisecond), time.Minute), nil
}

// attempt tries one delivery.
func (d *Dispatcher) attempt(ctx context.Context, one Delivery) error {
	if pause := d.pace(one.Channel); pause > 0 {
		one.Next = d.now().Add(pause).UTC()
		return d.store.Save(ctx, one)
	}
	one.Status, one.LastAttempt = Sending, d.now().UTC()
	if err := d.store.Save(ctx, one); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	receipts, err := d.sender.Send(limited, one.Channel, one.Message)
	cancel()
	if ctx.Err() != nil {
		return nil // the server ends: it is tried again after the start
	}
	one.Attempts++
	d.settle(&one, judgeReceipts(receipts, err))
	d.note(one)
	if err := d.store.Save(ctx, one); err != nil {
		return err
	}
	d.timeline(ctx, one)
	return nil
}

// outcome is what became of an attempt.
type outcome struct {
	ok, permanent bool
	retryAfter    time.Duration
	text          string
	code          int
}

func judgeReceipts(receipts []sdk.Receipt, err error) outcome {
	var plugin *sdk.Error
	if errors.As(err, &plugin) {
		permanent := slices.Contains([]sdk.ErrorKind{sdk.KindConfig, sdk.KindAuth, sdk.KindPermission, sdk.KindUnsupported}, plugin.Kind)
		return outcome{permanent: permanent, retryAfter: plugin.RetryAfter, text: plugin.Message}
	}
	if err != nil {
		return outcome{text: "The plugin did not answer in time."}
	}
	o := outcome{ok: true, permanent: true}
	var texts []string
	for _, r := range receipts {
		if r.OK {
			if o.ok {
				o.code = r.Status
			}
			continue
		}
		o.ok, o.code = false, r.Status
		o.permanent = o.permanent && r.Permanent
		o.retryAfter = max(o.retryAfter, r.RetryAfter)
		texts = append(texts, strings.TrimSpace(r.Target+": "+r.Excerpt))
	}
	o.text = strings.Join(texts, "; ")
	if len(receipts) == 0 {
		return outcome{permanent: true, text: "The channel has no target."}
	}
	return o
}

// settle says how a delivery goes on after an attempt.
func (d *Dispatcher) settle(one *Delivery, o outcome) {
	now := d.now().UTC()
	one.Code, one.LastError = o.code, o.text
	switch {
	case o.ok:
		one.Status, one.Completed, one.LastError, one.Next = Sent, now, "", time.Time{}
	case o.permanent || one.Attempts >= one.MaxAttempts:
		one.Status, one.Completed, one.Next = Dead, now, time.Time{}
		d.log.Warn("a message could not be delivered and is given up; it lies among the dead letters", "channel", one.Channel, "attempts", one.Attempts, "error", one.LastError)
	default:
		pause := min(firstPause<<min(one.Attempts-1, 10), longest)
		pause += time.Duration(rand.Int64N(int64(pause)/4 + 1)) // so that not all come back at once
		one.Status, one.Next = Waiting, now.Add(max(pause, o.retryAfter))
	}
}

// pace tells how long a channel has to rest.
func (d *Dispatcher) pace(channel id.Integration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	recent := d.paces[channel]
	for len(recent) > 0 && now.Sub(recent[0]) >= time.Minute {
		recent = recent[1:]
	}
	if len(recent) >= perMinute {
		d.paces[channel] = recent
		return time.Minute - now.Sub(recent[0])
	}
	d.paces[channel] = append(recent, now)
	return 0
}

func (d *Dispatcher) note(one Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.states[one.Channel]
	if one.Status == Sent {
		h.LastSuccess, h.LastError = one.Completed, ""
		h.Sent++
	} else {
		h.LastFailure, h.LastError = one.LastAttempt, one.LastError
		h.Failed++
	}
	d.states[one.Channel] = h
}

// timeline writes the end of a delivery onto its incidents.
func (d *Dispatcher) timeline(ctx context.Context, one Delivery) {
	summary := ""
	switch one.Status {
	case Sent:
		summary = fmt.Sprintf("Told through %s (%s).", one.Channel, one.Message.Kind)
	case Dead:
		summary = fmt.Sprintf("Could not be told through %s: %s", one.Channel, one.LastError)
	default:
		return
	}
	details := map[string]any{"channel": string(one.Channel), "delivery": one.ID, "attempts": one.Attempts, "success": one.Status == Sent}
	if err := d.alerts.Record(ctx, one.Incidents, alert.EntryDelivery, summary, details); err != nil {
		d.log.Warn("a delivery could not be written onto its incident", "delivery", one.ID, "error", err)
	}
}

// Health is how channels have been doing since the start.
func (d *Dispatcher) Health() map[id.Integration]Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make(map[id.Integration]Health, len(d.states))
	for k, v := range d.states {
		out[k] = v
	}
	return out
}

// Test sends a test message through a channel at once, and tells how that went.
func (d *Dispatcher) Test(ctx context.Context, channel id.Integration) ([]sdk.Receipt, error) {
	m := TestMessage(d.base(), d.now())
	m.ID = "test-" + id.Random(6)
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return d.sender.Send(limited, channel, m)
}

// Retry lets a dead letter be delivered again, with all attempts.
func (d *Dispatcher) Retry(ctx context.Context, name string) error {
	one, err := d.dead(ctx, name)
	if err != nil {
		return err
	}
	one.Status, one.Attempts, one.Next, one.Completed = Waiting, 0, d.now().UTC(), time.Time{}
	if err := d.store.Save(ctx, one); err != nil {
		return err
	}
	d.nudge()
	return nil
}

// Drop gives up a dead letter for good.
func (d *Dispatcher) Drop(ctx context.Context, name string) error {
	one, err := d.dead(ctx, name)
	if err != nil {
		return err
	}
	one.Status = Cancelled
	return d.store.Save(ctx, one)
}

func (d *Dispatcher) dead(ctx context.Context, name string) (Delivery, error) {
	one, there, err := d.store.Delivery(ctx, name)
	if err == nil && (!there || one.Status != Dead) {
		err = errs.New(errs.NotFound, "there is no dead letter %.80q", name).WithField("id")
	}
	return one, err
}

// List returns deliveries of some statuses, the newest first.
func (d *Dispatcher) List(ctx context.Context, statuses []Status, limit int) ([]Delivery, error) {
	return d.store.List(ctx, statuses, limit)
}

// Counts are deliveries by status, of those that are done the ones of the last day.
func (d *Dispatcher) Counts(ctx context.Context) (map[Status]int, error) {
	return d.store.Counts(ctx, d.now().Add(-24*time.Hour))
}
