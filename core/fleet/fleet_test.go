package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/sdk"
)

type noRecords struct{}

func (noRecords) Records(context.Context) ([]*inventory.Record, error)   { return nil, nil }
func (noRecords) SaveRecords(context.Context, []*inventory.Record) error { return nil }
func (noRecords) DeleteRecords(context.Context, []id.UID) error          { return nil }

type shelf struct {
	all     []Binding
	removed []Removal
}

func (s *shelf) DeleteBindings(_ context.Context, kind, host string) error {
	s.all = slices.DeleteFunc(s.all, func(b Binding) bool { return b.Kind == kind && b.Host == host })
	return nil
}
func (s *shelf) Removals(context.Context) ([]Removal, error) { return s.removed, nil }
func (s *shelf) SaveRemoval(_ context.Context, x Removal) error {
	s.removed = append(s.removed, x)
	return nil
}

func (s *shelf) DeleteRemoval(_ context.Context, kind, host string) error {
	s.removed = slices.DeleteFunc(s.removed, func(x Removal) bool { return x.Kind == kind && x.Host == host })
	return nil
}

func (s *shelf) Bindings(context.Context) ([]Binding, error) { return s.all, nil }
func (s *shelf) SaveBinding(_ context.Context, b Binding) error {
	s.all = append(s.all, b)
	return nil
}

// decoder answers with the claims that the test wants.
type decoder struct {
	claims sdk.Claims
	load   float64
	err    error
}

func (d *decoder) Ingest(_ context.Context, _ string, r sdk.Report) (sdk.Ingested, error) {
	if d.err != nil {
		return sdk.Ingested{}, d.err
	}
	doc, _ := json.Marshal(map[string]string{"body": string(r.Body)})
	return sdk.Ingested{Claims: d.claims, Reply: json.RawMessage(`{"platform":"p"}`), Observations: []sdk.Observation{
		sdk.Record{Type: "probe", Key: sdk.Self, Name: d.claims.Hostname, Status: sdk.StatusUp, Doc: doc},
		sdk.Record{Type: "disk", Key: "self/sda", Doc: doc, Relations: []sdk.Relation{{Kind: sdk.MemberOf, Type: "probe", Key: sdk.Self}}},
		sdk.Samples{{Type: "probe", Key: sdk.Self, Metric: "load", Value: d.load, Time: d.claims.ReportedAt}},
	}}, nil
}

type rig struct {
	t       *testing.T
	fleet   *Fleet
	inv     *inventory.Inventory
	metrics *metrictest.Memory
	dec     *decoder
	shelf   *shelf
	tokens  map[string]bool
	keys    fleetTokens
	block   time.Duration
	now     time.Time
}

// fleetTokens are the tokens that can be revoked.
type fleetTokens struct{ all []auth.Token }

func (k *fleetTokens) ListTokens() []auth.Token { return k.all }
func (k *fleetTokens) RevokeToken(_ context.Context, name string) error {
	k.all = slices.DeleteFunc(slices.Clone(k.all), func(t auth.Token) bool { return t.ID == name })
	return nil
}

func newRig(t *testing.T) *rig {
	t.Helper()
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "probe", Types: []sdk.ResourceType{{Name: "probe"}, {Name: "disk"}, {Name: "rack"}}, Metrics: []sdk.Metric{{Name: "load", Types: []string{"probe"}}},
		Reports:  []sdk.ReportKind{{Name: "probe", Type: "probe", Formats: []string{"json"}}},
		Sections: []sdk.StateSection{{Section: "probes", Type: "probe", Inject: []sdk.Inject{{Member: "rack", Value: sdk.InjectLinked, Arg: "rack"}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dec: &decoder{}, shelf: &shelf{}, tokens: map[string]bool{"t1": true, "t2": true}, now: time.Unix(1_700_000_000, 0)}
	clock := func() time.Time { return r.now }
	r.inv = inventory.New(cat, noRecords{}, clock)
	r.metrics = metrictest.NewMemory(clock)
	r.restart()
	return r
}

func (r *rig) restart() {
	r.t.Helper()
	f, err := New(r.t.Context(), Config{
		Ingesters: r.dec, Inventory: r.inv, Store: r.shelf, TokenExists: func(id string) bool { return r.tokens[id] },
		Door:   ingest.New(r.inv, r.metrics, nil, func() time.Time { return r.now }),
		Tokens: &r.keys, Block: func(string) time.Duration { return r.block }, Now: func() time.Time { return r.now },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.fleet = f
}

// send reports as a machine with a name and a token, at the agent's time.
func (r *rig) send(token, machine, hostname string, at time.Time, body string) string {
	r.t.Helper()
	r.dec.claims = sdk.Claims{IDs: []string{machine}, MachineID: machine, Hostname: hostname, ReportedAt: at, Interval: 10 * time.Second}
	m := Meta{Received: r.now}
	if token != "" {
		m.Token = &auth.TokenInfo{ID: token}
	}
	reply, err := r.fleet.Report(r.t.Context(), "probe", []byte(body), m)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply.HostID
}

func (r *rig) times(host string) []time.Time {
	r.t.Helper()
	series, err := r.metrics.Query(r.t.Context(), metric.Query{Records: []id.UID{id.Record("probe", host)}, From: r.now.Add(-time.Hour), To: r.now.Add(time.Hour)})
	if err != nil {
		r.t.Fatal(err)
	}
	var out []time.Time
	for _, s := range series {
		for _, p := range s.Points {
			out = append(out, p.Time())
		}
	}
	return out
}

func TestIdentity(t *testing.T) {
	r := newRig(t)
	tick := func() time.Time { r.now = r.now.Add(10 * time.Second); return r.now }
	first := r.send("t1", "AB_12", "one", tick(), "")
	if first != "ab-12" {
		t.Fatalf("id %q", first)
	}
	if again := r.send("t1", "AB_12", "one", tick(), ""); again != first {
		t.Fatalf("second report became %q", again)
	}
	clone := r.send("t1", "AB_12", "two", tick(), "")
	other := r.send("t2", "AB_12", "one", tick(), "")
	if clone == first || other == first || clone == other || !strings.HasPrefix(clone, "ab-12-") || len(clone) != len("ab-12-")+8 {
		t.Fatalf("first %q, clone %q, other token %q", first, clone, other)
	}
	r.restart()
	if r.send("t1", "AB_12", "two", tick(), "") != clone || r.send("t2", "AB_12", "one", tick(), "") != other {
		t.Fatal("identities changed with a restart")
	}
	if n := len(r.inv.Snapshot().Type("probe")); n != 3 {
		t.Fatalf("%d hosts, want 3", n)
	}
	disk := r.inv.Snapshot().Type("disk")[0]
	if !strings.HasSuffix(disk.Key, "/sda") || disk.Relations[0].Key+"/sda" != disk.Key {
		t.Fatalf("disk %q is member of %q", disk.Key, disk.Relations[0].Key)
	}
}

func TestTokenRotationKeepsTheIdentity(t *testing.T) {
	r := newRig(t)
	first := r.send("t1", "m", "one", r.now, "")
	delete(r.tokens, "t1")
	r.now = r.now.Add(time.Minute)
	if got := r.send("t2", "m", "one", r.now, ""); got != first || len(r.inv.Snapshot().Type("probe")) != 1 {
		t.Fatalf("%q after the rotation, %q before", got, first)
	}
}

func TestHostWithoutTokenGetsOne(t *testing.T) {
	r := newRig(t)
	first := r.send("", "m", "one", r.now, "")
	r.now = r.now.Add(time.Minute)
	if got := r.send("t1", "m", "one", r.now, ""); got != first {
		t.Fatalf("%q with a token, %q without", got, first)
	}
	if got := r.send("t1", "m", "clone", r.now.Add(time.Second), ""); got == first {
		t.Fatal("a clone took the identity")
	}
}

func TestLateReportsAddSamplesOnly(t *testing.T) {
	r := newRig(t)
	r.send("t1", "m", "one", r.now, "a")
	r.now = r.now.Add(30 * time.Second)
	r.send("t1", "m", "one", r.now, "new")
	r.now = r.now.Add(time.Second)
	r.send("t1", "m", "one", r.now.Add(-20*time.Second), "old")
	r.send("t1", "m", "one", r.now.Add(-20*time.Second), "old")
	rec, _ := r.inv.Snapshot().Find("probe", "m")
	if string(rec.Parts[""]) != `{"body":"new"}` || !rec.LastSeen.Equal(r.now) {
		t.Fatalf("document %s, last seen %v", rec.Parts[""], rec.LastSeen)
	}
	if got := r.times("m"); len(got) != 3 || !got[1].Equal(r.now.Add(-20*time.Second)) {
		t.Fatalf("samples at %v", got)
	}
}

func TestClocksAreCorrected(t *testing.T) {
	r := newRig(t)
	r.dec.claims = sdk.Claims{IDs: []string{"m"}, Hostname: "one", ReportedAt: r.now.Add(-2*time.Hour - time.Minute)}
	if _, err := r.fleet.Report(t.Context(), "probe", nil, Meta{Received: r.now, SentAt: r.now.Add(-2 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got := r.times("m"); len(got) != 1 || !got[0].Equal(r.now.Add(-time.Minute)) {
		t.Fatalf("a spooled report of a late clock is at %v, want a minute ago", got)
	}
	ahead := newRig(t)
	ahead.send("t1", "m", "one", ahead.now.Add(time.Hour), "")
	if got := ahead.times("m"); len(got) != 1 || !got[0].Equal(ahead.now) {
		t.Fatalf("a clock that is ahead: %v", got)
	}
	if rec, _ := ahead.inv.Snapshot().Find("probe", "m"); rec.Source.ClockSkew != -time.Hour {
		t.Fatalf("skew %v", rec.Source.ClockSkew)
	}
}

func TestErrorsTellWhatToDo(t *testing.T) {
	r := newRig(t)
	send := func(kind string, err error) *errs.Error {
		r.dec.err = err
		_, got := r.fleet.Report(t.Context(), kind, nil, Meta{Received: r.now})
		var e *errs.Error
		if !errors.As(got, &e) {
			t.Fatalf("%v has no code", got)
		}
		return e
	}
	if e := send("probe", &sdk.Error{Kind: sdk.KindInvalid, Code: "invalid_report", Message: "No name."}); e.Code != errs.Invalid || e.Word != "invalid_report" || e.Message != "No name." {
		t.Errorf("invalid: %+v", e)
	}
	for _, err := range []error{sdk.Errorf(sdk.KindUnavailable, "Starting."), errors.New("pipe"), context.DeadlineExceeded} {
		if e := send("probe", err); e.Code != errs.Unavailable || e.RetryAfter < 2*time.Second || e.RetryAfter > 5*time.Second {
			t.Errorf("%v: %+v", err, e)
		}
	}
	if e := send("rake", nil); e.Code != errs.NotFound {
		t.Errorf("unknown kind: %+v", e)
	}
}

func TestReply(t *testing.T) {
	on := true
	b, err := json.Marshal(Reply{HostID: "h", LastSeen: time.Unix(1_700_000_000, 0), Members: json.RawMessage(` {"platform": "x"} `), CommandsEnabled: &on})
	want := `{"success":true,"hostId":"h","lastSeen":"2023-11-14T22:13:20Z","config":{"commandsEnabled":true},"platform":"x"}`
	if err != nil || string(b) != want {
		t.Fatalf("%v: %s, want %s", err, b, want)
	}
	if b, _ := json.Marshal(Reply{}); strings.Contains(string(b), "config") {
		t.Fatalf("%s", b)
	}
}

func FuzzSanitise(f *testing.F) {
	for _, s := range []string{"AB_12", "--x--", "Übergröße 9", strings.Repeat("a_", 60), "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := sanitise(s)
		if len(out) > maxID || strings.HasPrefix(out, "-") || strings.HasSuffix(out, "-") || strings.Contains(out, "--") {
			t.Fatalf("%q became %q", s, out)
		}
		if sanitise(out) != out {
			t.Fatalf("%q is not stable: %q", out, sanitise(out))
		}
	})
}
