package influx

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// index is what the store knows of InfluxDB without asking: which series there are, and the hours of which samples came
// that are not rolled up yet. It lies in a file of JSON lines that is appended to and now and then written anew. Its owner
// guards it by a lock.
type index struct {
	path     string
	file     *os.File
	size     int64
	lines    int
	fresh    bool // there was no file
	byRecord map[id.UID][]metric.Key
	keys     map[metric.Key]int64 // when a sample came last, in Unix milliseconds; 0 before the start
	hours    map[int64]int        // how many times samples came
}

// line is one change.
type indexLine struct {
	Record   id.UID   `json:"r,omitempty"`
	Metric   string   `json:"m,omitempty"`
	Instance string   `json:"i,omitempty"`
	Hours    []int64  `json:"h,omitempty"`
	Rolled   []int64  `json:"d,omitempty"`
	Gone     []id.UID `json:"g,omitempty"`
}

func openIndex(path string) (*index, error) {
	x := &index{path: path, byRecord: map[id.UID][]metric.Key{}, keys: map[metric.Key]int64{}, hours: map[int64]int{}}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.fresh = true
	case err != nil:
		return nil, fmt.Errorf("read the index of series: %w", err)
	default:
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var l indexLine
			if json.Unmarshal(lines.Bytes(), &l) == nil { // a torn line was never acknowledged
				x.apply(l)
			}
		}
		if err := errors.Join(lines.Err(), f.Close()); err != nil {
			return nil, fmt.Errorf("read the index of series: %w", err)
		}
	}
	return x, x.rewrite()
}

func (x *index) apply(l indexLine) {
	if l.Record != "" {
		k := metric.Key{Record: l.Record, Metric: l.Metric, Instance: l.Instance}
		if !x.has(k) {
			x.keys[k] = 0
			x.byRecord[k.Record] = append(x.byRecord[k.Record], k)
		}
	}
	for _, h := range l.Hours {
		x.hours[h]++
	}
	for _, h := range l.Rolled {
		delete(x.hours, h)
	}
	for _, r := range l.Gone {
		for _, k := range x.byRecord[r] {
			delete(x.keys, k)
		}
		delete(x.byRecord, r)
	}
}

func (x *index) has(k metric.Key) bool {
	_, there := x.keys[k]
	return there
}

func (x *index) len() int { return len(x.keys) }

func (x *index) keysOf(record id.UID) []metric.Key { return slices.Clone(x.byRecord[record]) }

// touch notes that samples of known hours and series came. It is not written: a start takes open hours for touched.
func (x *index) touch(k metric.Key, hour int64, now time.Time) {
	x.keys[k] = now.UnixMilli()
	x.hours[hour]++
}

// add notes new series and hours.
func (x *index) add(keys []metric.Key, hours []int64) error {
	var lines []indexLine
	for _, k := range keys {
		if !x.has(k) {
			lines = append(lines, indexLine{Record: k.Record, Metric: k.Metric, Instance: k.Instance})
		}
	}
	if hours = slices.DeleteFunc(hours, func(h int64) bool { return x.hours[h] > 0 }); len(hours) > 0 {
		lines = append(lines, indexLine{Hours: hours})
	}
	return x.write(lines...)
}

func (x *index) remove(records []id.UID) error { return x.write(indexLine{Gone: records}) }

// write appends lines to the file and then takes them in.
func (x *index) write(lines ...indexLine) error {
	if len(lines) == 0 {
		return nil
	}
	if x.lines > 1000+2*(len(x.keys)+len(x.hours)) {
		if err := x.rewrite(); err != nil {
			return err
		}
	}
	var buf []byte
	for _, l := range lines {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		buf = append(append(buf, b...), '\n')
	}
	n, err := x.file.Write(buf)
	if err != nil {
		if n > 0 {
			_ = x.file.Truncate(x.size) // else a torn line, which is skipped
		}
		return err
	}
	x.size, x.lines = x.size+int64(n), x.lines+len(lines)
	for _, l := range lines {
		x.apply(l)
	}
	return nil
}

// rewrite writes the file anew with what is true now.
func (x *index) rewrite() error {
	next := x.path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write the index of series: %w", err)
	}
	w, n := bufio.NewWriter(f), 0
	put := func(l indexLine) {
		b, _ := json.Marshal(l) // texts and numbers
		_, _ = w.Write(append(b, '\n'))
		n++
	}
	for k := range x.keys {
		put(indexLine{Record: k.Record, Metric: k.Metric, Instance: k.Instance})
	}
	for h := range x.hours {
		put(indexLine{Hours: []int64{h}})
	}
	err = errors.Join(w.Flush(), f.Sync())
	if err == nil {
		err = os.Rename(next, x.path)
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("write the index of series: %w", err)
	}
	if x.file != nil {
		_ = x.file.Close()
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	x.file, x.size, x.lines = f, info.Size(), n
	return nil
}
