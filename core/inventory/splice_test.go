package inventory

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Whatever object a source sends and however things are named, the document stays JSON and keeps its members.
func FuzzDocument(f *testing.F) {
	for _, s := range []string{`{}`, ` { "a" : 1 } `, `{"a":{"b":[1,"}"]}}`, `null`, `{"id":1}`, ``} {
		f.Add(s, `na"me`)
	}
	f.Fuzz(func(t *testing.T, doc, name string) {
		var in map[string]json.RawMessage
		if doc != "" && json.Unmarshal([]byte(doc), &in) != nil {
			return
		}
		r := &Record{WireID: name, Name: name, LastSeen: time.Unix(1, 0), Parts: map[string]json.RawMessage{"": json.RawMessage(doc), "more": json.RawMessage(`{"zz":1}`)}}
		section := sdk.StateSection{Inject: []sdk.Inject{{Member: name, Value: sdk.InjectID}, {Member: "lastSeen", Value: sdk.InjectLastSeen}}}
		b := document(r, section, surroundings{&Snapshot{}, &Catalog{}})
		var out map[string]json.RawMessage
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		for key := range in {
			if _, kept := out[key]; !kept {
				t.Fatalf("%q is lost in %s", key, b)
			}
		}
		if string(out["lastSeen"]) != "1000" || out["zz"] == nil {
			t.Fatalf("%s", b)
		}
		member(json.RawMessage(doc), "a")
	})
}
