package sqlite

import (
	"math"
	"math/bits"
	"slices"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pulse-platform/pulse/core/metric"
)

// Blocks of former versions are read only. Many buckets were columns, each a chunk of Prometheus (minimum; in rollups also maximum,
// sum and count), few were rows: times as deltas of deltas in units of the tier's step (raw: milliseconds), values XORed with their
// predecessor.
const (
	blockOld     = 1 // rows without a checksum
	blockColumns = 2
	blockRows    = 3
)

// columns returns how many columns a tier's blocks have.
func columns(t metric.Tier) int {
	if t.Step == 0 {
		return 1
	}
	return 4
}

func decodeColumns(out []metric.Bucket, t metric.Tier, body []byte, from, to int64) ([]metric.Bucket, error) {
	r := blockReader{rest: body}
	base := r.varint()
	var its [4]chunkenc.Iterator
	for len(r.rest) > 0 && !r.bad {
		n := 0
		for column := range columns(t) {
			chunk := r.take(int(min(r.uvarint(), math.MaxInt32)))
			if len(chunk) < 2 {
				return out, errBlock
			}
			c, err := chunkenc.FromData(chunkenc.EncXOR, chunk)
			if err != nil || column > 0 && c.NumSamples() != n {
				return out, errBlock
			}
			n, its[column] = c.NumSamples(), c.Iterator(its[column])
		}
		if n > 4*len(body) { // a sample takes two bits at least
			return out, errBlock
		}
		out = slices.Grow(out, n)
		var ok bool
		if t.Step == 0 {
			out, ok = appendSamples(out, its[0], base, n, from, to)
		} else {
			out, ok = appendBuckets(out, t, &its, base, n, from, to)
		}
		if !ok {
			return out, errBlock
		}
	}
	if r.bad {
		return out, errBlock
	}
	return out, nil
}

// appendSamples reads n raw samples and appends those in the range.
func appendSamples(out []metric.Bucket, it chunkenc.Iterator, base int64, n int, from, to int64) ([]metric.Bucket, bool) {
	for range n {
		if it.Next() == chunkenc.ValNone {
			return out, false
		}
		at, value := it.At()
		if at += base; at >= from && at < to {
			out = append(out, metric.Bucket{At: at, Min: value, Max: value, Sum: value, Count: 1})
		}
	}
	return out, true
}

// appendBuckets reads n rollups and appends those in the range.
func appendBuckets(out []metric.Bucket, t metric.Tier, its *[4]chunkenc.Iterator, base int64, n int, from, to int64) ([]metric.Bucket, bool) {
	for range n {
		b, ok := nextBucket(t, its, base)
		if !ok {
			return out, false
		}
		if b.At >= from && b.At < to {
			out = append(out, b)
		}
	}
	return out, true
}

// nextBucket reads a bucket from the columns.
func nextBucket(t metric.Tier, its *[4]chunkenc.Iterator, base int64) (b metric.Bucket, ok bool) {
	if its[0].Next() == chunkenc.ValNone {
		return b, false
	}
	at, value := its[0].At()
	b = metric.Single((base+at)*unit(t), value)
	for _, it := range its[1:] {
		if it.Next() == chunkenc.ValNone {
			return b, false
		}
	}
	_, b.Max = its[1].At()
	_, b.Sum = its[2].At()
	_, count := its[3].At()
	if !(count >= 1 && count <= math.MaxUint32) {
		return b, false
	}
	b.Count = uint32(count)
	return b, true
}

func decodeRows(out []metric.Bucket, t metric.Tier, body []byte, from, to int64) ([]metric.Bucket, error) {
	r := blockReader{rest: body}
	n := r.uvarint()
	if r.bad || n > uint64(len(body)) {
		return out, errBlock
	}
	if len(out)+int(n) > cap(out) {
		out = slices.Grow(out, 2*int(n)) // another block is likely to follow
	}
	var at, delta int64
	var low, high, sum uint64
	for range n {
		delta += r.varint()
		at += delta
		low ^= bits.Reverse64(r.uvarint())
		b := metric.Single(at*unit(t), math.Float64frombits(low))
		if t.Step > 0 {
			b.Count = uint32(r.uvarint())
			if b.Count > 1 {
				high ^= bits.Reverse64(r.uvarint())
				sum ^= bits.Reverse64(r.uvarint())
				b.Max, b.Sum = math.Float64frombits(high), math.Float64frombits(sum)
			}
		}
		if r.bad || b.Count == 0 {
			return out, errBlock
		}
		if b.At >= from && b.At < to {
			out = append(out, b)
		}
	}
	return out, nil
}
