package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// EditPath is where a simulator that stands still is told what happens: POST an object of paths and values, see [Edit].
const EditPath = "/simulator"

// maxEdit bounds the body of one edit, in bytes.
const maxEdit = 1 << 20

// StillHelp tells what the flag "still" of simulators does.
const StillHelp = "nothing happens by itself: POST " + EditPath + " says what does"

// Standing serves h; while the world stands still, what is posted to [EditPath] is passed on to edit.
func Standing(h http.Handler, still bool, edit func(map[string]json.RawMessage) error) http.Handler {
	if !still {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != EditPath {
			h.ServeHTTP(w, r)
			return
		}
		var edits map[string]json.RawMessage
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxEdit)).Decode(&edits)
		if err == nil {
			err = edit(edits)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
}

// Edit changes members of a world, a pointer to a struct. A path names the way with dots between: a field by its name, an
// element of a list by its Name, ID, Store or Path or by its number, of a map by its key; "+" adds to a list. null takes an
// element of a list or a map away. The paths are taken in their order.
func Edit(world any, edits map[string]json.RawMessage) error {
	for _, path := range slices.Sorted(maps.Keys(edits)) {
		if err := set(reflect.ValueOf(world).Elem(), strings.Split(path, "."), edits[path]); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func set(at reflect.Value, way []string, value json.RawMessage) error {
	if at.Kind() == reflect.Pointer && len(way) > 0 {
		if at.IsNil() {
			return fmt.Errorf("there is nothing before %q", way[0])
		}
		at = at.Elem()
	}
	if len(way) == 0 {
		at.SetZero()
		return json.Unmarshal(value, at.Addr().Interface())
	}
	gone := len(way) == 1 && bytes.Equal(bytes.TrimSpace(value), []byte("null"))
	switch at.Kind() {
	case reflect.Struct:
		field := at.FieldByName(way[0])
		if !field.IsValid() || !field.CanSet() {
			return fmt.Errorf("there is no %q", way[0])
		}
		return set(field, way[1:], value)
	case reflect.Slice:
		return setElement(at, way, value, gone)
	case reflect.Map:
		if at.IsNil() {
			at.Set(reflect.MakeMap(at.Type()))
		}
		key, element := reflect.ValueOf(way[0]), reflect.New(at.Type().Elem()).Elem()
		if gone {
			at.SetMapIndex(key, reflect.Value{})
			return nil
		}
		if old := at.MapIndex(key); old.IsValid() {
			element.Set(old)
		}
		err := set(element, way[1:], value)
		at.SetMapIndex(key, element)
		return err
	default:
		return fmt.Errorf("nothing lies below %q", way[0])
	}
}

func setElement(list reflect.Value, way []string, value json.RawMessage, gone bool) error {
	if way[0] == "+" {
		added := reflect.New(list.Type().Elem()).Elem()
		err := set(added, way[1:], value)
		list.Set(reflect.Append(list, added))
		return err
	}
	n := find(list, way[0])
	if n < 0 {
		return fmt.Errorf("there is no %q", way[0])
	}
	if gone {
		list.Set(reflect.AppendSlice(list.Slice(0, n), list.Slice(n+1, list.Len())))
		return nil
	}
	return set(list.Index(n), way[1:], value)
}

// find returns the number of the element that a name or a number means, -1 for none.
func find(list reflect.Value, name string) int {
	for i := range list.Len() {
		element := reflect.Indirect(list.Index(i))
		if element.Kind() != reflect.Struct {
			continue
		}
		for _, by := range []string{"Name", "ID", "Store", "Path"} {
			if field := element.FieldByName(by); field.IsValid() && fmt.Sprint(field.Interface()) == name {
				return i
			}
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < list.Len() {
		return n
	}
	return -1
}
