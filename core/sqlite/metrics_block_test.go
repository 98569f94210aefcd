package sqlite

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

var (
	rawTier    = metric.Tier{Name: "raw", Retention: time.Hour}
	minuteTier = metric.Tier{Name: "minute", Step: time.Minute, Retention: time.Hour}
)

func TestBlockRoundTrip(t *testing.T) {
	at := killStart.UnixMilli() / 60_000 * 60_000
	random := rand.New(rand.NewPCG(1, 2))
	var raw, minutes []metric.Bucket
	for i := range int64(300) {
		v := random.NormFloat64() * math.Pow(10, float64(random.IntN(600)-300))
		raw = append(raw, metric.Single(at+i*10_000+random.Int64N(9), v))
		b := metric.Single(at+i*i*60_000, v)
		if i%3 > 0 {
			b.Merge(metric.Single(0, -v))
			b.Merge(metric.Single(0, random.Float64()))
		}
		minutes = append(minutes, b)
	}
	for name, test := range map[string]struct {
		tier metric.Tier
		in   []metric.Bucket
	}{
		"nothing": {rawTier, nil}, "few": {minuteTier, minutes[:3]}, "raw": {rawTier, raw}, "minutes": {minuteTier, minutes},
		"extremes": {rawTier, []metric.Bucket{metric.Single(0, math.MaxFloat64), metric.Single(1, -math.MaxFloat64), metric.Single(1<<50, math.SmallestNonzeroFloat64)}},
	} {
		block := encodeBlock(test.tier, test.in)
		got, err := decodeBlock(nil, test.tier, block, math.MinInt64, math.MaxInt64)
		if err != nil || !slices.Equal(got, test.in) {
			t.Errorf("%s: got %d of %d buckets, %v", name, len(got), len(test.in), err)
		}
		for cut := 0; cut < len(block); cut += 1 + cut/50 {
			if _, err := decodeBlock(nil, test.tier, block[:cut], math.MinInt64, math.MaxInt64); err == nil {
				t.Errorf("%s: %d of %d bytes are taken for whole", name, cut, len(block))
				break
			}
		}
	}
	old := encodeRows([]byte{blockOld}, minuteTier, minutes)
	if got, err := decodeBlock(nil, minuteTier, old, math.MinInt64, math.MaxInt64); err != nil || !slices.Equal(got, minutes) {
		t.Errorf("of a former version: got %d of %d buckets, %v", len(got), len(minutes), err)
	}
	some, err := decodeBlock(nil, rawTier, encodeBlock(rawTier, raw), raw[10].At, raw[20].At)
	if err != nil || !slices.Equal(some, raw[10:20]) {
		t.Errorf("a range: got %d buckets, %v", len(some), err)
	}
}

func FuzzDecodeBlock(f *testing.F) {
	var many, minutes []metric.Bucket
	for i := range int64(10) {
		many = append(many, metric.Single(i*1000, float64(i%3)))
		minutes = append(minutes, metric.Bucket{At: i * 60_000, Min: 1, Max: 3, Sum: 4, Count: 2})
	}
	for _, raw := range [][]metric.Bucket{many[:2], many} {
		block := encodeBlock(rawTier, raw)
		f.Add(block[blockHeader:], block[0], false)
	}
	for _, rollup := range [][]metric.Bucket{minutes[:1], minutes} {
		block := encodeBlock(minuteTier, rollup)
		f.Add(block[blockHeader:], block[0], true)
	}
	f.Add([]byte{255, 255, 255, 255, 15}, byte(blockRows), true)
	f.Fuzz(func(t *testing.T, body []byte, version byte, rollup bool) {
		tier := rawTier
		if rollup {
			tier = minuteTier
		}
		got, err := decodeBody(nil, tier, version, body, math.MinInt64, math.MaxInt64)
		if len(got) > 4*len(body) {
			t.Errorf("%d buckets from %d bytes, %v", len(got), len(body), err)
		}
	})
}

// recorder takes what a replay reads.
type recorder struct{ defines, samples, forgets int }

func (r *recorder) define(uint32, metric.Key)     { r.defines++ }
func (r *recorder) sample(uint32, int64, float64) { r.samples++ }
func (r *recorder) forget(uint32)                 { r.forgets++ }

func TestFramesAreSplit(t *testing.T) {
	dir := t.TempDir()
	l := sampleLog{dir: dir}
	if _, err := l.rotate(); err != nil {
		t.Fatal(err)
	}
	var w frameWriter
	w.reset()
	const n = 200_000 // more than a frame takes
	w.define(1, killSample(0).Key)
	for i := range int64(n) {
		w.sample(1, i, float64(i))
	}
	w.forget(1)
	w.close()
	if err := l.write(w.buf); err != nil {
		t.Fatal(err)
	}
	var r recorder
	whole, err := replay(l.file.Name(), &r)
	if err != nil || whole != l.size || r != (recorder{1, n, 1}) {
		t.Errorf("got %+v, %d of %d bytes, %v", r, whole, l.size, err)
	}
	_ = l.file.Close()
}

func FuzzReadEntries(f *testing.F) {
	var w frameWriter
	w.reset()
	w.define(1, killSample(0).Key)
	w.sample(1, killStart.UnixMilli(), 0.5)
	w.forget(1)
	w.close()
	f.Add(w.buf[frameHeader:])
	f.Add([]byte{entryDefine, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var r recorder
		readEntries(payload, &r)
		if r.defines+r.samples+r.forgets > len(payload) {
			t.Errorf("%+v from %d bytes", r, len(payload))
		}
	})
}
