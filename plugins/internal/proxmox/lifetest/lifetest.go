// Package lifetest helps to try what a plugin tells after it was started anew. As long as nothing changes at its source, it may
// know less than before for a while; it must tell nothing else, whichever of its tasks runs first.
package lifetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// Orders are orders in which tasks may run: as declared, the other way round, and some by chance, which are always the same.
func Orders(p sdk.Plugin, byChance int) [][]string {
	var tasks []string
	for _, t := range p.Describe().Tasks {
		tasks = append(tasks, t.Name)
	}
	back := slices.Clone(tasks)
	slices.Reverse(back)
	out := [][]string{tasks, back}
	dice := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	for range byChance {
		order := slices.Clone(tasks)
		dice.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		out = append(out, order)
	}
	return out
}

// place is where something was told: what a complete partition tells there no more is over.
type place struct{ task, partition string }

// Known is what a server believes of what a life has told.
type Known struct {
	// moves are metrics whose numbers are those of the moment, or of the plugin itself.
	moves []string
	facts map[place]map[string]string
}

// New returns a server that knows nothing. Numbers of some metrics are not compared.
func New(moves ...string) *Known { return &Known{moves, map[place]map[string]string{}} }

// Hear takes in a cycle.
func (k *Known) Hear(task string, c *sdktest.Cycle) {
	for at, facts := range k.complete(task, c) {
		for fact, was := range k.facts[at] {
			if _, told := facts[fact]; !told && stays(fact) {
				facts[fact] = was
			}
		}
		k.facts[at] = facts
	}
}

// Conditions are those that hold, each as its kind, what it is about, and its instance.
func (k *Known) Conditions() (out []string) {
	for _, facts := range k.facts {
		for fact := range facts {
			if name, is := strings.CutPrefix(fact, "condition "); is {
				out = append(out, strings.TrimSpace(name))
			}
		}
	}
	slices.Sort(out)
	return out
}

// Kind is that of a condition by its name.
func Kind(condition string) string {
	kind, _, _ := strings.Cut(condition, " ")
	return kind
}

// Check looks whether a cycle of a later life contradicts what is known.
func (k *Known) Check(t testing.TB, task string, c *sdktest.Cycle) {
	t.Helper()
	for at, facts := range k.complete(task, c) {
		known := k.facts[at]
		for fact, was := range known {
			if is, told := facts[fact]; !told && !stays(fact) {
				t.Errorf("task %s, partition %q: it is over that %s: %s", at.task, at.partition, fact, was)
			} else if told && is != was && !near(is, was) && !less(fact, is, was) {
				t.Errorf("task %s, partition %q: %s was %s, and is %s", at.task, at.partition, fact, was, is)
			}
		}
		for fact, is := range facts {
			if _, was := known[fact]; !was {
				t.Errorf("task %s, partition %q: it is new that %s: %s", at.task, at.partition, fact, is)
			}
		}
	}
}

// Life runs a task of a plugin's process.
type Life func(task string) *sdktest.Cycle

// Restart lets a first life tell all that its plugin declares, and makes a change after which nothing is over. Then it begins
// others with what the first has kept, whose tasks run in several orders; none of them may contradict the first. Numbers of some
// metrics are not compared.
func Restart(t *testing.T, p sdk.Plugin, first Life, change func(), again func() Life, moves ...string) {
	t.Helper()
	known, orders := New(moves...), Orders(p, 3)
	hear := func() {
		for _, task := range orders[0] {
			known.Hear(task, first(task))
		}
	}
	hear()
	before := known.Conditions()
	for _, k := range p.Describe().Kinds {
		if k.Condition && !slices.ContainsFunc(before, func(c string) bool { return Kind(c) == k.Name }) {
			t.Errorf("%s is not told at all", k.Name)
		}
	}
	change()
	hear()
	if after := known.Conditions(); !slices.Equal(before, after) {
		t.Errorf("%s; before it was %s", strings.Join(after, ", "), strings.Join(before, ", "))
	}
	for _, order := range orders {
		life := again()
		for _, task := range order {
			known.Check(t, task, life(task))
		}
		if t.Failed() {
			t.Fatalf("in the order %v", order)
		}
	}
}

// less tells whether a condition is told in the same words as before but for some at the end, which say why.
func less(fact, is, was string) bool {
	return strings.HasPrefix(fact, "condition ") && strings.HasPrefix(was, is)
}

// near tells whether both are numbers, and nearly the same ones: some wander.
func near(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, other := strconv.ParseFloat(b, 64)
	return err == nil && other == nil && math.Abs(x-y) <= 0.1*max(math.Abs(x), math.Abs(y))
}

// stays tells whether something is known on until something else is told. Rows are, as are numbers.
func stays(fact string) bool {
	return strings.HasPrefix(fact, "sample ") || strings.HasPrefix(fact, "rows ")
}

// complete returns what the complete partitions of a cycle tell.
func (k *Known) complete(task string, c *sdktest.Cycle) map[place]map[string]string {
	out := map[place]map[string]string{}
	if c.Err == nil {
		out[place{task, ""}] = k.read(c.Part("").Observations)
	}
	for _, name := range c.Partitions() {
		if p := c.Part(name); p.Ended && p.Err == nil {
			out[place{task, name}] = k.read(p.Observations)
		}
	}
	return out
}

func (k *Known) read(all []sdk.Observation) map[string]string {
	facts, keys := map[string]string{}, map[sdk.RowsEnd][]string{}
	for _, o := range all {
		switch o := o.(type) {
		case sdk.Record:
			facts["record "+o.Key] = fmt.Sprint(o.Name, " ", o.Status)
		case sdk.Condition:
			facts[fmt.Sprintf("condition %s %s %s", o.Kind, o.Key, o.Instance)] = fmt.Sprint(o.Severity, " ", o.Message)
		case sdk.Sample:
			if !slices.Contains(k.moves, o.Metric) {
				facts[fmt.Sprintf("sample %s %s %s", o.Metric, o.Key, o.Instance)] = fmt.Sprint(o.Value)
			}
		case sdk.Row:
			list := sdk.RowsEnd{Rows: o.Rows, OwnerType: o.OwnerType, OwnerKey: o.OwnerKey}
			keys[list] = append(keys[list], o.Key)
		case sdk.RowsEnd:
			slices.Sort(keys[o])
			facts["rows "+o.Rows+" "+o.OwnerKey] = strings.Join(keys[o], " ")
		}
	}
	return facts
}
