package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/pulse-platform/pulse/sdk"
)

// Mask replaces every set secret by "***". What the schema does not know is masked too: it may be a secret of
// another version.
func (s *Schema) Mask(config json.RawMessage) (json.RawMessage, error) {
	v, err := parseObject(config)
	if err != nil {
		return nil, fmt.Errorf("mask config: %w", err)
	}
	return encode(mask(s.Root, v))
}

func mask(f *Field, v any) any {
	if v == nil || f == nil || f.Secret {
		if v == nil || v == "" {
			return v
		}
		return sdk.Masked
	}
	switch x := v.(type) {
	case map[string]any:
		if f.Type != Object && f.Type != Map {
			break
		}
		out := make(map[string]any, len(x))
		for key, member := range x {
			out[key] = mask(f.child(key), member)
		}
		return out
	case []any:
		if f.Type != Array {
			break
		}
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = mask(f.Items, item)
		}
		return out
	default:
		if f.Type != Object && f.Type != Map && f.Type != Array {
			return v
		}
	}
	if f.Type == Any {
		return v
	}
	return sdk.Masked // not the shape that the schema knows
}

// MergeSecrets puts the stored secret wherever the new configuration has a masked one. An object in a list takes the
// secrets of the stored object with the same identity: the members marked as key, else "id" or "name", else all
// members that are not secret. A mask without a stored value stays and is refused by the check.
func (s *Schema) MergeSecrets(stored, config json.RawMessage) (json.RawMessage, error) {
	old, err := parseObject(stored)
	if err != nil {
		return nil, fmt.Errorf("merge secrets: stored: %w", err)
	}
	v, err := parseObject(config)
	if err != nil {
		return nil, fmt.Errorf("merge secrets: %w", err)
	}
	return encode(merge(s.Root, old, v))
}

func merge(f *Field, old, v any) any {
	if f == nil {
		return v
	}
	if f.Secret {
		if v == sdk.Masked && old != nil {
			return old
		}
		return v
	}
	switch x := v.(type) {
	case map[string]any:
		before, _ := old.(map[string]any)
		for key, member := range x {
			x[key] = merge(f.child(key), before[key], member)
		}
	case []any:
		if f.Items != nil {
			before, _ := old.([]any)
			mergeList(f.Items, before, x)
		}
	}
	return v
}

func mergeList(items *Field, old, list []any) {
	for i, item := range list {
		var before any
		if items.Type == Object {
			before = counterpart(items, old, list, item)
		} else if len(old) == len(list) {
			before = old[i] // bare secrets have no identity: only an unchanged length tells which is which
		}
		list[i] = merge(items, before, item)
	}
}

// counterpart finds the one stored object with the identity of item; nil when there is none or it is not alone.
func counterpart(f *Field, old, list []any, item any) any {
	who := identity(f, item)
	same := func(x any) bool { return reflect.DeepEqual(identity(f, x), who) }
	found := slices.IndexFunc(old, same)
	if found < 0 || slices.ContainsFunc(old[found+1:], same) {
		return nil
	}
	if first := slices.IndexFunc(list, same); first >= 0 && slices.ContainsFunc(list[first+1:], same) {
		return nil
	}
	return old[found]
}

// identity returns the members of an object that say which one it is.
func identity(f *Field, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	keys := func(is func(*Field) bool) []string {
		var names []string
		for _, k := range f.Fields {
			if is(k) {
				names = append(names, k.Name)
			}
		}
		return names
	}
	names := keys(func(k *Field) bool { return k.Key })
	for _, usual := range []string{"id", "name"} {
		if len(names) == 0 {
			names = keys(func(k *Field) bool { return k.Name == usual && !k.Secret })
		}
	}
	if len(names) == 0 {
		names = keys(func(k *Field) bool { return !k.holdsSecret() })
	}
	who := map[string]any{}
	for _, name := range names {
		if m[name] != nil {
			who[name] = m[name]
		}
	}
	return who
}

// Secrets returns the dotted paths of the secrets that are set, sorted.
func (s *Schema) Secrets(config json.RawMessage) ([]string, error) {
	v, err := parseObject(config)
	if err != nil {
		return nil, fmt.Errorf("find secrets: %w", err)
	}
	return secrets(s.Root, v, "", nil), nil
}

func secrets(f *Field, v any, path string, found []string) []string {
	switch {
	case f == nil || v == nil:
		return found
	case f.Secret:
		if v != "" {
			found = append(found, path)
		}
		return found
	}
	switch x := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(x)) {
			found = secrets(f.child(key), x[key], join(path, key), found)
		}
	case []any:
		for i, item := range x {
			found = secrets(f.Items, item, join(path, strconv.Itoa(i)), found)
		}
	}
	return found
}

func encode(v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write config: %w", err)
	}
	return b, nil
}
