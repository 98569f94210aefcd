package sdktest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// The description is the same every time and names itself.
func tryDescribe(t testing.TB, s subject, _ Options) {
	c := s.connect(t)
	d := c.Describe(t)
	if !reflect.DeepEqual(d, c.Describe(t)) {
		t.Error("two calls of Describe differ")
	}
	if d.Kind == "" || d.Name == "" || d.Version == "" {
		t.Errorf("kind %q, name %q, version %q: none may be empty", d.Kind, d.Name, d.Version)
	}
	if len(d.Capabilities) == 0 {
		t.Error("it declares no capability: the server would never ask it anything")
	}
}

// names keeps what is declared, and says what is declared twice.
type names map[string]bool

func (n names) add(t testing.TB, what, name string) {
	t.Helper()
	if name == "" || n[name] {
		t.Errorf("%s %q is declared twice or has no name", what, name)
	}
	n[name] = true
}

func (n names) need(t testing.TB, who, what, name string) {
	t.Helper()
	if !n[name] {
		t.Errorf("%s names %s %q, which is not declared", who, what, name)
	}
}

// What the description refers to is declared in it.
func tryReferences(t testing.TB, s subject, _ Options) {
	d := s.description
	types, metrics, kinds, tasks := names{}, names{}, names{}, names{}
	for _, k := range d.Types {
		types.add(t, "type", k.Name)
	}
	for _, m := range d.Metrics {
		metrics.add(t, "metric", m.Name)
		for _, k := range m.Types {
			types.need(t, "metric "+m.Name, "type", k)
		}
	}
	for _, k := range d.Kinds {
		kinds.add(t, "kind", k.Name)
	}
	for _, k := range d.Tasks {
		tasks.add(t, "task", k.Name)
		if k.Interval <= 0 {
			t.Errorf("task %s has no interval", k.Name)
		}
		for _, name := range k.Types {
			types.need(t, "task "+k.Name, "type", name)
		}
	}
	for _, x := range d.Sections {
		types.need(t, "section "+x.Section, "type", x.Type)
	}
	for _, k := range d.Types {
		tryType(t, k, metrics, kinds)
	}
	if slices.Contains(d.Capabilities, sdk.CapCollect) != (len(d.Tasks) > 0) {
		t.Error("a plugin that collects declares tasks, and only such a one")
	}
}

func tryType(t testing.TB, k sdk.ResourceType, metrics, kinds names) {
	who := "type " + k.Name
	for _, m := range k.Metrics {
		metrics.need(t, who, "metric", m)
	}
	for _, c := range k.Columns {
		if c.Metric == "" && c.Path == "" {
			t.Errorf("column %s of %s shows neither a metric nor a path", c.Name, who)
		}
		if c.Metric != "" && !slices.Contains(k.Metrics, c.Metric) {
			t.Errorf("column %s of %s shows metric %q, which the type does not have", c.Name, who, c.Metric)
		}
	}
	for _, x := range k.Thresholds {
		if !slices.Contains(k.Metrics, x.Metric) {
			t.Errorf("a threshold of %s is about metric %q, which the type does not have", who, x.Metric)
		}
		if x.Unless != "" && !slices.Contains(k.Metrics, x.Unless) {
			t.Errorf("the threshold of %s for %s counts unless there is metric %q, which the type does not have", who, x.Metric, x.Unless)
		}
		if x.Below && x.Clear < x.Trigger || !x.Below && x.Clear > x.Trigger {
			t.Errorf("the threshold of %s for %s clears at %v before it triggers at %v", who, x.Metric, x.Clear, x.Trigger)
		}
	}
	for _, c := range k.Conditions {
		kinds.need(t, who, "condition", c)
	}
}

// units are the canonical ones, with whether they are of a rate.
var units = map[sdk.Unit]bool{
	sdk.UnitBytes: false, sdk.UnitBytesPerSecond: true, sdk.UnitPerSecond: true, sdk.UnitSeconds: false, sdk.UnitRatio: false,
	sdk.UnitCount: false, sdk.UnitCelsius: false, sdk.UnitWatt: false, sdk.UnitRPM: false,
}

// Numbers come in canonical units, and what is counted per second is a rate.
func tryUnits(t testing.TB, s subject, _ Options) {
	for _, m := range s.description.Metrics {
		perSecond, known := units[m.Unit]
		switch {
		case !known:
			t.Errorf("metric %s is in %q, which is no canonical unit", m.Name, m.Unit)
		case perSecond && m.Kind != sdk.Rate:
			t.Errorf("metric %s is per second and declared a gauge: a counter becomes a rate in sdk/rate", m.Name)
		case !perSecond && m.Kind == sdk.Rate:
			t.Errorf("metric %s is declared a rate and is in %s, which is not per second", m.Name, m.Unit)
		}
	}
}

// Each configuration key says what it is for, and what looks like a secret is one.
func trySchema(t testing.TB, s subject, _ Options) {
	form, err := schema.Parse(s.description.Config)
	if err != nil {
		t.Fatalf("the config schema: %v", err)
	}
	tryField(t, form.Root, "")
}

// secretWords are ends of names of what is secret.
var secretWords = []string{"password", "passphrase", "secret", "token", "api_key", "private_key"}

func tryField(t testing.TB, f *schema.Field, path string) {
	t.Helper()
	for _, m := range f.Fields {
		if m.Help == "" {
			t.Errorf("config key %s%s has no help", path, m.Name)
		}
		if !m.Secret && m.Type == schema.String && looksSecret(m.Name) {
			t.Errorf("config key %s%s looks like a secret and is not of type sdk.Secret: it would be stored and shown in the clear", path, m.Name)
		}
		tryField(t, m, path+m.Name+".")
	}
}

func looksSecret(name string) bool {
	return slices.ContainsFunc(secretWords, func(word string) bool { return name == word || strings.HasSuffix(name, "_"+word) })
}
