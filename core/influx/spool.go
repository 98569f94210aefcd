package influx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// The spool is a folder of numbered segments. A segment is a row of frames: length and CRC-32C of the payload, four bytes
// each, little-endian; the payload is tier, number of lines, Unix time in milliseconds (varints) and the body. The file
// position says what InfluxDB has: segment and offset. What is behind a torn frame was never acknowledged.
const (
	frameHeader  = 8
	maxFrame     = 64 << 20
	segmentBytes = 8 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is what is sent as one.
type entry struct {
	tier  int
	lines int
	at    time.Time // when it came
	body  []byte
}

// place is a position in the spool.
type place struct {
	seq    uint64
	offset int64
}

// spool is a queue on the disk. Its owner guards it by a lock.
type spool struct {
	dir      string
	position *os.File
	read     place  // what comes next
	tail     uint64 // the newest segment
	file     *os.File
	size     int64 // of what is whole in it
	torn     bool
	dirty    bool
	bytes    int64 // that wait
	lines    int64
	first    time.Time // when the oldest that waits came
}

func openSpool(dir string, now time.Time) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool: %w", err)
	}
	s := &spool{dir: dir}
	var err error
	if s.position, err = os.OpenFile(filepath.Join(dir, "position"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	var at [16]byte
	if n, _ := s.position.ReadAt(at[:], 0); n == len(at) {
		s.read = place{binary.LittleEndian.Uint64(at[:]), int64(binary.LittleEndian.Uint64(at[8:]))}
	}
	if err := s.scan(now); err != nil {
		_ = s.position.Close()
		return nil, fmt.Errorf("read the spool: %w", err)
	}
	return s, nil
}

// scan counts what waits and begins a new segment.
func (s *spool) scan(now time.Time) error {
	all, err := s.segments()
	if err != nil {
		return err
	}
	s.tail = s.read.seq
	for _, seq := range all {
		if seq < s.read.seq {
			if err := os.Remove(s.name(seq)); err != nil {
				return err
			}
			continue
		}
		at := place{seq, 0}
		if seq == s.read.seq {
			at.offset = s.read.offset
		}
		for {
			e, next, err := s.at(at)
			if err != nil {
				return err
			}
			if e == nil {
				break
			}
			s.count(e, next.offset-at.offset)
			at = next
		}
		s.tail = seq
	}
	if s.lines == 0 {
		s.first = now
	}
	return s.begin()
}

func (s *spool) count(e *entry, bytes int64) {
	if s.lines == 0 {
		s.first = e.at
	}
	s.bytes, s.lines = s.bytes+bytes, s.lines+int64(e.lines)
}

func (s *spool) segments() (all []uint64, err error) {
	list, err := os.ReadDir(s.dir)
	for _, f := range list {
		if seq, err := strconv.ParseUint(f.Name(), 10, 64); err == nil {
			all = append(all, seq)
		}
	}
	slices.Sort(all)
	return all, err
}

func (s *spool) name(seq uint64) string { return filepath.Join(s.dir, fmt.Sprintf("%016d", seq)) }

// begin begins a new segment.
func (s *spool) begin() error {
	f, err := os.OpenFile(s.name(s.tail+1), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if s.file != nil {
		err = errors.Join(s.file.Sync(), s.file.Close())
	}
	s.tail, s.file, s.size, s.torn = s.tail+1, f, 0, false
	return err
}

// put appends an entry. When it fails, nothing of it is in the spool.
func (s *spool) put(e entry, now time.Time) error {
	if s.torn {
		if err := s.file.Truncate(s.size); err != nil {
			return err
		}
		s.torn = false
	}
	if s.size >= segmentBytes {
		if err := s.begin(); err != nil {
			return err
		}
	}
	e.at = now
	frame := make([]byte, frameHeader, frameHeader+len(e.body)+24)
	frame = binary.AppendUvarint(frame, uint64(e.tier))
	frame = binary.AppendUvarint(frame, uint64(e.lines))
	frame = binary.AppendVarint(frame, now.UnixMilli())
	frame = append(frame, e.body...)
	payload := frame[frameHeader:]
	binary.LittleEndian.PutUint32(frame, uint32(len(payload)))
	binary.LittleEndian.PutUint32(frame[4:], crc32.Checksum(payload, castagnoli))
	n, err := s.file.Write(frame)
	if err != nil {
		if n > 0 && s.file.Truncate(s.size) != nil {
			s.torn = true
		}
		return err
	}
	s.size += int64(n)
	s.dirty = true
	s.count(&e, int64(n))
	return nil
}

// at reads the entry at a place and returns the one behind it; no entry where a segment ends.
func (s *spool) at(p place) (*entry, place, error) {
	f, err := os.Open(s.name(p.seq))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, p, nil
	}
	if err != nil {
		return nil, p, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, p, err
	}
	var header [frameHeader]byte
	if _, err := f.ReadAt(header[:], p.offset); err != nil {
		return nil, p, nil //nolint:nilerr // the end, or a torn frame
	}
	n := int64(binary.LittleEndian.Uint32(header[:]))
	if n == 0 || n > maxFrame || n > info.Size()-p.offset-frameHeader {
		return nil, p, nil
	}
	payload := make([]byte, n)
	if _, err := f.ReadAt(payload, p.offset+frameHeader); err != nil {
		return nil, p, err
	}
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(header[4:]) {
		return nil, p, nil
	}
	e, ok := readEntry(payload)
	if !ok {
		return nil, p, nil
	}
	return &e, place{p.seq, p.offset + frameHeader + n}, nil
}

// readEntry takes a payload apart.
func readEntry(payload []byte) (e entry, ok bool) {
	tier, a := binary.Uvarint(payload)
	if a <= 0 || tier > tierDelete {
		return e, false
	}
	lines, b := binary.Uvarint(payload[a:])
	if b <= 0 || lines > maxFrame {
		return e, false
	}
	at, c := binary.Varint(payload[a+b:])
	if c <= 0 {
		return e, false
	}
	return entry{int(tier), int(lines), time.UnixMilli(at), payload[a+b+c:]}, true
}

// next returns entries of one tier that wait, oldest first, up to so many lines and bytes, and the place behind them. Body
// and lines are those of all.
func (s *spool) next(lines, bytes int) (*entry, place, error) {
	var all *entry
	at := s.read
	for {
		e, next, err := s.at(at)
		if err != nil {
			return nil, at, err
		}
		if e == nil {
			if at.seq >= s.tail {
				return all, at, nil
			}
			at = place{at.seq + 1, 0}
			continue
		}
		switch {
		case all == nil:
			all = e
		case all.tier != e.tier || e.tier == tierDelete || all.lines+e.lines > lines || len(all.body)+len(e.body) > bytes:
			return all, at, nil
		default:
			all.body, all.lines = append(all.body, e.body...), all.lines+e.lines
		}
		at = next
	}
}

// done says that everything before a place has been taken, so many lines.
func (s *spool) done(to place, lines int, now time.Time) error {
	var at [16]byte
	binary.LittleEndian.PutUint64(at[:], to.seq)
	binary.LittleEndian.PutUint64(at[8:], uint64(to.offset))
	if _, err := s.position.WriteAt(at[:], 0); err != nil {
		return err
	}
	for seq := s.read.seq; seq < to.seq; seq++ {
		if err := os.Remove(s.name(seq)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	s.read = to
	s.lines -= int64(lines)
	if s.lines <= 0 {
		s.lines, s.bytes, s.first = 0, 0, now
		return nil
	}
	s.bytes = s.waiting()
	if e, _, err := s.next(1, 1); err == nil && e != nil {
		s.first = e.at
	}
	return nil
}

// waiting returns the bytes that have not been taken.
func (s *spool) waiting() (bytes int64) {
	all, err := s.segments()
	if err != nil {
		return s.bytes
	}
	for _, seq := range all {
		if info, err := os.Stat(s.name(seq)); err == nil {
			bytes += info.Size()
		}
	}
	return max(bytes-s.read.offset, 0)
}

// oldest is when the oldest that waits came.
func (s *spool) oldest() time.Time { return s.first }

// sync forces to the disk what waits.
func (s *spool) sync() error {
	if !s.dirty || s.lines == 0 {
		return nil
	}
	s.dirty = false
	return s.file.Sync()
}

func (s *spool) close() error {
	return errors.Join(s.file.Sync(), s.file.Close(), s.position.Close())
}

// diskError tells a full disk.
func diskError(dir string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		e := errs.Wrap(errs.Unavailable, err, "the disk that holds %s is full: free space there, then it goes on by itself", dir)
		e.RetryAfter = 30 * time.Second
		return e
	}
	return fmt.Errorf("write the spool: %w", err)
}
