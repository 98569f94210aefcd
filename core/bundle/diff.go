package bundle

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// Change is what an import does to a section. Names are those of integrations, tokens, users and so on.
type Change struct {
	Section string    `json:"section"`
	Added   []string  `json:"added"`
	Changed []Changed `json:"changed"`
	Removed []string  `json:"removed"`
	// Same is how many stay as they are.
	Same int `json:"same"`
}

// Changed is one thing that an import changes. Members are what differs; what they hold is not told, as it may be secret.
type Changed struct {
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

// Diff tells what rows would do to those that are there: replace removes what they do not name. Tables that rows leave
// out stay as they are.
func Diff(tables []Table, have, rows Tables, replace bool) []Change {
	var out []Change
	for _, section := range Sections(tables) {
		c := Change{Section: section, Added: []string{}, Changed: []Changed{}, Removed: []string{}}
		there := false
		for _, t := range tables {
			if wanted, named := rows[t.Name]; t.Section == section && named {
				there = true
				t.compare(&c, have[t.Name], wanted, replace)
			}
		}
		if there {
			slices.Sort(c.Added)
			slices.Sort(c.Removed)
			out = append(out, c)
		}
	}
	return out
}

func (t Table) compare(c *Change, have, rows []Row, replace bool) {
	old := map[string]Row{}
	for _, r := range have {
		old[t.key(r)] = r
	}
	for _, r := range rows {
		before, there := old[t.key(r)]
		delete(old, t.key(r))
		if !there {
			c.Added = append(c.Added, t.name(r))
			continue
		}
		if members := t.differing(before, r); len(members) > 0 {
			c.Changed = append(c.Changed, Changed{Name: t.name(r), Members: members})
		} else {
			c.Same++
		}
	}
	for _, r := range old {
		if replace {
			c.Removed = append(c.Removed, t.name(r))
		} else {
			c.Same++
		}
	}
}

// differing names the columns in which two rows differ, with the members of those that hold JSON objects.
func (t Table) differing(a, b Row) []string {
	var out []string
	for _, column := range slices.Sorted(maps.Keys(b)) {
		if slices.Contains(t.Lax, column) || reflect.DeepEqual(a[column], b[column]) {
			continue
		}
		before, isObject := object(a[column])
		after, stays := object(b[column])
		if !isObject || !stays {
			out = append(out, column)
			continue
		}
		all := maps.Clone(before)
		maps.Copy(all, after)
		for _, member := range slices.Sorted(maps.Keys(all)) {
			if !reflect.DeepEqual(before[member], after[member]) {
				out = append(out, member)
			}
		}
	}
	return out
}

func object(v any) (map[string]any, bool) {
	text, ok := v.(string)
	if !ok {
		return nil, false
	}
	var out map[string]any
	return out, json.Unmarshal([]byte(text), &out) == nil && out != nil
}
