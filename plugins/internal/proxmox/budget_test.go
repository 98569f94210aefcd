package proxmox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// counted is a server that writes down when it was asked, by a clock that waiting moves.
type counted struct {
	*sdktest.Clock
	mu   sync.Mutex
	made []time.Time
}

func (c *counted) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	c.made = append(c.made, c.Now())
	c.mu.Unlock()
	fmt.Fprint(w, `{"data":[]}`)
}

func (c *counted) sleep(_ context.Context, d time.Duration) error {
	c.Move(d)
	return nil
}

// most returns how many calls there were within the minute that had the most.
func (c *counted) most() (most int) {
	for i, from := range c.made {
		n := 0
		for _, at := range c.made[i:] {
			if at.Sub(from) < time.Minute {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func budgeted(t *testing.T, b Budget) (*Client, *counted) {
	t.Helper()
	s := &counted{Clock: newClock()}
	end, _ := serving(t, s.ServeHTTP)
	return newClient(t, Options{Endpoints: []Endpoint{end}, Budget: b, Now: s.Now, Sleep: s.sleep}), s
}

// ask makes a call that must be made.
func ask(ctx context.Context, t *testing.T, c *Client, call Call) {
	t.Helper()
	if _, _, err := Rows[struct{}](ctx, c, call); err != nil {
		t.Fatal(err)
	}
}

func TestNoMinuteHasMoreCallsThanTheBudget(t *testing.T) {
	c, s := budgeted(t, Budget{PerMinute: 40, PerNode: 10})
	for i := range 120 {
		class := []Class{Normal, Background}[i%2]
		if i%12 == 0 {
			class = Urgent // such calls are few
		}
		ask(As(t.Context(), class), t, c, OnNode(fmt.Sprint("pve", i%7), "status"))
	}
	if n := s.most(); n < 36 || n > 40 {
		t.Errorf("%d calls within a minute", n)
	}
	s.Move(time.Minute)
	begun := s.Now()
	for range 25 {
		ask(t.Context(), t, c, OnNode("pve9", "status"))
	}
	if took := s.Now().Sub(begun); took != 2*time.Minute {
		t.Errorf("one node had to answer 25 calls within %v", took)
	}
}

// A budget that grows or shrinks while it is used counts what was made before.
func TestTheBudgetChanges(t *testing.T) {
	c, s := budgeted(t, Budget{PerMinute: 10})
	begun := s.Now()
	for range 9 {
		ask(As(t.Context(), Background), t, c, Path("version"))
	}
	c.Allow(20)
	for range 9 {
		ask(As(t.Context(), Background), t, c, Path("version"))
	}
	if s.Now() != begun {
		t.Errorf("18 calls took %v", s.Now().Sub(begun))
	}
	ask(As(t.Context(), Background), t, c, Path("version"))
	c.Allow(10)
	for range 9 {
		ask(As(t.Context(), Background), t, c, Path("version"))
	}
	if s.Now().Sub(begun) != 2*time.Minute {
		t.Errorf("the last ones were made after %v", s.Now().Sub(begun))
	}
	if s.most() > 20 {
		t.Errorf("%d calls within a minute", s.most())
	}
}

func TestUrgentCallsDoNotWait(t *testing.T) {
	c, s := budgeted(t, Budget{PerMinute: 4})
	begun := s.Now()
	urgent, background := As(t.Context(), Urgent), As(t.Context(), Background)
	for range 2 {
		ask(background, t, c, Path("version"))
	}
	if s.Now() != begun {
		t.Errorf("the first calls had to wait: %v", s.Now().Sub(begun))
	}
	for range 6 {
		ask(urgent, t, c, Path("cluster", "status"))
	}
	if s.Now() != begun {
		t.Errorf("urgent calls had to wait: %v", s.Now().Sub(begun))
	}
	// What they took is missing for the others.
	s.Move(59 * time.Second)
	ask(t.Context(), t, c, Path("version"))
	if waited := s.Now().Sub(begun); waited != time.Minute {
		t.Errorf("the next call was made after %v", waited)
	}
}

// Calls in the background may take what normal ones do not need, and normal ones not all.
func TestNeitherClassStarvesTheOther(t *testing.T) {
	c, s := budgeted(t, Budget{PerMinute: 40}) // four of them for what is urgent
	background := As(t.Context(), Background)
	took := func(n int, ctx context.Context) time.Duration {
		t.Helper()
		begun := s.Now()
		for range n {
			ask(ctx, t, c, Path("version"))
		}
		return s.Now().Sub(begun)
	}
	if d := took(36, background); d != 0 {
		t.Errorf("nothing else is to be asked, and the background waited %v", d)
	}
	c.Reserve(20)
	s.Move(time.Minute)
	if d := took(16, background); d != 0 {
		t.Errorf("its part did not suffice for the background: %v", d)
	}
	if d := took(20, t.Context()); d != 0 {
		t.Errorf("the background took what was reserved: %v", d)
	}
	if d := took(1, background); d != time.Minute {
		t.Errorf("more was made than the budget allows: after %v", d)
	}
	c.Reserve(1000)
	s.Move(time.Minute)
	if d := took(30, t.Context()); d != 0 {
		t.Errorf("normal calls waited %v", d)
	}
	if d := took(6, background); d != 0 {
		t.Errorf("the background starves: %v", d)
	}
}

func TestCallsIntoGuestsCountByThemselves(t *testing.T) {
	c, s := budgeted(t, Budget{PerMinute: 3, PerNode: 2, Guests: 5})
	begun := s.Now()
	for range 5 {
		ask(As(t.Context(), Inside), t, c, OnNode("pve1", "qemu", "100", "agent", "info"))
	}
	ask(t.Context(), t, c, OnNode("pve1", "status"))
	ask(t.Context(), t, c, OnNode("pve1", "status"))
	if s.Now() != begun {
		t.Errorf("waited %v", s.Now().Sub(begun))
	}
	ask(As(t.Context(), Inside), t, c, OnNode("pve1", "qemu", "100", "agent", "info"))
	if s.Now().Sub(begun) != time.Minute {
		t.Errorf("waited %v", s.Now().Sub(begun))
	}
}

// A call whose turn comes too late is not made, and that is no fault of what was to be asked.
func TestACallThatCannotBeMadeInTime(t *testing.T) {
	c, s := budgeted(t, Budget{PerMinute: 1})
	ask(t.Context(), t, c, Path("version"))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, _, err := Rows[struct{}](ctx, c, Path("version"))
	if kindOf(err) != KindBudget || len(s.made) != 1 {
		t.Errorf("%v, %d calls", err, len(s.made))
	}
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestCallsAreCountedByTheNode(t *testing.T) {
	c, s := budgeted(t, Budget{})
	ask(t.Context(), t, c, OnNode("pve1", "status"))
	if total, _ := c.PerMinute(); total != 0 {
		t.Errorf("%v calls a minute after no time", total)
	}
	for range 9 {
		s.Move(time.Minute)
		ask(t.Context(), t, c, OnNode("pve1", "status"))
		ask(t.Context(), t, c, OnNode("pve2", "status"))
		ask(t.Context(), t, c, Path("cluster", "status"))
	}
	s.Move(time.Minute)
	total, nodes := c.PerMinute()
	if total != 3 || nodes["pve1"] != 1 || nodes["pve2"] != 1 || nodes[""] != 1 {
		t.Errorf("%v, %v", total, nodes)
	}
	c.Forget(func(name string) bool { return name == "pve1" })
	if _, nodes := c.PerMinute(); len(nodes) != 2 {
		t.Errorf("%v", nodes)
	}
	s.Move(time.Hour)
	if total, _ := c.PerMinute(); total != 0 {
		t.Errorf("%v calls a minute after an hour without", total)
	}
}

// sent is how many requests there were within the last minutes.
func sent(c *Client) (n int32) {
	for _, of := range c.ledger.total.counts {
		n += of
	}
	return n
}
