package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	logLines = 500
	logWidth = 2000
	// logRate is how many bytes a second a plugin may write for long; logBurst how many at once. One that writes more
	// is slowed down, not cut off: its pipe fills up and it waits.
	logRate  = 256 << 10
	logBurst = 1 << 20
)

// LogLine is one line that a plugin wrote.
type LogLine struct {
	// Seq grows by one with each line, through all lives of the process.
	Seq  int64
	Time time.Time
	// Level is that of a log record, or empty for a line that is none.
	Level string
	Text  string
	// Fields are what the record said beside its text.
	Fields map[string]string
}

// logs keeps the last lines that a plugin wrote, and bounds how much it writes.
type logs struct {
	now   func() time.Time
	sleep func(time.Duration)

	mu    sync.Mutex
	next  int64
	lines []rawLine
	part  []byte
	spent int64 // of the burst
	paid  time.Time
	held  int // how often the plugin was slowed down
}

type rawLine struct {
	seq  int64
	at   time.Time
	text string
}

func newLogs(now func() time.Time) *logs {
	//nolint:forbidigo // The writer is made to wait: that is the brake.
	return &logs{now: now, sleep: time.Sleep, next: 1}
}

// Write never fails. Lines are cut at a limit. It takes its time when the plugin writes too much.
func (l *logs) Write(b []byte) (int, error) {
	if wait := l.take(b); wait > 0 {
		l.sleep(wait)
	}
	return len(b), nil
}

func (l *logs) take(b []byte) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait = l.charge(int64(len(b)))
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		l.part = append(l.part, line[:min(len(line), logWidth-min(len(l.part), logWidth))]...)
		if whole {
			l.add(string(l.part))
			l.part = l.part[:0]
		}
		b = rest
	}
	return wait
}

// charge returns how long the writer has to wait, at most a second. The lock is held.
func (l *logs) charge(n int64) time.Duration {
	now := l.now()
	if !l.paid.IsZero() {
		l.spent = max(0, l.spent-int64(now.Sub(l.paid).Seconds()*logRate))
	}
	l.paid = now
	l.spent += n
	if l.spent <= logBurst {
		return 0
	}
	l.held++
	return min(time.Duration(float64(l.spent-logBurst)/logRate*float64(time.Second)), time.Second)
}

func (l *logs) add(line string) {
	if line = strings.TrimRight(line, "\r"); line == "" {
		return
	}
	if len(l.lines) == logLines {
		l.lines = slices.Delete(l.lines, 0, logLines/10)
	}
	l.lines = append(l.lines, rawLine{l.next, l.now(), line})
	l.next++
}

// Held returns how often the plugin was slowed down because it wrote too much.
func (l *logs) Held() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// After returns the lines after a number, the oldest first, at most limit of the newest ones.
func (l *logs) After(seq int64, limit int) []LogLine {
	l.mu.Lock()
	from, _ := slices.BinarySearchFunc(l.lines, seq+1, func(r rawLine, seq int64) int { return int(r.seq - seq) })
	raw := slices.Clone(l.lines[max(from, len(l.lines)-limit):])
	l.mu.Unlock()
	out := make([]LogLine, 0, len(raw))
	for _, r := range raw {
		out = append(out, parseLine(r))
	}
	return out
}

// Last returns the last line as text, or nothing.
func (l *logs) Last() string {
	last := l.After(0, 1)
	if len(last) == 0 {
		return ""
	}
	return last[0].Text
}

// Texts returns the newest lines as they were written.
func (l *logs) Texts(limit int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, r := range l.lines[max(0, len(l.lines)-limit):] {
		out = append(out, r.text)
	}
	return out
}

// parseLine reads a record of hclog's JSON; another line is its own text.
func parseLine(r rawLine) LogLine {
	out := LogLine{Seq: r.seq, Time: r.at, Text: r.text}
	var record map[string]any
	if !strings.HasPrefix(r.text, "{") || json.Unmarshal([]byte(r.text), &record) != nil {
		return out
	}
	text, ok := record["@message"].(string)
	if !ok {
		return out
	}
	out.Text = text
	out.Level, _ = record["@level"].(string)
	if at, ok := record["@timestamp"].(string); ok {
		if t, err := time.Parse("2006-01-02T15:04:05.000000Z07:00", at); err == nil {
			out.Time = t
		}
	}
	for _, key := range slices.Sorted(maps.Keys(record)) {
		if strings.HasPrefix(key, "@") {
			continue
		}
		if out.Fields == nil {
			out.Fields = map[string]string{}
		}
		out.Fields[key] = fmt.Sprint(record[key])
	}
	return out
}
