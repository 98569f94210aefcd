package sqlite

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"

	"github.com/pulse-platform/pulse/core/metric"
)

// A block holds buckets of one series and tier in one window of time, and is a row of the database. It is a version, the CRC-32C of
// what follows, and that: sections of at most sectionBuckets, each filled up to whole bytes. A section is a count, the times, in
// rollups the counts of samples, the values or minima, and in rollups how far the maxima are above these, and the sums.
//
// Values are whole numbers that are ordered as they are ([order]), without the bits that are zero in all of them: rounded values
// have few, and their differences are small. So times, counts and values are a first number and a column of differences.
const (
	blockBits      = 5 // 1 to 3 are in metrics_block_former.go, 4 was never released
	blockHeader    = 5
	sectionBuckets = 1 << 15
)

// second is one in milliseconds.
const second = 1000

// unit returns in what times of a tier are counted, in milliseconds.
func unit(t metric.Tier) int64 { return max(t.Step.Milliseconds(), 1) }

// encodeBlock encodes buckets that are ordered by time. Minimum, maximum and count of a rollup are kept as they are; its average to
// a part of the range between minimum and maximum ([sumBits]).
func encodeBlock(t metric.Tier, buckets []metric.Bucket) []byte {
	w := bitWriter{buf: make([]byte, blockHeader, blockHeader+16+2*len(buckets))}
	w.buf[0] = blockBits
	for section := range slices.Chunk(buckets, sectionBuckets) {
		encodeSection(&w, t, section)
		w.bytes()
	}
	binary.LittleEndian.PutUint32(w.buf[1:], crc32.Checksum(w.buf[blockHeader:], castagnoli))
	return w.buf
}

func encodeSection(w *bitWriter, t metric.Tier, buckets []metric.Bucket) {
	w.number(uint64(len(buckets)))
	column := make([]uint64, len(buckets))
	w.times(t, buckets, column)
	if t.Step > 0 {
		for i, b := range buckets {
			column[i] = uint64(b.Count)
		}
		w.differences(column)
	}
	shift := commonZeros(buckets)
	w.write(uint64(shift), 6)
	for i, b := range buckets {
		column[i] = uint64(order(b.Min) >> shift)
	}
	w.differences(column)
	if t.Step > 0 {
		for i, b := range buckets {
			column[i] = uint64(order(b.Max)>>shift - order(b.Min)>>shift)
		}
		writeColumn(w, column)
		w.sums(t, buckets)
	}
}

// number appends a number that may be large.
func (w *bitWriter) number(v uint64) {
	size := uint(bits.Len64(v))
	w.write(uint64(size), 7)
	w.write(v, size)
}

func (r *bitReader) number() uint64 { return r.read(min(uint(r.read(7)), 64)) }

// times appends the times: the first, the first distance, and by how much the next distances differ. A bit before tells whether
// raw samples lie on whole seconds, as most do; they are counted in these then.
func (w *bitWriter) times(t metric.Tier, buckets []metric.Bucket, column []uint64) {
	in := unit(t)
	if t.Step == 0 && !slices.ContainsFunc(buckets, func(b metric.Bucket) bool { return b.At%second != 0 }) {
		w.write(1, 1)
		in = second
	} else {
		w.write(0, 1)
	}
	w.number(zigzag(buckets[0].At / in))
	for i := 1; i < len(buckets); i++ {
		column[i] = uint64(buckets[i].At/in - buckets[i-1].At/in)
	}
	if len(buckets) > 1 {
		w.differences(column[1:])
	}
}

// differences appends the first of numbers and a column of the differences between them, which it writes in their place.
func (w *bitWriter) differences(values []uint64) {
	w.number(zigzag(int64(values[0])))
	for i := len(values) - 1; i > 0; i-- {
		values[i] = zigzag(int64(values[i] - values[i-1]))
	}
	writeColumn(w, values[1:])
}

// order returns a number that is as large, compared to others, as v is compared to other values. Those of zero and its negative
// are the same.
func order(v float64) int64 {
	b := int64(math.Float64bits(v))
	if b < 0 {
		return math.MinInt64 - b
	}
	return b
}

func unorder(o int64) float64 {
	if o < 0 {
		o = math.MinInt64 - o
	}
	return math.Float64frombits(uint64(o))
}

// commonZeros returns how many low bits of the numbers of all minima and maxima are zero.
func commonZeros(buckets []metric.Bucket) uint {
	var all uint64
	for _, b := range buckets {
		all |= uint64(order(b.Min)) | uint64(order(b.Max))
	}
	if all == 0 {
		return 0
	}
	return uint(bits.TrailingZeros64(all))
}

// sumBits returns how exactly an average is kept: to the range between minimum and maximum divided by two to this power. What is
// longer counts more for a report.
func sumBits(t metric.Tier) uint {
	if t.Step.Hours() < 1 {
		return 10
	}
	return 16
}

// wideSums is written in place of a quantum when the sums are written as they are.
const wideSums = 1<<12 - 1

// quantumBias makes the quantum's exponent, at least -1074 for the smallest value there is, positive.
const quantumBias = 1100

// sums appends the sum of each bucket that does not follow from the rest of it, as a part of what it may be. All are multiples of a
// power of two, the quantum, and few of it as long as values have few bits.
func (w *bitWriter) sums(t metric.Tier, buckets []metric.Bucket) {
	quantum, fits := quantumOf(buckets)
	if !fits {
		w.write(wideSums, 12)
		for _, b := range buckets {
			if !sumFollows(b) {
				w.write(math.Float64bits(b.Sum), 64)
			}
		}
		return
	}
	w.write(uint64(quantum+quantumBias), 12)
	for _, b := range buckets {
		if sumFollows(b) {
			continue
		}
		least, room := sumRange(b, quantum)
		size, drop := sumSize(t, room)
		over := min(max(int64(math.Ldexp(b.Sum, -quantum))-least, 0), room)
		rounded := (uint64(over) + 1<<drop>>1) >> drop
		w.write(min(rounded, 1<<size-1), size)
	}
}

// sumFollows reports whether the sum is known when all else is.
func sumFollows(b metric.Bucket) bool { return b.Min == b.Max || b.Count <= 2 }

// follow returns that sum.
func follow(b metric.Bucket) float64 {
	if b.Count == 2 {
		return b.Min + b.Max
	}
	return b.Min * float64(b.Count)
}

// sumRange returns the least sum that a bucket may have and how much above it the greatest is, in quanta.
func sumRange(b metric.Bucket, quantum int) (least, room int64) {
	low, high := int64(math.Ldexp(b.Min, -quantum)), int64(math.Ldexp(b.Max, -quantum))
	return low * int64(b.Count), (high - low) * int64(b.Count)
}

// sumSize returns how many bits a sum takes and how many low ones are left out.
func sumSize(t metric.Tier, room int64) (size, drop uint) {
	size = uint(bits.Len64(uint64(room)))
	if most := sumBits(t); size > most {
		return most, size - most
	}
	return size, 0
}

// quantumOf returns the exponent of the greatest power of two that minima, maxima and sums are multiples of, and whether they are
// few enough of it to be counted without loss.
func quantumOf(buckets []metric.Bucket) (exponent int, fits bool) {
	exponent = math.MaxInt
	most := 0.0
	for _, b := range buckets {
		if sumFollows(b) {
			continue
		}
		exponent = min(exponent, lowest(b.Min), lowest(b.Max), lowest(b.Sum))
		most = max(most, math.Abs(b.Sum), float64(b.Count)*max(math.Abs(b.Min), math.Abs(b.Max)))
	}
	if exponent == math.MaxInt {
		return 0, true
	}
	return exponent, math.Ldexp(most, -exponent) < 1<<53
}

// lowest returns the exponent of the lowest bit of a value.
func lowest(v float64) int {
	if v == 0 {
		return math.MaxInt
	}
	fraction, exponent := math.Frexp(v)
	mantissa := math.Float64bits(fraction)&(1<<52-1) | 1<<52
	return exponent - 53 + bits.TrailingZeros64(mantissa)
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
	case blockBits:
		return decodeBits(out, t, body, from, to)
	case blockColumns:
		return decodeColumns(out, t, body, from, to)
	case blockRows:
		return decodeRows(out, t, body, from, to)
	}
	return out, errBlock
}

func decodeBits(out []metric.Bucket, t metric.Tier, body []byte, from, to int64) ([]metric.Bucket, error) {
	r := bitReader{buf: body}
	for r.pos < uint(len(body))*8 {
		n := r.number()
		if n == 0 || n > sectionBuckets {
			return out, errBlock
		}
		begin := len(out)
		out = slices.Grow(out, int(n))[:begin+int(n)]
		section := out[begin:]
		ok := r.times(t, section)
		if t.Step > 0 {
			ok = ok && r.rollups(t, section)
		} else {
			r.values(section)
		}
		if !ok || r.bad() {
			return out[:begin], errBlock
		}
		r.pos = (r.pos + 7) / 8 * 8
		out = within(out, begin, from, to)
	}
	return out, nil
}

// within takes what does not lie in the range from to to out of a section at the end of a list.
func within(out []metric.Bucket, begin int, from, to int64) []metric.Bucket {
	section := out[begin:]
	if section[0].At >= from && section[len(section)-1].At < to {
		return out
	}
	first, _ := slices.BinarySearchFunc(section, from, compareBucket)
	end, _ := slices.BinarySearchFunc(section, to, compareBucket)
	return out[:begin+copy(section, section[first:max(end, first)])]
}

// times reads the times of a section. It reports false when they do not grow.
func (r *bitReader) times(t metric.Tier, section []metric.Bucket) bool {
	in := unit(t)
	if r.read(1) == 1 {
		in = second
	}
	at := unzigzag(r.number())
	section[0].At = at * in
	if len(section) == 1 {
		return true
	}
	step := unzigzag(r.number())
	column := r.column()
	ok := step > 0
	for i := 1; i < len(section); i++ {
		if i > 1 {
			step += unzigzag(column.next(r))
		}
		ok = ok && step > 0
		at += step
		section[i].At = at * in
	}
	return ok
}

// values reads the values of a section of raw samples.
func (r *bitReader) values(section []metric.Bucket) {
	shift := uint(r.read(6))
	code := unzigzag(r.number())
	column := r.column()
	for i := range section {
		if i > 0 {
			code += unzigzag(column.next(r))
		}
		v := unorder(code << shift)
		b := &section[i]
		b.Min, b.Max, b.Sum, b.Count = v, v, v, 1
	}
}

// rollups reads all but the times of a section of rollups.
func (r *bitReader) rollups(t metric.Tier, section []metric.Bucket) bool {
	count := unzigzag(r.number())
	column := r.column()
	for i := range section {
		if i > 0 {
			count += unzigzag(column.next(r))
		}
		if count < 1 || count > math.MaxUint32 {
			return false
		}
		section[i].Count = uint32(count)
	}
	shift := uint(r.read(6))
	code := unzigzag(r.number())
	column = r.column()
	for i := range section {
		if i > 0 {
			code += unzigzag(column.next(r))
		}
		section[i].Min = unorder(code << shift)
	}
	column = r.column()
	for i := range section {
		b := &section[i]
		b.Max = unorder((order(b.Min)>>shift + int64(column.next(r))) << shift)
	}
	r.sums(t, section)
	return true
}

func (r *bitReader) sums(t metric.Tier, section []metric.Bucket) {
	quantum := int(r.read(12))
	for i := range section {
		b := &section[i]
		switch {
		case sumFollows(*b):
			b.Sum = follow(*b)
		case quantum == wideSums:
			b.Sum = math.Float64frombits(r.read(64))
		default:
			least, room := sumRange(*b, quantum-quantumBias)
			size, drop := sumSize(t, room)
			over := min(int64(r.read(size)<<drop), room)
			b.Sum = math.Ldexp(float64(least+over), quantum-quantumBias)
		}
	}
}

func compareBucket(b metric.Bucket, at int64) int {
	switch {
	case b.At < at:
		return -1
	case b.At > at:
		return 1
	}
	return 0
}
