package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

func TestARemovedHostComesBackWhereTheKindHasNoBlock(t *testing.T) {
	r := newRig(t)
	host := r.send("t1", "m", "one", r.now, "")
	if err := r.fleet.Remove(t.Context(), "probe", host); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.fleet.Find("probe", host); ok || len(r.shelf.all) != 0 || r.inv.Snapshot().Len() != 0 {
		t.Fatalf("something is left: %+v, %d records", r.shelf.all, r.inv.Snapshot().Len())
	}
	if err := r.fleet.Remove(t.Context(), "probe", host); err != nil {
		t.Fatalf("again: %v", err)
	}
	r.now = r.now.Add(10 * time.Second)
	if got := r.send("t1", "m", "one", r.now, ""); got != host {
		t.Fatalf("%q came back as %q", host, got)
	}
}

func TestARemovalBlockHoldsOverRestarts(t *testing.T) {
	r := newRig(t)
	r.block = 24 * time.Hour
	host := r.send("t1", "m", "one", r.now, "")
	other := r.send("t1", "m", "two", r.now, "")
	if err := r.fleet.Remove(t.Context(), "probe", host); err != nil {
		t.Fatal(err)
	}
	refused := func(token, machine, hostname string) bool {
		r.t.Helper()
		r.now = r.now.Add(time.Second)
		r.dec.claims = sdk.Claims{IDs: []string{machine}, Hostname: hostname, ReportedAt: r.now}
		_, err := r.fleet.Report(t.Context(), "probe", nil, Meta{Received: r.now, Token: &auth.TokenInfo{ID: token}})
		if err != nil && (!errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "was removed")) {
			t.Fatal(err)
		}
		return err != nil
	}
	r.restart()
	if !refused("t1", "m", "one") || !refused("t2", "m", "renamed") || !refused("t2", "x", "m") {
		t.Fatal("the removed host came back")
	}
	if refused("t1", "m", "two") {
		t.Fatalf("%s was refused with its clone", other)
	}
	if len(r.shelf.all) != 1 {
		t.Fatalf("refused reports are remembered: %+v", r.shelf.all)
	}
	if n := len(r.fleet.Removed("probe")); n != 1 {
		t.Fatalf("%d are listed", n)
	}
	if ok, err := r.fleet.Allow(t.Context(), "probe", host); err != nil || !ok || refused("t1", "m", "one") || len(r.shelf.removed) != 0 {
		t.Fatalf("allowed: %v, %v", ok, err)
	}
	if err := r.fleet.Remove(t.Context(), "probe", host); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(24 * time.Hour)
	if len(r.fleet.Removed("probe")) != 0 || refused("t1", "m", "one") || len(r.shelf.removed) != 0 {
		t.Fatal("the block did not end")
	}
}

func TestTheTokenOfARemovedHostIsRevoked(t *testing.T) {
	for _, c := range []struct {
		name   string
		scopes []auth.Scope
		shared bool
		want   int
	}{
		{"alone", []auth.Scope{auth.ScopeHostReport, auth.ScopeHostConfigRead}, false, 0},
		{"shared", []auth.Scope{auth.ScopeHostReport}, true, 1},
		{"an operator's", []auth.Scope{auth.ScopeAll}, false, 1},
	} {
		r := newRig(t)
		r.keys.all = []auth.Token{{ID: "t1", Scopes: c.scopes}}
		host := r.send("t1", "m", "one", r.now, "")
		if c.shared {
			r.send("t1", "n", "two", r.now, "")
		}
		if err := r.fleet.Remove(t.Context(), "probe", host); err != nil || len(r.keys.all) != c.want {
			t.Errorf("%s: %v, %d tokens", c.name, err, len(r.keys.all))
		}
	}
}

func TestFindNamed(t *testing.T) {
	r := newRig(t)
	host := r.send("t1", "m", "One.example.org", r.now, "")
	for name, want := range map[string]bool{"one.EXAMPLE.org": true, "one": true, "one.other": true, "": false, ".": false, "two": false} {
		if got, ok := r.fleet.FindNamed("probe", name); ok != want || ok && got.Key != host {
			t.Errorf("%q: %v", name, ok)
		}
	}
	if _, ok := r.fleet.Find("probe", host+"/sda"); ok {
		t.Error("a disk is no reporter")
	}
}
