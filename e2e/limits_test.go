package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/alerts.md anew")

// kindOfThing is what the server says of a type of resource.
type kindOfThing struct {
	Name, Label string
	Metrics     []struct{ Name, Label, Unit string }
	Conditions  []struct{ Name, Label, Severity string }
}

// limit is a rule as the server shows it.
type limit struct {
	Kind, Instance, Severity, Origin string
	Off, Below                       bool
	Trigger, Clear, Critical, For    *float64
	Match                            struct{ Types, IDs, Names, Tags []string }
}

// judged are the types of which the tables tell, by what their names begin with.
var judged = []string{"pve-", "pbs", "datastore", "pmg", "host"}

// The tables of limits and conditions in docs/alerts.md are what the server does. Every limit and condition has a name for
// people and a severity that the wire knows.
func TestLimitsInTheDocs(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	var rules struct{ Rules []limit }
	var types struct{ Types []kindOfThing }
	read := func(path string, into any) {
		if err := json.Unmarshal(s.call("GET", path, nil).body, into); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the plugins say what they watch", func() bool {
		types.Types = nil
		read("/api/types", &types)
		known := func(name string) bool {
			return slices.ContainsFunc(types.Types, func(k kindOfThing) bool { return k.Name == name })
		}
		return known("pve-node") && known("pbs") && known("pmg") && known("host")
	})
	read("/api/rules", &rules)
	slices.SortFunc(types.Types, func(a, b kindOfThing) int { return strings.Compare(a.Label+a.Name, b.Label+b.Name) })
	numbers := &strings.Builder{}
	verdicts := &strings.Builder{}
	numbers.WriteString("| Resource | Number | Warning from | Critical from | Well again at | Has to last |\n|---|---|---|---|---|---|\n")
	verdicts.WriteString("| Resource | Condition | Level |\n|---|---|---|\n")
	for _, k := range types.Types {
		if !slices.ContainsFunc(judged, func(p string) bool { return strings.HasPrefix(k.Name, p) }) {
			continue
		}
		for _, m := range k.Metrics {
			if l, on := limitOf(rules.Rules, k.Name, m.Name); on {
				if m.Label == "" || l.Severity != "warning" && l.Severity != "critical" {
					t.Errorf("%s, %s: label %q, severity %q", k.Name, m.Name, m.Label, l.Severity)
				}
				fmt.Fprintf(numbers, "| %s | %s | %s | %s | %s | %s |\n", k.Label, m.Label, l.from("warning", m.Unit), l.from("critical", m.Unit), shown(l.Clear, m.Unit), lasting(l.For))
			}
		}
		for _, c := range k.Conditions {
			level := map[string]string{"info": "shown, not told", "warning": "warning", "critical": "critical"}[c.Severity]
			if c.Label == "" || level == "" {
				t.Errorf("%s, %s: label %q, severity %q", k.Name, c.Name, c.Label, c.Severity)
			}
			fmt.Fprintf(verdicts, "| %s | %s | %s |\n", k.Label, c.Label, level)
		}
	}
	const file = "../docs/alerts.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for heading, table := range map[string]string{"## The limits\n": numbers.String(), "## The conditions\n": verdicts.String()} {
		before, rest, found := strings.Cut(text, heading)
		at := strings.Index(rest, "\n| ")
		if !found || at < 0 {
			t.Fatalf("%s has no table under %q", file, heading)
		}
		is := rest[at+1:]
		after := ""
		if end := strings.Index(is, "\n\n"); end >= 0 {
			is, after = is[:end+1], is[end+1:]
		}
		if is == table {
			continue
		}
		if !*update {
			t.Errorf("the table under %q is not what the server does; -update writes it", heading)
		}
		text = before + heading + rest[:at+1] + table + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a file for all
			t.Fatal(err)
		}
	}
}

// limitOf puts the rules for a metric of a type over one another.
func limitOf(rules []limit, kind, metric string) (out limit, on bool) {
	for _, r := range rules {
		if r.Kind != metric || !slices.Equal(r.Match.Types, []string{kind}) || len(r.Match.IDs)+len(r.Match.Names)+len(r.Match.Tags) > 0 {
			continue
		}
		if r.Off {
			on = false
			continue
		}
		lasts := out.For
		if on = true; r.For == nil {
			r.For = lasts
		}
		out = r
	}
	return out, on
}

// from is the number from which on there is an alert of a level.
func (l limit) from(level, unit string) string {
	switch {
	case l.Severity == level:
		return shown(l.Trigger, unit)
	case level == "critical" && l.Critical != nil && (unit != "ratio" || l.Below || *l.Critical <= 1):
		return shown(l.Critical, unit)
	}
	return ""
}

// shown writes a number as people read it.
func shown(v *float64, unit string) string {
	if v == nil {
		return ""
	}
	text := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	switch unit {
	case "ratio":
		return strings.TrimSuffix(strconv.FormatFloat(*v*100, 'f', 1, 64), ".0") + " %"
	case "seconds":
		return lasting(v)
	case "celsius":
		return text(*v) + " °C"
	}
	return text(*v)
}

// lasting writes seconds.
func lasting(v *float64) string {
	if v == nil || *v == 0 {
		return "0"
	}
	for _, u := range []struct {
		name string
		size float64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}} {
		if *v >= u.size {
			return strings.TrimSuffix(strconv.FormatFloat(*v/u.size, 'f', 1, 64), ".0") + " " + u.name
		}
	}
	return strconv.FormatFloat(*v, 'f', -1, 64) + " s"
}
