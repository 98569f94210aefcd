package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestDecodeAsked(t *testing.T) {
	a, err := decodeAsked([]byte(`{"type":"view","view":7,"types":["host"],"all":["a"],"range":["x"],"columns":[],"documents":["d"]}`))
	if err != nil || a.Number != 7 || !slices.Equal(a.Range, []string{"x"}) || a.Columns == nil || !a.shows("host") || a.shows("guest") {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = decodeAsked([]byte(`{"type":"resume","epoch":"e","seq":9,"view":{"range":["x"]}}`))
	if err != nil || a.Epoch != "e" || a.Seq != 9 || len(a.Held.Range) != 1 || !a.Held.shows("guest") {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := decodeAsked([]byte(`{"type":"dance","view":"?"}`)); err != nil || a.Type != "dance" {
		t.Errorf("%+v, %v", a, err)
	}
	many := fmt.Sprintf(`["%s"]`, strings.Repeat(`x","`, maxRange))
	for _, bad := range []string{
		"", "[]", `"view"`, `{"type":5}`, `{"type":"view","view":"x"}`, `{"type":"view","range":{}}`, `{"type":"view","range":` + many + `}`,
		`{"type":"view","all":` + many + `}`, `{"type":"view","columns":` + many + `}`, `{"type":"view","documents":` + many + `}`,
		`{"type":"view","types":` + many + `}`, `{"type":"resume","seq":-1}`, `{"type":"resume","view":{"range":` + many + `}}`,
	} {
		if _, err := decodeAsked([]byte(bad)); err == nil {
			t.Errorf("%.60s is heeded", bad)
		}
	}
}

func FuzzDecodeAsked(f *testing.F) {
	f.Add(`{"type":"view","view":7,"types":["host"],"all":["a"],"range":["x"],"columns":[],"documents":["d"]}`)
	f.Add(`{"type":"resume","epoch":"e","seq":9,"view":{"range":["x"]}}`)
	f.Add(`{"type":"ping"}`)
	f.Fuzz(func(t *testing.T, message string) {
		a, err := decodeAsked([]byte(message))
		if err != nil {
			return
		}
		for _, v := range []view{a.view, a.Held} {
			if len(v.Range) > maxRange || len(v.All) > maxColumns || len(v.Columns) > maxColumns || len(v.Documents) > maxDocuments {
				t.Fatalf("over the limit: %.200s", message)
			}
		}
	})
}
