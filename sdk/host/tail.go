package host

import (
	"bytes"
	"sync"
)

const (
	tailLines = 50
	tailWidth = 1000
)

// tail keeps the last lines of what is written to it.
type tail struct {
	mu    sync.Mutex
	lines []string
	part  []byte
}

// Write never fails. Lines are cut at a limit.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		t.part = append(t.part, line[:min(len(line), tailWidth-min(len(t.part), tailWidth))]...)
		if whole {
			t.add(string(t.part))
			t.part = t.part[:0]
		}
		b = rest
	}
	return n, nil
}

func (t *tail) add(line string) {
	if line == "" {
		return
	}
	if len(t.lines) == tailLines {
		copy(t.lines, t.lines[1:])
		t.lines = t.lines[:tailLines-1]
	}
	t.lines = append(t.lines, line)
}

// Lines returns the last lines, the oldest first.
func (t *tail) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := append([]string(nil), t.lines...)
	if len(t.part) > 0 {
		out = append(out, string(t.part))
	}
	return out
}
