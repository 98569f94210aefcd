package alert_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/sdk"
)

// A scenario is a story in lines:
//
//	<time> <what happens> [=> <what follows>]
//
// Times count from Monday, 5 January 2026, 12:00 UTC. What happens:
//
//	box.cpu=0.9  box.disk[/]=0.95   a sample of a resource's metric
//	box up|down|off|silent|stale|report|gone   its status
//	box has raid[md0]=critical      a condition holds; "box lacks raid[md0]" ends it
//	tick                            time passes
//	doc {json}  rule {json}  window {json}     settings
//	ack|unack|clear <id>  snooze <id> 1h  restart
//	clock -2h                       somebody sets the clock; times in lines do not count that
//
// What follows is the set of changes: +id:severity fired, ^id:severity changed, -id ended; "(quiet)" behind one says that
// nobody is told. Without => nothing may follow. A line that ends with "=> ?" does not care.
type stage struct {
	t      *testing.T
	now    time.Time
	set    time.Duration // by how much the clock of the day was set
	store  *memory
	names  *settings
	inv    *inventory.Inventory
	board  *condition.Board
	engine *alert.Engine
	held   map[string]sdk.Condition
	doc    map[string]any
	status map[string]sdk.Status
}

var monday = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.scenario")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	cases := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(raw), "\n=== ")[1:] {
			name, story, _ := strings.Cut(part, "\n")
			cases++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".scenario")+"/"+name, func(t *testing.T) { play(t, story) })
		}
	}
	t.Logf("%d scenarios", cases)
}

func play(t *testing.T, story string) {
	s := newStage(t)
	for n, line := range strings.Split(story, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		action, want, _ := strings.Cut(line, " => ")
		at, what, _ := strings.Cut(action, " ")
		d, err := time.ParseDuration(at)
		if err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		s.now = monday.Add(d + s.set)
		got := s.do(strings.TrimSpace(what))
		if want != "?" && got != strings.TrimSpace(want) {
			t.Fatalf("line %d: %s\n got: %s\nwant: %s", n+1, line, got, want)
		}
	}
}

// types are what the scenarios speak of: hosts of the reference's group, a node with guests on it, and a gadget that no
// group knows.
func types() sdk.Description {
	return sdk.Description{
		Kind: "lab", Types: []sdk.ResourceType{
			{Name: "host", Label: "Host", Thresholds: []sdk.Threshold{{Metric: "cpu", Trigger: 0.5, Clear: 0.4}}},
			{Name: "node", Label: "Node"}, {Name: "vm", Label: "VM", Thresholds: []sdk.Threshold{
				{Metric: "backup_age", Trigger: 35 * 86400, Clear: 35 * 86400, Unless: "overdue"}, {Metric: "overdue", Trigger: 3600},
			}},
			{Name: "gadget", Label: "Gadget", Thresholds: []sdk.Threshold{
				{Metric: "heat", Trigger: 60, Clear: 55, For: time.Minute, Severity: sdk.SeverityWarning}, {Metric: "heat", Trigger: 80, Clear: 75, Severity: sdk.SeverityCritical},
				{Metric: "wait", Trigger: 60, Severity: sdk.SeverityWarning},
				{Metric: "charge", Trigger: 0.2, Clear: 0.3, Below: true, Severity: sdk.SeverityWarning},
			}},
		},
		Metrics: []sdk.Metric{
			{Name: "cpu", Types: []string{"host", "node", "vm"}, Unit: sdk.UnitRatio, Label: "CPU", WireScale: 100},
			{Name: "memory", Types: []string{"host", "node", "vm"}, Unit: sdk.UnitRatio, Label: "Memory", WireScale: 100},
			{Name: "disk", Types: []string{"node", "vm"}, Unit: sdk.UnitRatio, Label: "Disk", WireScale: 100},
			{Name: "backup_age", Types: []string{"vm"}, Unit: sdk.UnitSeconds, Label: "Age of the last backup"},
			{Name: "overdue", Types: []string{"vm"}, Unit: sdk.UnitSeconds, Label: "Overdue"},
			{Name: "diskread", Types: []string{"vm"}, Unit: sdk.UnitBytesPerSecond, Label: "Read"},
			{Name: "fs_used", Types: []string{"host"}, Unit: sdk.UnitRatio, Instance: "mount", Label: "File system", WireScale: 100},
			{Name: "temperature", Types: []string{"host"}, Unit: sdk.UnitCelsius, Instance: "sensor", Label: "Temperature"},
			{Name: "heat", Types: []string{"gadget"}, Unit: sdk.UnitCelsius, Label: "Heat"},
			{Name: "wait", Types: []string{"gadget"}, Unit: sdk.UnitSeconds, Instance: "task", Subject: "task", Label: "Wait"},
			{Name: "charge", Types: []string{"gadget"}, Unit: sdk.UnitRatio, Label: "Charge"},
		},
		Sections: []sdk.StateSection{{Section: "hosts", Type: "host"}, {Section: "nodes", Type: "node"}, {Section: "vms", Type: "vm"}},
		Kinds: []sdk.EventKind{
			{Name: "raid", Condition: true, Label: "RAID degraded", WireType: "raid", IDTemplate: "host-{id}-raid-{instance}", Category: "storage"},
			{Name: "note", Condition: true, Label: "Note"},
		},
	}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, now: monday, store: newMemory(), names: &settings{values: map[string][]byte{}}, held: map[string]sdk.Condition{}, status: map[string]sdk.Status{}}
	if err := json.Unmarshal(s.names.encode(alert.DefaultDocument()), &s.doc); err != nil {
		t.Fatal(err)
	}
	catalog, err := inventory.NewCatalog([]sdk.Description{types()})
	if err != nil {
		t.Fatal(err)
	}
	s.inv = inventory.New(catalog, nowhere{}, s.clock)
	if s.board, err = condition.Open(t.Context(), nowhere{}); err != nil {
		t.Fatal(err)
	}
	s.open()
	for _, name := range []string{"box", "node", "vm", "gadget", "tagged"} {
		s.status[name] = sdk.StatusUp
	}
	s.records()
	return s
}

func (s *stage) clock() time.Time { return s.now }

func (s *stage) open() {
	var err error
	s.engine, err = alert.Open(s.t.Context(), alert.Config{Store: s.store, Settings: s.names, Inventory: s.inv, Conditions: s.board, Now: s.clock, Steady: func() time.Duration { return s.now.Sub(monday) - s.set }})
	if err != nil {
		s.t.Fatal(err)
	}
}

func kindOf(name string) string {
	switch name {
	case "box", "tagged":
		return "host"
	}
	return name
}

func uid(name string) id.UID { return id.Record("lab", name) }

// records applies all records as they are.
func (s *stage) records(silent ...string) {
	s.t.Helper()
	var records []sdk.Record
	for _, name := range []string{"box", "node", "vm", "gadget", "tagged"} {
		if s.status[name] == "" || slices.Contains(silent, name) {
			continue
		}
		r := sdk.Record{Type: kindOf(name), Key: name, Name: name, WireID: name, Status: s.status[name], Doc: json.RawMessage(`{"vmid":101,"node":"` + name + `"}`)}
		switch name {
		case "vm":
			r.Relations = []sdk.Relation{{Kind: sdk.RunsOn, Type: "node", Key: "node"}}
			r.Tags = []string{"prod"}
			r.Evidence = []sdk.Evidence{{Kind: "task", Value: "gadget:vm"}, {Kind: "chore", Value: "gadget:other"}}
		case "gadget":
			r.Evidence = []sdk.Evidence{{Kind: "task", Value: "gadget:"}}
		case "tagged":
			r.Tags = []string{"pulse-monitor-only"}
		}
		records = append(records, r)
	}
	_, _, err := s.inv.Apply(s.t.Context(), inventory.Batch{Integration: "lab", Task: "t", At: s.now, Partitions: []inventory.Partition{{Records: records}}})
	if err != nil {
		s.t.Fatal(err)
	}
}

// do lets something happen and returns what followed.
func (s *stage) do(what string) string {
	s.t.Helper()
	s.store.told, s.store.changes = nil, nil
	ctx := s.t.Context()
	verb, rest, _ := strings.Cut(what, " ")
	var err error
	switch {
	case verb == "tick":
		err = s.engine.Tick(ctx)
	case verb == "clock":
		var by time.Duration
		by, err = time.ParseDuration(rest)
		s.set += by
	case verb == "restart":
		s.open()
	case verb == "doc":
		err = s.patch(ctx, rest)
	case verb == "rule":
		var r alert.Rule
		s.decode(rest, &r)
		r.Enabled, r.Name = true, "r"
		_, err = s.engine.SaveRule(ctx, r)
	case verb == "window":
		var w alert.Window
		s.decode(rest, &w)
		w.Name = "w"
		_, err = s.engine.SaveWindow(ctx, w)
	case verb == "ack":
		err = s.engine.Acknowledge(ctx, rest, "ann")
	case verb == "unack":
		err = s.engine.Unacknowledge(ctx, rest, "ann")
	case verb == "clear":
		err = s.engine.Clear(ctx, rest, "ann")
	case strings.Contains(verb, "="):
		err = s.samples(ctx, what)
	default:
		err = s.change(ctx, verb, rest)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	return s.store.followed()
}

func (s *stage) decode(text string, into any) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
}

// patch merges members into the document.
func (s *stage) patch(ctx context.Context, text string) error {
	var given map[string]any
	s.decode(text, &given)
	for k, v := range given {
		s.doc[k] = v
	}
	d, err := alert.ParseDocument(s.names.encode(s.doc))
	if err != nil {
		return err
	}
	return s.engine.SetDocument(ctx, d)
}

// samples takes in "box.disk[/]=0.95", or several that come together.
func (s *stage) samples(ctx context.Context, text string) error {
	var all []metric.Sample
	for one := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(one, "=")
		record, metricName, _ := strings.Cut(name, ".")
		metricName, instance, _ := strings.Cut(metricName, "[")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return err
		}
		all = append(all, metric.Sample{Key: metric.Key{Record: uid(record), Metric: metricName, Instance: strings.TrimSuffix(instance, "]")}, Time: s.now, Value: v})
	}
	s.records()
	return s.engine.Samples(ctx, all)
}

// change takes in what a resource does.
func (s *stage) change(ctx context.Context, name, what string) error {
	verb, rest, _ := strings.Cut(what, " ")
	switch verb {
	case "has", "lacks":
		text, severity, _ := strings.Cut(rest, "=")
		kind, instance, _ := strings.Cut(text, "[")
		c := sdk.Condition{Type: kindOf(name), Key: name, Kind: kind, Instance: strings.TrimSuffix(instance, "]"), Severity: sdk.Severity(severity), Message: kind + " of " + name}
		delete(s.held, name+" "+text)
		if verb == "has" {
			s.held[name+" "+text] = c
		}
		if err := s.judged(ctx); err != nil {
			return err
		}
	case "up", "down", "off", "paused", "unknown":
		s.status[name] = sdk.Status(verb)
		s.records()
	case "gone":
		delete(s.status, name)
		s.records()
	case "report":
		s.records()
	case "stale":
		_, _, err := s.inv.Apply(ctx, inventory.Batch{Integration: "lab", Task: "t", At: s.now, Partitions: []inventory.Partition{{Failed: "unreachable"}}})
		if err != nil {
			return err
		}
	default:
		return fmt.Errorf("unknown verb %q", verb)
	}
	return s.engine.Tick(ctx)
}

func (s *stage) judged(ctx context.Context) error {
	c := condition.Cycle{Integration: "lab", Task: "t", At: s.now, Partitions: []string{""}, Unheard: func(id.UID) bool { return false }}
	for _, one := range s.held {
		c.Hold = append(c.Hold, condition.Condition{Record: uid(one.Key), Kind: one.Kind, Instance: one.Instance, Severity: one.Severity, Message: one.Message})
	}
	_, _, err := s.board.Apply(ctx, c)
	return err
}
