package sqlite

import (
	"encoding/binary"
	"math"
)

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
