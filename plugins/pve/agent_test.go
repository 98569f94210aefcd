package pve

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

// part returns the inside of a guest, nil when it was not told.
func (s seen) part(key string) []byte {
	for _, o := range s.All() {
		if p, ok := o.(sdk.Part); ok && p.Key == key {
			return p.Doc
		}
	}
	return nil
}

// inside lets the server know the guests, and asks them once.
func (l *lab) inside() seen {
	l.t.Helper()
	l.must(taskResources)
	return l.must(taskAgents)
}

func TestTheInsideOfGuests(t *testing.T) {
	l := newLab(t, 1, 3, func(w *pvetest.World) { w.Guest(100).Agent = "" })
	s := l.inside()
	for path, want := range map[string]any{
		"disk.total": float64(16 << 30), "osName": "Debian GNU/Linux", "osVersion": "13 (trixie)", "agentVersion": "10.0.2", "diskStatusReason": nil,
	} {
		if got := at(t, s.part("guest/100"), path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	doc := string(s.part("guest/100"))
	if !strings.Contains(doc, `"ipAddresses":["10.10.0.101"]`) || strings.Count(doc, "mountpoint") != 1 || strings.Contains(doc, `"lo"`) {
		t.Errorf("%s", doc)
	}
	if disk, ok := s.sample("guest/100", "disk"); !ok || disk < 0.2 || disk > 0.6 {
		t.Errorf("disk %v, %v", disk, ok)
	}
	if _, ok := s.sample("guest/100", "fs_used"); !ok {
		t.Error("no file system")
	}
	if doc := string(s.part("guest/102")); !strings.Contains(doc, `"10.10.0.103"`) || strings.Contains(doc, "disk") {
		t.Errorf("a container: %s", doc)
	}
	// What has not changed is told again as it is, without numbers that nobody measured.
	l.Forget()
	l.clock.Move(time.Minute)
	if s := l.must(taskAgents); s.part("guest/100") == nil || s.samples("guest/100") != 0 || len(l.Calls()) != 0 {
		t.Errorf("%v, %d samples", l.Calls(), s.samples("guest/100"))
	}
}

func TestWhyDisksAreUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		change func(g *pvetest.Guest)
		reason string
	}{
		"stopped": {func(g *pvetest.Guest) { g.Status = "stopped" }, reasonStopped},
		"off":     {func(g *pvetest.Guest) { g.Agent = "off" }, reasonOff},
		"silent":  {func(g *pvetest.Guest) { g.Agent = "silent" }, reasonSilent},
		"timeout": {func(g *pvetest.Guest) { g.Agent = "timeout" }, reasonTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 1, 1, func(w *pvetest.World) { w.Guest(100).Agent = ""; c.change(w.Guest(100)) })
			s := l.inside()
			if got := at(t, s.part("guest/100"), "diskStatusReason"); got != c.reason || at(t, s.part("guest/100"), "diskStatusWords") != inWords[c.reason] || at(t, s.part("guest/100"), "disk.usage") != -1.0 {
				t.Errorf("%s", s.part("guest/100"))
			}
			if _, ok := s.sample("guest/100", "disk"); ok {
				t.Error("a disk that is not known has a number")
			}
			// It is not asked again soon: each try holds a worker of the node for seconds.
			l.Forget()
			l.clock.Move(5 * time.Minute)
			l.inside()
			if n := l.Count("/agent/"); n != 0 {
				t.Errorf("asked again %d times: %v", n, l.Calls())
			}
		})
	}
}

func TestGuestsThatAreLeftAlone(t *testing.T) {
	l := newLab(t, 1, 8, func(w *pvetest.World) {
		for _, g := range w.Guests {
			g.Kind, g.Status, g.Agent = "qemu", "running", ""
		}
		w.Guest(100).Lock = "backup"
		w.Guest(101).Lock = "migrate"
		w.Guest(102).Status = "paused"
		w.Guest(103).Since = w.Now().Add(-10 * time.Second)
		w.Guest(104).Template = true
	}, map[string]any{"quiet_guests": []int{105}})
	l.inside()
	for _, path := range l.Calls() {
		if strings.Contains(path, "/agent/") && !strings.Contains(path, "/106/") && !strings.Contains(path, "/107/") {
			t.Errorf("asked %s", path)
		}
	}
	if n := l.Count("/agent/"); n != 10 {
		t.Errorf("%d calls", n)
	}
}

// A backup may begin after it was decided whom to ask.
func TestAGuestThatIsLockedMeanwhileIsLeftAlone(t *testing.T) {
	clock := newClock()
	w := pvetest.New(1, 2, clock.Now)
	for _, g := range w.Guests {
		g.Kind, g.Agent = "qemu", ""
	}
	s := pvetest.Start(t, w)
	c, err := New(Config{Host: s.URL, TokenName: pvetest.Token, TokenValue: pvetest.Secret, Fingerprint: s.Pin, MonitorVMs: true, AgentCallsPerMinute: 60},
		sdk.Deps{Name: "home", Network: sdk.Network{AllowLoopback: true}, Now: clock.Now, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	look := func() {
		t.Helper()
		if err := c.Collect(t.Context(), taskResources, forget{}); err != nil {
			t.Fatal(err)
		}
	}
	look()
	c.prepareAgents(c.shown)
	next := c.nextForAgents(c.shown)
	w.Edit(func(w *pvetest.World) { w.Guest(100).Lock = "backup" })
	look()
	c.askAgents(t.Context(), next)
	if asked, left := s.Count("/qemu/101/agent/"), s.Count("/qemu/100/agent/"); asked == 0 || left != 0 {
		t.Errorf("%d calls to the one, %d to the one that is being backed up", asked, left)
	}
}

func TestAgentCallsHaveABudget(t *testing.T) {
	l := newLab(t, 4, 100, func(w *pvetest.World) {
		for _, g := range w.Guests {
			g.Kind, g.Status, g.Agent = "qemu", "running", ""
		}
	}, map[string]any{"agent_calls_per_minute": 30})
	l.must(taskResources)
	l.Forget()
	asked := map[string]bool{}
	for range 4 {
		l.must(taskAgents)
		l.clock.Move(time.Minute)
	}
	for _, path := range l.Calls() {
		if strings.HasSuffix(path, "/get-fsinfo") {
			asked[path] = true
		}
	}
	if n := len(l.Calls()); n != 120 || len(asked) != 100 {
		t.Errorf("%d calls, file systems of %d guests", n, len(asked))
	}
}

func TestAgentsThatMayNotBeAsked(t *testing.T) {
	l := newLab(t, 1, 2, func(w *pvetest.World) {
		w.Guest(100).Agent = ""
		w.Accounts[0].Rights = map[string][]string{"/": {"Sys.Audit", "VM.Audit", "Datastore.Audit"}}
	})
	if s := l.inside(); l.Count("/agent/") != 0 || at(t, s.part("guest/100"), "diskStatusReason") != reasonDenied {
		t.Errorf("%v, %s", l.Calls(), s.part("guest/100"))
	}
	// The right on one guest only.
	l = newLab(t, 1, 3, func(w *pvetest.World) {
		for _, g := range w.Guests {
			g.Kind, g.Agent = "qemu", ""
		}
		w.Accounts[0].Rights = map[string][]string{"/": {"Sys.Audit", "VM.Audit", "Datastore.Audit"}, "/vms/101": {"VM.GuestAgent.Audit"}}
	})
	s := l.inside()
	if l.Count("/101/agent/") == 0 || l.Count("/agent/") != l.Count("/101/agent/") || at(t, s.part("guest/101"), "disk.total") != float64(17<<30) {
		t.Errorf("%v, %s", l.Calls(), s.part("guest/101"))
	}
	if at(t, s.part("guest/100"), "diskStatusReason") != reasonDenied || at(t, s.part("guest/101"), "diskStatusReason") != nil {
		t.Errorf("%s, %s", s.part("guest/100"), s.part("guest/101"))
	}
}

// A guest that refuses says nothing of others, and is not asked again for a while.
func TestAnAgentThatMayNotBeAskedAfterAll(t *testing.T) {
	l := newLab(t, 1, 2, func(w *pvetest.World) {
		for _, g := range w.Guests {
			g.Kind, g.Agent = "qemu", ""
		}
		w.Faults = []*pvetest.Fault{{Path: "/100/agent/", Status: 403, Reason: "Permission check failed (/vms/100, VM.GuestAgent.Audit)"}}
	})
	s := l.inside()
	if at(t, s.part("guest/100"), "diskStatusReason") != reasonDenied || at(t, s.part("guest/101"), "disk.total") != float64(17<<30) {
		t.Errorf("%s, %s", s.part("guest/100"), s.part("guest/101"))
	}
	l.Forget()
	l.clock.Move(30 * time.Minute)
	l.inside()
	if l.Count("/100/agent/") != 0 || l.Count("/101/agent/") == 0 {
		t.Errorf("%v", l.Calls())
	}
	l.world.Edit(func(w *pvetest.World) { w.Faults = nil })
	l.clock.Move(31 * time.Minute)
	if s := l.inside(); at(t, s.part("guest/100"), "diskStatusReason") != nil {
		t.Errorf("%s", s.part("guest/100"))
	}
}

func TestAnAgentThatIsTooOldForAQuestion(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) { w.Guest(100).Agent = "old" })
	if s := l.inside(); at(t, s.part("guest/100"), "disk.total") != float64(16<<30) || at(t, s.part("guest/100"), "osName") != nil {
		t.Errorf("%s", s.part("guest/100"))
	}
}

func TestARestartEndsTheSilence(t *testing.T) {
	l := newLab(t, 1, 1, func(w *pvetest.World) { w.Guest(100).Agent = "off" })
	l.inside()
	l.Forget()
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).Agent, w.Guest(100).Since = "", l.clock.Now() })
	l.clock.Move(10 * time.Minute)
	if s := l.inside(); l.Count("/get-fsinfo") != 1 || at(t, s.part("guest/100"), "diskStatusReason") != nil {
		t.Errorf("%v, %s", l.Calls(), s.part("guest/100"))
	}
}
