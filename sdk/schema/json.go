package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

const dialect = "https://json-schema.org/draft/2020-12/schema"

// document is a JSON Schema as this package writes and reads it. Members that start with "x-" are ours.
type document struct {
	Schema      string          `json:"$schema,omitempty"`
	Title       string          `json:"title,omitempty"`
	Description string          `json:"description,omitempty"`
	Type        types           `json:"type,omitempty"`
	Format      string          `json:"format,omitempty"`
	Default     any             `json:"default,omitempty"`
	Examples    []any           `json:"examples,omitempty"`
	Enum        []string        `json:"enum,omitempty"`
	Required    []string        `json:"required,omitempty"`
	Properties  properties      `json:"properties,omitempty"`
	Additional  json.RawMessage `json:"additionalProperties,omitempty"`
	Items       *document       `json:"items,omitempty"`
	Minimum     *float64        `json:"minimum,omitempty"`
	Maximum     *float64        `json:"maximum,omitempty"`
	MinLength   *float64        `json:"minLength,omitempty"`
	MaxLength   *float64        `json:"maxLength,omitempty"`
	MinItems    *float64        `json:"minItems,omitempty"`
	MaxItems    *float64        `json:"maxItems,omitempty"`
	MinMembers  *float64        `json:"minProperties,omitempty"`
	MaxMembers  *float64        `json:"maxProperties,omitempty"`
	WriteOnly   bool            `json:"writeOnly,omitempty"`
	Secret      bool            `json:"x-secret,omitempty"`
	Unit        string          `json:"x-unit,omitempty"`
	Order       *int            `json:"x-order,omitempty"`
	Optional    bool            `json:"x-optional,omitempty"`
	Key         bool            `json:"x-key,omitempty"`
	Target      bool            `json:"x-target,omitempty"`
	Advanced    bool            `json:"x-advanced,omitempty"`
	// Min and Max bound durations, which are text in JSON.
	Min string `json:"x-minimum,omitempty"`
	Max string `json:"x-maximum,omitempty"`
}

// types is one type name or several.
type types []Type

func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]Type(t))
}

func (t *types) UnmarshalJSON(b []byte) error {
	var one Type
	if json.Unmarshal(b, &one) == nil {
		*t = types{one}
		return nil
	}
	var several []Type
	if err := json.Unmarshal(b, &several); err != nil {
		return errors.New("type is neither a name nor a list of names")
	}
	*t = several
	return nil
}

// properties are members in their order.
type properties []property

type property struct {
	name string
	doc  *document
}

func (p properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(m.doc)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(body)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON sorts by x-order, then by name: the order in the text may get lost on the way.
func (p *properties) UnmarshalJSON(b []byte) error {
	var m map[string]*document
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if m[name] == nil {
			return fmt.Errorf("property %s is null", quote(name))
		}
		*p = append(*p, property{name, m[name]})
	}
	order := func(d *document) int {
		if d.Order == nil {
			return len(m)
		}
		return *d.Order
	}
	slices.SortStableFunc(*p, func(a, b property) int { return cmp.Compare(order(a.doc), order(b.doc)) })
	return nil
}

// JSON returns the schema as JSON Schema 2020-12. Beside the standard it has x-order, x-secret (with writeOnly),
// x-unit, x-key, x-target, x-advanced, x-optional and, for durations, x-minimum and x-maximum.
func (s *Schema) JSON() json.RawMessage {
	d := write(s.Root)
	d.Schema = dialect
	b, err := json.Marshal(d)
	if err != nil {
		// Defaults come from tags that parsed as JSON values, so this cannot happen.
		return json.RawMessage(`false`)
	}
	return b
}

func write(f *Field) *document {
	d := &document{
		Title: f.Label, Description: f.Help, Type: types{f.Type}, Format: f.Format, Default: f.Default,
		Enum: f.Enum, WriteOnly: f.Secret, Secret: f.Secret, Unit: f.Unit, Optional: f.Optional, Key: f.Key, Target: f.Target, Advanced: f.Advanced,
	}
	if f.Example != nil {
		d.Examples = []any{f.Example}
	}
	switch f.Type {
	case Any:
		d.Type = nil
	case Object:
		d.Additional = json.RawMessage(`false`)
		for i, m := range f.Fields {
			inner := write(m)
			inner.Order = &i
			d.Properties = append(d.Properties, property{m.Name, inner})
			if m.Required {
				d.Required = append(d.Required, m.Name)
			}
		}
	case Array:
		d.Items, d.MinItems, d.MaxItems = write(f.Items), f.Min, f.Max
	case Map:
		d.Type, d.MinMembers, d.MaxMembers = types{Object}, f.Min, f.Max
		// The inner document has been written before: encoding it again does not fail.
		d.Additional, _ = json.Marshal(write(f.Items))
	case Integer, Number:
		d.Minimum, d.Maximum = f.Min, f.Max
		if f.Format == FormatBytes {
			d.Type = types{Integer, String}
		}
	case String:
		writeText(d, f)
	}
	return d
}

func writeText(d *document, f *Field) {
	if f.Format != FormatDuration {
		d.MinLength, d.MaxLength = f.Min, f.Max
		return
	}
	if f.Min != nil {
		d.Min = bound(f, *f.Min)
	}
	if f.Max != nil {
		d.Max = bound(f, *f.Max)
	}
}

// refused are the keywords behind which a secret could hide from masking, or a key from the check.
var refused = []string{"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "patternProperties", "prefixItems", "unevaluatedProperties"}

// Parse reads a schema that [Schema.JSON] wrote, or one written by hand with the same keywords. Objects are closed
// unless additionalProperties has a schema or is true; keywords that could hide a secret are refused.
func Parse(b json.RawMessage) (*Schema, error) {
	if len(b) > maxConfig {
		return nil, fmt.Errorf("parse schema: it is larger than %d bytes", maxConfig)
	}
	var d *document
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	if d == nil || !slices.Equal(d.Type, types{Object}) {
		return nil, errors.New("parse schema: the root is not of type object")
	}
	if err := refuse(b); err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	root, err := read(d, 0)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	if root.Type != Object {
		return nil, errors.New("parse schema: the root has no properties of its own")
	}
	return &Schema{Root: root}, nil
}

// refuse looks for refused keywords where schemas stand.
func refuse(b json.RawMessage) error {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil {
		return nil // true or false
	}
	for _, keyword := range refused {
		if _, ok := m[keyword]; ok {
			return fmt.Errorf("keyword %s is not supported", keyword)
		}
	}
	var inner map[string]json.RawMessage
	if p, ok := m["properties"]; ok && json.Unmarshal(p, &inner) == nil {
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			if err := refuse(inner[name]); err != nil {
				return err
			}
		}
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if err := refuse(m[keyword]); err != nil {
			return err
		}
	}
	return nil
}

func read(d *document, depth int) (*Field, error) {
	if depth > maxDepth {
		return nil, errors.New("it is nested too deeply")
	}
	f := &Field{
		Label: d.Title, Help: d.Description, Format: d.Format, Default: d.Default, Enum: d.Enum,
		Secret: d.Secret || d.WriteOnly, Unit: d.Unit, Optional: d.Optional, Key: d.Key, Target: d.Target, Advanced: d.Advanced,
	}
	if len(d.Examples) > 0 {
		f.Example = d.Examples[0]
	}
	switch {
	case len(d.Type) == 0 && d.Properties == nil && d.Items == nil:
		f.Type = Any
	case slices.Equal(d.Type, types{Integer, String}) && d.Format == FormatBytes:
		f.Type = Integer
	case len(d.Type) == 1:
		f.Type = d.Type[0]
	default:
		return nil, errors.New("a schema needs one type")
	}
	var err error
	switch f.Type {
	case Object:
		err = readObject(f, d, depth)
	case Array:
		if f.Min, f.Max = d.MinItems, d.MaxItems; d.Items == nil {
			f.Items = &Field{Type: Any}
			break
		}
		f.Items, err = read(d.Items, depth+1)
	case Integer, Number:
		f.Min, f.Max = d.Minimum, d.Maximum
	case String:
		err = readText(f, d)
	case Boolean, Any:
	default:
		err = fmt.Errorf("type %s is not supported", quote(string(f.Type)))
	}
	return f, err
}

func readText(f *Field, d *document) error {
	f.Min, f.Max = d.MinLength, d.MaxLength
	for text, to := range map[*string]**float64{&d.Min: &f.Min, &d.Max: &f.Max} {
		if *text == "" {
			continue
		}
		var v time.Duration
		v, err := ParseDuration(*text)
		if err != nil {
			return fmt.Errorf("x-minimum or x-maximum: %w", err)
		}
		*to = ptr(v.Seconds())
	}
	return nil
}

// readObject tells an object with properties from a map with free keys.
func readObject(f *Field, d *document, depth int) error {
	var closed bool
	open := len(d.Additional) > 0 && (json.Unmarshal(d.Additional, &closed) != nil || closed)
	if !open {
		for _, p := range d.Properties {
			m, err := read(p.doc, depth+1)
			if err != nil {
				return fmt.Errorf("property %s: %w", quote(p.name), err)
			}
			m.Name, m.Required = p.name, slices.Contains(d.Required, p.name)
			f.Fields = append(f.Fields, m)
		}
		return nil
	}
	if len(d.Properties) > 0 {
		return errors.New("properties together with open additionalProperties are not supported")
	}
	f.Type, f.Min, f.Max = Map, d.MinMembers, d.MaxMembers
	if closed {
		f.Items = &Field{Type: Any}
		return nil
	}
	var inner *document
	if err := json.Unmarshal(d.Additional, &inner); err != nil || inner == nil {
		return errors.New("additionalProperties is not a schema")
	}
	var err error
	f.Items, err = read(inner, depth+1)
	return err
}
