package sqlite

import (
	"os"
	"sync"
	"time"
)

// stateSync is how often the log of the state is synced while it changes.
const stateSync = time.Second

// startSync syncs the write-ahead log each interval in which it changed, until Close. Commits do not wait for the
// disk, and a power cut costs at most the interval.
func (d *DB) startSync(every time.Duration) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		w := walFile{path: d.path + "-wal"}
		defer w.close()
		for {
			select {
			case <-tick.C:
				w.sync()
			case <-stop:
				w.sync()
				return
			}
		}
	}()
	d.stopSync = sync.OnceFunc(func() { close(stop); <-done })
}

// walFile syncs a file when it changed. SQLite keeps the file in place for as long as the database is open.
type walFile struct {
	path   string
	file   *os.File
	size   int64
	mtime  time.Time
	synced bool
}

// sync syncs the file if it changed since the last call, and reports whether it did. A failure leaves it for the
// next call: the data is with the operating system, and the next checkpoint syncs again and reports failures.
func (w *walFile) sync() bool {
	if w.file == nil {
		f, err := os.OpenFile(w.path, os.O_RDWR, 0)
		if err != nil {
			return false // not written yet
		}
		w.file = f
	}
	info, err := w.file.Stat()
	if err != nil {
		return false
	}
	// File times are coarse: one sync more after each change catches what came in the same instant as the last.
	same := info.Size() == w.size && info.ModTime().Equal(w.mtime)
	if same && w.synced {
		return false
	}
	if w.file.Sync() != nil {
		return false
	}
	w.size, w.mtime, w.synced = info.Size(), info.ModTime(), same
	return true
}

func (w *walFile) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
}
