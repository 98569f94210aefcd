package sqlite

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"

	"github.com/pulse-platform/pulse/core/metric"
)

// Many samples in a row are one entry: the length of what follows, their series and times as columns of differences, which are
// mostly the same, and as a Zstandard frame (RFC 8878) first the highest bytes of all values, then the next ones, for the low ones
// are mostly zero.
const (
	packFrom  = 256     // samples; fewer are entries of their own
	packAtOne = 1 << 16 // samples in an entry
)

// frameWriter builds frames of entries in one buffer.
type frameWriter struct {
	buf   []byte
	start int      // of the open frame, -1 without one
	prev  logged   // the sample before in the frame
	batch []logged // samples that are not in the buffer yet
}

// logged is a sample in the log.
type logged struct {
	series uint32
	point
}

func (w *frameWriter) reset() {
	if cap(w.buf) > 2*fillFrame {
		w.buf = nil
	}
	if cap(w.batch) > 4096 {
		w.batch = nil
	}
	w.buf, w.start, w.batch = w.buf[:0], -1, w.batch[:0]
}

func (w *frameWriter) open() {
	if w.start >= 0 && len(w.buf)-w.start > fillFrame {
		w.seal() // the samples that wait are for the next one
	}
	if w.start < 0 {
		w.start, w.prev = len(w.buf), logged{}
		w.buf = append(w.buf, make([]byte, frameHeader)...)
	}
}

func (w *frameWriter) close() {
	w.settle()
	w.seal()
}

// seal ends the open frame.
func (w *frameWriter) seal() {
	if w.start < 0 {
		return
	}
	payload := w.buf[w.start+frameHeader:]
	binary.LittleEndian.PutUint32(w.buf[w.start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(w.buf[w.start+4:], crc32.Checksum(payload, castagnoli))
	w.start = -1
}

func (w *frameWriter) define(series uint32, k metric.Key) {
	w.settle()
	w.open()
	w.buf = append(w.buf, entryDefine)
	w.buf = binary.AppendUvarint(w.buf, uint64(series))
	for _, part := range []string{string(k.Record), k.Metric, k.Instance} {
		w.buf = binary.AppendUvarint(w.buf, uint64(len(part)))
		w.buf = append(w.buf, part...)
	}
}

func (w *frameWriter) sample(series uint32, p point) {
	if w.batch = append(w.batch, logged{series, p}); len(w.batch) == packAtOne {
		w.settle()
	}
}

// settle writes the samples that wait.
func (w *frameWriter) settle() {
	if len(w.batch) >= packFrom {
		w.open()
		w.pack()
	} else {
		for _, s := range w.batch {
			w.open()
			w.one(s)
		}
	}
	w.batch = w.batch[:0]
}

// one writes a sample as an entry of its own.
func (w *frameWriter) one(s logged) {
	// Rounded values have few bits, and those are the high ones.
	short := bits.Reverse64(math.Float64bits(s.value))
	if short < 1<<56 && s.series == w.prev.series+1 && s.at == w.prev.at {
		w.buf = binary.AppendUvarint(append(w.buf, entryAfter), short)
		w.prev = s
		return
	}
	kind := byte(entryNext)
	if short >= 1<<56 {
		kind = entryExact
	}
	w.buf = append(w.buf, kind)
	w.buf = binary.AppendVarint(w.buf, int64(s.series)-int64(w.prev.series))
	w.buf = binary.AppendVarint(w.buf, s.at-w.prev.at)
	if kind == entryNext {
		w.buf = binary.AppendUvarint(w.buf, short)
	} else {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(s.value))
	}
	w.prev = s
}

// pack writes the samples that wait as one entry.
func (w *frameWriter) pack() {
	n := len(w.batch)
	column, planes := make([]uint64, n), make([]byte, 8*n)
	var head bitWriter
	head.number(uint64(n))
	for i, s := range w.batch {
		column[i] = uint64(s.series)
		v := math.Float64bits(s.value)
		for plane := range 8 {
			planes[plane*n+i] = byte(v >> (56 - 8*plane))
		}
	}
	head.differences(column)
	for i, s := range w.batch {
		column[i] = uint64(s.at)
	}
	head.differences(column)
	columns, values := head.bytes(), sharedPacker().enc.EncodeAll(planes, nil)
	w.buf = append(w.buf, entryBatch)
	w.buf = binary.AppendUvarint(w.buf, uint64(len(columns)))
	w.buf = append(w.buf, columns...)
	w.buf = binary.AppendUvarint(w.buf, uint64(len(values)))
	w.buf = append(w.buf, values...)
}

func (w *frameWriter) forget(series uint32) {
	w.settle()
	w.open()
	w.buf = append(w.buf, entryForget)
	w.buf = binary.AppendUvarint(w.buf, uint64(series))
}
