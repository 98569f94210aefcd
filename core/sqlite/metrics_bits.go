package sqlite

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// bitWriter appends numbers of so many bits, high bits first.
type bitWriter struct {
	buf  []byte
	word uint64 // bits that do not fill a byte yet, the first of them highest
	n    uint   // how many
}

// write appends the low bits of v, at most 64.
func (w *bitWriter) write(v uint64, size uint) {
	for size > 0 {
		part := min(size, 56-w.n)
		size -= part
		w.word |= (v >> size & (1<<part - 1)) << (64 - w.n - part)
		for w.n += part; w.n >= 8; w.n -= 8 {
			w.buf = append(w.buf, byte(w.word>>56))
			w.word <<= 8
		}
	}
}

// bytes returns what was written, filled up with zeros to whole bytes.
func (w *bitWriter) bytes() []byte {
	if w.n > 0 {
		w.buf = append(w.buf, byte(w.word>>56))
		w.word, w.n = 0, 0
	}
	return w.buf
}

// bitReader reads what a bitWriter wrote. Past the end it reads zeros and remembers that.
type bitReader struct {
	buf []byte
	pos uint // in bits
}

func (r *bitReader) bad() bool { return r.pos > uint(len(r.buf))*8 }

// peek returns the next bits, at least 57 of them, without taking them.
func (r *bitReader) peek() uint64 {
	at := r.pos / 8
	if at+8 <= uint(len(r.buf)) {
		return binary.BigEndian.Uint64(r.buf[at:]) << (r.pos % 8)
	}
	var last [8]byte
	if at < uint(len(r.buf)) {
		copy(last[:], r.buf[at:])
	}
	return binary.BigEndian.Uint64(last[:]) << (r.pos % 8)
}

func (r *bitReader) read(size uint) uint64 {
	if size == 0 {
		return 0
	}
	if size <= 56 {
		v := r.peek() >> (64 - size)
		r.pos += size
		return v
	}
	high := r.read(size - 32)
	return high<<32 | r.read(32)
}

// zigzag makes small numbers of small differences, whichever their sign.
func zigzag(d int64) uint64 { return uint64(d<<1) ^ uint64(d>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// A column is a row of numbers that are mostly small, as Golomb-Rice codes: the number's high bits in unary, its low ones as they
// are. Two bits before say which of these it is, six more how many the low bits are.
const (
	columnZeros  = 0 // all are zero, nothing follows
	columnPlain  = 1
	columnSparse = 2 // a bit before each number: zero, or the code of the number less one

	longest = 16 // in unary; greater numbers are that, the count of their bits less one in six bits, and their bits
)

// writeColumn appends numbers in the way that is shortest for them.
func writeColumn(w *bitWriter, values []uint64) {
	var plain, sparse [65]int // how many have so many bits
	zeros := 0
	for _, v := range values {
		plain[bits.Len64(v)]++
		if v == 0 {
			zeros++
		} else {
			sparse[bits.Len64(v-1)]++
		}
	}
	if zeros == len(values) {
		w.write(columnZeros, 2)
		return
	}
	low, cost := riceBits(&plain)
	mode := uint64(columnPlain)
	if l, c := riceBits(&sparse); c+len(values) < cost {
		mode, low = columnSparse, l
	}
	w.write(mode, 2)
	w.write(uint64(low), 6)
	for _, v := range values {
		if mode == columnSparse {
			if v == 0 {
				w.write(0, 1)
				continue
			}
			w.write(1, 1)
			v--
		}
		writeRice(w, v, low)
	}
}

// riceBits returns how many low bits are best for numbers of which so many have so many bits, and about what that costs.
func riceBits(lengths *[65]int) (low uint, cost int) {
	cost = math.MaxInt
	for k := range 64 {
		total := 0
		for size, n := range lengths {
			if n == 0 {
				continue
			}
			one := k + 1
			switch over := size - k; {
			case over > 4: // a number in the middle of this size has 24 in unary, or more
				one = longest + 6 + size
			case over > 0:
				one += 3 << over / 4
			}
			total += n * one
		}
		if total < cost {
			low, cost = uint(k), total
		}
	}
	return low, cost
}

func writeRice(w *bitWriter, v uint64, low uint) {
	high := v >> low
	if high >= longest {
		size := uint(bits.Len64(v))
		w.write(1<<longest-1, longest)
		w.write(uint64(size-1), 6)
		w.write(v, size)
		return
	}
	w.write(1<<(high+1)-2, uint(high)+1)
	w.write(v, low)
}

// columnReader reads the numbers of a column one by one. Columns follow each other: the next one begins where the last number of
// this was.
type columnReader struct {
	mode uint64
	low  uint
}

func (r *bitReader) column() columnReader {
	c := columnReader{mode: r.read(2)}
	if c.mode != columnZeros {
		c.low = uint(r.read(6))
	}
	return c
}

// next returns the next number of the column.
func (c *columnReader) next(r *bitReader) uint64 {
	if c.mode == columnPlain {
		return r.rice(c.low)
	}
	if c.mode == columnZeros || r.read(1) == 0 {
		return 0
	}
	return r.rice(c.low) + 1
}

func (r *bitReader) rice(low uint) uint64 {
	next := r.peek()
	high := uint(bits.LeadingZeros64(^next))
	if high >= longest {
		r.pos += longest
		return r.read(uint(r.read(6)) + 1)
	}
	if high+1+low <= 56 {
		r.pos += high + 1 + low
		return uint64(high)<<low | next<<(high+1)>>1>>(63-low)
	}
	r.pos += high + 1
	return uint64(high)<<low | r.read(low)
}
