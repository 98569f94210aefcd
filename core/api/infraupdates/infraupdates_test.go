package infraupdates

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric/metrictest"
	"github.com/pulse-platform/pulse/core/poll"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
)

// fixture is a server with two hosts, one of which has packages that wait.
func fixture(t *testing.T) Area {
	t.Helper()
	db, err := sqlite.OpenState(t.Context(), filepath.Join(t.TempDir(), "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	cat, err := inventory.NewCatalog([]sdk.Description{{
		Kind: "pve", Types: []sdk.ResourceType{{Name: "pve-node"}}, Rows: []sdk.RowsType{{Name: "pve_updates", Label: "Updates"}},
		Tasks: []sdk.Task{{Name: "all", Types: []string{"pve-node"}, Rows: []string{"pve_updates"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	a := Area{
		Inventory: inventory.New(cat, sqlite.NewRecords(db), clock), Now: clock,
		Task: func(id.Integration, string) (poll.Status, bool) {
			return poll.Status{Job: poll.Job{Task: "all"}, LastSuccess: now.Add(-time.Hour)}, true
		},
	}
	if a.Rows, err = rows.Open(t.Context(), sqlite.NewRows(db), func() rows.Declarations { return cat }); err != nil {
		t.Fatal(err)
	}
	door := ingest.New(a.Inventory, metrictest.NewMemory(clock), hclog.NewNullLogger(), clock)
	door.Keep(ingest.Books{Rows: a.Rows})
	sink := door.Begin(ingest.Cycle{Integration: "pve/lab", Task: "all", ObservedAt: now})
	row := func(name, from, to string) sdk.Row {
		doc, _ := json.Marshal(map[string]string{"package": name, "current": from, "version": to})
		return sdk.Row{Rows: "pve_updates", Key: name, OwnerType: "pve-node", OwnerKey: "n1", Doc: doc}
	}
	if err := sink.Emit(
		sdk.Record{Type: "pve-node", Key: "n1", Name: "pve1", WireID: "lab-pve1", Status: sdk.StatusUp},
		sdk.Record{Type: "pve-node", Key: "n2", Name: "pve2", WireID: "lab-pve2", Status: sdk.StatusUp},
		row("libc6", "2.41-12", "2.41-13"), row("pve-manager", "9.2.9", "9.2.10"), sdk.RowsEnd{Rows: "pve_updates", OwnerType: "pve-node", OwnerKey: "n1"},
	); err != nil {
		t.Fatal(err)
	}
	if _, err := sink.End(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPackagesThatWaitAreTold(t *testing.T) {
	a := fixture(t)
	all, err := a.list(t.Context(), listIn{})
	if err != nil || all.Total != 2 || len(all.Updates) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	u := all.Updates[1]
	if u.ID != "pve:lab-pve1/pve-manager" || u.HostID != "lab-pve1" || u.HostName != "pve1" || u.ContainerName != "pve-manager" || u.CurrentVersion != "9.2.9" ||
		u.LatestVersion != "9.2.10" || !u.UpdateAvailable || u.ResourceType != "pve" ||
		u.LastChecked != a.Now().Add(-time.Hour).Unix() {
		t.Errorf("%+v", u)
	}
	for _, c := range []struct {
		in   listIn
		want int
	}{{listIn{HostID: "lab-pve1"}, 2}, {listIn{HostID: "lab-pve2"}, 0}, {listIn{Type: "pve"}, 2}, {listIn{Type: "docker"}, 0}} {
		got, err := a.list(t.Context(), c.in)
		if err != nil || got.Total != c.want || got.Updates == nil {
			t.Errorf("%+v: %+v, %v", c.in, got, err)
		}
	}
	if got, err := a.host(t.Context(), hostIn{"lab-pve1"}); err != nil || got.Total != 2 || got.HostID != "lab-pve1" {
		t.Errorf("of a host: %+v, %v", got, err)
	}
	got, err := a.summary(t.Context(), route.None{})
	if s := got.Summaries["lab-pve1"]; err != nil || got.Total != 2 || len(got.Summaries) != 1 || s.TotalCount != 2 || s.Packages != 2 || s.HostName != "pve1" {
		t.Errorf("summary: %+v, %v", got, err)
	}
	if one, err := a.one(t.Context(), oneIn{u.ID}); err != nil || one != u {
		t.Errorf("one: %+v, %v", one, err)
	}
	if _, err := a.one(t.Context(), oneIn{"pve:lab-pve1/none"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("none: %v", err)
	}
	var word *errs.Error
	if _, err := a.one(t.Context(), oneIn{"host/"}); !errors.As(err, &word) || word.Word != "missing_host_id" {
		t.Errorf("no host: %v", err)
	}
}

// A list is read when somebody asks for it, and not again while it is new.
func TestPackagesAreReadWhenSomebodyAsks(t *testing.T) {
	a := fixture(t)
	var hurried []string
	a.Hurry = func(of id.Integration, task string) { hurried = append(hurried, string(of)+" "+task) }
	task := poll.Status{Job: poll.Job{Task: "all"}, LastSuccess: a.Now().Add(-time.Hour)}
	there := true
	a.Task = func(id.Integration, string) (poll.Status, bool) { return task, there }
	for _, in := range []checkIn{{HostID: "lab-pve2"}, {ResourceID: "pve:lab-pve1/libc6"}} {
		got, err := a.check(t.Context(), in)
		if err != nil || !got.Success || got.CommandID == "" || !strings.Contains(got.Message, "are read now") || !strings.HasPrefix(got.HostID, "lab-pve") {
			t.Errorf("%+v: %+v, %v", in, got, err)
		}
	}
	if want := []string{"pve/lab all", "pve/lab all"}; !slices.Equal(hurried, want) {
		t.Errorf("hurried %v, want %v", hurried, want)
	}
	task.Running = true
	if got, err := a.check(t.Context(), checkIn{HostID: "lab-pve1"}); err != nil || !strings.Contains(got.Message, "being read") {
		t.Errorf("while it runs: %+v, %v", got, err)
	}
	task.Running, task.LastSuccess = false, a.Now().Add(-20*time.Second)
	if got, err := a.check(t.Context(), checkIn{HostID: "lab-pve1"}); err != nil || !strings.Contains(got.Message, "20 seconds ago") {
		t.Errorf("again: %+v, %v", got, err)
	}
	if len(hurried) != 2 {
		t.Errorf("hurried %v", hurried)
	}
	there = false
	for in, want := range map[checkIn]string{
		{}: "missing_params", {HostID: "none"}: "not_found", {ResourceID: "none"}: "not_found", {HostID: "lab-pve1"}: "service_unavailable",
	} {
		var e *errs.Error
		if _, err := a.check(t.Context(), in); !errors.As(err, &e) || e.Word != want {
			t.Errorf("%+v: %v, want %s", in, err, want)
		}
	}
}
