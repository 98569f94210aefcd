package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v3"
	"github.com/klauspost/compress/snappy"

	"github.com/pulse-platform/pulse/core/errs"
)

// maxDepth is the deepest nesting of a JSON body that is read.
const maxDepth = 64

// binder fills the In of a row from a request. It is made once, at mounting.
type binder struct {
	in     reflect.Type
	fields []fieldBinder
	raw    int // index of the field that takes the raw body, -1 for none
	json   int // index of the field that takes the decoded body, -1 for none
	whole  bool
	limit  int64
}

// fieldBinder fills one field from path, query or header.
type fieldBinder struct {
	index    int
	from     string // "path", "query", "header"
	name     string
	fallback string
	required bool
	enum     []string
}

func newBinder(in reflect.Type, limit int64) (*binder, error) {
	b := &binder{in: in, raw: -1, json: -1, limit: limit}
	if in.Kind() != reflect.Struct {
		return nil, fmt.Errorf("input %s is not a struct", in)
	}
	tagged := false
	for i := range in.NumField() {
		f := in.Field(i)
		if f.Anonymous {
			return nil, fmt.Errorf("input %s embeds %s, which is not read: write its fields out", in, f.Name)
		}
		for _, from := range []string{"path", "query", "header"} {
			if name, ok := f.Tag.Lookup(from); ok {
				tagged = true
				fb := fieldBinder{index: i, from: from, name: name, fallback: f.Tag.Get("default"), required: f.Tag.Get("required") == "true"}
				if enum := f.Tag.Get("enum"); enum != "" {
					fb.enum = strings.Split(enum, ",")
				}
				b.fields = append(b.fields, fb)
			}
		}
		switch f.Tag.Get("body") {
		case "raw":
			b.raw, tagged = i, true
		case "json":
			b.json, tagged = i, true
		}
	}
	b.whole = !tagged && in.NumField() > 0
	return b, nil
}

// takesBody reports whether the row reads a request body.
func (b *binder) takesBody() bool { return b.raw >= 0 || b.json >= 0 || b.whole }

// bind returns a pointer to a filled In. Everything in it is a copy: Fiber reuses its buffers.
func (b *binder) bind(c fiber.Ctx) (any, error) {
	in := reflect.New(b.in)
	for _, f := range b.fields {
		if err := f.bind(c, in.Elem().Field(f.index)); err != nil {
			return nil, err
		}
	}
	if !b.takesBody() {
		return in.Interface(), nil
	}
	body, err := readBody(c, b.limit)
	if err != nil {
		return nil, err
	}
	switch {
	case b.raw >= 0:
		in.Elem().Field(b.raw).SetBytes(body)
	case b.json >= 0:
		err = decodeJSON(body, in.Elem().Field(b.json).Addr().Interface())
	default:
		err = decodeJSON(body, in.Interface())
	}
	return in.Interface(), err
}

func (f fieldBinder) bind(c fiber.Ctx, v reflect.Value) error {
	var text string
	switch f.from {
	case "path":
		name := f.name
		if strings.HasSuffix(name, "...") {
			name = "*"
		}
		var err error
		if text, err = url.PathUnescape(c.Params(name)); err != nil {
			return errs.New(errs.Invalid, "the path is not escaped properly").WithField(f.name)
		}
		text = strings.Clone(text)
	case "query":
		text = strings.Clone(c.Query(f.name))
	case "header":
		text = strings.Clone(c.Get(f.name))
	}
	if !utf8.ValidString(text) {
		return errs.New(errs.Invalid, "%s %s is not valid UTF-8", f.from, f.name).WithField(f.name)
	}
	if text == "" {
		text = f.fallback
	}
	if text == "" {
		if f.required {
			return errs.New(errs.Invalid, "%s parameter %s is missing", f.from, f.name).WithField(f.name)
		}
		return nil
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, text) {
		return errs.New(errs.Invalid, "%s must be one of %s", f.name, strings.Join(f.enum, ", ")).WithField(f.name)
	}
	if err := setScalar(v, text); err != nil {
		return errs.New(errs.Invalid, "%s: %s", f.name, err).WithField(f.name)
	}
	return nil
}

func setScalar(v reflect.Value, text string) error {
	switch v.Interface().(type) {
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New(`expected a duration such as "90s"`)
		}
		v.SetInt(int64(d))
		return nil
	case time.Time:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return errors.New("expected a time such as 2026-01-02T15:04:05Z")
		}
		v.Set(reflect.ValueOf(t))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		x, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("expected true or false")
		}
		v.SetBool(x)
	case reflect.Int, reflect.Int64:
		x, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errors.New("expected a whole number")
		}
		v.SetInt(x)
	case reflect.Slice:
		v.Set(reflect.ValueOf(strings.Split(text, ",")).Convert(v.Type()))
	default:
		return fmt.Errorf("a parameter cannot be a %s", v.Type())
	}
	return nil
}

// readBody returns a copy of the body, inflated when it is gzip or snappy, within the limit.
func readBody(c fiber.Ctx, limit int64) ([]byte, error) {
	raw := c.Request().Body()
	tooLarge := errs.New(errs.TooLarge, "the request body is larger than %d bytes", limit)
	switch coding := strings.ToLower(c.Get(fiber.HeaderContentEncoding)); coding {
	case "", "identity":
		if int64(len(raw)) > limit {
			return nil, tooLarge
		}
		return bytes.Clone(raw), nil
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, errs.New(errs.Invalid, "the body is not gzip, as Content-Encoding says").WithWord("invalid_body")
		}
		body, err := io.ReadAll(io.LimitReader(z, limit+1))
		if err != nil {
			return nil, errs.New(errs.Invalid, "the gzip body is damaged").WithWord("invalid_body")
		}
		if int64(len(body)) > limit {
			return nil, tooLarge
		}
		return body, nil
	case "snappy": // Prometheus knows no other
		n, err := snappy.DecodedLen(raw)
		if err == nil && int64(n) > limit {
			return nil, tooLarge
		}
		body, err := snappy.Decode(nil, raw)
		if err != nil {
			return nil, errs.New(errs.Invalid, "the body is not snappy, as Content-Encoding says").WithWord("invalid_body")
		}
		return body, nil
	default:
		return nil, errs.New(errs.Invalid, "Content-Encoding %q is not supported: send gzip or none", coding).WithWord("unsupported_encoding")
	}
}

// decodeJSON reads the first JSON value of the body. An empty body leaves the target as it is.
func decodeJSON(body []byte, target any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return errs.New(errs.Invalid, "the body is not valid UTF-8").WithWord("invalid_json")
	}
	if tooDeep(body) {
		return errs.New(errs.Invalid, "the body is nested deeper than %d levels", maxDepth).WithWord("invalid_json")
	}
	err := json.NewDecoder(bytes.NewReader(body)).Decode(target)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return errs.New(errs.Invalid, "%s must be %s, not %s", wrong.Field, jsonType(wrong.Type), wrong.Value).WithWord("invalid_json").WithField(wrong.Field)
	case errors.As(err, &wrong):
		return errs.New(errs.Invalid, "the body must be %s, not %s", jsonType(wrong.Type), wrong.Value).WithWord("invalid_json")
	default:
		return errs.New(errs.Invalid, "the body is not valid JSON").WithWord("invalid_json")
	}
}

func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Pointer:
		return jsonType(t.Elem())
	default:
		return "a number"
	}
}

// tooDeep reports whether a JSON text nests deeper than maxDepth.
func tooDeep(b []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
