package ingest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// What passes is what encoding/json takes for an object, but for bytes that are not UTF-8 and nesting without an end.
func FuzzIsObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` {"a" : [1, -0.5e+10, true, false, null, "\u00e9\n\"", {}, []] } `, `[]`, `{"a":01}`, `{"a":1,}`, `{"a":tru}`, `{"a":"\x"}`, `{} x`,
		`{"a":1.}`, `{"a":-}`, `{"a":"` + "\x01" + `"}`, `{"é":1}`, "{\"a\":\"\xff\"}", `{"a":1e}`, `{"a"`, `{"a":"\u12`, "{}\x00", strings.Repeat(`{"a":`, 600),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		trimmed := bytes.TrimLeft(text, " \t\r\n")
		want := json.Valid(text) && trimmed[0] == '{' && utf8.Valid(text)
		if got := isObject(text); got != want && (got || depth(text) < maxNesting) {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
	})
}

// depth is not less than how deep a text nests.
func depth(text []byte) int { return bytes.Count(text, []byte("{")) + bytes.Count(text, []byte("[")) }

func BenchmarkIsObject(b *testing.B) {
	doc := []byte(`{"hostname":"a","disks":[` + strings.Repeat(`{"total":536870912000,"usage":40.25,"mountpoint":"/srv"},`, 60) + `{}]}`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if !isObject(doc) {
			b.Fatal("refused")
		}
	}
}
