package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// recorder is a sink that keeps what it gets.
type recorder struct {
	cycle sdk.Cycle
	got   map[string][]sdk.Observation
	ends  map[string]error
	fail  error // of Done
}

func newRecorder() *recorder {
	return &recorder{got: map[string][]sdk.Observation{}, ends: map[string]error{}}
}

func (r *recorder) Begin(c sdk.Cycle) error { r.cycle = c; return nil }
func (r *recorder) Emit(obs ...sdk.Observation) error {
	r.got[""] = append(r.got[""], sdk.Single(obs)...)
	return nil
}
func (r *recorder) Partition(name string) sdk.Partition { return recorderPart{r, name} }

type recorderPart struct {
	r    *recorder
	name string
}

func (p recorderPart) Emit(obs ...sdk.Observation) error {
	p.r.got[p.name] = append(p.r.got[p.name], sdk.Single(obs)...)
	return nil
}

func (p recorderPart) Done(err error) error { p.r.ends[p.name] = err; return p.r.fail }

// tape keeps the messages of a stream, as bytes, and plays them.
type tape struct {
	raw  [][]byte
	most int
}

func (t *tape) send(m *pb.CycleMessage) error {
	raw, err := proto.Marshal(m)
	t.raw = append(t.raw, raw)
	t.most = max(t.most, len(raw))
	return err
}

func (t *tape) recv() (*pb.CycleMessage, error) {
	if len(t.raw) == 0 {
		return nil, io.EOF
	}
	m := &pb.CycleMessage{}
	err := proto.Unmarshal(t.raw[0], m)
	t.raw = t.raw[1:]
	return m, err
}

// cycle runs one cycle through both ends.
func cycle(t *testing.T, m *memory, full bool, collect func(sdk.Sink) error) (*recorder, error) {
	t.Helper()
	tp := &tape{}
	w := newCycleWriter(t.Context(), m.begin(full, false), tp.send)
	if err := w.begin(sdk.Cycle{Integration: "x", Task: "all", Epoch: 1, Sequence: 2}); err != nil {
		t.Fatal(err)
	}
	failed := w.finish(collect(w))
	w.memory.end()
	r := newRecorder()
	reader := newCycleReader(r)
	err := reader.run(t.Context(), func() (*pb.CycleMessage, error) {
		m, err := tp.recv()
		if errors.Is(err, io.EOF) && failed != nil {
			return nil, toStatus(failed)
		}
		return m, err
	})
	return r, err
}

func allKinds() []sdk.Observation {
	f := &filler{}
	var out []sdk.Observation
	for _, t := range []reflect.Type{
		reflect.TypeFor[sdk.Record](), reflect.TypeFor[sdk.Part](), reflect.TypeFor[sdk.Removed](), reflect.TypeFor[sdk.Row](),
		reflect.TypeFor[sdk.RowsEnd](), reflect.TypeFor[sdk.Event](), reflect.TypeFor[sdk.Condition](), reflect.TypeFor[sdk.Sample](),
	} {
		v := reflect.New(t).Elem()
		f.fill(v)
		out = append(out, v.Interface().(sdk.Observation))
	}
	return append(out, sdk.Sample{Type: "host", Key: "a", Metric: "cpu", Value: 0.5})
}

func TestACycleArrivesAsItWasEmitted(t *testing.T) {
	want := allKinds()
	r, err := cycle(t, newMemory(), true, func(s sdk.Sink) error {
		part := s.Partition("node/a")
		return errors.Join(s.Emit(want...), part.Emit(want...), part.Done(nil))
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.cycle.Task != "all" || r.cycle.Sequence != 2 {
		t.Errorf("cycle %+v", r.cycle)
	}
	for _, name := range []string{"", "node/a"} {
		if !reflect.DeepEqual(r.got[name], want) {
			t.Errorf("partition %q\nsent %+v\ngot  %+v", name, want, r.got[name])
		}
	}
}

func TestALargeCycleIsCutIntoBatches(t *testing.T) {
	tp := &tape{}
	w := newCycleWriter(t.Context(), newMemory().begin(true, false), tp.send)
	if err := w.begin(sdk.Cycle{}); err != nil {
		t.Fatal(err)
	}
	doc := []byte(`{"text":"` + strings.Repeat("x", 1000) + `"}`)
	for i := range 5000 {
		key := fmt.Sprint("guest/", i)
		if err := w.Emit(sdk.Record{Type: "guest", Key: key, Doc: doc}, sdk.Sample{Type: "guest", Key: key, Metric: "cpu", Value: float64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.finish(nil); err != nil {
		t.Fatal(err)
	}
	if tp.most > MaxBatch || len(tp.raw) < 10 {
		t.Errorf("%d messages, the largest of %d bytes", len(tp.raw), tp.most)
	}
	r := newRecorder()
	if err := newCycleReader(r).run(t.Context(), tp.recv); err != nil {
		t.Fatal(err)
	}
	if len(r.got[""]) != 10000 {
		t.Errorf("%d observations arrived", len(r.got[""]))
	}
	err := w.Emit(sdk.Record{Type: "guest", Key: "fat", Doc: make([]byte, MaxBatch+1)})
	if err == nil || !strings.Contains(err.Error(), "guest fat") {
		t.Errorf("a record over the limit: %v", err)
	}
}

// manySamples are more than fit into a message.
func manySamples() sdk.Samples {
	all := make(sdk.Samples, 100_000)
	for i := range all {
		all[i] = sdk.Sample{Type: "host", Key: "a", Metric: "heat", Instance: fmt.Sprint(i % 1000), Value: float64(i)}
	}
	return all
}

func TestManySamplesAtOnceAreCutIntoBatches(t *testing.T) {
	want := manySamples()
	tp := &tape{}
	w := newCycleWriter(t.Context(), newMemory().begin(true, false), tp.send)
	if err := errors.Join(w.begin(sdk.Cycle{}), w.Emit(want[:10], want[10], want[11:]), w.finish(nil)); err != nil {
		t.Fatal(err)
	}
	if tp.most > MaxBatch || len(tp.raw) < 10 {
		t.Errorf("%d messages, the largest of %d bytes", len(tp.raw), tp.most)
	}
	r := newRecorder()
	if err := newCycleReader(r).run(t.Context(), tp.recv); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r.got[""], sdk.Single([]sdk.Observation{want})) {
		t.Errorf("%d samples arrived, not as they were emitted", len(r.got[""]))
	}
}

func TestTheSamplesOfAReportAreCutIntoBatches(t *testing.T) {
	want := manySamples()
	var got []sdk.Observation
	var sender stringTable
	var receiver stringList
	take := func(p piece) error {
		b := p.batch(&sender)
		if size := proto.Size(b); size > MaxBatch {
			t.Errorf("a batch of %d bytes", size)
		}
		obs, err := receiver.read(b)
		got = append(got, sdk.Single(obs)...)
		return err
	}
	last, err := cutObservations([]sdk.Observation{want[:10], want[10], want[11:]}, take)
	if err := errors.Join(err, take(last)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sdk.Single([]sdk.Observation{want})) {
		t.Errorf("%d samples arrived, not as they were emitted", len(got))
	}
}

func unchanged(obs []sdk.Observation) (keys []string) {
	for _, o := range obs {
		if u, ok := o.(sdk.Unchanged); ok {
			keys = append(keys, u.Key+u.Part)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestWhatDidNotChangeIsNotSentAgain(t *testing.T) {
	m := newMemory()
	emit := func(load string, fail error) func(sdk.Sink) error {
		return func(s sdk.Sink) error {
			p := s.Partition("p")
			err := p.Emit(
				sdk.Record{Type: "host", Key: "a", Doc: []byte(`{}`)},
				sdk.Record{Type: "host", Key: "b", Doc: []byte(load)},
				sdk.Part{Type: "host", Key: "a", Name: "/smart", Doc: []byte(`{}`)},
			)
			return errors.Join(err, p.Done(fail))
		}
	}
	for i, step := range []struct {
		load string
		full bool
		fail error
		want []string
	}{
		{load: "1", full: true},
		{load: "1", want: []string{"a", "a/smart", "b"}},
		{load: "2", want: []string{"a", "a/smart"}},
		{load: "2", fail: errors.New("cut off")},         // nothing of a failed partition is kept
		{load: "2"},                                      // so all is sent again
		{load: "2", want: []string{"a", "a/smart", "b"}}, //
		{load: "2", full: true},                          // the server lost it
	} {
		r, err := cycle(t, m, step.full, emit(step.load, step.fail))
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if got := unchanged(r.got["p"]); step.fail == nil && !slices.Equal(got, step.want) {
			t.Errorf("step %d: unchanged %v, want %v", i, got, step.want)
		}
		if (r.ends["p"] != nil) != (step.fail != nil) {
			t.Errorf("step %d: the partition ended with %v", i, r.ends["p"])
		}
	}
}

func TestAnOpenPartitionFails(t *testing.T) {
	r, err := cycle(t, newMemory(), true, func(s sdk.Sink) error {
		return s.Partition("left").Emit(sdk.Removed{Type: "host", Key: "a"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if sdk.KindOf(r.ends["left"]) != sdk.KindInternal || r.ends["left"] == nil {
		t.Errorf("the partition ended with %v", r.ends["left"])
	}
}

func TestACancelledCycleCommitsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tp := &tape{}
	w := newCycleWriter(ctx, newMemory().begin(true, false), tp.send)
	if err := w.begin(sdk.Cycle{}); err != nil {
		t.Fatal(err)
	}
	p := w.Partition("p")
	if err := p.Emit(sdk.Removed{Type: "host", Key: "a"}); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := p.Done(nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Done: %v", err)
	}
	if err := w.finish(nil); !errors.Is(err, context.Canceled) {
		t.Errorf("finish: %v", err)
	}
	r := newRecorder()
	if err := newCycleReader(r).run(t.Context(), tp.recv); err == nil {
		t.Error("the reader took it for complete")
	}
	if r.ends["p"] == nil {
		t.Error("the partition was committed")
	}
}

func TestAWatchSendsChangesAtOnce(t *testing.T) {
	tp := &tape{}
	w := newCycleWriter(t.Context(), newMemory().begin(true, true), tp.send)
	w.watch = true
	if err := w.begin(sdk.Cycle{}); err != nil {
		t.Fatal(err)
	}
	rec := sdk.Record{Type: "pod", Key: "a", Doc: []byte(`{}`)}
	for _, obs := range []sdk.Observation{rec, rec, sdk.Removed{Type: "pod", Key: "a"}, rec} {
		before := len(tp.raw)
		if err := w.Emit(obs); err != nil || len(tp.raw) != before+1 {
			t.Fatalf("emitting %T sent %d messages (%v)", obs, len(tp.raw)-before, err)
		}
	}
	r := newRecorder()
	if err := newCycleReader(r).run(t.Context(), tp.recv); err == nil {
		t.Error("a watch that ended was taken for complete")
	}
	want := []sdk.Observation{rec, sdk.Unchanged{Type: "pod", Key: "a"}, sdk.Removed{Type: "pod", Key: "a"}, rec}
	if !reflect.DeepEqual(r.got[""], want) {
		t.Errorf("got %+v", r.got[""])
	}
}

// A peer may send anything: the reader must neither panic nor commit what it was not told to.
func FuzzCycleReader(f *testing.F) {
	tp := &tape{}
	w := newCycleWriter(f.Context(), newMemory().begin(true, false), tp.send)
	_ = w.begin(sdk.Cycle{})
	p := w.Partition("p")
	_ = p.Emit(allKinds()...)
	_ = p.Done(nil)
	_ = w.finish(nil)
	var all []byte
	for _, m := range tp.raw {
		f.Add(m)
		all = append(append(all, byte(len(m)), byte(len(m)>>8)), m...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := newRecorder()
		err := newCycleReader(r).run(t.Context(), func() (*pb.CycleMessage, error) {
			if len(raw) < 2 {
				return nil, io.EOF
			}
			n := min(int(raw[0])|int(raw[1])<<8, len(raw)-2)
			m := &pb.CycleMessage{}
			if err := proto.Unmarshal(raw[2:2+n], m); err != nil {
				return nil, err
			}
			raw = raw[2+n:]
			return m, nil
		})
		if err == nil && r.cycle == (sdk.Cycle{}) && len(r.got) > 0 {
			t.Log("a cycle without names is odd but harmless")
		}
	})
}

// A stream of reports lives for months, and names come and go.
func TestATableOfNamesBeginsAnewBeforeItIsLarge(t *testing.T) {
	var sender stringTable
	var receiver stringList
	anew := 0
	for round := range 100 {
		samples := make(sdk.Samples, 1000)
		for i := range samples {
			samples[i] = sdk.Sample{Type: "host", Key: "self", Metric: "heat", Instance: fmt.Sprint(round, " ", i)}
		}
		b := sender.batch(nil, nil, samples)
		if b.GetAnew() {
			anew++
		}
		got, err := receiver.read(b)
		if err != nil || !reflect.DeepEqual(got, []sdk.Observation{samples}) {
			t.Fatalf("round %d: %v, other names arrived than were sent", round, err)
		}
		if size := len(receiver.all); size > 40_000 || size != len(sender.index)+1 {
			t.Fatalf("round %d: %d names here, %d there", round, size, len(sender.index))
		}
	}
	if anew == 0 || anew > 10 {
		t.Errorf("the table began anew %d times", anew)
	}
}

func TestTimesOfSamples(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	var table stringTable
	b := table.batch(nil, nil, []sdk.Sample{{Type: "t", Key: "k", Metric: "m", Time: at}, {Type: "t", Key: "k", Metric: "m"}})
	read, err := (&stringList{}).read(b)
	if err != nil {
		t.Fatal(err)
	}
	got := read[0].(sdk.Samples)
	if s := got[0]; !s.Time.Equal(at) {
		t.Errorf("time %v, want %v", s.Time, at)
	}
	if s := got[1]; !s.Time.IsZero() {
		t.Errorf("a sample without time got %v", s.Time)
	}
}

// A record that differs in whatever member is another one.
func TestEveryMemberOfARecordCounts(t *testing.T) {
	m := newMemory()
	seen := map[uint64]string{}
	var base sdk.Record
	(&filler{}).fill(reflect.ValueOf(&base).Elem())
	note := func(what string, r sdk.Record) {
		t.Helper()
		hash := m.record(r)
		if other, taken := seen[hash]; taken {
			t.Errorf("%s is taken for %s", what, other)
		}
		seen[hash] = what
	}
	note("the record", base)
	kind := reflect.TypeFor[sdk.Record]()
	for i := range kind.NumField() {
		if name := kind.Field(i).Name; name != "Type" && name != "Key" { // these say which record it is
			changed := base
			reflect.ValueOf(&changed).Elem().Field(i).SetZero()
			note("without "+name, changed)
			(&filler{n: 1000}).fill(reflect.ValueOf(&changed).Elem().Field(i))
			note("with another "+name, changed)
		}
	}
	shifted := base
	shifted.Name, shifted.WireID = base.Name+base.WireID, ""
	note("with a text that has moved", shifted)
}
