package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// nowhere is a store that keeps nothing.
type nowhere struct{}

func (nowhere) Records(context.Context) ([]*inventory.Record, error)   { return nil, nil }
func (nowhere) SaveRecords(context.Context, []*inventory.Record) error { return nil }
func (nowhere) DeleteRecords(context.Context, []id.UID) error          { return nil }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// firing is one alert, on the guest named web.
func firing(inv *inventory.Inventory) func() []alert.Alert {
	return func() []alert.Alert {
		for _, r := range inv.Snapshot().Type("vm") {
			if r.Name == "web" {
				return []alert.Alert{{ID: "web-cpu", Type: "cpu", Severity: sdk.SeverityCritical, Key: alert.Key{Record: r.UID}, Value: 91, Threshold: 80, Started: start}}
			}
		}
		return nil
	}
}

func fixture(t testing.TB, records ...sdk.Record) *Area {
	t.Helper()
	catalog, err := inventory.NewCatalog([]sdk.Description{{Kind: "host", Types: []sdk.ResourceType{
		{Name: "host", Label: "Host", Family: familyInfrastructure, Columns: []sdk.Column{
			{Name: "cpu", Metric: "cpu", Path: "cpuUsage", Format: sdk.FormatPercent},
			{Name: "memory", Metric: "memory", Path: "memory.usage", Format: sdk.FormatPercent},
		}},
		{Name: "lab-box", APIName: "host", Label: "Box", Family: familyInfrastructure},
		{Name: "vm", Label: "VM", Family: familyWorkloads, Columns: []sdk.Column{{Name: "cpu", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	inv := inventory.New(catalog, nowhere{}, func() time.Time { return start })
	batch := inventory.Batch{Integration: "host/lab", Task: "all", At: start, Partitions: []inventory.Partition{{Records: records}}}
	if _, _, err := inv.Apply(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	return New(inv, ingest.Books{}, firing(inv))
}

func machine(name string, status sdk.Status) sdk.Record {
	return sdk.Record{
		Type: "host", Key: name, Name: name, Status: status, Tags: []string{"Prod"},
		Evidence: []sdk.Evidence{{Kind: sdk.EvidenceMachineID, Value: "id-" + name}, {Kind: sdk.EvidenceHostName, Value: name}, {Kind: sdk.EvidenceAddress, Value: "10.0.0.5"}},
		Doc:      json.RawMessage(`{"hostname":"` + name + `","cpuUsage":0.8,"memory":{"used":812,"total":4096,"usage":19.8},"osName":"debian"}`),
	}
}

func guest(name, on string) sdk.Record {
	return sdk.Record{Type: "vm", Key: "vm/" + name, Name: name, Status: sdk.StatusUp, Relations: []sdk.Relation{{Kind: sdk.RunsOn, Type: "host", Key: on}}, Doc: json.RawMessage(`{"cpu":0.5}`)}
}

func ask(t *testing.T, a *Area, in listIn) listOut {
	t.Helper()
	out, err := a.list(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func names(list []Resource) string {
	var out []string
	for _, r := range list {
		out = append(out, r.Name)
	}
	return strings.Join(out, " ")
}

func TestListFiltersSortsAndPages(t *testing.T) {
	a := fixture(t, machine("vega", sdk.StatusUp), machine("Atlas", sdk.StatusDown), guest("db", "vega"), guest("web", "vega"))
	vega := ask(t, a, listIn{Q: "VEGA"}).Data[0].ID
	for name, c := range map[string]struct {
		in   listIn
		want string
	}{
		"all, by name":         {listIn{}, "Atlas db vega web"},
		"descending":           {listIn{Order: "desc"}, "web vega db Atlas"},
		"by status, then name": {listIn{Sort: "status"}, "Atlas db vega web"},
		"by type":              {listIn{Sort: "type"}, "Atlas vega db web"},
		"an unknown field":     {listIn{Sort: "nope"}, "Atlas db vega web"},
		"one type":             {listIn{Type: "vm"}, "db web"},
		"unknown types only":   {listIn{Type: "nope"}, "Atlas db vega web"},
		"a status":             {listIn{Status: "offline,unknown"}, "Atlas"},
		"a source":             {listIn{Source: "docker"}, ""},
		"the other source":     {listIn{Source: "agent"}, "Atlas db vega web"},
		"a tag":                {listIn{Tags: "prod"}, "Atlas vega"},
		"a parent":             {listIn{Parent: vega}, "db web"},
		"the second page":      {listIn{Page: "2", Limit: "3"}, "web"},
		"after the last page":  {listIn{Page: "9", Limit: "3"}, ""},
		"odd numbers":          {listIn{Page: "-1", Limit: "many"}, "Atlas db vega web"},
	} {
		if got := names(ask(t, a, c.in).Data); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	out := ask(t, a, listIn{Type: "vm", Limit: "1"})
	if out.Meta != (Meta{Page: 1, Limit: 1, Total: 2, TotalPages: 2}) || out.Aggregations.Total != 4 || out.Aggregations.ByStatus["offline"] != 1 || out.Aggregations.BySource["agent"] != 4 {
		t.Errorf("meta %+v, aggregations %+v", out.Meta, out.Aggregations)
	}
}

func TestTypesHaveTheWordsOfTheAPI(t *testing.T) {
	a := fixture(t, machine("vega", sdk.StatusUp), guest("db", "b1"), sdk.Record{Type: "lab-box", Key: "b1", Name: "box", Status: sdk.StatusUp}, guest("web", "b1"))
	out := ask(t, a, listIn{Type: "host"})
	if names(out.Data) != "box vega" || out.Data[0].Type != "host" || !strings.HasPrefix(out.Data[0].ID, "host-") || out.Aggregations.ByType["host"] != 2 {
		t.Fatalf("%+v", out)
	}
	if got := names(ask(t, a, listIn{Type: "lab-box"}).Data); got != "box" {
		t.Errorf("by its own name: %q", got)
	}
	box := out.Data[0].ID
	former := strings.Replace(box, "host-", "lab-box-", 1)
	for _, name := range []string{box, former} {
		if got, err := a.get(t.Context(), idIn{ID: name}); err != nil || got.ID != box {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if got := names(ask(t, a, listIn{Parent: name}).Data); got != "db web" {
			t.Errorf("on %s: %q", name, got)
		}
	}
	if _, err := a.get(t.Context(), idIn{ID: strings.Replace(box, "host-", "vm-", 1)}); !errs.Is(err, errs.NotFound) {
		t.Errorf("under another's word: %v", err)
	}
	if got := names(ask(t, a, listIn{Parent: "host-0000000000000000"}).Data); got != "" {
		t.Errorf("on what is not there: %q", got)
	}
}

func TestResourceSaysWhatIsKnown(t *testing.T) {
	a := fixture(t, machine("vega", sdk.StatusUp), guest("db", "vega"))
	r, err := a.get(t.Context(), idIn{ID: "vega"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"status":"online"`, `"sources":["agent"]`, `"identity":{"machineId":"id-vega","hostnames":["vega"],"ipAddresses":["10.0.0.5"]}`,
		`"cpu":{"value":0.8,"percent":0.8,"unit":"percent"}`, `"memory":{"used":812,"total":4096,"percent":19.8,"unit":"bytes"}`,
		`"childCount":1`, `"agent":{"hostname":"vega","osName":"debian"}`, `"tags":["Prod"]`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s lacks %s", b, want)
		}
	}
	if strings.Contains(string(b), "disk\"") || strings.Contains(string(b), "staleReason") {
		t.Errorf("it says what nobody knows: %s", b)
	}
	children, err := a.children(t.Context(), idIn{ID: r.ID})
	if err != nil || children.Count != 1 || children.Data[0].ParentID != r.ID || *children.Data[0].Metrics["cpu"].Percent != 50 {
		t.Errorf("children %+v, %v", children, err)
	}
	if _, err := a.get(t.Context(), idIn{ID: "host-0000000000000000"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}

func BenchmarkList(b *testing.B) {
	var records []sdk.Record
	for i := range 100 {
		records = append(records, machine(fmt.Sprintf("host-%03d", i), sdk.StatusUp))
	}
	for i := range 1900 {
		records = append(records, guest(fmt.Sprintf("guest-%04d", i), fmt.Sprintf("host-%03d", i%100)))
	}
	a := fixture(b, records...)
	b.ReportAllocs()
	for b.Loop() {
		if out, err := a.list(b.Context(), listIn{Limit: "100"}); err != nil || out.Meta.Total != 2000 {
			b.Fatal(out.Meta, err)
		}
	}
}

func TestLegacyResources(t *testing.T) {
	a := fixture(t, machine("pve1", sdk.StatusUp), machine("pve2", sdk.StatusDown), guest("web", "pve1"))
	out, err := a.legacyList(t.Context(), legacyIn{})
	if err != nil || out.Count != 3 || out.Stats.Total != 3 || out.Stats.ByType["host"] != 2 || !out.Stats.LastUpdate.Equal(start) {
		t.Fatalf("%+v, %v", out, err)
	}
	host, vm := out.Resources[0], out.Resources[2]
	if host.ID != "pve1" || host.PlatformType != "host-agent" || host.CPU.Current != 0.8 || *host.Memory.Free != 4096-812 || host.Identity.Hostname != "pve1" || host.Schema != 1 {
		t.Errorf("%+v", host)
	}
	if len(vm.Alerts) != 1 || vm.Alerts[0].Level != "critical" || out.Stats.WithAlerts != 1 || len(host.Alerts) != 0 {
		t.Errorf("alerts %+v, stats %+v", vm.Alerts, out.Stats)
	}
	if vm.ParentID != "pve1" || vm.CPU.Current != 50 || vm.Status == "" || vm.Identity != nil {
		t.Errorf("%+v", vm)
	}
	for name, c := range map[string]struct {
		in   legacyIn
		want int
	}{
		"type": {legacyIn{Type: "vm,node"}, 1}, "status": {legacyIn{Status: "offline"}, 1}, "platform": {legacyIn{Platform: "docker"}, 0},
		"parent": {legacyIn{Parent: "pve1"}, 1}, "alerts": {legacyIn{Alerts: "true"}, 1}, "infrastructure": {legacyIn{Infrastructure: "true", Type: "vm"}, 2},
	} {
		if out, _ := a.legacyList(t.Context(), c.in); out.Count != c.want || c.want == 0 && out.Resources != nil {
			t.Errorf("%s: %d of %d", name, out.Count, c.want)
		}
	}
	if one, err := a.legacyGet(t.Context(), legacyIDIn{ID: "vm/web"}); err != nil || one.Name != "web" {
		t.Errorf("an id with a slash: %+v, %v", one, err)
	}
	if _, err := a.legacyGet(t.Context(), legacyIDIn{ID: "x"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("%v", err)
	}
}

func TestSimplePageEscapesNames(t *testing.T) {
	a := fixture(t, machine("<script>", sdk.StatusUp))
	page, err := a.simple(t.Context(), struct{}{})
	if err != nil || strings.Contains(string(page.Body), "<script>") || !strings.Contains(string(page.Body), "0.8 %") || !strings.Contains(string(page.Body), "Simple Pulse Stats") {
		t.Errorf("%s, %v", page.Body, err)
	}
}

func TestValuesOfAResource(t *testing.T) {
	a := fixture(t, machine("pve1", sdk.StatusUp))
	if got, err := a.values(t.Context(), idIn{ID: "pve1"}); err != nil || !strings.Contains(string(got), `"memory":{"used":812,"total":4096,"percent":19.8,"unit":"bytes"}`) {
		t.Errorf("%s, %v", got, err)
	}
}

// twice is a machine that an agent and a cluster see, and another one of the cluster's.
func twice(t *testing.T) *Area {
	t.Helper()
	catalog, err := inventory.NewCatalog([]sdk.Description{{Kind: "host", Types: []sdk.ResourceType{
		{Name: "host", Family: familyInfrastructure, Columns: []sdk.Column{{Name: "cpu", Metric: "cpu", Path: "cpuUsage", Format: sdk.FormatPercent}}},
		{Name: "node", Family: familyInfrastructure, Columns: []sdk.Column{{Name: "cpu", Metric: "cpu", Path: "cpu", Format: sdk.FormatRatio}, {Name: "disk", Metric: "disk", Path: "disk", Format: sdk.FormatPercent}}},
		{Name: "vm", Family: familyWorkloads},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	inv := inventory.New(catalog, nowhere{}, func() time.Time { return start })
	node := func(name, machine string) sdk.Record {
		return sdk.Record{Type: "node", Key: name, WireID: name, Name: name, Status: sdk.StatusUp, Tags: []string{"lab"}, Evidence: []sdk.Evidence{
			{Kind: sdk.EvidenceMachineID, Value: machine}, {Kind: sdk.EvidenceHostName, Value: "pve1"}}, Doc: json.RawMessage(`{"cpu":0.5,"disk":7}`)}
	}
	for _, b := range []inventory.Batch{
		{Integration: "host", Task: "t", At: start, Source: &inventory.Source{}, Reporter: "pve1", Partitions: []inventory.Partition{{Records: []sdk.Record{machine("pve1", sdk.StatusUp)}}}},
		{Integration: "pve/lab", Task: "t", At: start, Partitions: []inventory.Partition{{Records: []sdk.Record{
			node("n1", "id-pve1"), node("n2", "id-other"), {Type: "vm", Key: "v", Name: "v", Status: sdk.StatusUp, Relations: []sdk.Relation{{Kind: sdk.RunsOn, Type: "node", Key: "n1"}}},
		}}}},
	} {
		if _, _, err := inv.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	return New(inv, ingest.Books{}, firing(inv))
}

func TestAMachineThatTwoSourcesSeeIsOneResource(t *testing.T) {
	a := twice(t)
	all := ask(t, a, listIn{})
	if all.Meta.Total != 3 || all.Aggregations.BySource["agent"] != 1 || all.Aggregations.BySource["proxmox"] != 3 {
		t.Fatalf("%d resources, %v", all.Meta.Total, all.Aggregations)
	}
	one, err := a.get(t.Context(), idIn{ID: "n1"})
	if err != nil || one.Type != "host" || len(one.Sources) != 2 || *one.Metrics["cpu"].Percent != 0.8 || *one.Metrics["disk"].Percent != 7 || one.ChildCount != 1 || len(one.Tags) != 2 {
		t.Errorf("%+v, %v", one, err)
	}
	if of := ask(t, a, listIn{Source: "proxmox", Type: "host"}); of.Meta.Total != 1 {
		t.Errorf("by its second source: %d", of.Meta.Total)
	}
	if vm, err := a.get(t.Context(), idIn{ID: "v"}); err != nil || vm.ParentID != one.ID {
		t.Errorf("%+v, %v", vm, err)
	}
}

func TestPeopleDecideWhoIsWho(t *testing.T) {
	a := twice(t)
	ctx := t.Context()
	host, _ := a.get(ctx, idIn{ID: "pve1"})
	if done, err := a.reportMerge(ctx, reportMergeIn{ID: host.ID}); err != nil || done.Exclusions != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if all := ask(t, a, listIn{}); all.Meta.Total != 4 {
		t.Errorf("after the report %d", all.Meta.Total)
	}
	n2, _ := a.get(ctx, idIn{ID: "n2"})
	if _, err := a.link(ctx, linkIn{ID: host.ID, Body: linkBody{TargetID: n2.ID}}); err != nil {
		t.Fatal(err)
	}
	if one, err := a.get(ctx, idIn{ID: n2.ID}); err != nil || one.ID != host.ID || len(one.Sources) != 2 {
		t.Errorf("after the link %+v, %v", one, err)
	}
	if _, err := a.unlink(ctx, linkIn{ID: host.ID, Body: linkBody{TargetID: n2.ID}}); err != nil {
		t.Fatal(err)
	}
	if one, err := a.get(ctx, idIn{ID: n2.ID}); err != nil || one.ID != n2.ID {
		t.Errorf("after the unlink %+v, %v", one, err)
	}
	for name, c := range map[string]struct {
		err  func() error
		code errs.Code
	}{
		"no target":      {func() error { _, err := a.link(ctx, linkIn{ID: host.ID}); return err }, errs.Invalid},
		"unknown target": {func() error { _, err := a.link(ctx, linkIn{ID: host.ID, Body: linkBody{TargetID: "x"}}); return err }, errs.NotFound},
		"itself":         {func() error { _, err := a.link(ctx, linkIn{ID: host.ID, Body: linkBody{TargetID: "pve1"}}); return err }, errs.Invalid},
		"a guest":        {func() error { _, err := a.link(ctx, linkIn{ID: host.ID, Body: linkBody{TargetID: "v"}}); return err }, errs.Invalid},
		"one source":     {func() error { _, err := a.reportMerge(ctx, reportMergeIn{ID: n2.ID}); return err }, errs.Invalid},
		"no JSON":        {func() error { _, err := a.reportMerge(ctx, reportMergeIn{ID: n2.ID, Body: []byte("{")}); return err }, errs.Invalid},
	} {
		if err := c.err(); !errs.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out, err := a.offers(ctx, struct{}{}); err != nil || len(out.Merges) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}
