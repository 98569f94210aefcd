package live

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

func cells(doc string, list ...string) []string {
	out := make([]string, len(list))
	extract([]byte(doc), pathTree(list, 0), func(n int, raw []byte) { out[n] = string(raw) })
	return out
}

func TestExtract(t *testing.T) {
	doc := `{"a":1, "b" : {"c":"x\"}","d":[1,{"e":true}]}, "t\u0061gs":["p","q"], "a":2,"b":{"d":[]}}`
	got := cells(doc, "a", "b.c", "b.d", "b.d.1.e", "tags", "tags.1", "none")
	if want := []string{"2", "", "[]", "", `["p","q"]`, `"q"`, ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, broken := range []string{"", "{", `{"a"`, `{"a":`, `{"a":1`, `{"a" 1}`, `{"a":1;}`, strings.Repeat("[", 1000), `"\`, "{]"} {
		cells(broken, "a", "a.b", "0")
	}
}

// FuzzExtract compares with a decoder that reads everything.
func FuzzExtract(f *testing.F) {
	f.Add(`{"a":1,"b":{"c":[1,2,{"d":null}]}}`)
	f.Add(`{"a":{"b":1},"a":{}}`)
	f.Add(` {"b" : {"c":[ 0 , "]}"]} , "\u0061":"\\"}`)
	list := []string{"a", "a.b", "b.c", "b.c.0", "b.c.1"}
	f.Fuzz(func(t *testing.T, doc string) {
		got := cells(doc, list...)
		var whole any
		if json.Unmarshal([]byte(doc), &whole) != nil || strings.Count(doc, "{")+strings.Count(doc, "[") >= maxDepth {
			return
		}
		for n, path := range list {
			want, there := walk(whole, strings.Split(path, "."))
			var v any
			if got[n] != "" && json.Unmarshal([]byte(got[n]), &v) != nil {
				t.Fatalf("%s of %q: %q is no JSON", path, doc, got[n])
			}
			if there != (got[n] != "") || there && !reflect.DeepEqual(v, want) {
				t.Fatalf("%s of %q: got %q, want %v (%v)", path, doc, got[n], want, there)
			}
		}
	})
}

func walk(v any, way []string) (any, bool) {
	for _, key := range way {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			if len(key) != 1 || int(key[0]-'0') >= len(at) || key[0] < '0' {
				return nil, false
			}
			v = at[key[0]-'0']
		default:
			return nil, false
		}
	}
	return v, true
}

func TestRounding(t *testing.T) {
	c, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "farm", Types: []sdk.ResourceType{{Name: "guest"}},
		Metrics: []sdk.Metric{{Name: "fine", Types: []string{"guest"}, Precision: 20}, {Name: "rough", Types: []string{"guest"}, Precision: 8}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		metric string
		format sdk.Format
		raw    string
		want   string
	}{
		{"", sdk.FormatPercent, "12.345678", "12.3"},
		{"rough", sdk.FormatPercent, "12.345678", "12.3"},
		{"", sdk.FormatPercent, "0.04", "0"},
		{"", sdk.FormatPercent, "-0.01", "0"},
		{"", sdk.FormatRatio, "0.123456", "0.123"},
		{"", sdk.FormatBytes, "8589934592", "8.59e+09"},
		{"", sdk.FormatBytes, "4096", "4096"},
		{"", sdk.FormatRate, "1234567.89", "1235000"},
		{"rough", sdk.FormatRate, "1234567.89", "1230000"},
		{"fine", sdk.FormatRate, "1234567.89", "1234568"},
		{"", sdk.FormatNumber, "1234567", "1234567"},
		{"rough", sdk.FormatNumber, "1.23456", "1.23"},
		{"", sdk.FormatDuration, "3599", "3599"},
		{"", sdk.FormatDuration, "3661", "3660"},
		{"", sdk.FormatTime, "1700000000123", "1700000000123"},
		{"", sdk.FormatCelsius, "45.678901", "45.68"},
		{"", sdk.FormatPercent, `"n/a"`, `"n/a"`},
		{"", sdk.FormatPercent, "null", ""},
		{"", sdk.FormatPercent, "1e999", ""},
		{"", sdk.FormatPercent, "1e308", "1e+308"},
		{"", sdk.FormatText, "tru", ""},
		{"", sdk.FormatText, `"` + strings.Repeat("x", maxCell) + `"`, ""},
	} {
		if got := roundingOf(c, "guest", x.metric, x.format).cellText([]byte(x.raw)); got != x.want {
			t.Errorf("%s of %q as %s: got %s, want %s", x.raw, x.metric, x.format, got, x.want)
		}
	}
}
