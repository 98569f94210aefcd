package sqlite

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pulse-platform/pulse/core/metric"
)

// A block holds the buckets of one series and tier in one window of time, so that a window is a row of the database, or a
// few. It is a version, the CRC-32C of what follows, and that: many buckets as columns, each a chunk of Prometheus
// (minimum; in rollups also maximum, sum and count); few as rows, for each chunk begins with whole numbers. In rows times
// are deltas of deltas in units of the tier's step (raw: milliseconds), values are XORed with their predecessor.
const (
	blockOld     = 1 // rows without a checksum, by former versions
	blockColumns = 2
	blockRows    = 3
	blockHeader  = 5
	fewBuckets   = 8
	blockPoints  = 240           // buckets in a full block of a rollup tier
	rawWindow    = 2 * time.Hour // of a block of raw samples
)

// window returns the width of a tier's blocks in milliseconds.
func window(t metric.Tier) int64 {
	if t.Step == 0 {
		return rawWindow.Milliseconds()
	}
	return blockPoints * t.Step.Milliseconds()
}

// unit returns in what times of a tier are counted, in milliseconds.
func unit(t metric.Tier) int64 { return max(t.Step.Milliseconds(), 1) }

// encodeBlock encodes buckets that are ordered by time.
func encodeBlock(t metric.Tier, buckets []metric.Bucket) []byte {
	buf := make([]byte, blockHeader, 64)
	if len(buckets) < fewBuckets {
		buf[0] = blockRows
		buf = encodeRows(buf, t, buckets)
	} else {
		buf[0] = blockColumns
		buf = encodeColumns(buf, t, buckets)
	}
	binary.LittleEndian.PutUint32(buf[1:], crc32.Checksum(buf[blockHeader:], castagnoli))
	return buf
}

var errBlock = errors.New("a block of samples is damaged")

// decodeBlock appends the buckets of a block that begin in the range from to to.
func decodeBlock(out []metric.Bucket, t metric.Tier, block []byte, from, to int64) ([]metric.Bucket, error) {
	if len(block) > 0 && block[0] == blockOld {
		return decodeRows(out, t, block[1:], from, to)
	}
	if len(block) < blockHeader || crc32.Checksum(block[blockHeader:], castagnoli) != binary.LittleEndian.Uint32(block[1:]) {
		return out, errBlock
	}
	return decodeBody(out, t, block[0], block[blockHeader:], from, to)
}

func decodeBody(out []metric.Bucket, t metric.Tier, version byte, body []byte, from, to int64) ([]metric.Bucket, error) {
	switch version {
	case blockColumns:
		return decodeColumns(out, t, body, from, to)
	case blockRows:
		return decodeRows(out, t, body, from, to)
	}
	return out, errBlock
}

// columns returns how many columns a tier's blocks have.
func columns(t metric.Tier) int {
	if t.Step == 0 {
		return 1
	}
	return 4
}

// encodeColumns appends chunks with their lengths, a chunk of each column in turn.
func encodeColumns(buf []byte, t metric.Tier, buckets []metric.Bucket) []byte {
	buf = binary.AppendVarint(buf, buckets[0].At/unit(t))
	for part := range slices.Chunk(buckets, chunkSamples) {
		for column := range columns(t) {
			c := chunkenc.NewXORChunk()
			app, _ := c.Appender() // fails on damaged chunks only
			for _, b := range part {
				var at int64 // only the first column has times
				if column == 0 {
					at = b.At/unit(t) - buckets[0].At/unit(t)
				}
				app.Append(0, at, [...]float64{b.Min, b.Max, b.Sum, float64(b.Count)}[column])
			}
			buf = binary.AppendUvarint(buf, uint64(len(c.Bytes())))
			buf = append(buf, c.Bytes()...)
		}
	}
	return buf
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

// encodeRows appends buckets one after the other.
func encodeRows(buf []byte, t metric.Tier, buckets []metric.Bucket) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(buckets)))
	var at, delta int64
	var low, high, sum uint64
	for _, b := range buckets {
		next := b.At/unit(t) - at
		buf = binary.AppendVarint(buf, next-delta)
		at, delta = at+next, next
		buf, low = appendFloat(buf, low, b.Min)
		if t.Step == 0 {
			continue
		}
		buf = binary.AppendUvarint(buf, uint64(b.Count))
		if b.Count > 1 {
			buf, high = appendFloat(buf, high, b.Max)
			buf, sum = appendFloat(buf, sum, b.Sum)
		}
	}
	return buf
}

// appendFloat appends v against the bits of its predecessor, low bits last, for equal values and round numbers
// differ in the high ones only.
func appendFloat(buf []byte, before uint64, v float64) ([]byte, uint64) {
	now := math.Float64bits(v)
	return binary.AppendUvarint(buf, bits.Reverse64(now^before)), now
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

// blockReader takes bytes apart and remembers when there were too few.
type blockReader struct {
	rest []byte
	bad  bool
}

func (r *blockReader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.bad, r.rest = true, nil
		return nil
	}
	head := r.rest[:n]
	r.rest = r.rest[n:]
	return head
}

func (r *blockReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *blockReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		n = -1
	}
	if r.take(n) == nil {
		return 0
	}
	return v
}

func (r *blockReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		n = -1
	}
	if r.take(n) == nil {
		return 0
	}
	return v
}

func (r *blockReader) fixed() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// text reads a string of at most longest bytes.
func (r *blockReader) text(longest int) string {
	n := r.uvarint()
	if n > uint64(longest) {
		n = math.MaxInt32
	}
	return string(r.take(int(n)))
}
