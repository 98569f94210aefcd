// Package schema makes one Go struct the single description of a plugin's configuration. From its tags come
// strict decoding, defaults, checks, the JSON Schema that forms are made of, the options table of a README and
// the HCL example. The server, which has the JSON Schema only, gets the same checks and the same masking of
// secrets from [Parse]. The package knows neither gRPC nor the server.
//
// The tags of a field:
//
//	name:"url"              the key; "-" leaves the field out; embedded structs are merged
//	help:"..."              one or more full sentences; every key needs them
//	label:"Base URL"        what a form shows; made from the name by default
//	default:"30s"           as in HCL without quotes; lists are separated by commas
//	unit:"seconds"          of a bare number
//	enum:"a,b"              the words allowed (for a list: for each element)
//	required:"true"         must be there and not be empty
//	min:"1" max:"65535"     of a number or duration; the length of a text; the count of a list or map
//	format:"url"            url, duration, bytes, multiline, cidr, ip or address (host:port)
//	example:"..."           shown where there is no default
//	key:"true"              identifies an object within a list, so that masked secrets find their stored value
//	target:"true"           says where secrets are sent or how it is made sure who gets them: an address, a port, a check of
//	                        certificates; see [Schema.Redirects]
//
// Fields may be strings, [sdk.Secret], bools, integers, floats, time.Duration, netip.Addr, netip.Prefix, structs,
// slices and maps with string keys of these, and pointers to them, which stay nil when the key is absent.
// Durations are written "90s", "12h" or "14d", sizes (format bytes) as a number or "64MiB". A netip.Prefix or cidr takes a
// single address too.
package schema

import (
	"fmt"
	"reflect"
	"strings"
)

// Type is the shape of a value.
type Type string

// The types. A duration, an address or a URL is a string with a format.
const (
	Object  Type = "object" // with Fields
	Array   Type = "array"  // of Items
	Map     Type = "map"    // from free keys to Items
	String  Type = "string"
	Integer Type = "integer"
	Number  Type = "number"
	Boolean Type = "boolean"
	Any     Type = "any" // anything; never holds a secret
)

// The formats that are checked.
const (
	FormatURL       = "url"
	FormatDuration  = "duration"
	FormatBytes     = "bytes"
	FormatMultiline = "multiline"
	FormatCIDR      = "cidr"
	FormatIP        = "ip"
	FormatAddress   = "address"
)

// Field is one key, or the element of a list or map.
type Field struct {
	Name    string
	Label   string
	Help    string
	Type    Type
	Format  string
	Unit    string
	Default any // nil, or a JSON value: string, int64, float64, bool, []any, map[string]any
	Example any // like Default
	Enum    []string
	// Required keys must be there and not be empty.
	Required bool
	// Optional marks a group that stays absent when its key is absent.
	Optional bool
	Secret   bool
	// Advanced keys are right for most people as they are: forms keep them out of the way.
	Advanced bool
	// Key marks the member that identifies an object within a list.
	Key bool
	// Target keys say where secrets are sent, or how it is made sure who gets them.
	Target bool
	// Min and Max bound numbers, in seconds for durations; for text and lists the length.
	Min, Max *float64
	Fields   []*Field // of an Object
	Items    *Field   // of an Array or Map
}

// Schema describes a configuration: an object.
type Schema struct {
	Root *Field
}

// Defaulter is a config struct whose defaults are not constants. SetDefaults is called on the zero value; what it
// sets becomes the default of fields without a default tag.
type Defaulter interface {
	SetDefaults()
}

// Of returns the schema of the struct C. An error is a mistake in its tags.
func Of[C any]() (*Schema, error) {
	t := reflect.TypeFor[C]()
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("describe config %s: it is not a struct", t)
	}
	root, err := objectOf(t, reflect.Value{}, 0)
	if err != nil {
		return nil, fmt.Errorf("describe config %s: %w", t, err)
	}
	return &Schema{Root: root}, nil
}

// Field returns the field at a dotted path such as "endpoints.0.url", nil if there is none.
func (s *Schema) Field(path string) *Field {
	f := s.Root
	if path == "" {
		return f
	}
	for _, step := range strings.Split(path, ".") {
		if f = f.child(step); f == nil {
			return nil
		}
	}
	return f
}

// child returns the field for a member or an element, nil if there is none.
func (f *Field) child(step string) *Field {
	if f.Type != Object {
		return f.Items
	}
	for _, m := range f.Fields {
		if m.Name == step {
			return m
		}
	}
	return nil
}

func (f *Field) names() []string {
	names := make([]string, len(f.Fields))
	for i, m := range f.Fields {
		names[i] = m.Name
	}
	return names
}

// holdsSecret reports whether a secret lies anywhere in the field.
func (f *Field) holdsSecret() bool {
	if f.Secret || f.Items != nil && f.Items.holdsSecret() {
		return true
	}
	for _, m := range f.Fields {
		if m.holdsSecret() {
			return true
		}
	}
	return false
}

func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "." + step
}
