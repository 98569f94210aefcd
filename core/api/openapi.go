package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
)

// object is a JSON object in the making.
type object = map[string]any

// describe writes the OpenAPI 3.1 document of the rows.
func describe(routes []route.Route, version string) ([]byte, error) {
	d := &describer{schemas: object{}, names: map[reflect.Type]string{}}
	paths := object{}
	for _, r := range routes {
		if r.Hidden {
			continue
		}
		p := strings.ReplaceAll(r.Path, "...}", "}")
		item, ok := paths[p].(object)
		if !ok {
			item = object{}
			paths[p] = item
		}
		item[strings.ToLower(r.Method)] = d.operation(r)
	}
	d.schemas["Error"] = d.structSchema(reflect.TypeFor[errorBody]())
	doc := object{
		"openapi": "3.1.0",
		"info":    object{"title": "Pulse", "version": version, "description": "Monitoring of hosts, hypervisors, containers and backups."},
		"paths":   paths,
		"components": object{
			"schemas": d.schemas,
			"securitySchemes": object{
				"token":   object{"type": "apiKey", "in": "header", "name": "X-API-Token"},
				"bearer":  object{"type": "http", "scheme": "bearer"},
				"session": object{"type": "apiKey", "in": "cookie", "name": sessionCookie},
				"basic":   object{"type": "http", "scheme": "basic"},
			},
		},
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	return append(b, '\n'), nil
}

// pack compresses the document, which is half a MiB that is asked for seldom.
func pack(doc []byte) ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(doc); err != nil {
		return nil, fmt.Errorf("pack the description of the API: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the description of the API: %w", err)
	}
	return packed.Bytes(), nil
}

// unpack undoes [pack].
func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the description of the API: %w", err)
	}
	doc, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unpack the description of the API: %w", err)
	}
	return doc, nil
}

type describer struct {
	schemas object
	names   map[reflect.Type]string
}

func (d *describer) operation(r route.Route) object {
	op := object{"operationId": r.Name, "summary": r.Text, "tags": []string{r.Area}, "responses": d.responses(r)}
	if r.Access.Level != route.Public {
		scopes := []string{}
		for _, s := range r.Access.Scopes {
			scopes = append(scopes, string(s))
		}
		op["security"] = []object{{"token": []string{}}, {"bearer": []string{}}, {"session": []string{}}, {"basic": []string{}}}
		op["x-scopes"] = scopes
	} else {
		op["security"] = []object{}
	}
	if r.In == nil {
		return op
	}
	params, body := d.input(r.In)
	if len(params) > 0 {
		op["parameters"] = params
	}
	if body != nil {
		op["requestBody"] = body
	}
	return op
}

func (d *describer) input(in reflect.Type) (params []object, body object) {
	tagged := false
	for i := range in.NumField() {
		f := in.Field(i)
		for _, from := range []string{"path", "query", "header"} {
			name, ok := f.Tag.Lookup(from)
			if !ok {
				continue
			}
			tagged = true
			p := object{"name": strings.TrimSuffix(name, "..."), "in": from, "required": from == "path" || f.Tag.Get("required") == "true", "schema": d.parameter(f)}
			if help := f.Tag.Get("help"); help != "" {
				p["description"] = help
			}
			params = append(params, p)
		}
		switch f.Tag.Get("body") {
		case "raw":
			tagged = true
			body = object{"required": true, "content": object{"application/json": object{"schema": object{}}}}
		case "json":
			tagged = true
			body = d.jsonBody(f.Type)
		}
	}
	if !tagged && in.NumField() > 0 {
		body = d.jsonBody(in)
	}
	return params, body
}

func (d *describer) parameter(f reflect.StructField) object {
	s := d.schema(f.Type)
	if enum := f.Tag.Get("enum"); enum != "" {
		s["enum"] = strings.Split(enum, ",")
	}
	if v := f.Tag.Get("default"); v != "" {
		s["default"] = v
	}
	return s
}

func (d *describer) jsonBody(t reflect.Type) object {
	return object{"content": object{"application/json": object{"schema": d.schema(t)}}}
}

func (d *describer) responses(r route.Route) object {
	failed := object{"description": "The error", "content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}}}}
	out := object{"default": failed}
	switch {
	case r.Socket != nil:
		out["101"] = object{"description": "The WebSocket is open"}
	case r.Out == reflect.TypeFor[route.None]():
		out[strconv.Itoa(http.StatusNoContent)] = object{"description": "Done"}
	case r.Out == reflect.TypeFor[route.Raw]():
		out["200"] = object{"description": "The answer", "content": object{"application/json": object{"schema": object{}}}}
	default:
		t := r.Out
		if t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[route.Raw]().PkgPath() && strings.HasPrefix(t.Name(), "Reply[") {
			f, _ := t.FieldByName("Body")
			t = f.Type
		}
		if t == reflect.TypeFor[route.None]() {
			out["204"] = object{"description": "Done"}
			break
		}
		out["200"] = object{"description": "The answer", "content": object{"application/json": object{"schema": d.schema(t)}}}
	}
	return out
}

// tagged tells whether the fields of a struct say what they are called.
func tagged(t reflect.Type) bool {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("json") != "" {
			return true
		}
	}
	return false
}

// schema describes a type by reflection; named structs become components.
func (d *describer) schema(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[[]byte]():
		return object{"type": "string", "contentEncoding": "base64"}
	}
	if t.Kind() == reflect.Struct && t.Implements(reflect.TypeFor[json.Marshaler]()) && !tagged(t) {
		return object{"type": "object"} // it writes itself, with members that its fields do not show
	}
	switch t.Kind() {
	case reflect.Pointer:
		s := d.schema(t.Elem())
		if kind, ok := s["type"].(string); ok {
			s["type"] = []string{kind, "null"}
			return s
		}
		return object{"anyOf": []object{s, {"type": "null"}}}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Struct:
		if t.Name() == "" {
			return d.structSchema(t)
		}
		return object{"$ref": "#/components/schemas/" + d.component(t)}
	}
	return object{}
}

// component names a struct once; a second struct of the same name gets its package's name in front.
func (d *describer) component(t reflect.Type) string {
	if name, ok := d.names[t]; ok {
		return name
	}
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if _, taken := d.schemas[name]; taken {
		pkg := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	d.names[t] = name
	d.schemas[name] = object{} // taken, while its members are described
	d.schemas[name] = d.structSchema(t)
	return name
}

func (d *describer) structSchema(t reflect.Type) object {
	props, required := object{}, []string{}
	d.members(t, props, &required)
	s := object{"type": "object", "properties": props}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (d *describer) members(t reflect.Type, props object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct {
			d.members(f.Type, props, required)
			continue
		}
		if tag == "" {
			tag = f.Name
		}
		s := d.schema(f.Type)
		if help := f.Tag.Get("help"); help != "" {
			s["description"] = help
		}
		props[tag] = s
		if !strings.Contains(opts, "omitempty") && !strings.Contains(opts, "omitzero") {
			*required = append(*required, tag)
		}
	}
}
