package simulate

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

type room struct {
	Name   string
	Lights []*light
	Tags   map[string]string
	hidden int //nolint:unused // must not be found
}

type light struct {
	ID   int
	Lit  bool
	Name string
}

func house() *room {
	return &room{Name: "hall", Lights: []*light{{ID: 7, Name: "door"}, {ID: 8, Name: "stairs"}}}
}

func TestEdit(t *testing.T) {
	for name, c := range map[string]struct {
		edits string
		want  room
	}{
		"a field":         {`{"Name": "attic"}`, room{Name: "attic", Lights: house().Lights}},
		"by name":         {`{"Lights.stairs.Lit": true}`, room{Name: "hall", Lights: []*light{{ID: 7, Name: "door"}, {ID: 8, Name: "stairs", Lit: true}}}},
		"by id":           {`{"Lights.7.Lit": true}`, room{Name: "hall", Lights: []*light{{ID: 7, Name: "door", Lit: true}, {ID: 8, Name: "stairs"}}}},
		"by number":       {`{"Lights.1.Lit": true}`, room{Name: "hall", Lights: []*light{{ID: 7, Name: "door"}, {ID: 8, Name: "stairs", Lit: true}}}},
		"one more":        {`{"Lights.+": {"ID": 9}}`, room{Name: "hall", Lights: append(house().Lights, &light{ID: 9})}},
		"one less":        {`{"Lights.door": null}`, room{Name: "hall", Lights: house().Lights[1:]}},
		"a key of a map":  {`{"Tags.floor": "stone"}`, room{Name: "hall", Lights: house().Lights, Tags: map[string]string{"floor": "stone"}}},
		"what was before": {`{"Lights.door": {"ID": 7}}`, room{Name: "hall", Lights: []*light{{ID: 7}, {ID: 8, Name: "stairs"}}}},
	} {
		var edits map[string]json.RawMessage
		if err := json.Unmarshal([]byte(c.edits), &edits); err != nil {
			t.Fatal(err)
		}
		got := house()
		if err := Edit(got, edits); err != nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v (%v)", name, *got, err)
		}
	}
}

func TestEditsThatAreWrong(t *testing.T) {
	served := Standing(http.NotFoundHandler(), true, func(edits map[string]json.RawMessage) error { return Edit(house(), edits) })
	for body, says := range map[string]string{
		`{"Walls": 4}`: "Walls", `{"hidden": 4}`: "hidden", `{"Lights.cellar.Lit": true}`: "cellar", `{"Name.First": "x"}`: "First", `{"Name": 4}`: "Name", `[]`: "",
	} {
		w := httptest.NewRecorder()
		served.ServeHTTP(w, httptest.NewRequest(http.MethodPost, EditPath, strings.NewReader(body)))
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), says) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	served.ServeHTTP(w, httptest.NewRequest(http.MethodGet, EditPath, nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("GET: %d", w.Code)
	}
}

// However many nodes a cluster has, each says that it is at another address of this machine.
func TestAddressesAreOfThisMachine(t *testing.T) {
	seen := map[netip.Addr]bool{}
	for node := range 1000 {
		at, err := netip.ParseAddr(Address(node))
		if err != nil || !at.IsLoopback() || seen[at] || at == netip.MustParseAddr("127.0.0.1") {
			t.Fatalf("node %d is at %v: %v", node, at, err)
		}
		seen[at] = true
	}
}
