package ingest

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// maxWarnings is how many different warnings are kept; the one that was longest silent goes first.
const maxWarnings = 256

// Warning says that something was refused or dropped, how often and since when.
type Warning struct {
	Integration id.Integration
	Task        string
	Text        string
	Count       int
	First, Last time.Time
}

type warningKey struct {
	integration id.Integration
	task, text  string
}

type warnings struct {
	guard sync.Mutex
	all   map[warningKey]*Warning
}

// Warnings returns what was refused, the newest first.
func (w *warnings) Warnings() []Warning {
	w.guard.Lock()
	defer w.guard.Unlock()
	out := make([]Warning, 0, len(w.all))
	for _, x := range w.all {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b Warning) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Text, b.Text)) })
	return out
}

// warn counts a warning and logs it the first time.
func (d *Door) warn(c Cycle, n int, text string) {
	d.guard.Lock()
	defer d.guard.Unlock()
	key := warningKey{c.Integration, c.Task, text}
	w := d.all[key]
	if w == nil {
		if len(d.all) >= maxWarnings {
			d.forgetOldest()
		}
		w = &Warning{Integration: c.Integration, Task: c.Task, Text: text, First: d.now()}
		d.all[key] = w
		d.log.Warn("observations refused", "integration", c.Integration, "task", c.Task, "reason", text)
	}
	w.Count += n
	w.Last = d.now()
}

func (d *Door) forgetOldest() {
	var oldest warningKey
	var at time.Time
	for key, w := range d.all {
		if at.IsZero() || w.Last.Before(at) {
			oldest, at = key, w.Last
		}
	}
	delete(d.all, oldest)
}

func asSDK(err error) (*sdk.Error, bool) {
	var e *sdk.Error
	ok := errors.As(err, &e)
	return e, ok
}
