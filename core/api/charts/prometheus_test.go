package charts

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

func message(fields ...[]byte) (b []byte) {
	for _, f := range fields {
		b = append(b, f...)
	}
	return b
}

func member(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

func series(at time.Time, value float64, labels ...string) []byte {
	var fields [][]byte
	for i := 0; i < len(labels); i += 2 {
		fields = append(fields, member(1, message(member(1, []byte(labels[i])), member(2, []byte(labels[i+1])))))
	}
	sample := binary.LittleEndian.AppendUint64(protowire.AppendTag(nil, 1, protowire.Fixed64Type), math.Float64bits(value))
	sample = protowire.AppendVarint(protowire.AppendTag(sample, 2, protowire.VarintType), uint64(at.UnixMilli()))
	return member(1, message(append(fields, member(2, sample))...))
}

func TestRemoteWrite(t *testing.T) {
	a := fixture(t)
	body := message(
		series(now.Add(-time.Second), 3, "__name__", "node_load1", "instance", "K:9100", "job", "node", "mode", "a", "cpu", "0"),
		series(now.Add(-time.Second), 4, "__name__", "up", "pulse_resource", "w"),
		series(now.Add(-time.Second), 5, "__name__", "up", "instance", "nobody:1"),
	)
	write := func(body []byte) error {
		_, err := call(t, a, "remoteWrite", &writeIn{body})
		return err
	}
	if err := write(body); !errs.Is(err, errs.Forbidden) {
		t.Errorf("it is on without being turned on: %v", err)
	}
	a.Exchange = func() Exchange { return Exchange{true, true} }
	if err := write(body); err != nil {
		t.Fatal(err)
	}
	q := metric.Query{Records: []id.UID{id.Record("probe", "k")}, Metrics: []string{"node_load1", "up"}, From: now.Add(-time.Minute), To: now}
	answer, err := a.store.Query(t.Context(), q)
	if err != nil || len(answer) != 2 || answer[0].Instance != "cpu=0,mode=a" || answer[0].Points[0].Value != 3 || answer[1].Points[0].Value != 4 {
		t.Errorf("%+v, %v", answer, err)
	}
	for name, body := range map[string][]byte{
		"no message": {0xff}, "nobody": series(now, 5, "__name__", "up", "instance", "x"),
	} {
		if err := write(body); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, err := call(t, a, "getPresentMetrics", &route.None{})
	for _, want := range []string{"# TYPE pulse_busy gauge\n", `type="probe",id="w",name="k"} 0.07` + "\n", `instance_name="/a"} 0.75`, "pulse_node_load1{"} {
		if err != nil || !strings.Contains(string(raw.Body), want) {
			t.Errorf("%q is missing, %v:\n%s", want, err, raw.Body)
		}
	}
}

func FuzzRemoteWrite(f *testing.F) {
	f.Add(message(series(now, 1, "__name__", "up")))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, ok := readWrite(b)
		n := 0
		for _, s := range all {
			n += len(s.samples) + 1
		}
		if ok && n > len(b) {
			t.Errorf("%d parts of %d bytes", n, len(b))
		}
	})
}

func TestMinutes(t *testing.T) {
	for text, want := range map[string]time.Duration{"": time.Hour, "24h": 24 * time.Minute, "x": time.Hour, "0": time.Hour, "90": 90 * time.Minute, "99999999999": maxSpan} {
		if got := minutes(text); got != want {
			t.Errorf("%q is %v", text, got)
		}
	}
}
