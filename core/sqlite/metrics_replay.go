package sqlite

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// entries is what a replay calls for each entry, in the order of the log.
type entries interface {
	define(series uint32, k metric.Key)
	sample(series uint32, at int64, value float64)
	forget(series uint32)
}

var errTorn = errors.New("the segment is torn")

// replay reads a segment. It returns the length up to the end of the last whole frame, how much before that is damaged, and errTorn
// when more follows.
func replay(path string, to entries) (whole, damaged int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	s := segmentReader{file: f, size: info.Size()}
	for at := int64(0); at < s.size; {
		payload, err := s.frame(at)
		if err != nil {
			return whole, damaged, err
		}
		if payload == nil {
			next, err := s.find(at + 1)
			if err != nil || next < 0 {
				return whole, damaged, cmp.Or(err, errTorn)
			}
			damaged, at = damaged+next-at, next
			continue
		}
		at += frameHeader + int64(len(payload))
		if !readEntries(payload, to) {
			damaged += frameHeader + int64(len(payload))
		}
		whole = at
	}
	return whole, damaged, nil
}

// segmentReader finds the frames of a segment.
type segmentReader struct {
	file    *os.File
	size    int64
	payload []byte
}

// frame returns the payload of the frame at a place, nil when there is none that is whole. It is good until the next call.
func (s *segmentReader) frame(at int64) ([]byte, error) {
	var header [frameHeader]byte
	if at+frameHeader > s.size {
		return nil, nil
	}
	if _, err := s.file.ReadAt(header[:], at); err != nil {
		return nil, fmt.Errorf("read segment: %w", err)
	}
	n := int64(binary.LittleEndian.Uint32(header[:]))
	if n == 0 || n > maxFrame || n > s.size-at-frameHeader {
		return nil, nil
	}
	s.payload = slices.Grow(s.payload[:0], int(n))[:n]
	if _, err := s.file.ReadAt(s.payload, at+frameHeader); err != nil {
		return nil, fmt.Errorf("read segment: %w", err)
	}
	if crc32.Checksum(s.payload, castagnoli) != binary.LittleEndian.Uint32(header[4:]) {
		return nil, nil
	}
	return s.payload, nil
}

// find returns where the next whole frame begins, -1 when none does within what a frame may take.
func (s *segmentReader) find(from int64) (int64, error) {
	near := make([]byte, max(min(s.size-from, 2*fillFrame), 0))
	if _, err := s.file.ReadAt(near, from); err != nil {
		return 0, fmt.Errorf("read segment: %w", err)
	}
	for i := 0; i+frameHeader < len(near); i++ {
		n := int(binary.LittleEndian.Uint32(near[i:]))
		if n == 0 || n > 2*fillFrame {
			continue
		}
		payload, err := s.frame(from + int64(i))
		if err != nil || payload != nil {
			return from + int64(i), err
		}
	}
	return -1, nil
}

// readEntries hands the entries of a payload over and reports whether all were well-formed.
func readEntries(payload []byte, to entries) bool {
	r := blockReader{rest: payload}
	var prev logged
	for len(r.rest) > 0 && !r.bad {
		kind := r.byte()
		if kind == entryBatch {
			if !readBatch(&r, to) {
				return false
			}
			continue
		}
		if kind == entryNext || kind == entryExact || kind == entryAfter {
			if kind == entryAfter {
				prev.series++
			} else {
				prev.series += uint32(r.varint())
				prev.at += r.varint()
			}
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
	if kind != entryExact {
		return math.Float64frombits(bits.Reverse64(r.uvarint()))
	}
	return math.Float64frombits(r.fixed())
}

// readBatch hands over the samples of an entry that holds many and reports whether it is well-formed.
func readBatch(r *blockReader, to entries) bool {
	columns := bitReader{buf: r.take(int(min(r.uvarint(), maxFrame)))}
	packed := r.take(int(min(r.uvarint(), maxFrame)))
	n := columns.number()
	if r.bad || n == 0 || n > packAtOne {
		return false
	}
	var header zstd.Header
	if header.Decode(packed) != nil || header.FrameContentSize != 8*n {
		return false
	}
	planes, err := sharedPacker().dec.DecodeAll(packed, nil)
	if err != nil || uint64(len(planes)) != 8*n {
		return false
	}
	names, times := columns.running(int(n)), columns.running(int(n))
	if columns.bad() {
		return false
	}
	for i := range names {
		var v uint64
		for plane := range 8 {
			v = v<<8 | uint64(planes[plane*len(names)+i])
		}
		to.sample(uint32(names[i]), times[i], math.Float64frombits(v))
	}
	return true
}

// running reads n numbers that [bitWriter.differences] wrote.
func (r *bitReader) running(n int) []int64 {
	all := make([]int64, n)
	all[0] = unzigzag(r.number())
	column := r.column()
	for i := 1; i < n; i++ {
		all[i] = all[i-1] + unzigzag(column.next(r))
	}
	return all
}
