package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// line is a connection of the delta protocol; the test is the other end.
type line struct {
	in    chan string
	out   chan []byte // a Write waits for room
	code  atomic.Int32
	close sync.Once
	done  chan struct{}
}

func newLine(room int) *line {
	return &line{in: make(chan string), out: make(chan []byte, room), done: make(chan struct{})}
}

func (l *line) Read(ctx context.Context) ([]byte, error) {
	select {
	case m := <-l.in:
		return []byte(m), nil
	case <-l.done:
		return nil, errors.New("closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *line) Write(ctx context.Context, b []byte) error {
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	select {
	case l.out <- b:
		return nil
	case <-limit.C:
		return errors.New("not taken in time")
	case <-l.done:
		return errors.New("closed")
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (l *line) Ping(context.Context) error { return nil }
func (l *line) Query(name string) string   { return map[string]string{"protocol": "delta"}[name] }
func (l *line) Close(code int, _ string) error {
	l.close.Do(func() { l.code.Store(int32(code)); close(l.done) })
	return nil
}

// say sends as the client.
func (l *line) say(message string) {
	select {
	case l.in <- message:
	case <-l.done:
	}
}

// heard takes all that arrived: frames into the page, the types of the others as text.
func (l *line) heard(t *testing.T, p *page) (frames []frameIn, others string) {
	t.Helper()
	synctest.Wait()
	for {
		select {
		case m := <-l.out:
			var kind struct{ Type, Code string }
			if err := json.Unmarshal(m, &kind); err != nil {
				t.Fatal(err)
			}
			if kind.Type == "frame" {
				frames = append(frames, p.take(t, m))
			} else {
				others += kind.Type + kind.Code + " "
			}
		default:
			return frames, others
		}
	}
}

// stage is a hub that runs over a farm, inside a bubble.
type stage struct {
	*Hub
	farm *farm
	ctx  context.Context
	all  sync.WaitGroup
}

func onStage(t *testing.T, play func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f := newFarm(t)
		s := &stage{Hub: New(Sources{Document: &document{newest: 1}, Resources: f, News: Coalesced(f.Subscribe)}, time.Now), farm: f, ctx: ctx}
		s.all.Go(func() { _ = s.Run(ctx) })
		play(s)
		cancel()
		s.all.Wait()
	})
}

func (s *stage) connect(l *line) *line {
	s.all.Go(func() { s.serve(s.ctx, l) })
	return l
}

func TestDeltaConnection(t *testing.T) {
	onStage(t, func(s *stage) {
		s.farm.put(guest(0, 0), guest(1, 0))
		l, p := s.connect(newLine(100)), &page{}
		if frames, others := l.heard(t, p); len(frames) != 0 || others != "welcome " {
			t.Fatalf("before a view: %v, %s", frames, others)
		}
		l.say(`{"type":"view","view":1,"range":["g00000"]}`)
		if frames, _ := l.heard(t, p); len(frames) != 1 || !frames[0].Full || p.view != 1 || p.row("g00000")["cpu"] == nil {
			t.Fatalf("the first view: %+v", frames)
		}
		l.say(`{"type":"ping"}`)
		l.say(`{"type":"dance"}`)
		l.say(`{"type":"view","range":7}`)
		if frames, others := l.heard(t, p); len(frames) != 0 || others != "pong errorinvalid_view " {
			t.Fatalf("%v, %s", frames, others)
		}
		time.Sleep(2 * time.Second) // the clock of the bubble
		before := p.row("g00000")["cpu"]
		s.farm.put(guest(0, 1))
		if frames, _ := l.heard(t, p); len(frames) != 1 || p.row("g00000")["cpu"] == before {
			t.Fatalf("a change after a while comes at once: %+v", frames)
		}
		s.Broadcast("alert", json.RawMessage(`{}`))
		time.Sleep(31 * time.Second)
		if frames, others := l.heard(t, p); len(frames) != 0 || others != "alert ping " {
			t.Fatalf("%+v, %s", frames, others)
		}
		if s.Clients() != 1 {
			t.Error("not counted")
		}
	})
}

// TestDeltaUnderLoad changes everything a hundred times a second for a minute.
func TestDeltaUnderLoad(t *testing.T) {
	onStage(t, func(s *stage) {
		s.farm.put(guest(0, 0))
		l, p := s.connect(newLine(1000)), &page{}
		l.say(`{"type":"view","range":["g00000"]}`)
		l.heard(t, p)
		last, longest, count := time.Now(), time.Duration(0), 0
		for round := range 6000 {
			s.farm.put(guest(0, round))
			time.Sleep(10 * time.Millisecond)
			if frames, _ := l.heard(t, p); len(frames) > 0 {
				longest, last = max(longest, time.Since(last)), time.Now()
				count += len(frames)
			}
		}
		if count < 58 || count > 61 || longest > 1100*time.Millisecond {
			t.Errorf("%d frames in a minute, the longest pause was %s", count, longest)
		}
	})
}

func TestManyViewsAreAnsweredByFew(t *testing.T) {
	onStage(t, func(s *stage) {
		s.farm.put(guest(0, 0))
		l, p := s.connect(newLine(1000)), &page{}
		for n := range 50 {
			l.say(fmt.Sprintf(`{"type":"view","view":%d}`, n))
		}
		time.Sleep(time.Second)
		if frames, _ := l.heard(t, p); len(frames) > 2 || p.view != 49 || l.code.Load() != 0 {
			t.Errorf("%d frames, view %d, code %d", len(frames), p.view, l.code.Load())
		}
	})
}

func TestFloodIsEnded(t *testing.T) {
	onStage(t, func(s *stage) {
		l := s.connect(newLine(1000))
		for range 500 {
			l.say(`{"type":"view"}`)
		}
		synctest.Wait()
		if l.code.Load() != closePolicy || s.Clients() != 0 {
			t.Errorf("code %d, %d clients", l.code.Load(), s.Clients())
		}
	})
}

// TestSlowDeltaClient does not take what is sent to it: nothing piles up, and when it does take again it gets the newest.
func TestSlowDeltaClient(t *testing.T) {
	onStage(t, func(s *stage) {
		s.farm.put(guest(0, 0))
		l, p := s.connect(newLine(1)), &page{}
		l.heard(t, p)
		l.say(`{"type":"view","range":["g00000"]}`)
		for round := range 25 {
			time.Sleep(time.Second)
			s.farm.put(guest(0, round+1))
		}
		time.Sleep(time.Second)
		frames, _ := l.heard(t, p) // what waited in the line
		time.Sleep(time.Second)
		more, _ := l.heard(t, p)
		want := viewer{tb: t, t: s.cells.current()}
		want.look(view{Range: []string{"g00000"}}, true)
		if n := len(frames) + len(more); n > 4 || p.row("g00000")["cpu"] != want.page.row("g00000")["cpu"] {
			t.Errorf("%d frames after 25 changes, and %v instead of %v", n, p.row("g00000")["cpu"], want.page.row("g00000")["cpu"])
		}
		for range 40 { // now it takes nothing more
			s.farm.put(guest(0, int(time.Now().Unix()%1000)))
			time.Sleep(time.Second)
		}
		if s.Clients() != 0 {
			t.Error("a client that takes nothing for 40 s is still there")
		}
	})
}

func TestFullMailEndsADeltaClient(t *testing.T) {
	onStage(t, func(s *stage) {
		l := s.connect(newLine(1))
		synctest.Wait()
		for range queued + 2 {
			s.Broadcast("alert", json.RawMessage(`{}`))
		}
		synctest.Wait()
		if l.code.Load() != closeTryAgain || s.Clients() != 0 {
			t.Errorf("code %d, %d clients", l.code.Load(), s.Clients())
		}
	})
}

func TestDeltaResumes(t *testing.T) {
	onStage(t, func(s *stage) {
		s.farm.put(guest(0, 0), guest(1, 0))
		l, p := s.connect(newLine(100)), &page{}
		l.say(`{"type":"view","view":1,"range":["g00000","g00001"]}`)
		l.heard(t, p)
		_ = l.Close(1006, "")
		time.Sleep(20 * time.Second)
		s.farm.put(guest(1, 5))
		resume := func() []frameIn {
			l := s.connect(newLine(100))
			l.say(fmt.Sprintf(`{"type":"resume","epoch":%q,"seq":%d,"view":{"range":["g00000","g00001"]}}`, p.epoch, p.seq))
			l.say(`{"type":"view","view":2,"range":["g00001"]}`)
			l.say(fmt.Sprintf(`{"type":"resume","epoch":"late","seq":%d}`, p.seq))
			frames, _ := l.heard(t, p)
			_ = l.Close(1006, "")
			return frames
		}
		if frames := resume(); len(frames) != 1 || frames[0].Full || len(frames[0].Blocks) != 1 || len(frames[0].Blocks[0].Rows) != 1 {
			t.Errorf("%+v", frames)
		}
		time.Sleep(forgetAfter + 20*time.Second)
		synctest.Wait()
		if s.cells.table != nil {
			t.Error("the table outlives its clients")
		}
		if frames := resume(); len(frames) != 1 || !frames[0].Full {
			t.Errorf("after the table was forgotten: %+v", frames)
		}
		s.farm.Declare(catalogOf(t, declared(sdk.Column{Name: "disks", Path: "disks"})))
		time.Sleep(time.Second)
		if frames := resume(); len(frames) != 1 || !frames[0].Full || p.row("g00001")["disks"] == nil {
			t.Errorf("after the catalogue changed: %+v", frames)
		}
	})
}

// TestThousandClients looks at different rows with a thousand clients, a tenth of which never read.
func TestThousandClients(t *testing.T) {
	onStage(t, func(s *stage) {
		for n := range 200 {
			s.farm.put(guest(n, 0))
		}
		lines, pages := make([]*line, 1000), make([]page, 1000)
		for n := range lines {
			room := 1000
			if n%10 == 0 {
				room = 1
			}
			lines[n] = s.connect(newLine(room))
			lines[n].say(fmt.Sprintf(`{"type":"view","range":["g%05d"]}`, n%200))
		}
		for round := range 20 {
			time.Sleep(2 * time.Second)
			for n := range 200 {
				s.farm.put(guest(n, round+1))
			}
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.Clients() != 900 {
			t.Errorf("%d clients are served, and a hundred took nothing for 30 s", s.Clients())
		}
		for n := range lines {
			if n%10 == 0 {
				continue
			}
			lines[n].heard(t, &pages[n])
			got, want := pages[n].row(fmt.Sprintf("g%05d", n%200)), s.cells.table
			if r := want.byID[fmt.Sprintf("g%05d", n%200)][0]; fmt.Sprint(got["cpu"]) != normal(t, r.cells[ownColumns].text) || len(pages[n].rows) != 200 {
				t.Fatalf("client %d has %v", n, got)
			}
		}
	})
}
