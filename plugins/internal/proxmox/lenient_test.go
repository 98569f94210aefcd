package proxmox

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
)

func TestNumbersComeInManyForms(t *testing.T) {
	for text, want := range map[string]Num{
		`0.5`: {0.5, true}, `"12.54"`: {12.54, true}, `" 7 "`: {7, true}, `0`: {0, true}, `"0"`: {0, true}, `true`: {1, true},
		`""`: {}, `null`: {}, `"N/A"`: {}, `{}`: {}, `[1]`: {}, `"NaN"`: {}, `"Inf"`: {}, `"1e999"`: {},
	} {
		var row struct{ V Num }
		if err := json.Unmarshal([]byte(`{"V":`+text+`}`), &row); err != nil || row.V != want {
			t.Errorf("%s: %+v, %v; want %+v", text, row.V, err, want)
		}
	}
	var row struct{ V Num }
	if err := json.Unmarshal([]byte(`{}`), &row); err != nil || row.V.OK {
		t.Errorf("a missing member is a number: %+v, %v", row.V, err)
	}
}

func TestWholeNumbersKeepAllDigits(t *testing.T) {
	for text, want := range map[string]Int{
		`4540138314316775423`: {4540138314316775423, true}, `"106"`: {106, true}, `7081597264.37542`: {7081597264, true},
		`"x"`: {}, `1e300`: {}, `9223372036854775808`: {}, `null`: {}, `-1`: {-1, true},
	} {
		var v Int
		if err := json.Unmarshal([]byte(text), &v); err != nil || v != want {
			t.Errorf("%s: %+v, %v; want %+v", text, v, err, want)
		}
	}
}

func TestTextsAndTruths(t *testing.T) {
	var row struct {
		A, B, C, D Bool
		E, F       Str
	}
	if err := json.Unmarshal([]byte(`{"A":1,"B":"1","C":true,"D":"0","E":106,"F":null}`), &row); err != nil {
		t.Fatal(err)
	}
	if !row.A || !row.B || !row.C || row.D || row.E != "106" || row.F != "" {
		t.Errorf("%+v", row)
	}
}

func TestTagsOfAllReleases(t *testing.T) {
	for text, want := range map[string][]string{" ": nil, "": nil, "mail": {"mail"}, "a;b": {"a", "b"}, "a, b c;;": {"a", "b", "c"}} {
		if got := Tags(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzLenient(f *testing.F) {
	for _, s := range []string{`1`, `"N/A"`, `null`, `{"a":[1]}`, `"1e400"`, `-0`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			return
		}
		var row struct {
			N Num
			I Int
			B Bool
			S Str
		}
		for _, v := range []any{&row.N, &row.I, &row.B, &row.S} {
			if err := json.Unmarshal(b, v); err != nil {
				t.Fatalf("%T refuses %q: %v", v, b, err)
			}
		}
		if math.IsNaN(row.N.V) || math.IsInf(row.N.V, 0) || !row.N.OK && row.N.V != 0 || !row.I.OK && row.I.V != 0 {
			t.Fatalf("%q becomes %+v", b, row)
		}
	})
}
