// Package spool keeps reports on disk while they cannot be delivered: in order, bounded, and whole after kill -9. It
// knows bytes and kinds of reports, not what they mean. Each report is a file with a checksum, written beside its
// place and renamed into it.
package spool

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	extension = ".report"
	magic     = "PSP1"
	headSize  = len(magic) + 4 + 4 + 2 // magic, checksum, length of the body, length of the kind
	maxEntry  = 16 << 20
)

var (
	order    = binary.BigEndian
	checksum = crc32.MakeTable(crc32.Castagnoli)
)

// Entry is one report that waits.
type Entry struct {
	Kind string
	Body []byte
	seq  uint64
}

// Limits bound what a spool keeps.
type Limits struct {
	Bytes int64
	Count int
}

// Stats tells how a spool is doing.
type Stats struct {
	Waiting int
	Bytes   int64
	// Lost counts the reports that were dropped to keep the limits or were found damaged, since the start.
	Lost uint64
}

// Spool is a queue of reports in a directory of its own. It is safe for concurrent use by one process.
type Spool struct {
	dir    string
	limits Limits
	log    *slog.Logger

	mu    sync.Mutex
	files []file // oldest first
	bytes int64
	next  uint64
	lost  uint64
}

type file struct {
	seq  uint64
	size int64
}

// Open opens the spool in a directory, which is made when it is missing. Half-written files of a killed process are
// removed.
func Open(dir string, limits Limits, log *slog.Logger) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	s := &Spool{dir: dir, limits: limits, log: log, next: 1}
	for _, e := range entries {
		name, isReport := strings.CutSuffix(e.Name(), extension)
		seq, err := strconv.ParseUint(name, 16, 64)
		if strings.HasPrefix(e.Name(), ".new-") {
			err = os.Remove(filepath.Join(dir, e.Name()))
			if err != nil {
				log.Warn("half-written report stays", "error", err)
			}
			continue
		}
		if !isReport || err != nil || len(name) != 16 {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue
		}
		s.files = append(s.files, file{seq, info.Size()})
		s.bytes += info.Size()
	}
	slices.SortFunc(s.files, func(a, b file) int { return cmp.Compare(a.seq, b.seq) })
	if n := len(s.files); n > 0 {
		s.next = s.files[n-1].seq + 1
	}
	s.trim(0)
	return s, nil
}

// Put appends a report. When the spool is full the oldest go. The error tells that the report is not on disk.
func (s *Spool) Put(kind string, body []byte) error {
	if len(kind) > 255 || len(body) > maxEntry || int64(len(body)+headSize+len(kind)) > s.limits.Bytes {
		return errors.New("put report into spool: it is too large")
	}
	data := encode(kind, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trim(int64(len(data)))
	if err := s.write(data); err != nil {
		return fmt.Errorf("put report into spool: %w", err)
	}
	s.files = append(s.files, file{s.next, int64(len(data))})
	s.bytes += int64(len(data))
	s.next++
	return nil
}

// write puts a file into its place whole or not at all. It is not synced: a report survives the death of the agent, and
// of a power cut only what the system wrote by itself, which spares the disk.
func (s *Spool) write(data []byte) error {
	f, err := os.CreateTemp(s.dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path(s.next))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Oldest returns the report that waits longest; ok is false when there is none. Damaged files are dropped and counted.
func (s *Spool) Oldest() (e Entry, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.files) > 0 {
		seq := s.files[0].seq
		data, err := os.ReadFile(s.path(seq))
		if err == nil {
			e, err = decode(data)
		}
		if err == nil {
			e.seq = seq
			return e, true
		}
		s.log.Warn("damaged report dropped", "error", err)
		s.drop()
		s.lost++
	}
	return Entry{}, false
}

// Done removes a report that [Spool.Oldest] returned. It does nothing when the report is gone already.
func (s *Spool) Done(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.files) > 0 && s.files[0].seq == e.seq {
		s.drop()
	}
}

// Stats returns how much waits and how much was lost.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Waiting: len(s.files), Bytes: s.bytes, Lost: s.lost}
}

// trim drops the oldest reports until one of the given size fits.
func (s *Spool) trim(size int64) {
	extra := 0
	if size > 0 {
		extra = 1
	}
	before := s.lost
	for len(s.files) > 0 && (s.bytes+size > s.limits.Bytes || len(s.files)+extra > s.limits.Count) {
		s.drop()
		s.lost++
	}
	if s.lost > before {
		s.log.Warn("spool is full: oldest reports dropped", "dropped", s.lost-before, "lost_since_start", s.lost)
	}
}

// drop forgets the oldest file.
func (s *Spool) drop() {
	if err := os.Remove(s.path(s.files[0].seq)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("report cannot be removed from the spool", "error", err)
	}
	s.bytes -= s.files[0].size
	s.files = s.files[1:]
	if len(s.files) == 0 {
		s.files = nil
	}
}

func (s *Spool) path(seq uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%016x%s", seq, extension))
}

func encode(kind string, body []byte) []byte {
	data := make([]byte, 0, headSize+len(kind)+len(body))
	data = append(data, magic...)
	data = order.AppendUint32(data, 0)
	data = order.AppendUint32(data, uint32(len(body)))
	data = order.AppendUint16(data, uint16(len(kind)))
	data = append(append(data, kind...), body...)
	order.PutUint32(data[len(magic):], crc32.Checksum(data[len(magic)+4:], checksum))
	return data
}

func decode(data []byte) (Entry, error) {
	if len(data) < headSize || string(data[:len(magic)]) != magic {
		return Entry{}, errors.New("decode spooled report: it has no head")
	}
	sum, size, kind := order.Uint32(data[4:]), int(order.Uint32(data[8:])), int(order.Uint16(data[12:]))
	if size > maxEntry || len(data) != headSize+kind+size {
		return Entry{}, errors.New("decode spooled report: it is cut off")
	}
	if crc32.Checksum(data[8:], checksum) != sum {
		return Entry{}, errors.New("decode spooled report: its checksum is wrong")
	}
	return Entry{Kind: string(data[headSize : headSize+kind]), Body: data[headSize+kind:]}, nil
}
