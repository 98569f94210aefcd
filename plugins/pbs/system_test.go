package pbs

import (
	"context"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
)

func TestSystem(t *testing.T) {
	b := newBench(t)
	b.world.Change(func(w *pbstest.World) {
		w.Subscription = "notfound"
		w.Services = []pbstest.Service{
			{Name: "proxmox-backup", State: "running", Unit: "enabled"}, {Name: "proxmox-backup-proxy", State: "dead", Unit: "enabled"},
			{Name: "postfix", State: "dead", Unit: "disabled"}, {Name: "proxmox-backup-banner", State: "dead", Unit: "static"},
		}
		w.Disks = []pbstest.Disk{{Name: "sda", Model: "Example", Status: "passed", Left: 97}, {Name: "sdb", Model: "Example", Status: "failed", Left: 12}, {Name: "sdc", Status: "unknown"}}
		w.Pools = map[string]string{"rpool": "ONLINE", "tank": "DEGRADED"}
		w.Updates = []pbstest.Update{{Package: "proxmox-backup-server", Old: "4.2.6-1", Version: "4.3.1-1"}}
	})
	c := b.collector(t, "monitor@pbs!pulse", "")
	s := look(t, c, taskSystem)
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	for key, severity := range map[string]sdk.Severity{
		"server " + noSubscription + " ": sdk.SeverityInfo, "server " + serviceDown + " proxmox-backup-proxy": sdk.SeverityWarning,
		"server " + diskFailing + " sdb": sdk.SeverityCritical, "server " + poolDegraded + " tank": sdk.SeverityWarning,
	} {
		if s.conditions[key].Severity != severity {
			t.Errorf("%s: %+v", key, s.conditions[key])
		}
	}
	if wear, told := s.samples["server disk_wearsdc"]; told {
		t.Errorf("a disk that tells nothing is worn by %v", wear)
	}
	if len(s.conditions) != 4 || s.samples["server updates_pending"] != 1 || s.samples["server disk_wearsdb"] != 0.88 || s.rows["proxmox-backup-server"].Key == "" {
		t.Errorf("%v %v %v", s.conditions, s.samples, s.rows)
	}
}

// A part of the system that an account may not read fails alone.
func TestSystemWithHalfTheRights(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "half@pbs!main", "")
	s := look(t, c, taskSystem)
	if s.Err != nil || sdk.KindOf(s.Part("services").Err) != sdk.KindPermission || s.Part("subscription").Err != nil {
		t.Errorf("%v, %v", s.Err, s.Part("services").Err)
	}
}

func check(t *testing.T, c *Collector) (sdk.CheckResult, map[string]sdk.CheckStep, error) {
	t.Helper()
	steps := map[string]sdk.CheckStep{}
	out, err := c.Check(context.Background(), func(s sdk.CheckStep) { steps[s.Name] = s })
	return out, steps, err
}

// The test of a connection says what will be missing, and the command that mends it.
func TestCheck(t *testing.T) {
	b := newBench(t)
	out, steps, err := check(t, b.collector(t, "monitor@pbs!pulse", ""))
	if err != nil || out.Version != "4.2.6" || len(out.MissingPrivileges) != 0 || steps["Datastores"].Message != "main, archive" || steps["Rights"].Outcome != sdk.CheckPassed {
		t.Errorf("%+v %v %v", out, steps, err)
	}

	out, steps, err = check(t, b.collector(t, "half@pbs!main", ""))
	if err != nil || steps["Rights"].Outcome != sdk.CheckWarning || steps["Server"].Outcome != sdk.CheckWarning {
		t.Errorf("%v %v", steps, err)
	}
	remedies := map[string]string{}
	for _, m := range out.MissingPrivileges {
		remedies[m.Path] = m.Remedy
	}
	if want := "proxmox-backup-manager acl update / Audit --auth-id 'half@pbs' && proxmox-backup-manager acl update / Audit --auth-id 'half@pbs!main'"; remedies["/system/status"] != want {
		t.Errorf("remedy %q, want %q", remedies["/system/status"], want)
	}
	if !strings.Contains(remedies["/remote"], "/remote RemoteAudit") || remedies["/datastore"] != "" {
		t.Errorf("remedies %v: one datastore is enough to see something", remedies)
	}

	out, _, err = check(t, b.collector(t, "nobody@pbs!none", ""))
	if err != nil || len(out.MissingPrivileges) != len(Config{}.wishes())-1 { // all but tapes, which nobody asked for
		t.Errorf("an account without rights: %+v, %v", out, err)
	}
	for _, x := range []struct {
		what, config string
		kind         sdk.ErrorKind
	}{
		{"a wrong secret", `,"token_value":"wrong"`, sdk.KindAuth},
		{"another certificate", `,"fingerprint":"` + strings.Repeat("ab", 32) + `"`, sdk.KindConfig},
	} {
		if _, steps, err := check(t, b.collector(t, "monitor@pbs!pulse", x.config)); sdk.KindOf(err) != x.kind || steps["Connect and sign in"].Outcome != sdk.CheckFailed {
			t.Errorf("%s: %v %v", x.what, err, steps)
		}
	}
}

// A user with a password signs in once, and again when the ticket is old.
func TestTicket(t *testing.T) {
	b := newBench(t)
	c := b.collector(t, "", `,"user":"monitor@pbs","password":"passw0rd"`)
	for range 3 {
		if s := look(t, c, taskStatus); s.Err != nil {
			t.Fatal(s.Err)
		}
	}
	if n := b.server.Calls("/access/ticket"); n != 1 {
		t.Errorf("%d logins", n)
	}
	b.Move(90 * 60 * 1e9)
	if s := look(t, c, taskStatus); s.Err != nil || b.server.Calls("/access/ticket") != 2 {
		t.Errorf("%v after %d logins", s.Err, b.server.Calls("/access/ticket"))
	}
}

func TestConfigurationsThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct{ config, field string }{
		"no credentials":  {`{"host":"pbs"}`, "token_name"},
		"address":         {`{"host":"ftp://pbs","token_name":"a@pbs!b","token_value":"x"}`, "host"},
		"fingerprint":     {`{"host":"pbs","token_name":"a@pbs!b","token_value":"x","fingerprint":"AB"}`, "fingerprint"},
		"no host":         {`{"token_name":"a@pbs!b","token_value":"x"}`, "host"},
		"half a token id": {`{"host":"pbs","token_name":"b","token_value":"x"}`, "token_name"},
		"no secret":       {`{"host":"pbs","token_name":"a@pbs!b"}`, "token_value"},
		"no password":     {`{"host":"pbs","user":"a@pbs"}`, "password"},
		"no realm":        {`{"host":"pbs","user":"a","password":"x"}`, "user"},
	} {
		_, err := Plugin().Configure(t.Context(), sdk.Instance{Config: []byte(c.config)}, sdk.Deps{})
		var e *sdk.Error
		if !asError(err, &e) || e.Kind != sdk.KindConfig || e.Field != c.field {
			t.Errorf("%s: %+v (%v)", name, e, err)
		}
	}
}
