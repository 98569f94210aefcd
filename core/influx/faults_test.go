package influx

import (
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

var begin = time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)

func fixed() time.Time { return begin }

// put appends the samples from to to of one series, a second apart.
func put(t *testing.T, s *Store, from, to int) {
	t.Helper()
	var all []metric.Sample
	for n := from; n < to; n++ {
		all = append(all, metric.Sample{Key: metric.Key{Record: "host", Metric: "cpu"}, Time: begin.Add(time.Duration(n-3600) * time.Second), Value: float64(n)})
	}
	if err := s.Append(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, s *Store) int {
	t.Helper()
	answer, err := s.Query(t.Context(), metric.Query{Records: []id.UID{"host"}, From: begin.Add(-time.Hour), To: begin.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer) == 0 {
		return 0
	}
	return len(answer[0].Points)
}

func TestRestart(t *testing.T) { each(t, testRestart) }

func testRestart(t *testing.T, server *server) {
	s := openSuite(t, server, t.TempDir(), nil, fixed)
	defer s.Close()
	put(t, s, 0, 100)
	if n := count(t, s); n != 100 {
		t.Fatalf("%d samples", n)
	}
	server.kill()
	put(t, s, 100, 200)
	if err := s.Drain(t.Context()); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a dead server takes samples: %v", err)
	}
	if _, err := s.Query(t.Context(), metric.Query{Records: []id.UID{"host"}, From: begin.Add(-time.Hour), To: begin}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("a dead server answers: %v", err)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Problem == "" || st.Buffered != 100 || st.Oldest.IsZero() {
		t.Errorf("%+v, %v", st, err)
	}
	server.run(t, server.process.Path)
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s); n != 200 {
		t.Errorf("%d samples after the restart", n)
	}
}

// What was acknowledged while InfluxDB was away outlives the end of this process too, in its order.
func TestSpoolOutlivesTheStore(t *testing.T) { each(t, testSpoolOutlivesTheStore) }

func testSpoolOutlivesTheStore(t *testing.T, server *server) {
	dir := t.TempDir()
	s := openSuite(t, server, dir, nil, fixed)
	bucket := s.opt.Bucket
	server.kill()
	put(t, s, 0, 50)
	if err := s.Delete(t.Context(), []id.UID{"host"}); err != nil {
		t.Fatal(err)
	}
	put(t, s, 50, 60)
	s.stop() // as kill -9 would: nothing is sent
	s.done.Wait()
	segment := s.spool.file.Name()
	if err := s.spool.close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(segment, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write([]byte{200, 0, 0, 0, 1, 2, 3, 4, 5}) // torn
	f.Close()
	s = open(t, server, dir, Options{Now: fixed, Bucket: bucket})
	defer s.Close()
	if st, err := s.Stats(t.Context()); err != nil || st.Buffered != 61 {
		t.Errorf("%+v, %v", st, err)
	}
	put(t, s, 60, 70)
	server.run(t, server.process.Path)
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s); n != 20 {
		t.Errorf("%d samples, want those after the deletion", n)
	}
}

func TestPause(t *testing.T) { each(t, testPause) }

func testPause(t *testing.T, server *server) {
	s := openSuite(t, server, t.TempDir(), nil, fixed)
	defer s.Close()
	s.remote.http.Timeout = 200 * time.Millisecond
	server.signal(t, syscall.SIGSTOP)
	put(t, s, 0, 10)
	err := s.Drain(t.Context())
	server.signal(t, syscall.SIGCONT)
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v", err)
	}
	s.remote.http.Timeout = 20 * time.Second
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s); n != 10 {
		t.Errorf("%d samples", n)
	}
}

func TestWrongToken(t *testing.T) { each(t, testWrongToken) }

func testWrongToken(t *testing.T, server *server) {
	token := server.token
	server.token = map[bool]string{true: user + ":wrong", false: "wrong"}[server.org == ""]
	s := open(t, server, t.TempDir(), Options{Now: fixed})
	defer s.Close()
	put(t, s, 0, 10)
	err := s.Drain(t.Context())
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "token") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("%v", err)
	}
	if err := Try(t.Context(), s.opt); err == nil {
		t.Error("the test of the connection passes")
	}
	if n := s.spool.lines; n != 10 {
		t.Errorf("%d samples wait", n)
	}
	server.token = token
	other := openSuite(t, server, t.TempDir(), nil, fixed)
	defer other.Close()
	if err := Try(t.Context(), other.opt); err != nil {
		t.Error(err)
	}
}

func TestSpoolIsBounded(t *testing.T) {
	var passed atomic.Int64 // the store looks at the clock by itself too
	clock := func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	s, err := Open(t.Context(), t.TempDir(), Options{URL: "http://127.0.0.1:1", Bucket: "b", Now: clock, Every: time.Hour, SpoolBytes: 1000, SpoolAge: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, 0, 1)
	passed.Store(int64(61 * time.Minute))
	samples := []metric.Sample{{Key: metric.Key{Record: "host", Metric: "cpu"}, Time: clock(), Value: 1}}
	if err := s.Append(t.Context(), samples); !errs.Is(err, errs.Unavailable) {
		t.Errorf("too old: %v", err)
	}
	passed.Store(0)
	put(t, s, 1, 100)
	if err := s.Append(t.Context(), samples); !errs.Is(err, errs.Unavailable) {
		t.Errorf("too large: %v", err)
	}
	if s.spool.lines != 100 {
		t.Errorf("%d samples wait", s.spool.lines)
	}
}

// What InfluxDB refuses does not block what comes behind it, and is counted.
func TestRefusedLines(t *testing.T) { each(t, testRefusedLines) }

func testRefusedLines(t *testing.T, server *server) {
	s := openSuite(t, server, t.TempDir(), nil, fixed)
	defer s.Close()
	if refused, err := s.remote.write(t.Context(), 0, "cpu,record=host value=\"text\" 1\n"); err != nil || refused != "" {
		t.Fatal(refused, err)
	}
	put(t, s, 0, 10) // of another type in the same shard or not: the store goes on
	if err := s.spool.put(entry{tier: 0, lines: 1, body: []byte("not a line\n")}, begin); err != nil {
		t.Fatal(err)
	}
	put(t, s, 10, 20)
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, err := s.Stats(t.Context()); err != nil || st.Refused == 0 || st.Buffered != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if n := count(t, s); n != 20 {
		t.Errorf("%d samples", n)
	}
}

func TestSetUpKeepsAsLongAsConfigured(t *testing.T) { each(t, testSetUpKeepsAsLongAsConfigured) }

func testSetUpKeepsAsLongAsConfigured(t *testing.T, server *server) {
	s := open(t, server, t.TempDir(), Options{Now: fixed})
	defer s.Close()
	for range 2 { // again is harmless
		if err := s.SetUp(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{`["raw","48h1m0s"`, `["minute","337h0m0s"`, `["hour","8784h0m0s"`, `["day","43800h0m0s"`}
	var got string
	if server.org == "" {
		got = server.query(t, `SHOW RETENTION POLICIES ON "`+s.opt.Bucket+`"`)
	} else {
		want = []string{`"everySeconds": 172860,`, `"everySeconds": 1213200,`, `"everySeconds": 31622400,`, `"everySeconds": 157680000,`}
		got = server.call(t, http.MethodGet, "/api/v2/buckets?limit=100", "")
	}
	for _, want := range want {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
}

// A spool that begins anew learns from InfluxDB what is there.
func TestDiscover(t *testing.T) { each(t, testDiscover) }

func testDiscover(t *testing.T, server *server) {
	s := openSuite(t, server, t.TempDir(), nil, fixed)
	bucket := s.opt.Bucket
	put(t, s, 0, 10)
	if err := s.Append(t.Context(), []metric.Sample{{Key: metric.Key{Record: "host", Metric: "disk used", Instance: `C:\a b,c="%$'d'`}, Time: begin, Value: 1}}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, server, t.TempDir(), Options{Now: fixed, Bucket: bucket})
	defer s.Close()
	if err := s.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := s.Keys(t.Context())
	if err != nil || len(after) != 2 || after[0] != before[0] || after[1] != before[1] {
		t.Errorf("%q, want %q, %v", after, before, err)
	}
}

func TestDiskFull(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), Options{URL: "http://127.0.0.1:1", Bucket: "b", Now: fixed, Every: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, 0, 1)
	whole := s.spool.file
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	defer full.Close()
	s.spool.file = full
	if err := s.Append(t.Context(), []metric.Sample{{Key: metric.Key{Record: "host", Metric: "cpu"}, Time: begin, Value: 1}}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("%v", err)
	}
	s.spool.file = whole
	put(t, s, 1, 2)
	if s.spool.lines != 2 {
		t.Errorf("%d samples wait", s.spool.lines)
	}
}

func FuzzSpoolEntry(f *testing.F) {
	f.Add([]byte{0, 1, 2, 'a'})
	f.Fuzz(func(t *testing.T, payload []byte) {
		if e, ok := readEntry(payload); ok && (e.tier > tierDelete || len(e.body) > len(payload)) {
			t.Errorf("%+v", e)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("a%b\\c\"$\n é")
	f.Fuzz(func(t *testing.T, name string) {
		if got := decode(encode(name)); got != name {
			t.Errorf("%q became %q", name, got)
		}
	})
}

// The test of a connection says at which step it fails.
func TestCheck(t *testing.T) { each(t, testCheck) }

func testCheck(t *testing.T, server *server) {
	names := func(steps []Step) (out string) {
		for _, s := range steps {
			out += map[bool]string{true: "+ ", false: "- "}[s.Err == nil] + s.Name + "\n"
		}
		return out
	}
	opt := Options{URL: server.url, Org: server.org, Token: server.token, Bucket: "checked", Now: fixed}
	away := opt
	away.URL = "http://127.0.0.1:1"
	if got := names(Check(t.Context(), away, false)); got != "- It answers\n" {
		t.Errorf("away:\n%s", got)
	}
	wrong := opt
	wrong.Token = "nobody:wrong"
	if got := names(Check(t.Context(), wrong, true)); got != "+ It answers\n- It takes the token\n" {
		t.Errorf("a wrong token:\n%s", got)
	}
	if got := names(Check(t.Context(), opt, false)); got != "+ It answers\n+ It takes the token\n- The buckets are there and can be read\n" {
		t.Errorf("without buckets:\n%s", got)
	}
	if got := names(Check(t.Context(), opt, true)); got != "+ It answers\n+ It takes the token\n+ The buckets are made\n+ The buckets are there and can be read\n" {
		t.Errorf("made:\n%s", got)
	}
}
