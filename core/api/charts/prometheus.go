package charts

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
)

const (
	// freshFor is how old a value may be that is still told as the present one.
	freshFor = 5 * time.Minute
	// maxWrite bounds a remote write in bytes, inflated; maxWritten the series that one resource may get by them.
	maxWrite   = 32 << 20
	maxWritten = 500
	nameLabel  = "__name__"
	// resourceLabel names a resource by uid or id; without it the host in the label instance is looked for by name.
	resourceLabel = "pulse_resource"
)

// Exchange says what of Prometheus is on.
type Exchange struct{ Expose, RemoteWrite bool }

// exposition tells the present value of everything that is monitored, in canonical units.
func (a *Area) exposition(ctx context.Context, _ route.None) (route.Raw, error) {
	if a.Exchange == nil || !a.Exchange().Expose {
		return route.Raw{}, errs.New(errs.Forbidden, "it is off: an administrator can turn it on, metrics.expose")
	}
	now := a.now()
	snap := a.inv.Snapshot()
	of := map[id.UID]*inventory.Record{}
	var latest []metric.Series
	for _, kind := range a.inv.Catalog().Types() {
		for records := range slices.Chunk(snap.Type(kind.Name), batch) {
			q := metric.Query{From: now.Add(-freshFor), To: now.Add(time.Second)}
			for _, r := range records {
				of[r.UID] = r
				q.Records = append(q.Records, r.UID)
			}
			series, err := a.store.Query(ctx, q)
			if err != nil {
				return route.Raw{}, fmt.Errorf("query present values: %w", err)
			}
			for _, s := range series {
				s.Points = s.Points[len(s.Points)-1:]
				latest = append(latest, s)
			}
		}
	}
	var b bytes.Buffer
	openMetrics(&b, latest, of, false)
	return route.Raw{ContentType: "application/openmetrics-text; version=1.0.0; charset=utf-8", Body: b.Bytes()}, nil
}

type writeIn struct {
	Body []byte `body:"raw"`
}

// remoteWrite takes samples as Prometheus sends them (remote write 1.0). A series belongs to the resource that its labels
// name; those of nobody are left out. When nothing of a request can be placed it is refused for good.
func (a *Area) remoteWrite(ctx context.Context, in writeIn) (route.None, error) {
	if a.Exchange == nil || !a.Exchange().RemoteWrite {
		return route.None{}, errs.New(errs.Forbidden, "it is off: an administrator can turn it on, metrics.remote_write")
	}
	written, ok := readWrite(in.Body)
	if !ok {
		return route.None{}, errs.New(errs.Invalid, "the body is not a WriteRequest of Prometheus' remote write 1.0")
	}
	byRecord := a.placed(written)
	if len(written) > 0 && len(byRecord) == 0 {
		return route.None{}, errs.New(errs.Invalid, "no series names a resource: give them the label %s, or an instance whose host is a resource's name", resourceLabel)
	}
	for uid, samples := range byRecord {
		room := maxWritten
		if c, ok := a.store.(interface{ CountSeries(records []id.UID) int }); ok {
			room = max(maxWritten-c.CountSeries([]id.UID{uid}), 0)
		}
		if err := a.store.Append(metric.WithAllowance(ctx, &metric.Allowance{Room: room}), samples); err != nil {
			return route.None{}, err
		}
	}
	return route.None{}, nil
}

// placed finds the resource of each series.
func (a *Area) placed(all []writtenSeries) map[id.UID][]metric.Sample {
	names := map[string]*inventory.Record{}
	snap := a.inv.Snapshot()
	for _, kind := range a.inv.Catalog().Types() {
		for _, r := range snap.Type(kind.Name) {
			name := strings.ToLower(r.Name)
			if _, twice := names[name]; twice {
				r = nil // two of a name: it says nothing
			}
			names[name] = r
		}
	}
	out := map[id.UID][]metric.Sample{}
	for _, s := range all {
		var r *inventory.Record
		if named := s.labels[resourceLabel]; named != "" {
			r, _ = snap.FindAny(named)
		} else {
			host, _, _ := strings.Cut(s.labels["instance"], ":")
			r = names[strings.ToLower(host)]
		}
		if r == nil || s.labels[nameLabel] == "" {
			continue
		}
		key := metric.Key{Record: r.UID, Metric: s.labels[nameLabel], Instance: s.rest()}
		for _, p := range s.samples {
			out[r.UID] = append(out[r.UID], metric.Sample{Key: key, Time: time.UnixMilli(p.at), Value: p.value})
		}
	}
	return out
}

// writtenSeries is one of a remote write.
type writtenSeries struct {
	labels  map[string]string
	samples []writtenSample
}

type writtenSample struct {
	at    int64 // Unix milliseconds
	value float64
}

// rest writes the labels that say neither what is measured nor of whom, in order.
func (s writtenSeries) rest() string {
	var parts []string
	for name, value := range s.labels {
		switch name {
		case nameLabel, resourceLabel, "instance", "job":
		default:
			parts = append(parts, name+"="+value)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// The fields of prompb.WriteRequest, TimeSeries, Label and Sample.
const (
	fieldSeries  = 1
	fieldLabels  = 1
	fieldSamples = 2
)

// readWrite takes a WriteRequest apart. Fields that are not known are skipped.
func readWrite(b []byte) (all []writtenSeries, ok bool) {
	ok = fields(b, func(number protowire.Number, kind protowire.Type, value []byte) bool {
		if number != fieldSeries || kind != protowire.BytesType {
			return true
		}
		s := writtenSeries{labels: map[string]string{}}
		all = append(all, s)
		return fields(value, func(number protowire.Number, kind protowire.Type, value []byte) bool {
			if kind != protowire.BytesType {
				return true
			}
			switch number {
			case fieldLabels:
				return readLabel(value, s.labels)
			case fieldSamples:
				p, ok := readSample(value)
				all[len(all)-1].samples = append(all[len(all)-1].samples, p)
				return ok
			}
			return true
		})
	})
	return all, ok
}

// fields visits the fields of a message: the content of those with a length, else the field as it is encoded.
func fields(b []byte, visit func(number protowire.Number, kind protowire.Type, value []byte) bool) bool {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(number, kind, b)
		if size < 0 {
			return false
		}
		value := b[:size]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		if !visit(number, kind, value) {
			return false
		}
		b = b[size:]
	}
	return true
}

func readLabel(b []byte, into map[string]string) bool {
	var pair [2]string
	ok := fields(b, func(number protowire.Number, kind protowire.Type, value []byte) bool {
		if kind == protowire.BytesType && (number == 1 || number == 2) {
			pair[number-1] = string(value)
		}
		return true
	})
	into[pair[0]] = pair[1]
	return ok
}

func readSample(b []byte) (p writtenSample, ok bool) {
	ok = fields(b, func(number protowire.Number, kind protowire.Type, value []byte) bool {
		switch {
		case number == 1 && kind == protowire.Fixed64Type:
			bits, _ := protowire.ConsumeFixed64(value)
			p.value = math.Float64frombits(bits)
		case number == 2 && kind == protowire.VarintType:
			at, _ := protowire.ConsumeVarint(value)
			p.at = int64(at)
		}
		return true
	})
	return p, ok
}
