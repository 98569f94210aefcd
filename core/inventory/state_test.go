package inventory

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

func decodeState(t *testing.T, s *State) (map[string]json.RawMessage, uint64) {
	t.Helper()
	b, revision := s.JSON()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return doc, revision
}

func TestStateIsCompleteWhenEmpty(t *testing.T) {
	i, _, _ := fixture(t)
	doc, _ := decodeState(t, NewState(i, nil, i.now))
	for key, want := range map[string]string{"nodes": "[]", "hosts": "[]", "tools": "[]", "connectionHealth": "{}", "metrics": "{}", "temperatureMonitoringEnabled": "true"} {
		if string(doc[key]) != want {
			t.Errorf("%s = %s, want %s", key, doc[key], want)
		}
	}
}

func TestStateInjectsAndSorts(t *testing.T) {
	i, _, c := fixture(t)
	records := tools(0, 2)
	records[0].Doc = json.RawMessage(`{"name":"zeta","n":1.50}`)
	records[1].Doc = json.RawMessage(` {} `)
	apply(t, i, Partition{Name: "p", Records: records})
	s := NewState(i, nil, i.now)
	doc, _ := decodeState(t, s)
	seen := strconv.FormatInt(c.t.UnixMilli(), 10)
	want := `[{"id":"t01","status":"online","lastSeen":` + seen + `},{"name":"zeta","n":1.50,"id":"t00","status":"online","lastSeen":` + seen + `}]`
	if string(doc["tools"]) != want {
		t.Fatalf("tools = %s, want %s", doc["tools"], want)
	}
	if string(doc["connectionHealth"]) != `{"tool-t00":true,"tool-t01":true}` || string(doc["lastUpdate"]) != seen {
		t.Fatalf("health %s, last update %s", doc["connectionHealth"], doc["lastUpdate"])
	}
	apply(t, i, Partition{Name: "p", Failed: "gone"})
	c.t = c.t.Add(2 * time.Second)
	doc, _ = decodeState(t, s)
	var list []struct{ Status string }
	if err := json.Unmarshal(doc["tools"], &list); err != nil || list[0].Status != "offline" {
		t.Fatalf("stale tools: %s", doc["tools"])
	}
	if string(doc["connectionHealth"]) != `{"tool-t00":false,"tool-t01":false}` {
		t.Fatalf("health %s", doc["connectionHealth"])
	}
}

// Some sections have times as text, and ids that begin with the prefix of their keys in the health map.
func TestStateWithTimesAsText(t *testing.T) {
	cat, err := NewCatalog([]sdk.Description{{
		Kind: "shed", Types: []sdk.ResourceType{{Name: "tool"}},
		Sections: []sdk.StateSection{{Section: "tools", Type: "tool", HealthKey: "tool-", Inject: []sdk.Inject{{Member: "lastSeen", Value: sdk.InjectLastSeenTime}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{time.Unix(1_700_000_000, 999)}
	i := New(cat, &shelf{records: map[id.UID]*Record{}}, c.now)
	apply(t, i, Partition{Name: "p", Records: []sdk.Record{{Type: "tool", Key: "a", WireID: "tool-saw"}}})
	doc, _ := decodeState(t, NewState(i, nil, i.now))
	if string(doc["tools"]) != `[{"lastSeen":"2023-11-14T22:13:20Z"}]` || string(doc["connectionHealth"]) != `{"tool-saw":true}` {
		t.Errorf("%s, %s", doc["tools"], doc["connectionHealth"])
	}
}

func TestStateIsBuiltOnceASecond(t *testing.T) {
	i, _, c := fixture(t)
	s := NewState(i, nil, i.now)
	_, first := s.JSON()
	apply(t, i, Partition{Records: tools(0, 1)})
	if _, again := s.JSON(); again != first {
		t.Fatal("built twice in a second")
	}
	if s.Revision() <= first {
		t.Fatal("the newest revision must be ahead")
	}
	c.t = c.t.Add(time.Second)
	if _, again := s.JSON(); again != s.Revision() {
		t.Fatalf("revision %d, newest %d", again, s.Revision())
	}
	s.Set("activeAlerts", json.RawMessage(`[1]`))
	c.t = c.t.Add(time.Second)
	if doc, _ := decodeState(t, s); string(doc["activeAlerts"]) != "[1]" {
		t.Fatalf("alerts %s", doc["activeAlerts"])
	}
}

func TestStateNestsChildren(t *testing.T) {
	cat, err := NewCatalog([]sdk.Description{{
		Kind: "shed", Types: []sdk.ResourceType{{Name: "box"}, {Name: "tool"}},
		Sections: []sdk.StateSection{
			{Section: "boxes", Type: "box", Nest: []sdk.Nest{{Member: "tools", Type: "tool", Relation: sdk.MemberOf}}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, shelf, c := fixture(t)
	i := New(cat, shelf, c.now)
	apply(t, i, Partition{Records: []sdk.Record{
		{Type: "box", Key: "b", Doc: json.RawMessage(`{"n":1}`)}, {Type: "box", Key: "c", Doc: json.RawMessage(`{}`)},
		{Type: "tool", Key: "t", Doc: json.RawMessage(`{"k":2}`), Relations: []sdk.Relation{{Kind: sdk.MemberOf, Type: "box", Key: "b"}}},
	}})
	doc, _ := decodeState(t, NewState(i, nil, i.now))
	if string(doc["boxes"]) != `[{"n":1,"tools":[{"k":2}]},{"tools":[]}]` {
		t.Fatalf("boxes %s", doc["boxes"])
	}
}

func TestCatalogRefusesContradictions(t *testing.T) {
	box := []sdk.ResourceType{{Name: "box"}}
	for name, descs := range map[string][]sdk.Description{
		"type twice":           {{Kind: "a", Types: box}, {Kind: "b", Types: box}},
		"report twice":         {{Kind: "a", Reports: []sdk.ReportKind{{Name: "r"}}}, {Kind: "b", Reports: []sdk.ReportKind{{Name: "r"}}}},
		"section without type": {{Kind: "a", Sections: []sdk.StateSection{{Section: "s", Type: "none"}}}},
	} {
		if _, err := NewCatalog(descs); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestStateFollowsTheCatalogue(t *testing.T) {
	i, _, c := fixture(t)
	apply(t, i, Partition{Name: "p", Records: tools(0, 1)})
	s := NewState(i, nil, i.now)
	decodeState(t, s)
	before, _ := i.Revision()
	other, err := NewCatalog([]sdk.Description{{Kind: "x", Types: []sdk.ResourceType{{Name: "tool"}}, Sections: []sdk.StateSection{{Section: "renamed", Type: "tool"}}}})
	if err != nil {
		t.Fatal(err)
	}
	i.Declare(other)
	c.t = c.t.Add(2 * time.Second)
	doc, _ := decodeState(t, s)
	if after, _ := i.Revision(); doc["tools"] != nil || len(doc["renamed"]) < 3 || after == before {
		t.Errorf("tools %s, renamed %s, revision %d, was %d", doc["tools"], doc["renamed"], after, before)
	}
}
