package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
)

// memory is a store that remembers what each commit changed.
type memory struct {
	firing  map[alert.Key]alert.Saved
	past    map[string]alert.Alert
	entries []alert.Entry
	notices []alert.Notice
	changes []string
	told    []string
	fail    bool
}

func newMemory() *memory {
	return &memory{firing: map[alert.Key]alert.Saved{}, past: map[string]alert.Alert{}}
}

func (m *memory) Firing(context.Context) ([]alert.Saved, error) {
	var out []alert.Saved
	for _, s := range m.firing {
		raw, _ := json.Marshal(s)
		var back alert.Saved
		if err := json.Unmarshal(raw, &back); err != nil {
			return nil, err
		}
		out = append(out, back)
	}
	return out, nil
}

func (m *memory) Commit(_ context.Context, b alert.Batch) error {
	if m.fail {
		return errors.New("the disk is full")
	}
	for _, p := range b.Put {
		old, there := m.firing[p.Alert.Key]
		switch {
		case !there || old.Alert.Incident != p.Alert.Incident:
			m.changes = append(m.changes, "+"+p.Alert.ID+":"+string(p.Alert.Severity)+quiet(p.Alert))
		case old.Alert.Severity != p.Alert.Severity:
			m.changes = append(m.changes, "^"+p.Alert.ID+":"+string(p.Alert.Severity)+quiet(p.Alert))
		case old.Alert.Quiet != p.Alert.Quiet:
			m.changes = append(m.changes, "~"+p.Alert.ID+quiet(p.Alert))
		}
		m.firing[p.Alert.Key] = p
		m.past[p.Alert.Incident] = p.Alert
	}
	for _, a := range b.Ended {
		m.changes = append(m.changes, "-"+a.ID+quiet(a))
		delete(m.firing, a.Key)
		m.past[a.Incident] = a
	}
	for _, n := range b.Notices {
		m.told = append(m.told, string(n.Kind)+" "+n.Alert.ID)
	}
	m.entries, m.notices = append(m.entries, b.Entries...), append(m.notices, b.Notices...)
	return nil
}

func quiet(a alert.Alert) string {
	if a.Quiet != "" {
		return "(quiet)"
	}
	return ""
}

// followed is what the last commits changed, in order of the words.
func (m *memory) followed() string {
	slices.Sort(m.changes)
	return strings.Join(m.changes, " ")
}

func (m *memory) History(_ context.Context, q alert.HistoryQuery) ([]alert.Alert, error) {
	var out []alert.Alert
	for _, a := range m.past {
		if (q.AlertID == "" || a.ID == q.AlertID) && (q.Incident == "" || a.Incident == q.Incident) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b alert.Alert) int { return b.Started.Compare(a.Started) })
	return out, nil
}

func (m *memory) Entries(_ context.Context, incident string) ([]alert.Entry, error) {
	return slices.DeleteFunc(slices.Clone(m.entries), func(e alert.Entry) bool { return e.Incident != incident }), nil
}

func (m *memory) Trim(context.Context, time.Time) error { return nil }

func (m *memory) ClearHistory(context.Context) error { return nil }

// settings keeps documents.
type settings struct{ values map[string][]byte }

func (s *settings) encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

func (s *settings) Get(_ context.Context, name string, into any) (bool, error) {
	raw, there := s.values[name]
	if !there {
		return false, nil
	}
	return true, json.Unmarshal(raw, into)
}

func (s *settings) Set(_ context.Context, name string, value any) error {
	s.values[name] = s.encode(value)
	return nil
}

// nowhere stores nothing.
type nowhere struct{}

func (nowhere) Records(context.Context) ([]*inventory.Record, error)      { return nil, nil }
func (nowhere) SaveRecords(context.Context, []*inventory.Record) error    { return nil }
func (nowhere) DeleteRecords(context.Context, []id.UID) error             { return nil }
func (nowhere) Conditions(context.Context) ([]condition.Condition, error) { return nil, nil }
func (nowhere) SaveConditions(context.Context, []condition.Condition, []condition.Key) error {
	return nil
}
