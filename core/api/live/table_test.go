package live

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// viewer is a client with a table before it.
type viewer struct {
	tb   testing.TB
	t    *table
	have held
	page page
}

func (v *viewer) look(want view, answer bool) (frameIn, bool) {
	v.tb.Helper()
	message, now := v.t.frame(v.have, want, answer)
	v.have = now
	if message == nil {
		return frameIn{}, false
	}
	return v.page.take(v.tb, message), true
}

func TestFrames(t *testing.T) {
	f := newFarm(t)
	f.put(guest(0, 0), guest(1, 0), sdk.Record{Type: "pool", Key: "p", Status: sdk.StatusDegraded, Doc: json.RawMessage(`{"cpu":5}`)})
	tab := newTable(f.Catalog(), time.Unix(1, 0))
	tab.update(f.Snapshot(), beside{alerts: json.RawMessage(`[{"id":"x"}]`), conditions: 7})
	v := viewer{tb: t, t: tab}
	want := view{Number: 1, Range: []string{"g00001"}}
	got, _ := v.look(want, true)
	if !got.Full || got.Conditions == nil || *got.Conditions != 7 || v.page.view != 1 || v.page.alerts != `[{"id":"x"}]` || len(v.page.rows) != 3 {
		t.Fatalf("%+v", v.page)
	}
	if r := v.page.row("g00000"); r["@word"] != "running" || r["@status"] != "up" || r["cpu"] != nil || r["@reason"] != nil {
		t.Errorf("out of range: %v", r)
	}
	if r := v.page.row("g00001"); r["cpu"] != 20.8 || r["vmid"] != 1.0 || r["tags"] != nil {
		t.Errorf("in range: %v", r)
	}
	if r := v.page.row("p"); r["@status"] != "degraded" || r["@word"] != "degraded" || r["@type"] != "pool" {
		t.Errorf("pool: %v", r)
	}
	f.put(guest(0, 1), guest(1, 1))
	tab.update(f.Snapshot(), beside{alerts: json.RawMessage(`[{"id":"x"}]`), conditions: 7})
	got, _ = v.look(want, false)
	if len(got.Blocks) == 0 || v.page.row("g00000")["cpu"] != nil || v.page.row("g00001")["cpu"] == 20.8 || got.Alerts != nil {
		t.Errorf("%+v", got)
	}
	if got.Conditions != nil {
		t.Errorf("conditions that did not change: %+v", got)
	}
	if _, any := v.look(want, false); any {
		t.Error("a frame about nothing")
	}
	tab.update(f.Snapshot(), beside{alerts: json.RawMessage(`[{"id":"x"}]`), conditions: 8})
	if got, any := v.look(want, false); !any || got.Alerts != nil || got.Conditions == nil || *got.Conditions != 8 {
		t.Errorf("conditions changed: %+v", got)
	}
	if got, any := v.look(want, true); !any || len(got.Blocks) != 0 {
		t.Errorf("the answer when nothing changed: %+v", got)
	}
	f.fail("no route")
	f.remove("guest", "g00000")
	tab.update(f.Snapshot(), beside{})
	got, _ = v.look(want, false)
	if r := v.page.row("g00001"); r["@status"] != "stale" || r["@reason"] != "no route" || r["@since"] == nil || r["@seen"] == nil {
		t.Errorf("stale: %v", r)
	}
	if !slices.Equal(v.page.ids(), []string{"g00001", "p"}) || len(got.Gone) != 1 {
		t.Errorf("gone: %v, %v", got.Gone, v.page.ids())
	}
	v.look(view{Number: 2, Types: []string{"pool"}, Documents: []string{"p", "nobody"}}, true)
	if len(v.page.documents) != 1 {
		t.Errorf("documents %v", v.page.documents)
	}
	if got, any := v.look(view{Number: 3, Types: []string{"pool"}, Documents: []string{"p"}}, true); !any || len(got.Documents) != 0 {
		t.Errorf("a document again: %+v", got)
	}
}

func TestResume(t *testing.T) {
	f := newFarm(t)
	f.put(guest(0, 0), guest(1, 0))
	tab := newTable(f.Catalog(), time.Unix(1, 0))
	tab.update(f.Snapshot(), beside{})
	v := viewer{tb: t, t: tab}
	want := view{Range: []string{"g00000", "g00001"}}
	v.look(want, true)
	f.put(guest(1, 1))
	tab.update(f.Snapshot(), beside{})
	again := viewer{tb: t, t: tab, have: held{epoch: v.page.epoch, seq: v.page.seq, view: want}, page: v.page}
	got, _ := again.look(want, true)
	if got.Full || len(got.Blocks) != 1 || len(got.Blocks[0].Rows) != 1 || again.page.row("g00001")["cpu"] == 20.8 {
		t.Errorf("%+v", got)
	}
	for name, have := range map[string]held{
		"other epoch": {epoch: "x", seq: v.page.seq, view: want}, "of the future": {epoch: tab.epoch, seq: 1 << 60, view: want},
	} {
		again := viewer{tb: t, t: tab, have: have}
		if got, _ := again.look(want, true); !got.Full || len(again.page.rows) != 2 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for n := range maxGone + 1 {
		tab.gone = append(tab.gone, gone{n + 10, tab.seq})
	}
	f.remove("guest", "g00000")
	tab.update(f.Snapshot(), beside{})
	late := viewer{tb: t, t: tab, have: held{epoch: v.page.epoch, seq: v.page.seq, view: want}, page: v.page}
	if got, _ := late.look(want, true); !got.Full || len(late.page.rows) != 1 {
		t.Errorf("after too many vanished: %+v", got)
	}
	if len(tab.gone) > maxGone {
		t.Errorf("%d rows that vanished are remembered", len(tab.gone))
	}
}

// TestPagesAgree lets clients look at a changing farm in changing ways, be slow, and come back: what they should hold, they hold.
func TestPagesAgree(t *testing.T) {
	for seed := range uint64(20) {
		dice := rand.New(rand.NewPCG(seed, 1))
		f := newFarm(t)
		tab := newTable(f.Catalog(), time.Unix(1, 0))
		clients := make([]viewer, 5)
		wants := make([]view, len(clients))
		for n := range clients {
			clients[n] = viewer{tb: t, t: tab}
		}
		for round := range 60 {
			mutate(f, dice, round)
			tab.update(f.Snapshot(), beside{})
			for n := range clients {
				answer := round == 0 || dice.IntN(3) == 0
				if answer {
					wants[n] = anyView(dice, int64(round))
				}
				if dice.IntN(3) == 0 && !answer {
					continue // it is slow
				}
				if dice.IntN(8) == 0 {
					clients[n].have = held{epoch: clients[n].page.epoch, seq: clients[n].page.seq, view: clients[n].have.view}
				}
				clients[n].look(wants[n], answer)
				agree(t, clients[n].page, tab, wants[n], fmt.Sprintf("seed %d, round %d, client %d", seed, round, n))
			}
		}
	}
}

func mutate(f *farm, dice *rand.Rand, round int) {
	for range dice.IntN(6) {
		n := dice.IntN(12)
		switch dice.IntN(6) {
		case 0:
			f.remove("guest", fmt.Sprintf("g%05d", n))
		case 1:
			f.put(sdk.Record{Type: "pool", Key: fmt.Sprint("p", n), Doc: json.RawMessage(fmt.Sprintf(`{"cpu":%d}`, round))})
		case 2:
			g := guest(n, round)
			g.WireID = fmt.Sprint("w", dice.IntN(3)) // several may bear one
			f.put(g)
		case 3:
			g := guest(n, round)
			g.Type, g.Key = "pool", fmt.Sprint("p", n)
			f.put(g)
		default:
			f.put(guest(n, round))
		}
	}
	if dice.IntN(20) == 0 {
		f.fail("no route")
	}
}

func anyView(dice *rand.Rand, number int64) view {
	v := view{Number: number}
	if dice.IntN(3) == 0 {
		v.Types = [][]string{{}, {"guest"}, {"pool"}}[dice.IntN(3)]
	}
	for _, name := range []string{"cpu", "node", "tags", "nothing", "@id"} {
		if dice.IntN(4) == 0 {
			v.All = append(v.All, name)
		}
	}
	if dice.IntN(2) == 0 {
		v.Columns = [][]string{{}, {"cpu"}, {"cpu", "memory.usage", "kernel"}}[dice.IntN(3)]
	}
	for n := range 12 {
		if dice.IntN(3) == 0 {
			v.Range = append(v.Range, fmt.Sprintf("g%05d", n), fmt.Sprint("p", n), fmt.Sprint("w", n%3))
		}
	}
	return v
}

// agree compares what a page holds of its view with the table.
func agree(t *testing.T, p page, tab *table, want view, when string) {
	t.Helper()
	there := map[int]bool{}
	in := tab.inRange(want)
	for _, r := range tab.rows {
		if !want.shows(r.kind.name) {
			continue
		}
		there[r.number] = true
		columns := map[int]bool{}
		for n := range ownColumns {
			columns[n] = true
		}
		for _, n := range r.kind.named(want.All) {
			columns[n] = true
		}
		if slices.Contains(in, r) {
			for _, n := range r.kind.ranged(want) {
				columns[n] = true
			}
		}
		for n := range maps.Keys(columns) {
			name, got := r.kind.columns[n], ""
			if v := p.rows[r.number][name]; v != nil {
				b, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				got = string(b)
			}
			if want := r.cells[n].text; normal(t, got) != normal(t, want) {
				t.Fatalf("%s: row %d, %s: the page has %q, the table %q", when, r.number, name, got, want)
			}
		}
	}
	for n, r := range p.rows {
		if kind, _ := r["@type"].(string); want.shows(kind) && !there[n] {
			t.Fatalf("%s: the page still has row %d", when, n)
		}
		if kind, _ := r["@type"].(string); !want.shows(kind) {
			delete(p.rows, n) // as the description tells clients
		}
	}
}

func normal(t *testing.T, text string) string {
	t.Helper()
	if text == "" {
		return ""
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(v)
}
