package inventory

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

func TestWholeDocument(t *testing.T) {
	c, err := NewCatalog([]sdk.Description{{
		Kind: "farm", Types: []sdk.ResourceType{{Name: "host"}, {Name: "guest"}},
		Sections: []sdk.StateSection{
			{Section: "hosts", Type: "host", Inject: []sdk.Inject{{Member: "status", Value: sdk.InjectStatus, Words: map[string]string{"up": "online"}}},
				Nest: []sdk.Nest{{Member: "guests", Type: "guest", Relation: sdk.RunsOn}}},
			{Type: "guest"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	i := New(c, &shelf{records: map[id.UID]*Record{}}, func() time.Time { return time.Unix(1, 0) })
	runs := []sdk.Relation{{Kind: sdk.RunsOn, Type: "host", Key: "h"}}
	_, _, err = i.Apply(t.Context(), Batch{Integration: "farm/a", Partitions: []Partition{{Records: []sdk.Record{
		{Type: "host", Key: "h", Status: sdk.StatusUp, Doc: json.RawMessage(`{"a":1}`)},
		{Type: "guest", Key: "g", Status: sdk.StatusOff, StatusWord: "stopped", Relations: runs, Doc: json.RawMessage(`{"b":2}`)},
		{Type: "guest", Key: "other", Doc: json.RawMessage(`{}`)},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	s := i.Snapshot()
	host, _ := s.Find("host", "h")
	guest, _ := s.Find("guest", "g")
	if got, want := string(s.Whole(c, host)), `{"a":1,"status":"online","guests":[{"b":2}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(s.Document(c, host)), `{"a":1,"status":"online"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c.Word(host) != "online" || c.Word(guest) != "stopped" {
		t.Errorf("words %s, %s", c.Word(host), c.Word(guest))
	}
}
