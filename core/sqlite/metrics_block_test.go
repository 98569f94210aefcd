package sqlite

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

var (
	rawTier    = metric.Tier{Name: "raw", Retention: time.Hour}
	minuteTier = metric.Tier{Name: "minute", Step: time.Minute, Retention: time.Hour}
	hourTier   = metric.Tier{Name: "hour", Step: time.Hour, Retention: time.Hour}
)

// gauges are samples as they come: rounded or not, steady, jumping, of both signs.
func gauges(random *rand.Rand, n int) []metric.Bucket {
	bits, wide := 1+random.IntN(53), random.IntN(600)-300
	var all []metric.Bucket
	at, v := killStart.UnixMilli()+random.Int64N(2), random.NormFloat64()
	for range n {
		switch random.IntN(5) {
		case 0:
			v = random.NormFloat64() * math.Pow(10, float64(wide))
		case 1:
			v *= 1 + random.Float64()/10
		case 2:
			v = 0
		}
		all = append(all, metric.Single(at, metric.Round(v, bits)))
		at += 10_000
		if random.IntN(20) == 0 {
			at += random.Int64N(100) * []int64{1, second}[random.IntN(2)]
		}
	}
	return all
}

// What is read is what was written; of rollups all but the average, which is kept to a part of the range, and is the same when it is
// written again.
func TestBlockRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 600 {
		raw := gauges(random, 1+n)
		block := encodeBlock(rawTier, raw)
		got, err := decodeBlock(nil, rawTier, block, math.MinInt64, math.MaxInt64)
		if err != nil || !slices.Equal(got, raw) {
			t.Fatalf("%d samples: got %d, %v", len(raw), len(got), err)
		}
		from, to := raw[n/3].At, raw[n*2/3].At
		if some, err := decodeBlock(got[:1], rawTier, block, from, to); err != nil || !slices.Equal(some[1:], raw[n/3:n*2/3]) {
			t.Fatalf("a range of %d samples: got %d, %v", n, len(some), err)
		}
		for _, tier := range []metric.Tier{minuteTier, hourTier} {
			checkRollups(t, tier, metric.Rollup(raw, tier.Step))
		}
	}
}

func checkRollups(t *testing.T, tier metric.Tier, in []metric.Bucket) {
	t.Helper()
	block := encodeBlock(tier, in)
	got, err := decodeBlock(nil, tier, block, math.MinInt64, math.MaxInt64)
	if err != nil || len(got) != len(in) {
		t.Fatalf("%s: got %d of %d, %v", tier.Name, len(got), len(in), err)
	}
	for i, b := range got {
		want := in[i]
		apart := (want.Max/2 - want.Min/2) / float64(int64(1)<<sumBits(tier)) * 2
		if b.At != want.At || b.Min != want.Min || b.Max != want.Max || b.Count != want.Count || math.Abs(b.Average()-want.Average()) > apart*1.0001 {
			t.Fatalf("%s: got %+v, want %+v", tier.Name, b, want)
		}
	}
	if again := encodeBlock(tier, got); !slices.Equal(again, block) {
		second, _ := decodeBlock(nil, tier, again, math.MinInt64, math.MaxInt64)
		if !slices.Equal(second, got) {
			t.Fatalf("%s: written again it differs", tier.Name)
		}
	}
}

func TestBlockExtremes(t *testing.T) {
	extremes := []metric.Bucket{metric.Single(0, math.MaxFloat64), metric.Single(1, -math.MaxFloat64), metric.Single(1<<50, math.SmallestNonzeroFloat64), metric.Single(1<<50+1, 0)}
	long := make([]metric.Bucket, sectionBuckets+3)
	for i := range long {
		long[i] = metric.Single(int64(i)*1000, 7)
	}
	small := metric.Bucket{At: 60_000, Min: 10, Max: 40, Sum: 77, Count: 3}
	for name, test := range map[string]struct {
		tier metric.Tier
		in   []metric.Bucket
	}{
		"nothing": {rawTier, nil}, "one": {rawTier, extremes[:1]}, "extremes": {rawTier, extremes}, "two sections": {rawTier, long},
		"a small sum": {minuteTier, []metric.Bucket{small}},
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
	wide := metric.Bucket{At: 60_000, Min: -math.MaxFloat64, Max: math.MaxFloat64, Sum: 1, Count: 3}
	checkRollups(t, minuteTier, []metric.Bucket{wide})
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
	f.Add([]byte{2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, byte(blockColumns), false)
	f.Fuzz(func(t *testing.T, body []byte, version byte, rollup bool) {
		tier := rawTier
		if rollup {
			tier = minuteTier
		}
		got, err := decodeBody(nil, tier, version, body, math.MinInt64, math.MaxInt64)
		if len(got) > 4*len(body) && version != blockBits || len(got) > sectionBuckets*len(body) {
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
	const n = 400_000 // more than a frame takes
	w.define(1, killSample(0).Key)
	for i := range int64(n) {
		w.sample(1, point{i, float64(i * 7919 % 100_003)})
	}
	w.forget(1)
	w.close()
	if err := l.write(w.buf); err != nil {
		t.Fatal(err)
	}
	var r recorder
	whole, damaged, err := replay(l.file.Name(), &r)
	if err != nil || whole != l.size || damaged != 0 || r != (recorder{1, n, 1}) {
		t.Errorf("got %+v, %d of %d bytes, %v", r, whole, l.size, err)
	}
	_ = l.file.Close()
}

// Samples come back as they were, few and many.
func TestFrames(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, packFrom - 1, packFrom, packAtOne, packAtOne + packFrom + 1} {
		var w frameWriter
		w.reset()
		want := recording{keys: map[uint32]metric.Key{}}
		for i := range n {
			key := metric.Key{Record: "r", Metric: "m", Instance: strconv.Itoa(i % 1000)}
			if i < 3 {
				w.define(uint32(i%1000), key)
				want.define(uint32(i%1000), key)
			}
			at, v := killStart.UnixMilli()+random.Int64N(1000), metric.Round(random.NormFloat64(), 1+random.IntN(53))
			w.sample(uint32(i%1000), point{at, v})
			want.sample(uint32(i%1000), at, v)
		}
		w.close()
		file := filepath.Join(t.TempDir(), "segment")
		if err := os.WriteFile(file, w.buf, 0o600); err != nil {
			t.Fatal(err)
		}
		got := recording{keys: map[uint32]metric.Key{}}
		if whole, _, err := replay(file, &got); err != nil || whole != int64(len(w.buf)) || !slices.Equal(got.samples, want.samples) {
			t.Errorf("%d samples: got %d, %v", n, len(got.samples), err)
		}
	}
}

// Wherever a byte of the log is wrong, the frames around it are read.
func TestDamagedFrame(t *testing.T) {
	var w frameWriter
	const frames, each = 20, packFrom
	begins := []int{}
	var segment []byte
	for frame := range frames {
		w.reset()
		for i := range each {
			w.sample(uint32(i), point{int64(frame), float64(i*7919%1009) / 7})
		}
		w.close()
		begins = append(begins, len(segment))
		segment = append(segment, w.buf...)
	}
	random := rand.New(rand.NewPCG(5, 6))
	file := filepath.Join(t.TempDir(), "segment")
	for range 300 {
		at := random.IntN(len(segment))
		broken := slices.Clone(segment)
		broken[at] ^= byte(1 + random.IntN(255))
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		var r recorder
		whole, damaged, err := replay(file, &r)
		if at >= begins[frames-1] { // nothing follows: it is as if it had been torn
			if !errors.Is(err, errTorn) || whole != int64(begins[frames-1]) || r.samples != (frames-1)*each {
				t.Fatalf("the last frame, byte %d: %d samples, %d bytes, %v", at, r.samples, whole, err)
			}
			continue
		}
		if err != nil || r.samples != (frames-1)*each || damaged == 0 || whole != int64(len(segment)) {
			t.Fatalf("byte %d: %d samples, %d bytes whole, %d damaged, %v", at, r.samples, whole, damaged, err)
		}
	}
}

func FuzzReadEntries(f *testing.F) {
	var w frameWriter
	w.reset()
	w.define(1, killSample(0).Key)
	w.sample(1, point{killStart.UnixMilli(), 0.5})
	w.forget(1)
	w.close()
	f.Add(w.buf[frameHeader:])
	w.reset()
	for i := range packFrom {
		w.sample(uint32(i), point{killStart.UnixMilli(), float64(i)})
	}
	w.close()
	f.Add(w.buf[frameHeader:])
	f.Add([]byte{entryDefine, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var r recorder
		readEntries(payload, &r)
		if r.defines+r.forgets > len(payload) || r.samples > packAtOne*len(payload) {
			t.Errorf("%+v from %d bytes", r, len(payload))
		}
	})
}
