package rpc

import (
	"time"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// encodeObservation turns everything but samples, which have columns, into a message.
func encodeObservation(o sdk.Observation) (*pb.Observation, error) {
	switch o := o.(type) {
	case sdk.Record:
		return &pb.Observation{Kind: &pb.Observation_Record{Record: encodeRecord(o)}}, nil
	case sdk.Part:
		return &pb.Observation{Kind: &pb.Observation_Part{Part: encodePart(o)}}, nil
	case sdk.Removed:
		return &pb.Observation{Kind: &pb.Observation_Removed{Removed: encodeRemoved(o)}}, nil
	case sdk.Unchanged:
		return &pb.Observation{Kind: &pb.Observation_Unchanged{Unchanged: encodeUnchanged(o)}}, nil
	case sdk.Row:
		return &pb.Observation{Kind: &pb.Observation_Row{Row: encodeRow(o)}}, nil
	case sdk.RowsEnd:
		return &pb.Observation{Kind: &pb.Observation_RowsEnd{RowsEnd: encodeRowsEnd(o)}}, nil
	case sdk.Event:
		return &pb.Observation{Kind: &pb.Observation_Event{Event: encodeEvent(o)}}, nil
	case sdk.Condition:
		return &pb.Observation{Kind: &pb.Observation_Condition{Condition: encodeCondition(o)}}, nil
	}
	return nil, sdk.Errorf(sdk.KindInternal, "The plugin emitted a %T, which is no observation.", o)
}

// decodeObservation returns nil for a kind that this version does not know: a newer peer may send more.
func decodeObservation(m *pb.Observation) sdk.Observation {
	switch k := m.GetKind().(type) {
	case *pb.Observation_Record:
		return decodeRecord(k.Record)
	case *pb.Observation_Part:
		return decodePart(k.Part)
	case *pb.Observation_Removed:
		return decodeRemoved(k.Removed)
	case *pb.Observation_Unchanged:
		return decodeUnchanged(k.Unchanged)
	case *pb.Observation_Row:
		return decodeRow(k.Row)
	case *pb.Observation_RowsEnd:
		return decodeRowsEnd(k.RowsEnd)
	case *pb.Observation_Event:
		return decodeEvent(k.Event)
	case *pb.Observation_Condition:
		return decodeCondition(k.Condition)
	}
	return nil
}

// sampleSize is about what a sample takes on the wire.
func sampleSize(s sdk.Sample) int {
	const columns = 4*3 + 8 + 8
	return columns + len(s.Instance)/4
}

// fitting returns how many of the samples, one at least, bring a message of a size to [flushBatch], and the size then.
func fitting(all []sdk.Sample, size int) (n, filled int) {
	for n < len(all) && (n == 0 || size < flushBatch) {
		size += sampleSize(all[n])
		n++
	}
	return n, size
}

// maxTable is how much memory the names in a table may take, about and in bytes; then it begins anew.
const maxTable = 2 << 20

// stringTable is the sender's side of a stream's table of strings. Its zero value is ready.
type stringTable struct {
	index map[string]uint32
	size  int
}

// place returns the index of s and whether it is new.
func (t *stringTable) place(s string) (index uint32, added bool) {
	if s == "" {
		return 0, false
	}
	if i, ok := t.index[s]; ok {
		return i, false
	}
	i := uint32(len(t.index) + 1)
	t.index[s] = i
	const entry = 64
	t.size += len(s) + entry
	return i, true
}

// at returns the place of a text in the table, and adds one that is new to the batch.
func (t *stringTable) at(b *pb.Batch, s string) uint32 {
	s = text(s)
	i, added := t.place(s)
	if added {
		b.Strings = append(b.Strings, s)
	}
	return i
}

// batch makes a batch of observations, marks and samples, with the strings that are new to the stream. Batches have to be
// sent in the order in which they were made.
func (t *stringTable) batch(obs []*pb.Observation, unchanged []thing, samples []sdk.Sample) *pb.Batch {
	b := &pb.Batch{Observations: obs}
	if t.index == nil {
		t.index = make(map[string]uint32, len(samples))
	}
	if t.size > maxTable {
		clear(t.index)
		t.size, b.Anew = 0, true
	}
	if len(unchanged) > 0 {
		b.Unchanged = t.marks(b, unchanged)
	}
	if len(samples) > 0 {
		b.Samples = t.samples(b, samples)
	}
	return b
}

func (t *stringTable) marks(b *pb.Batch, unchanged []thing) *pb.UnchangedMarks {
	n := len(unchanged)
	c := &pb.UnchangedMarks{Type: make([]uint32, n), Key: make([]uint32, n), Part: make([]uint32, n)}
	for i, k := range unchanged {
		c.Type[i], c.Key[i], c.Part[i] = t.at(b, k.kind), t.at(b, k.key), t.at(b, k.part)
	}
	return c
}

func (t *stringTable) samples(b *pb.Batch, samples []sdk.Sample) *pb.Samples {
	n := len(samples)
	c := &pb.Samples{
		Type: make([]uint32, n), Key: make([]uint32, n), Metric: make([]uint32, n), Instance: make([]uint32, n),
		Value: make([]float64, n),
	}
	for i := range samples {
		s := &samples[i]
		c.Metric[i], c.Instance[i], c.Value[i] = t.at(b, s.Metric), t.at(b, s.Instance), s.Value
		if i > 0 && s.Type == samples[i-1].Type && s.Key == samples[i-1].Key { // as most are
			c.Type[i], c.Key[i] = c.Type[i-1], c.Key[i-1]
		} else {
			c.Type[i], c.Key[i] = t.at(b, s.Type), t.at(b, s.Key)
		}
		if !s.Time.IsZero() {
			if c.Time == nil {
				c.Time = make([]int64, n)
			}
			c.Time[i] = s.Time.UnixNano()
		}
	}
	return c
}

// stringList is the receiver's side of a table of strings.
type stringList struct{ all []string }

// read returns what a batch holds.
func (l *stringList) read(b *pb.Batch) ([]sdk.Observation, error) {
	if len(l.all) == 0 || b.GetAnew() {
		l.all = []string{""}
	}
	if len(l.all)+len(b.GetStrings()) > maxStrings {
		return nil, malformed("too many names in one stream")
	}
	l.all = append(l.all, b.GetStrings()...)
	c := b.GetSamples()
	n := len(c.GetValue())
	if len(c.GetType()) != n || len(c.GetKey()) != n || len(c.GetMetric()) != n || len(c.GetInstance()) != n ||
		len(c.GetTime()) != n && len(c.GetTime()) != 0 {
		return nil, malformed("columns of samples of different length")
	}
	if b == nil {
		return nil, nil
	}
	marks, err := l.marks(b.GetUnchanged())
	if err != nil {
		return nil, err
	}
	out := make([]sdk.Observation, 0, len(b.GetObservations())+len(marks)+1)
	for _, m := range b.GetObservations() {
		if o := decodeObservation(m); o != nil {
			out = append(out, o)
		}
	}
	for _, u := range marks {
		out = append(out, u)
	}
	if n > 0 {
		samples, err := l.samples(c)
		if err != nil {
			return nil, err
		}
		out = append(out, samples)
	}
	return out, nil
}

func (l *stringList) marks(c *pb.UnchangedMarks) ([]sdk.Unchanged, error) {
	types, keys, parts := c.GetType(), c.GetKey(), c.GetPart()
	if len(keys) != len(types) || len(parts) != len(types) {
		return nil, malformed("columns of marks of different length")
	}
	out := make([]sdk.Unchanged, len(types))
	top := uint32(len(l.all))
	for i := range out {
		if max(types[i], keys[i], parts[i]) >= top {
			return nil, malformed("a mark names a string that was not sent")
		}
		out[i] = sdk.Unchanged{Type: l.all[types[i]], Key: l.all[keys[i]], Part: l.all[parts[i]]}
	}
	return out, nil
}

// samples reads columns of equal length.
func (l *stringList) samples(c *pb.Samples) (sdk.Samples, error) {
	types, keys, metrics, instances, times := c.GetType(), c.GetKey(), c.GetMetric(), c.GetInstance(), c.GetTime()
	out := make(sdk.Samples, len(c.GetValue()))
	top := uint32(len(l.all))
	for i, value := range c.GetValue() {
		if max(types[i], keys[i], metrics[i], instances[i]) >= top {
			return nil, malformed("a sample names a string that was not sent")
		}
		s := &out[i]
		s.Type, s.Key, s.Metric, s.Instance, s.Value = l.all[types[i]], l.all[keys[i]], l.all[metrics[i]], l.all[instances[i]], value
		if len(times) > 0 && times[i] != 0 {
			s.Time = time.Unix(0, times[i]).UTC()
		}
	}
	return out, nil
}
