package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pulse-platform/pulse/sdk"
)

// maxConfig is the largest configuration that is read, in bytes.
const maxConfig = 1 << 20

// Check judges a configuration: unknown keys, types, required keys, bounds, words and formats. Messages name
// keys and never hold values.
func (s *Schema) Check(config json.RawMessage) []sdk.Diagnostic {
	_, diags := s.complete(config)
	return diags
}

// Complete returns the configuration with its defaults filled in.
func (s *Schema) Complete(config json.RawMessage) (json.RawMessage, []sdk.Diagnostic) {
	v, diags := s.complete(config)
	if len(diags) > 0 {
		return nil, diags
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil, []sdk.Diagnostic{fault("", "Invalid configuration", "The configuration cannot be written as JSON.")}
	}
	return out, nil
}

func (s *Schema) complete(config json.RawMessage) (map[string]any, []sdk.Diagnostic) {
	v, err := parseObject(config)
	if err != nil {
		return nil, []sdk.Diagnostic{fault("", "Invalid configuration", sentence(err))}
	}
	c := checker{}
	v = c.object(s.Root, v, "")
	return v, c.diags
}

// parseObject reads one JSON object, numbers as json.Number. Nothing and null count as an empty object.
func parseObject(config json.RawMessage) (map[string]any, error) {
	if len(config) > maxConfig {
		return nil, fmt.Errorf("the configuration is larger than %d bytes", maxConfig)
	}
	if len(bytes.TrimSpace(config)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("the configuration is not JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the configuration's JSON object")
	}
	if v == nil {
		return map[string]any{}, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the configuration is not a JSON object")
	}
	return m, nil
}

// checker walks a value along its fields and gathers what is wrong with it.
type checker struct {
	diags []sdk.Diagnostic
}

const maxDiagnostics = 50

func (c *checker) report(path, summary, detail string) {
	if len(c.diags) < maxDiagnostics {
		c.diags = append(c.diags, fault(path, summary, detail))
	}
}

func fault(path, summary, detail string) sdk.Diagnostic {
	return sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: path, Summary: summary, Detail: detail}
}

// object checks the members and returns the object with defaults.
func (c *checker) object(f *Field, in map[string]any, path string) map[string]any {
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if f.child(key) == nil {
			c.unknown(f, key, path)
		}
	}
	out := make(map[string]any, len(f.Fields))
	for _, m := range f.Fields {
		at := join(path, m.Name)
		v, present := in[m.Name]
		if !present || v == nil {
			if v = c.absent(m, at); v != nil {
				out[m.Name] = v
			}
			continue
		}
		if m.Required && isEmpty(v) {
			c.report(at, "Missing value", fmt.Sprintf("%q is required and must not be empty.", m.Name))
			continue
		}
		out[m.Name] = c.value(m, v, at)
	}
	return out
}

func (c *checker) unknown(f *Field, key, path string) {
	shown := quote(key)
	detail := fmt.Sprintf("There is no key %s here.", shown)
	if near := Suggest(key, f.names()); near != "" {
		detail = fmt.Sprintf("There is no key %s here. Did you mean %q?", shown, near)
	}
	c.report(join(path, strings.Trim(shown, `"`)), "Unknown key", detail)
}

// quote shows a foreign word in a message, shortened.
func quote(word string) string {
	if len(word) > 40 {
		word = strings.ToValidUTF8(word[:40], "") + "..."
	}
	return strconv.Quote(word)
}

// absent returns what stands for a key that is not there, nil for nothing.
func (c *checker) absent(f *Field, path string) any {
	switch {
	case f.Required:
		c.report(path, "Missing value", fmt.Sprintf("%q is required.", f.Name))
	case f.Default != nil:
		return c.value(f, f.Default, path)
	case f.Type == Object && !f.Optional:
		return c.object(f, map[string]any{}, path)
	}
	return nil
}

func isEmpty(v any) bool {
	switch x := v.(type) {
	case string:
		return strings.TrimSpace(x) == ""
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

// value checks one value and returns it with the defaults of what it contains.
func (c *checker) value(f *Field, v any, path string) any {
	switch f.Type {
	case Object:
		if m, ok := v.(map[string]any); ok {
			return c.object(f, m, path)
		}
		c.wrongType(f, path)
	case Array:
		if list, ok := v.([]any); ok {
			return c.list(f, list, path)
		}
		c.wrongType(f, path)
	case Map:
		if m, ok := v.(map[string]any); ok {
			return c.entries(f, m, path)
		}
		c.wrongType(f, path)
	case String:
		if text, ok := v.(string); ok {
			c.text(f, text, path)
		} else {
			c.wrongType(f, path)
		}
	case Boolean:
		if _, ok := v.(bool); !ok {
			c.wrongType(f, path)
		}
	case Integer, Number:
		return c.number(f, v, path)
	}
	return v
}

func (c *checker) list(f *Field, list []any, path string) any {
	c.bounds(f, float64(len(list)), path)
	out := make([]any, len(list))
	for i, v := range list {
		at := join(path, strconv.Itoa(i))
		if v == nil {
			c.wrongType(f.Items, at)
			continue
		}
		out[i] = c.value(f.Items, v, at)
	}
	return out
}

func (c *checker) entries(f *Field, m map[string]any, path string) any {
	c.bounds(f, float64(len(m)), path)
	out := make(map[string]any, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if m[key] != nil {
			out[key] = c.value(f.Items, m[key], join(path, key))
		}
	}
	return out
}

var typeTexts = map[Type]string{
	Object: "a group of keys", Array: "a list", Map: "a map of keys to values", String: "a text",
	Integer: "a whole number", Number: "a number", Boolean: "true or false",
}

func (c *checker) wrongType(f *Field, path string) {
	want := typeTexts[f.Type]
	switch f.Format {
	case FormatDuration:
		want = `a duration such as "90s", "12h" or "14d"`
	case FormatBytes:
		want = `a size: a whole number of bytes or a text such as "64MiB"`
	}
	c.report(path, "Wrong type", "Expected "+want+".")
}

// number checks an integer, float or size and returns it as int64 or float64.
func (c *checker) number(f *Field, v any, path string) any {
	if text, ok := v.(string); ok && f.Format == FormatBytes {
		n, err := ParseBytes(text)
		if err != nil {
			c.report(path, "Invalid value", sentence(err))
			return nil
		}
		v = n
	}
	var text string
	switch x := v.(type) {
	case json.Number:
		text = string(x)
	case int64:
		text = strconv.FormatInt(x, 10)
	case float64:
		text = number(x)
	default:
		c.wrongType(f, path)
		return nil
	}
	if f.Type == Integer {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			c.wrongType(f, path)
			return nil
		}
		c.bounds(f, float64(n), path)
		return n
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		c.wrongType(f, path)
		return nil
	}
	c.bounds(f, n, path)
	return n
}

// bounds compares v, a number or a length, with the field's minimum and maximum.
func (c *checker) bounds(f *Field, v float64, path string) {
	what := map[Type]string{String: "The length", Array: "The number of entries", Map: "The number of entries"}[f.Type]
	if what == "" || f.Format == FormatDuration {
		what = "The value"
	}
	if f.Min != nil && v < *f.Min {
		c.report(path, "Value out of range", fmt.Sprintf("%s must be at least %s.", what, bound(f, *f.Min)))
	}
	if f.Max != nil && v > *f.Max {
		c.report(path, "Value out of range", fmt.Sprintf("%s must be at most %s.", what, bound(f, *f.Max)))
	}
}

func (c *checker) text(f *Field, text, path string) {
	if f.Secret && text == sdk.Masked {
		c.report(path, "Masked secret", "There is no stored value to keep here: enter the secret again.")
		return
	}
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, text) {
		detail := "Expected one of: " + strings.Join(f.Enum, ", ") + "."
		if near := Suggest(text, f.Enum); near != "" && !f.Secret {
			detail += fmt.Sprintf(" Did you mean %q?", near)
		}
		c.report(path, "Invalid value", detail)
	}
	if f.Format != FormatMultiline && strings.ContainsAny(text, "\x00\r\n") && !f.Secret {
		c.report(path, "Invalid value", "The text must be a single line.")
	}
	if f.Format == FormatDuration {
		d, err := ParseDuration(text)
		if err != nil {
			c.report(path, "Invalid value", sentence(err))
			return
		}
		c.bounds(f, d.Seconds(), path)
		return
	}
	c.bounds(f, float64(utf8.RuneCountInString(text)), path)
	if text == "" {
		return // an empty text means "not set"; required refuses it
	}
	if err := checkFormat(f.Format, text); err != nil {
		c.report(path, "Invalid value", sentence(err))
	}
}

// checkFormat returns what is wrong with a text, without repeating it.
func checkFormat(format, text string) error {
	switch format {
	case FormatURL:
		u, err := url.Parse(text)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return errors.New(`it is not a URL such as "https://example.com:8006"`)
		}
	case FormatCIDR:
		if _, err := ParsePrefix(text); err != nil {
			return err
		}
	case FormatIP:
		if _, err := netip.ParseAddr(text); err != nil {
			return errors.New(`it is not an IP address such as "192.0.2.7"`)
		}
	case FormatAddress:
		_, port, err := net.SplitHostPort(text)
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n > math.MaxUint16 {
			return errors.New(`it is not an address such as "127.0.0.1:7655" or ":7655"`)
		}
	}
	return nil
}

// ParsePrefix reads a network ("10.0.0.0/8"), or a single address as the network of that address alone.
func ParsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, errors.New(`it is not a network such as "10.0.0.0/8" or an address`)
	}
	return p.Masked(), nil
}

// sentence makes "It is wrong." of "it is wrong".
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
