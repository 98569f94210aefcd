package sqlite

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// The log of samples is a folder of numbered segments. A segment is a row of frames: length and CRC-32C of the
// payload, four bytes each, little-endian, then the payload, a row of entries. What is behind the last whole frame of a
// segment was never acknowledged; what is between whole ones is damaged.
const (
	frameHeader = 8
	maxFrame    = 8 << 20
	fillFrame   = 1 << 20 // a frame is closed at the first entry past this

	entryDefine = 1 // series id, record, metric, instance
	entrySample = 2 // series id, Unix milliseconds, value; written by former versions
	entryForget = 3 // series id
	entryNext   = 4 // series id and Unix milliseconds against the sample before in the frame, value with its low bits first
	entryExact  = 5 // the same with the value as it is: it has too many bits
	entryBatch  = 6 // many samples, see metrics_frame.go
	entryAfter  = 7 // value with its low bits first, of the series after that of the sample before in the frame, at the same time
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
