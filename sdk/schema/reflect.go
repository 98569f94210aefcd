package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

const maxDepth = 16

var (
	keyPattern   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	secretType   = reflect.TypeFor[sdk.Secret]()
	durationType = reflect.TypeFor[time.Duration]()
	prefixType   = reflect.TypeFor[netip.Prefix]()
	addrType     = reflect.TypeFor[netip.Addr]()
	formats      = []string{"", FormatURL, FormatDuration, FormatBytes, FormatMultiline, FormatCIDR, FormatIP, FormatAddress}
)

// objectOf describes a struct. Value holds its defaults; the zero Value stands for none yet.
func objectOf(t reflect.Type, value reflect.Value, depth int) (*Field, error) {
	if depth > maxDepth {
		return nil, errors.New("it is nested too deeply or contains itself")
	}
	defaults := reflect.New(t)
	if value.IsValid() {
		defaults.Elem().Set(value)
	}
	if d, ok := defaults.Interface().(Defaulter); ok {
		d.SetDefaults()
	}
	f := &Field{Type: Object}
	for i := range t.NumField() {
		sf := t.Field(i)
		name, tagged := sf.Tag.Lookup("name")
		switch {
		case name == "-", !sf.IsExported() && !sf.Anonymous:
			continue
		case sf.Anonymous && (tagged || sf.Type.Kind() != reflect.Struct || !sf.IsExported()):
			return nil, fmt.Errorf("field %s: only an exported struct may be embedded, without a name", sf.Name)
		case sf.Anonymous:
			inner, err := objectOf(sf.Type, defaults.Elem().Field(i), depth+1)
			if err != nil {
				return nil, err
			}
			f.Fields = append(f.Fields, inner.Fields...)
			continue
		}
		m, err := memberOf(sf, defaults.Elem().Field(i), depth)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", sf.Name, err)
		}
		f.Fields = append(f.Fields, m)
	}
	names := f.names()
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		return nil, errors.New("two fields have the same name")
	}
	return f, nil
}

// memberOf describes a struct field.
func memberOf(sf reflect.StructField, value reflect.Value, depth int) (*Field, error) {
	tag := sf.Tag
	name := tag.Get("name")
	if !keyPattern.MatchString(name) {
		return nil, errors.New(`it needs a tag name:"..." of lower-case letters, digits and underscores`)
	}
	f, err := typeOf(sf.Type, value, depth)
	if err != nil {
		return nil, err
	}
	f.Name, f.Help, f.Unit = name, tag.Get("help"), tag.Get("unit")
	f.Label = tag.Get("label")
	if f.Label == "" {
		f.Label = labelOf(name)
	}
	if f.Help == "" {
		return nil, errors.New(`it needs a tag help:"..."`)
	}
	for name, to := range map[string]*bool{"required": &f.Required, "key": &f.Key, "target": &f.Target, "advanced": &f.Advanced} {
		if *to, err = boolTag(tag, name); err != nil {
			return nil, err
		}
	}
	if format := tag.Get("format"); format != "" {
		f.scalar().Format = format
	}
	if !slices.Contains(formats, f.scalar().Format) {
		return nil, fmt.Errorf("unknown format %q", f.scalar().Format)
	}
	if enum := tag.Get("enum"); enum != "" {
		f.scalar().Enum = strings.Split(enum, ",")
	}
	if err := limits(f, tag); err != nil {
		return nil, err
	}
	return f, values(f, tag, value)
}

// scalar returns the field that format and enum speak about: the elements of a list, else the field itself.
func (f *Field) scalar() *Field {
	for f.Items != nil {
		f = f.Items
	}
	return f
}

// values sets default and example, and refuses those that the field itself would refuse.
func values(f *Field, tag reflect.StructTag, value reflect.Value) error {
	var err error
	if text, ok := tag.Lookup("default"); ok {
		f.Default, err = parseTag(f, text)
	} else if f.Type != Object && value.IsValid() && !value.IsZero() {
		f.Default, err = valueOf(value)
	}
	if err != nil {
		return fmt.Errorf("default: %w", err)
	}
	if text, ok := tag.Lookup("example"); ok {
		if f.Example, err = parseTag(f, text); err != nil {
			return fmt.Errorf("example: %w", err)
		}
	}
	if f.Secret && f.Default != nil {
		return errors.New("a secret has no default")
	}
	if f.Required && f.Default != nil {
		return errors.New("a required key has no default")
	}
	for what, v := range map[string]any{"default": f.Default, "example": f.Example} {
		if v == nil {
			continue
		}
		c := checker{}
		c.value(f, v, f.Name)
		if len(c.diags) > 0 {
			return fmt.Errorf("%s: %s", what, c.diags[0].Detail)
		}
	}
	return nil
}

// typeOf describes a Go type without its tags.
func typeOf(t reflect.Type, value reflect.Value, depth int) (*Field, error) {
	switch t {
	case secretType:
		return &Field{Type: String, Secret: true}, nil
	case durationType:
		return &Field{Type: String, Format: FormatDuration}, nil
	case prefixType:
		return &Field{Type: String, Format: FormatCIDR}, nil
	case addrType:
		return &Field{Type: String, Format: FormatIP}, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			return nil, errors.New("a pointer to a pointer is not supported")
		}
		f, err := typeOf(t.Elem(), reflect.Value{}, depth+1)
		if err == nil {
			f.Optional = true
		}
		return f, err
	case reflect.Struct:
		return objectOf(t, value, depth+1)
	case reflect.Slice:
		return listOf(Array, t, depth)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return nil, errors.New("a map needs string keys")
		}
		return listOf(Map, t, depth)
	case reflect.String:
		return &Field{Type: String}, nil
	case reflect.Bool:
		return &Field{Type: Boolean}, nil
	case reflect.Float32, reflect.Float64:
		return &Field{Type: Number}, nil
	case reflect.Interface:
		return &Field{Type: Any}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return integerOf(t), nil
	}
	return nil, fmt.Errorf("type %s is not supported", t)
}

func listOf(kind Type, t reflect.Type, depth int) (*Field, error) {
	if depth > maxDepth {
		return nil, errors.New("it is nested too deeply or contains itself")
	}
	items, err := typeOf(t.Elem(), reflect.Value{}, depth+1)
	if err != nil {
		return nil, err
	}
	return &Field{Type: kind, Items: items}, nil
}

// integerOf bounds an integer by what its type holds.
func integerOf(t reflect.Type) *Field {
	f := &Field{Type: Integer}
	bits := t.Bits()
	switch t.Kind() {
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		f.Min = new(float64)
		if bits < 64 {
			f.Max = ptr(math.Ldexp(1, bits) - 1)
		}
	default:
		if bits < 64 {
			f.Min, f.Max = ptr(-math.Ldexp(1, bits-1)), ptr(math.Ldexp(1, bits-1)-1)
		}
	}
	return f
}

func limits(f *Field, tag reflect.StructTag) error {
	for name, to := range map[string]**float64{"min": &f.Min, "max": &f.Max} {
		text, ok := tag.Lookup(name)
		if !ok {
			continue
		}
		var v float64
		var err error
		switch f.Format {
		case FormatDuration:
			var d time.Duration
			d, err = ParseDuration(text)
			v = d.Seconds()
		case FormatBytes:
			var n int64
			n, err = ParseBytes(text)
			v = float64(n)
		default:
			v, err = strconv.ParseFloat(text, 64)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = &v
	}
	return nil
}

// parseTag reads a default or example as the field's JSON value.
func parseTag(f *Field, text string) (any, error) {
	switch f.Type {
	case String:
		return text, nil
	case Boolean:
		return strconv.ParseBool(text)
	case Integer:
		if f.Format == FormatBytes {
			return text, nil
		}
		return strconv.ParseInt(text, 10, 64)
	case Number:
		return strconv.ParseFloat(text, 64)
	case Array:
		if !strings.HasPrefix(text, "[") {
			return parseList(f.Items, text)
		}
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, errors.New("it is not JSON")
	}
	return v, nil
}

func parseList(items *Field, text string) (any, error) {
	list := []any{}
	if text == "" {
		return list, nil
	}
	for _, part := range strings.Split(text, ",") {
		v, err := parseTag(items, strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// valueOf turns a default set by [Defaulter] into its JSON value.
func valueOf(v reflect.Value) (any, error) {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return FormatDurationText(x), nil
	case netip.Prefix:
		return x.String(), nil
	case netip.Addr:
		return x.String(), nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return int64(v.Uint()), nil //nolint:gosec // a default over 2^63 is refused by the check that follows
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			item, err := valueOf(v.Index(i))
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	}
	return nil, fmt.Errorf("a %s cannot be set by SetDefaults", v.Type())
}

func boolTag(tag reflect.StructTag, name string) (bool, error) {
	text, ok := tag.Lookup(name)
	if !ok {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("tag %s is neither true nor false", name)
	}
	return v, nil
}

// acronyms are written in capitals in labels.
var acronyms = []string{"api", "ca", "cidr", "cpu", "dns", "http", "https", "id", "io", "ip", "ssh", "tls", "ttl", "url", "vm"}

// labelOf makes "Base URL" of "base_url".
func labelOf(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		switch {
		case slices.Contains(acronyms, w):
			words[i] = strings.ToUpper(w)
		case i == 0 && w != "":
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

func ptr(v float64) *float64 { return &v }
