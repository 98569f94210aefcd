package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// The log of samples is a folder of numbered segments. A segment is a row of frames: length and CRC-32C of the
// payload, four bytes each, little-endian, then the payload, a row of entries. What is behind a torn frame in a
// segment was never acknowledged.
const (
	frameHeader = 8
	maxFrame    = 8 << 20
	fillFrame   = 1 << 20 // a frame is closed at the first entry past this

	entryDefine = 1 // series id, record, metric, instance
	entrySample = 2 // series id, Unix milliseconds, value; written by former versions
	entryForget = 3 // series id
	entryNext   = 4 // series id and Unix milliseconds against the sample before in the frame, value with its low bits first
	entryExact  = 5 // the same with the value as it is: it has too many bits
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sampleLog appends to the newest segment. Its owner guards it by a lock.
type sampleLog struct {
	dir   string
	seq   uint64
	file  *os.File
	size  int64 // of what is whole in the newest segment
	torn  bool  // the file is longer than size and could not be cut
	dirty bool  // written since the last sync
	// volatile keeps nothing: there is no file.
	volatile bool
}

func (l *sampleLog) name(seq uint64) string { return filepath.Join(l.dir, fmt.Sprintf("%016d", seq)) }

// segments returns the numbers of the segments in dir, oldest first.
func segments(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []uint64
	for _, e := range entries {
		if seq, err := strconv.ParseUint(e.Name(), 10, 64); err == nil && e.Type().IsRegular() {
			all = append(all, seq)
		}
	}
	slices.Sort(all)
	return all, nil
}

// rotate begins a new segment and returns the file of the one before, for the caller to sync and close.
func (l *sampleLog) rotate() (*os.File, error) {
	if l.volatile {
		l.seq, l.size = l.seq+1, 0
		return nil, nil
	}
	f, err := os.OpenFile(l.name(l.seq+1), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin segment: %w", err)
	}
	old := l.file
	l.seq, l.file, l.size, l.torn, l.dirty = l.seq+1, f, 0, false, false
	return old, nil
}

// write appends whole frames. When it fails, nothing of them is in the log.
func (l *sampleLog) write(frames []byte) error {
	if l.volatile {
		l.size += int64(len(frames))
		return nil
	}
	if l.torn {
		if err := l.cut(); err != nil {
			return fmt.Errorf("repair segment: %w", err)
		}
	}
	n, err := l.file.Write(frames)
	if err != nil {
		if n > 0 {
			l.torn = true
			_ = l.cut() // else the next write does it first
		}
		return fmt.Errorf("write segment: %w", err)
	}
	l.size += int64(n)
	l.dirty = true
	return nil
}

func (l *sampleLog) cut() error {
	if err := l.file.Truncate(l.size); err != nil {
		return err
	}
	l.torn = false
	return nil
}

// drop removes the segments up to and with a number.
func (l *sampleLog) drop(upTo uint64) error {
	if l.volatile {
		return nil
	}
	all, err := segments(l.dir)
	if err != nil {
		return err
	}
	var failed error
	for _, seq := range all {
		if seq <= upTo {
			failed = errors.Join(failed, os.Remove(l.name(seq)))
		}
	}
	return failed
}

// close syncs and ends the newest segment.
func (l *sampleLog) close() error {
	if l.volatile {
		return nil
	}
	return errors.Join(l.file.Sync(), l.file.Close())
}

// syncFolder makes a new segment's name last. Some systems cannot, and some need not.
func (l *sampleLog) syncFolder() {
	if f, err := os.Open(l.dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// bytes returns the size of all segments.
func (l *sampleLog) bytes() int64 {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return 0
	}
	var total int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			total += info.Size()
		}
	}
	return total
}

// frameWriter builds frames of entries in one buffer.
type frameWriter struct {
	buf   []byte
	start int // of the open frame, -1 without one
	prev  cursor
}

// cursor is the sample before in a frame.
type cursor struct {
	series uint32
	at     int64
}

func (w *frameWriter) reset() {
	if cap(w.buf) > 2*fillFrame {
		w.buf = nil
	}
	w.buf, w.start = w.buf[:0], -1
}

func (w *frameWriter) open() {
	if w.start >= 0 && len(w.buf)-w.start > fillFrame {
		w.close()
	}
	if w.start < 0 {
		w.start, w.prev = len(w.buf), cursor{}
		w.buf = append(w.buf, make([]byte, frameHeader)...)
	}
}

func (w *frameWriter) close() {
	if w.start < 0 {
		return
	}
	payload := w.buf[w.start+frameHeader:]
	binary.LittleEndian.PutUint32(w.buf[w.start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(w.buf[w.start+4:], crc32.Checksum(payload, castagnoli))
	w.start = -1
}

func (w *frameWriter) define(series uint32, k metric.Key) {
	w.open()
	w.buf = append(w.buf, entryDefine)
	w.buf = binary.AppendUvarint(w.buf, uint64(series))
	for _, part := range []string{string(k.Record), k.Metric, k.Instance} {
		w.buf = binary.AppendUvarint(w.buf, uint64(len(part)))
		w.buf = append(w.buf, part...)
	}
}

func (w *frameWriter) sample(series uint32, at int64, value float64) {
	w.open()
	// Rounded values have few bits, and those are the high ones.
	short := bits.Reverse64(math.Float64bits(value))
	kind := byte(entryNext)
	if short >= 1<<56 {
		kind = entryExact
	}
	w.buf = append(w.buf, kind)
	w.buf = binary.AppendVarint(w.buf, int64(series)-int64(w.prev.series))
	w.buf = binary.AppendVarint(w.buf, at-w.prev.at)
	if kind == entryNext {
		w.buf = binary.AppendUvarint(w.buf, short)
	} else {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(value))
	}
	w.prev = cursor{series, at}
}

func (w *frameWriter) forget(series uint32) {
	w.open()
	w.buf = append(w.buf, entryForget)
	w.buf = binary.AppendUvarint(w.buf, uint64(series))
}

// entries is what a replay calls for each entry, in the order of the log.
type entries interface {
	define(series uint32, k metric.Key)
	sample(series uint32, at int64, value float64)
	forget(series uint32)
}

var errTorn = errors.New("the segment is torn")

// replay reads a segment. It returns the length of what is whole, and errTorn when more follows.
func replay(path string, to entries) (whole int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	var header [frameHeader]byte
	var payload []byte
	for whole < info.Size() {
		if _, err := f.ReadAt(header[:], whole); err != nil {
			return whole, errTorn
		}
		n := int64(binary.LittleEndian.Uint32(header[:]))
		if n == 0 || n > maxFrame || n > info.Size()-whole-frameHeader {
			return whole, errTorn
		}
		payload = slices.Grow(payload[:0], int(n))[:n]
		if _, err := f.ReadAt(payload, whole+frameHeader); err != nil {
			return whole, fmt.Errorf("read segment: %w", err)
		}
		if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(header[4:]) {
			return whole, errTorn
		}
		if !readEntries(payload, to) {
			return whole, errTorn
		}
		whole += frameHeader + n
	}
	return whole, nil
}

// readEntries hands the entries of a payload over and reports whether all were well-formed.
func readEntries(payload []byte, to entries) bool {
	r := blockReader{rest: payload}
	var prev cursor
	for len(r.rest) > 0 && !r.bad {
		kind := r.byte()
		if kind == entryNext || kind == entryExact {
			prev.series += uint32(r.varint())
			prev.at += r.varint()
			value := readValue(&r, kind)
			if !r.bad {
				to.sample(prev.series, prev.at, value)
			}
			continue
		}
		series := uint32(r.uvarint())
		switch kind {
		case entryDefine:
			k := metric.Key{Record: id.UID(r.text(metric.MaxRecord)), Metric: r.text(metric.MaxMetric), Instance: r.text(metric.MaxInstance)}
			if !r.bad {
				to.define(series, k)
			}
		case entrySample:
			at, value := r.varint(), math.Float64frombits(r.fixed())
			if !r.bad {
				to.sample(series, at, value)
			}
		case entryForget:
			if !r.bad {
				to.forget(series)
			}
		default:
			return false
		}
	}
	return !r.bad
}

func readValue(r *blockReader, kind byte) float64 {
	if kind == entryNext {
		return math.Float64frombits(bits.Reverse64(r.uvarint()))
	}
	return math.Float64frombits(r.fixed())
}
