package proxmox

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

// Budget is how many calls a client makes at most within any minute. Zero is no limit.
type Budget struct {
	// PerMinute is for all calls together, those into guests excepted, which have Guests of their own.
	PerMinute, Guests int
	// PerNode is for the calls that one node has to answer.
	PerNode int
}

// Class says who goes first when the budget runs short.
type Class int

// The classes.
const (
	// Normal calls wait until the budget allows them.
	Normal Class = iota
	// Urgent calls never wait. A tenth of the budget is kept for them; what they take beyond, the others have less.
	Urgent
	// Background calls wait too, and leave to normal ones what [Client.Reserve] says. Normal ones may take three quarters of the
	// budget at most, so that neither starves.
	Background
	// Inside calls look into guests.
	Inside
)

type classKey struct{}

// As returns a context whose calls are of a class.
func As(ctx context.Context, c Class) context.Context { return context.WithValue(ctx, classKey{}, c) }

func classOf(ctx context.Context) Class {
	c, _ := ctx.Value(classKey{}).(Class)
	return c
}

// errBudget is why a call was not made: the budget would allow it only after the caller's time is over.
var errBudget = errors.New("the calls of this minute are used up")

// ledger counts calls and says when the next may be made.
type ledger struct {
	budget Budget
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error

	mu     sync.Mutex
	all    window
	others window // for all that is not urgent
	normal window
	guests window
	// reserve is how many normal calls there will be within a minute.
	reserve int
	nodes   map[string]*account
	total   tally
}

// account is what one node was asked. Its name is empty for what the server that is asked answers by itself.
type account struct {
	window
	tally
}

func newLedger(o Options) *ledger {
	l := &ledger{budget: o.Budget, now: o.Now, sleep: o.Sleep, nodes: map[string]*account{}}
	if l.sleep == nil {
		l.sleep = sleep
	}
	l.guests = newWindow(o.Budget.Guests)
	l.allow(o.Budget.PerMinute)
	return l
}

// admit waits until a call may be made. It fails at once when that is not before the end of the context.
func (l *ledger) admit(ctx context.Context, node string) error {
	for {
		wait := l.take(classOf(ctx), node)
		if wait <= 0 {
			return nil
		}
		if end, ends := ctx.Deadline(); ends && time.Until(end) < wait {
			return errBudget
		}
		if err := l.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// take takes a call from all that it counts for, or none and returns how long it takes until there is one.
func (l *ledger) take(class Class, node string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, from := l.now(), l.windows(class, node)
	var wait time.Duration
	for _, w := range from {
		left := 0
		if class == Background && w == &l.others {
			left = max(0, min(l.reserve, len(l.normal.made))-l.normal.within(now))
		}
		wait = max(wait, w.until(now, left))
	}
	if wait > 0 && class != Urgent {
		return wait
	}
	for _, w := range from {
		w.add(now)
	}
	return 0
}

// spend counts a request that is sent. The first one of a call was admitted; another try, or a login, is taken from the
// budget now.
func (l *ledger) spend(class Class, call Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.total.add(now)
	l.account(call.Node).tally.add(now)
	if call.admitted != nil && *call.admitted {
		*call.admitted = false
		return
	}
	for _, w := range l.windows(class, call.Node) {
		w.add(now)
	}
}

// windows are those that a call counts in.
func (l *ledger) windows(class Class, node string) []*window {
	own := &l.account(node).window
	switch class {
	case Inside:
		return []*window{&l.guests}
	case Urgent:
		return []*window{&l.all, own}
	case Normal:
		return []*window{&l.all, &l.others, &l.normal, own}
	}
	return []*window{&l.all, &l.others, own}
}

func (l *ledger) account(node string) *account {
	a := l.nodes[node]
	if a == nil {
		a = &account{}
		if node != "" {
			a.window = newWindow(l.budget.PerNode)
		}
		l.nodes[node] = a
	}
	return a
}

// window remembers when the last calls were made, as many as may be made within a minute. An empty one is no limit.
type window struct {
	made []int64 // in Unix ns; a ring
	next int     // the place of the next, which is that of the oldest
}

func newWindow(perMinute int) window { return window{made: make([]int64, max(0, perMinute))} }

// resized is a window for another number of calls, with the last ones that were made.
func (w *window) resized(perMinute int) window {
	out := newWindow(perMinute)
	for i := range w.made {
		if made := w.made[(w.next+i)%len(w.made)]; made != 0 && len(out.made) > 0 {
			out.made[out.next] = made
			out.next = (out.next + 1) % len(out.made)
		}
	}
	return out
}

// until returns how long it takes until one more may be made and some are still left.
func (w *window) until(now time.Time, left int) time.Duration {
	if len(w.made) == 0 {
		return 0
	}
	made := w.made[(w.next+min(left, len(w.made)-1))%len(w.made)]
	if made == 0 {
		return 0
	}
	return max(0, time.Unix(0, made).Add(time.Minute).Sub(now))
}

// within counts the calls of the last minute.
func (w *window) within(now time.Time) (n int) {
	for _, made := range w.made {
		if made > now.Add(-time.Minute).UnixNano() {
			n++
		}
	}
	return n
}

func (w *window) add(now time.Time) {
	if len(w.made) > 0 {
		w.made[w.next] = now.UnixNano()
		w.next = (w.next + 1) % len(w.made)
	}
}

// tallied is over how many minutes calls are counted.
const tallied = 5

// tally counts calls by the minute, over the last five that are over and the one that runs.
type tally struct {
	begun  time.Time
	minute int64 // the running one, in Unix minutes
	counts [tallied + 1]int32
}

func (t *tally) add(now time.Time) {
	if t.begun.IsZero() {
		t.begun, t.minute = now, now.Unix()/60
	}
	t.advance(now)
	t.counts[t.minute%int64(len(t.counts))]++
}

func (t *tally) advance(now time.Time) {
	for to := now.Unix() / 60; t.minute < to; {
		t.minute = max(t.minute+1, to-int64(len(t.counts)))
		t.counts[t.minute%int64(len(t.counts))] = 0
	}
}

// perMinute is 0 while there was no half a minute to judge by.
func (t *tally) perMinute(now time.Time) float64 {
	if t.begun.IsZero() {
		return 0
	}
	t.advance(now)
	from := time.Unix((t.minute-tallied)*60, 0)
	if t.begun.After(from) {
		from = t.begun
	}
	if now.Sub(from) < time.Minute/2 {
		return 0
	}
	sum := int32(0)
	for _, n := range t.counts {
		sum += n
	}
	return Round(float64(sum)/now.Sub(from).Minutes(), 1)
}

// PerMinute returns how many requests a minute there were within the last five minutes, logins included: all together, and
// by the node that had to answer them. The name is empty for what the server that is asked answers by itself.
func (c *Client) PerMinute() (total float64, nodes map[string]float64) {
	l := c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	nodes = make(map[string]float64, len(l.nodes))
	for name, a := range l.nodes {
		nodes[name] = a.perMinute(now)
	}
	return l.total.perMinute(now), nodes
}

// Reserve says how many normal calls there will be within a minute: those in the background leave them in the budget.
func (c *Client) Reserve(perMinute int) {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	c.ledger.reserve = perMinute
}

// Allow changes how many calls may be made within a minute.
func (c *Client) Allow(perMinute int) {
	l := c.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.budget.PerMinute != perMinute {
		l.allow(perMinute)
	}
}

// allow makes room for more calls, or less. Those that were made count on.
func (l *ledger) allow(perMinute int) {
	l.budget.PerMinute = perMinute
	l.all, l.others = l.all.resized(perMinute), l.others.resized(perMinute-perMinute/10)
	l.normal = l.normal.resized((3*perMinute + 3) / 4)
}

// Forget drops what is known of nodes that are not among those to keep.
func (c *Client) Forget(keep func(node string) bool) {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	maps.DeleteFunc(c.ledger.nodes, func(name string, _ *account) bool { return name != "" && !keep(name) })
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
