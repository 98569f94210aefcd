package sqlite

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

// A block holds the buckets of one series and tier in one window of time, so that a window is one row of the
// database. Times are deltas of deltas in units of the tier's step (raw: milliseconds), values are XORed with their
// predecessor; what is regular or constant costs a byte or two.
const (
	blockVersion = 1
	blockPoints  = 240           // buckets in a full block of a rollup tier
	rawWindow    = 2 * time.Hour // of a block of raw samples
	maxBlock     = 8 << 20       // more decoded points than bytes of this cannot be
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
	buf := binary.AppendUvarint([]byte{blockVersion}, uint64(len(buckets)))
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

var errBlock = errors.New("a block of samples is damaged")

// decodeBlock appends the buckets of a block that begin in the range from to to.
func decodeBlock(out []metric.Bucket, t metric.Tier, block []byte, from, to int64) ([]metric.Bucket, error) {
	r := blockReader{rest: block}
	if r.byte() != blockVersion {
		return out, errBlock
	}
	n := r.uvarint()
	if r.bad || n > maxBlock || n > uint64(len(block)) {
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
