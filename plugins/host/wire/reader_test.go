package wire

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// What the reader takes, encoding/json takes too, and makes the same of it.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		minimal, `{}`, `{`, `{"host":{"hostname":"a",}}`, `{"host":null,"agent":{"commandsEnabled":true,"intervalSeconds":1e1}}`,
		`{"host":{"hostname":"a\\b","Hostname":"c","loadAverage":[1e308,-1]},"disks":[{},null],"disks":null,"sensors":{"smart":[{"attributes":{}}]}}`,
		`{"agent":{"unknown":[{"a":"\u0041\"","b":[1,2.5e-3,true,null]}],"diskExclude":[]},"network":[{"speedMbps":null,"addresses":["\xff"]}]} x`,
		`{"metrics":{"cpuUsagePercent":-0.5,"memory":{"totalBytes":9223372036854775808}},"diskIO":[{"readBytes":18446744073709551615}]}`,
		`{"raid":[{"devices":[{}]}],"ceph":{"health":{"checks":{"a":{}}}},"timestamp":"2026-02-22T12:01:38Z","tags":["é","\ud800"],"sensors":{"fanRpm":{"a":01}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, plain := decodePlain(body)
		if !plain {
			return
		}
		want, err := decodeAny(body)
		if err != nil {
			t.Fatalf("taken, and yet: %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

// What agents send does not need the slow way.
func TestReportsArePlain(t *testing.T) {
	all, err := filepath.Glob("../testdata/*.json")
	if err != nil || len(all) == 0 {
		t.Fatalf("%v, %v", all, err)
	}
	for _, path := range all {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decodeAny(body)
		if err != nil {
			continue
		}
		if got, plain := decodePlain(body); !plain || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: plain %v, %+v", path, plain, got)
		}
	}
}
