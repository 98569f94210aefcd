package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// description is what of the OpenAPI document is needed to ask every route.
type description struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Parameters  []struct{ Name, In string }
		RequestBody *struct {
			Content map[string]struct{ Schema *schema }
		}
	}
	Components struct{ Schemas map[string]*schema }
}

// schema is what the document says of a value. Type may be a list of words as well.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Enum                 []any
	AnyOf                []*schema
	Items                *schema
	Properties           map[string]*schema
	AdditionalProperties any
}

// The texts and numbers that programs stumble over.
var (
	hostileTexts = []string{
		"", " ", "x", "-1", "0", "9223372036854775808", "1e999", "NaN", "null", "true", "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd",
		"a\x00b", "a\r\nX-Evil: 1", "\u202e\ufeff\U0001f4a3", "'; DROP TABLE users; --", "%", "%s%n%d", "{{.}}{{printf \"%0999999d\" 1}}", "${jndi:x}",
		"<img src=x onerror=alert(1)>", "javascript:alert(1)", "=cmd|'/c calc'!A1", "(a+)+$", "[", "*", "http://[::ffff:169.254.169.254]/", "http://0x7f000001/",
		"file:///etc/passwd", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "-1h", "9999999h", strings.Repeat("A", 5000), strings.Repeat("é,", 900),
	}
	hostileNumbers = []any{-1, 0, 1, json.Number("1e308"), json.Number("-1e308"), json.Number("9223372036854775807"), json.Number("-9223372036854775808"), json.Number("0.0000001"), "7"}
	hostileBodies  = []string{
		"", " ", "null", "true", "0", `""`, "[]", "{}", "[{}]", "[null]", "{", `{"":""}`, "\x00", "\xff\xfe", `{"a":1}{"a":2}`, `{"id":{"id":{"id":1}}}`,
		"[[[[[[[[[[]]]]]]]]]]", strings.Repeat("[", 60) + strings.Repeat("]", 60), strings.Repeat(`{"a":`, 5000), "[" + strings.Repeat("{},", 9000) + "{}]", "a=b&c=d", "<?xml version=\"1.0\"?><a/>",
	}
)

// leftAlone are the routes that would end the attack: they stop the server, or replace or wait for what the attack needs.
var leftAlone = []string{"applyRestart", "quickSetup", "regenerateToken", "rotateToken", "importConfig", "endSessions", "installPlugin", "restartPlugin"}

// Whatever an administrator's token, or nobody, sends to any route: there is no panic, no 500, and whoever asks next is
// answered. Texts, numbers and shapes that programs stumble over stand in every parameter and in every field of every body.
func TestHostileRequestsToEveryRoute(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	var doc description
	if got := s.call("GET", "/api/openapi.json", nil); json.Unmarshal(got.body, &doc) != nil || len(doc.Paths) < 100 {
		t.Fatalf("%d paths in %v", len(doc.Paths), got)
	}
	s.client.Transport = &http.Transport{MaxIdleConnsPerHost: 8}
	requests := make(chan hostileRequest)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for r := range requests {
				s.sendHostile(t, r, adminToken)
				if r.body == nil { // of strangers hardly any body is looked at
					s.sendHostile(t, r, "")
				}
			}
		})
	}
	count := 0
	for path, operations := range doc.Paths {
		for method, op := range operations {
			if slices.Contains(leftAlone, op.OperationID) {
				continue
			}
			for _, r := range doc.hostile(strings.ToUpper(method), path) {
				count++
				requests <- r
			}
		}
	}
	close(requests)
	workers.Wait()
	t.Logf("%d requests, and those without a body of strangers too", count)
	if !s.healthy() {
		t.Error("the server does not answer any more")
	}
	if strings.Contains(s.output.String(), "panic") {
		t.Error("something panicked")
	}
}

// hostileRequest is one request of the attack.
type hostileRequest struct {
	method, path string
	body         []byte
	headers      []string
}

func (s *server) sendHostile(t *testing.T, r hostileRequest, token string) {
	got, err := s.try(r.method, r.path, token, r.body, r.headers...)
	switch {
	case err != nil:
		t.Errorf("%s %.300s %.300q: %.300s", r.method, r.path, r.body, err)
	case got.status == http.StatusInternalServerError:
		t.Errorf("%s %.300s %.300q: %v", r.method, r.path, r.body, got)
	case got.header.Get("X-Evil") != "":
		t.Errorf("%s %s: a header is made of what was sent", r.method, r.path)
	case got.status >= 400 && got.member("error") == nil && got.member("message") == nil:
		t.Errorf("%s %.300s %.300q: no error is told: %v", r.method, r.path, r.body, got)
	}
}

// hostile are the requests of the attack on one route.
func (d *description) hostile(method, path string) []hostileRequest {
	op := d.Paths[path][strings.ToLower(method)]
	plain := path
	for _, p := range op.Parameters {
		plain = strings.ReplaceAll(plain, "{"+p.Name+"}", "x")
	}
	out := []hostileRequest{{method, plain, nil, nil}}
	for _, p := range op.Parameters {
		for _, text := range hostileTexts {
			out = append(out, withParameter(method, path, plain, p.Name, p.In, text))
		}
	}
	if op.RequestBody == nil {
		return out
	}
	for _, body := range hostileBodies {
		out = append(out, hostileRequest{method, plain, []byte(body), nil}, hostileRequest{method, plain, []byte(body), []string{"Content-Encoding", "gzip"}})
	}
	for content := range op.RequestBody.Content {
		for _, value := range d.hostileValues(op.RequestBody.Content[content].Schema, 0) {
			if body, err := json.Marshal(value); err == nil {
				out = append(out, hostileRequest{method, plain, body, nil})
			}
		}
	}
	return out
}

func withParameter(method, path, plain, name, in, text string) hostileRequest {
	switch in {
	case "path":
		if text == "" {
			return hostileRequest{method, plain, nil, nil}
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(text))
		return hostileRequest{method, strings.NewReplacer("{", "", "}", "").Replace(path), nil, nil}
	case "query":
		return hostileRequest{method, plain + "?" + url.Values{name: {text}}.Encode(), nil, nil}
	}
	return hostileRequest{method, plain, nil, []string{name, strings.Map(printable, text)}}
}

func printable(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

// hostileValues are values that have the form of the schema and something wrong in one place.
func (d *description) hostileValues(s *schema, depth int) []any {
	if s == nil || depth > 5 {
		return []any{nil, "x", -1, map[string]any{}, []any{}}
	}
	if s.Ref != "" {
		return d.hostileValues(d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")], depth+1)
	}
	switch kind := fmt.Sprint(s.Type); {
	case len(s.AnyOf) > 0:
		return d.hostileValues(s.AnyOf[0], depth+1)
	case strings.Contains(kind, "object"):
		return d.hostileObjects(s, depth)
	case strings.Contains(kind, "array"):
		out := []any{nil, []any{}, []any{nil}, "x"}
		for _, v := range d.hostileValues(s.Items, depth+1) {
			out = append(out, []any{v}, []any{v, v})
		}
		return out
	case strings.Contains(kind, "number"), strings.Contains(kind, "integer"):
		return append([]any{nil}, hostileNumbers...)
	case strings.Contains(kind, "boolean"):
		return []any{nil, true, false, "x"}
	case strings.Contains(kind, "string"):
		out := []any{nil, 7, map[string]any{}}
		for _, text := range hostileTexts {
			out = append(out, text)
		}
		return append(out, s.Enum...)
	}
	return []any{nil, "x", -1, map[string]any{}, []any{}}
}

// hostileObjects are objects in which all is harmless but one member.
func (d *description) hostileObjects(s *schema, depth int) []any {
	out := []any{nil, map[string]any{}, []any{}}
	for name, of := range s.Properties {
		for _, v := range d.hostileValues(of, depth+1) {
			object := d.harmless(s, depth).(map[string]any)
			object[name] = v
			out = append(out, object)
		}
	}
	if of, ok := s.AdditionalProperties.(map[string]any); ok {
		inner := &schema{}
		if raw, err := json.Marshal(of); err == nil && json.NewDecoder(bytes.NewReader(raw)).Decode(inner) == nil {
			for _, v := range d.hostileValues(inner, depth+1) {
				out = append(out, map[string]any{"x": v, "": v})
			}
		}
	}
	return out
}

// harmless is a value of the schema with nothing wrong in it, as far as the schema tells.
func (d *description) harmless(s *schema, depth int) any {
	if s == nil || depth > 5 {
		return nil
	}
	if s.Ref != "" {
		return d.harmless(d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")], depth+1)
	}
	switch kind := fmt.Sprint(s.Type); {
	case len(s.AnyOf) > 0:
		return d.harmless(s.AnyOf[0], depth+1)
	case strings.Contains(kind, "object"):
		object := map[string]any{}
		for name, of := range s.Properties {
			object[name] = d.harmless(of, depth+1)
		}
		return object
	case strings.Contains(kind, "array"):
		return []any{d.harmless(s.Items, depth+1)}
	case strings.Contains(kind, "number"), strings.Contains(kind, "integer"):
		return 1
	case strings.Contains(kind, "boolean"):
		return true
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	return "x"
}
