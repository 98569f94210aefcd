package api

import (
	"encoding/json"
	"testing"
)

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `[`, `{"a":"\ud800"}`, "\xff", `{"a":{"b":[{}]}}`, `"\"[[[["`, `nul`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var v struct {
			A json.RawMessage `json:"a"`
			B []int           `json:"b"`
		}
		if err := decodeJSON(body, &v); err == nil && tooDeep(v.A) {
			t.Errorf("%q nests too deep and was read", body)
		}
	})
}

func TestDepthIsCountedOutsideStringsOnly(t *testing.T) {
	deep := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = '['
		}
		return string(b)
	}
	for body, want := range map[string]bool{deep(maxDepth): false, deep(maxDepth + 1): true, `"` + deep(200) + `"`: false, `"\"` + deep(200) + `"`: false, `"\\"` + deep(200): true} {
		if got := tooDeep([]byte(body)); got != want {
			t.Errorf("%.20q: got %v", body, got)
		}
	}
}
