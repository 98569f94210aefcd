package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

func (s *shop) watch() *WatchSink { return s.door.Watch(s.Context(), "shop/a", func() {}) }

// picture sends one partition of a first picture.
func (s *shop) picture(w *WatchSink, name string, obs ...sdk.Observation) {
	s.Helper()
	p := w.Partition(name)
	if err := errors.Join(p.Emit(obs...), p.Done(nil)); err != nil {
		s.Fatal(err)
	}
}

// there lists the things with their partition, those that are stale with a question mark.
func (s *shop) there() (out []string) {
	for _, r := range s.inv.Snapshot().Type("thing") {
		text := r.Partition + "/" + r.Key
		if r.Stale != nil {
			text += "?"
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

func (s *shop) want(when string, want ...string) {
	s.Helper()
	if got := s.there(); !slices.Equal(got, want) {
		s.Errorf("%s: %v, want %v", when, got, want)
	}
}

func TestAWatchIsAPictureAndThenChanges(t *testing.T) {
	s := newShop(t)
	w := s.watch()
	s.picture(w, "n1", thing("a"), thing("b"))
	s.picture(w, "n2", thing("c"))
	if err := w.Emit(thing("d"), sdk.Removed{Type: "thing", Key: "a"}, thing("c")); err != nil {
		t.Fatal(err)
	}
	s.want("after changes", "/d", "n1/b", "n2/c")
	lost := sdk.Errorf(sdk.KindUnreachable, "The source is away.")
	if err := w.End(t.Context(), lost); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	s.want("when it is lost", "/d?", "n1/b?", "n2/c?")
	if r, _ := s.inv.Record(id.Record("shop/a", "b")); r.Stale.Reason != "The source is away." {
		t.Errorf("reason %q", r.Stale.Reason)
	}
}

func TestWhatWentWhileAWatchWasLostIsGone(t *testing.T) {
	s := newShop(t)
	w := s.watch()
	s.picture(w, "n1", thing("a"), thing("b"))
	s.picture(w, "n2", thing("c"))
	if err := w.Emit(thing("d"), thing("e")); err != nil {
		t.Fatal(err)
	}
	_ = w.End(t.Context(), errFull)
	// Meanwhile b, d and all of n2 went; e is found in n1.
	w = s.watch()
	s.picture(w, "n1", thing("a"), thing("e"))
	s.want("before the picture is whole", "/d?", "n1/a", "n1/e", "n2/c?")
	if err := w.Emit(thing("a")); err != nil {
		t.Fatal(err)
	}
	s.want("after it", "n1/a", "n1/e")
}

func TestAPictureIsWholeAfterAWhileWithoutChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t)
		w := s.watch()
		s.picture(w, "n1", thing("a"))
		s.picture(w, "n2", thing("b"))
		_ = w.End(t.Context(), errFull)
		w = s.watch()
		s.picture(w, "n1", thing("a"))
		synctest.Wait()
		s.want("at once", "n1/a", "n2/b?")
		timer := make(chan struct{})
		go func() { sleepSettled(); close(timer) }()
		<-timer
		synctest.Wait()
		s.want("after a while", "n1/a")
		_ = w.End(t.Context(), nil)
	})
}

func TestAFailedPartOfAPictureStays(t *testing.T) {
	s := newShop(t)
	w := s.watch()
	s.picture(w, "n1", thing("a"))
	s.picture(w, "n2", thing("b"))
	_ = w.End(t.Context(), errFull)
	w = s.watch()
	s.picture(w, "n1", thing("a"))
	if err := w.Partition("n2").Done(sdk.Errorf(sdk.KindPermission, "It is forbidden.")); err != nil {
		t.Fatal(err)
	}
	if err := w.Emit(thing("a")); err != nil {
		t.Fatal(err)
	}
	s.want("with a part that cannot be read", "n1/a", "n2/b?")
}

func TestAPictureThatLacksMuchIsLookedAtAgain(t *testing.T) {
	s := newShop(t)
	var all []sdk.Observation
	for i := range 20 {
		all = append(all, thing(fmt.Sprintf("k%02d", i)))
	}
	w := s.watch()
	s.picture(w, "n1", all...)
	_ = w.End(t.Context(), errFull)
	w = s.watch()
	s.picture(w, "n1", all[:3]...)
	if err := w.Emit(all[0]); !errors.Is(err, errSecondLook) {
		t.Fatalf("%v", err)
	}
	if err := w.End(t.Context(), nil); !errors.Is(err, errSecondLook) || len(s.there()) != 20 {
		t.Fatalf("%v, %d there", err, len(s.there()))
	}
	w = s.watch()
	s.picture(w, "n1", all[:3]...)
	if err := w.Emit(all[0]); err != nil || len(s.there()) != 3 {
		t.Errorf("%v, %v", err, s.there())
	}
}

func TestConditionsOfAWatch(t *testing.T) {
	s := newShop(t)
	w := s.watch()
	s.picture(w, "n1", thing("a"), broken("a", "x"))
	if err := w.Emit(thing("a"), broken("a", "y")); err != nil {
		t.Fatal(err)
	}
	if got := s.conditions("a"); !slices.Equal(got, []string{"broken/y"}) {
		t.Error(got)
	}
	_ = w.End(t.Context(), errFull)
	if got := s.conditions("a"); len(got) != 1 {
		t.Errorf("when it is lost: %v", got)
	}
	w = s.watch()
	s.picture(w, "n1", thing("a"))
	if got := s.conditions("a"); got != nil {
		t.Errorf("what ended meanwhile: %v", got)
	}
	if err := w.Emit(sdk.Part{Type: "thing", Key: "a", Name: "p", Doc: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
}

// sleepSettled passes the time of the bubble.
func sleepSettled() { <-time.After(settled + time.Second) }
