package spool

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

var quiet = slog.New(slog.DiscardHandler)

func open(t testing.TB, dir string, limits Limits) *Spool {
	t.Helper()
	s, err := Open(dir, limits, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s *Spool, body string) {
	t.Helper()
	if err := s.Put("host", []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// drain takes everything out.
func drain(s *Spool) (bodies []string) {
	for {
		e, ok := s.Oldest()
		if !ok {
			return bodies
		}
		bodies = append(bodies, string(e.Body))
		s.Done(e)
	}
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

var roomy = Limits{Bytes: 1 << 20, Count: 100}

func TestOrderSurvivesAReopen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, roomy)
	put(t, s, "1")
	put(t, s, "2")
	e, _ := s.Oldest()
	s.Done(e)
	s.Done(e) // twice does no harm
	s = open(t, dir, roomy)
	put(t, s, "3")
	same(t, drain(s), "2", "3")
	same(t, drain(open(t, dir, roomy)))
}

func TestOldestAreLostAndCounted(t *testing.T) {
	s := open(t, t.TempDir(), Limits{Bytes: 1 << 20, Count: 3})
	for i := range 5 {
		put(t, s, fmt.Sprint(i))
	}
	if got := s.Stats(); got.Lost != 2 || got.Waiting != 3 {
		t.Errorf("stats %+v", got)
	}
	same(t, drain(s), "2", "3", "4")

	size := int64(len(encode("host", []byte("0123456789"))))
	s = open(t, t.TempDir(), Limits{Bytes: 2*size + 1, Count: 100})
	for range 5 {
		put(t, s, "0123456789")
	}
	if got := s.Stats(); got.Waiting != 2 || got.Bytes != 2*size || got.Lost != 3 {
		t.Errorf("stats %+v", got)
	}
	if err := s.Put("host", make([]byte, 1000)); err == nil {
		t.Error("a report larger than the spool was taken")
	}
	if got := s.Stats(); got.Waiting != 2 {
		t.Errorf("a report that was refused cost others: %+v", got)
	}
}

func TestSmallerLimitsAfterARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, roomy)
	for i := range 5 {
		put(t, s, fmt.Sprint(i))
	}
	same(t, drain(open(t, dir, Limits{Bytes: 1 << 20, Count: 2})), "3", "4")
}

func TestDamageCostsOneReport(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, roomy)
	for i := range 4 {
		put(t, s, fmt.Sprint("report ", i))
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"+extension))
	damage(t, files[0], func(b []byte) []byte { return b[:len(b)/2] })
	damage(t, files[1], func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	damage(t, files[2], func([]byte) []byte { return nil })
	if err := os.WriteFile(filepath.Join(dir, ".new-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, roomy)
	same(t, drain(s), "report 3")
	if got := s.Stats().Lost; got != 3 {
		t.Errorf("%d lost, want 3", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func damage(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(magic))
	f.Add(encode("host", []byte("{}")))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decode(data)
		if err == nil && !bytes.Equal(encode(e.Kind, e.Body), data) {
			t.Fatal("what was decoded does not encode to the same")
		}
	})
}
