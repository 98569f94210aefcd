package pbs

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
)

func taped(b *bench, roles map[string]string) {
	b.world.Change(func(w *pbstest.World) {
		w.Accounts["taped@pbs!x"] = &pbstest.Account{Secret: "t0ken-s3cret", Roles: roles}
		w.Tape = pbstest.Tape{
			Drives: []string{"lto9"},
			Media: []pbstest.Medium{
				{Label: "A1", Pool: "weekly", Status: "full"}, {Label: "A2", Pool: "weekly", Status: "damaged", Expired: true}, {Label: "B1", Pool: "yearly", Status: "full", Expired: true},
			},
			Jobs: []pbstest.TapeJob{
				{ID: "t-week", Store: "main", Pool: "weekly", Schedule: "sat 02:00", Run: pbstest.Run{UPID: "UPID:x", Ended: b.Now().Add(-time.Hour), State: "TASK ERROR: no media"}},
				{ID: "t-year", Store: "main", Pool: "yearly", Schedule: "yearly", Run: pbstest.Run{UPID: "UPID:y", Ended: b.Now().Add(-time.Hour), State: "OK"}},
				{ID: "t-hand", Store: "main", Pool: "weekly"},
			},
		}
	})
}

// Media and jobs are told without asking changers or drives; a medium that has expired may be written again.
func TestTapes(t *testing.T) {
	b := newBench(t)
	taped(b, map[string]string{"/": "Audit", "/tape": "TapeAudit"})
	c := b.collector(t, "taped@pbs!x", `,"monitor_tape":true`)
	look(t, c, taskStatus)
	s := look(t, c, taskTape)
	if s.Err != nil || s.Part("tape").Err != nil || len(s.rows) != 3 {
		t.Fatalf("%v, %v, %v", s.Err, s.Part("tape").Err, s.rows)
	}
	want := map[string]string{
		"datastore/main " + tapeFailed + " t-week": "no media", "server " + tapeDamaged + " A2": "A2", "server " + tapeFull + " t-week": "weekly",
	}
	for key, text := range want {
		if !strings.Contains(s.conditions[key].Message, text) {
			t.Errorf("%s: %+v", key, s.conditions[key])
		}
	}
	if len(s.conditions) != len(want) {
		t.Errorf("%v", s.conditions)
	}
	b.world.Change(func(w *pbstest.World) {
		w.Tape.Media = append(w.Tape.Media, pbstest.Medium{Label: "C1", Status: "writable"})
		w.Tape.Jobs[0].Run.State = "WARNINGS: 1"
	})
	if s = look(t, c, taskTape); len(s.conditions) != 1 || len(s.rows) != 4 {
		t.Errorf("a free medium: %v", s.conditions)
	}
}

func TestTapesThatAreNotAskedFor(t *testing.T) {
	b := newBench(t)
	taped(b, map[string]string{"/": "Audit", "/tape": "TapeAudit"})
	look(t, b.collector(t, "taped@pbs!x", ""), taskTape)
	if n := b.server.Calls("/tape/drive"); n != 0 {
		t.Errorf("%d calls", n)
	}
	b.world.Change(func(w *pbstest.World) { w.Tape.Drives = nil })
	s := look(t, b.collector(t, "taped@pbs!x", `,"monitor_tape":true`), taskTape)
	if s.Part("tape").Err != nil || b.server.Calls("/tape/media/list") != 0 {
		t.Errorf("without drives: %v, %d calls", s.Part("tape").Err, b.server.Calls("/tape/media/list"))
	}
}

// Lists are empty without the right, and that is no tape library without tapes.
func TestTapesThatAreHidden(t *testing.T) {
	b := newBench(t)
	taped(b, map[string]string{"/": "Audit"})
	c := b.collector(t, "taped@pbs!x", `,"monitor_tape":true,"monitor_sync_jobs":false`)
	s := look(t, c, taskTape)
	if err := s.Part("tape").Err; sdk.KindOf(err) != sdk.KindPermission || !strings.Contains(err.Error(), "/tape TapeAudit") {
		t.Errorf("%v", err)
	}
	out, _, err := check(t, c)
	if err != nil || len(out.MissingPrivileges) != 1 || !strings.Contains(out.MissingPrivileges[0].Remedy, "acl update /tape TapeAudit --auth-id 'taped@pbs!x'") {
		t.Errorf("%+v, %v", out.MissingPrivileges, err)
	}
}

// How long the certificate is good is told of the connection: the API asks for more than reading.
func TestTheCertificateEnds(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "monitor@pbs!pulse", "")
	s := look(t, c, taskSystem)
	if got, want := s.samples["server certificate_left"], b.http.Certificate().NotAfter.Sub(b.Now()).Seconds(); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
