package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulse-platform/pulse/sdk"
)

// Kept returns the dotted paths of the secrets that a new configuration keeps masked and the stored one has, sorted.
func (s *Schema) Kept(stored, config json.RawMessage) ([]string, error) {
	v, err := parseObject(config)
	if err != nil {
		return nil, fmt.Errorf("find kept secrets: %w", err)
	}
	merged, err := s.merged(stored, config)
	if err != nil {
		return nil, err
	}
	return kept(s.Root, v, merged, "", nil), nil
}

// kept finds the masks in v for which merged has something else.
func kept(f *Field, v, merged any, path string, found []string) []string {
	switch {
	case f == nil:
		return found
	case f.Secret:
		if v == sdk.Masked && merged != sdk.Masked {
			found = append(found, path)
		}
		return found
	}
	switch x := v.(type) {
	case map[string]any:
		after, _ := merged.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(x)) {
			found = kept(f.child(key), x[key], after[key], join(path, key), found)
		}
	case []any:
		after, _ := merged.([]any)
		for i, item := range x {
			found = kept(f.Items, item, after[i], join(path, strconv.Itoa(i)), found)
		}
	}
	return found
}

// Redirects tells whether a new configuration sends secrets elsewhere than the stored one, or lets somebody else get
// them: the keys marked as target differ, secrets that are kept masked counting as they are stored. In a schema that has
// secrets and marks no target, every key that is not secret may be one.
func (s *Schema) Redirects(stored, config json.RawMessage) (bool, error) {
	old, err := parseObject(stored)
	if err != nil {
		return false, fmt.Errorf("compare configs: stored: %w", err)
	}
	merged, err := s.merged(stored, config)
	if err != nil {
		return false, err
	}
	is := func(f *Field) bool { return f.Target }
	if !s.Root.any(is) {
		is = func(f *Field) bool { return !f.holdsSecret() }
	}
	before, after := map[string]string{}, map[string]string{}
	targets(s.Root, old, "", is, before)
	targets(s.Root, merged, "", is, after)
	return !maps.Equal(before, after), nil
}

// merged reads a configuration with the stored secrets in it.
func (s *Schema) merged(stored, config json.RawMessage) (map[string]any, error) {
	whole, err := s.MergeSecrets(stored, config)
	if err != nil {
		return nil, err
	}
	return parseObject(whole)
}

// any reports whether something holds for the field or one within it.
func (f *Field) any(is func(*Field) bool) bool {
	if is(f) || f.Items != nil && f.Items.any(is) {
		return true
	}
	return slices.ContainsFunc(f.Fields, func(m *Field) bool { return m.any(is) })
}

// empty are values that mean the same as none.
var empty = []string{"null", `""`, "false", "0", "[]", "{}"}

// targets writes down the values of all targets, by their dotted paths. A key that is absent counts as its default.
func targets(f *Field, v any, path string, is func(*Field) bool, out map[string]string) {
	if v == nil {
		v = f.Default
	}
	if is(f) {
		// As text, numbers are equal whatever Go type they came as.
		if text, err := encode(v); err == nil && !slices.Contains(empty, string(text)) {
			out[path] = string(text)
		}
		return
	}
	switch x := v.(type) {
	case map[string]any:
		for key, member := range x {
			if inner := f.child(key); inner != nil && f.Type == Map {
				targets(inner, member, join(path, key), is, out)
			}
		}
	case []any:
		for i, item := range x {
			if f.Items != nil {
				targets(f.Items, item, join(path, strconv.Itoa(i)), is, out)
			}
		}
	}
	of, _ := v.(map[string]any)
	for _, m := range f.Fields {
		targets(m, of[m.Name], join(path, m.Name), is, out)
	}
}
