package pve

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// check tries the configuration of a lab.
func (l *lab) check() (sdk.CheckResult, []sdk.CheckStep, error) {
	var steps []sdk.CheckStep
	result, err := l.live.Check(l.t.Context(), func(s sdk.CheckStep) { steps = append(steps, s) })
	return result, steps, err
}

func TestACheckThatGoesWell(t *testing.T) {
	result, steps, err := newLab(t, 3, 5, nil).check()
	if err != nil || len(result.MissingPrivileges) != 0 || result.Version != "9.2.10" || !strings.HasPrefix(result.ClusterIdentity, "pve-ca:caca") {
		t.Errorf("%+v, %v", result, err)
	}
	if result.ClusterName != "lab" || len(result.Members) != 3 || !result.Members[0].Asked || !result.Members[0].Online || result.Members[0].Address == "" || result.Members[1].Asked ||
		result.Found[typeNode] != 3 || result.Found[typeStorage] != 7 || result.Found[typeVM]+result.Found[typeLXC] != 5 {
		t.Errorf("the cluster: %+v", result)
	}
	last := steps[len(steps)-1]
	if len(steps) != 3 || last.Outcome != sdk.CheckPassed || last.Message != "cluster lab: 3 nodes, 5 guests, 7 storages" {
		t.Errorf("%+v", steps)
	}
}

func TestACheckNamesMissingRights(t *testing.T) {
	for version, agent := range map[string]string{"9.2.10": "", "8.4.1": "VM.Monitor"} {
		l := newLab(t, 1, 2, func(w *pvetest.World) {
			w.Version = version
			w.Accounts[0].Rights = map[string][]string{"/": pvetest.Auditor()}
		})
		result, _, err := l.check()
		if err != nil {
			t.Fatal(err)
		}
		missing := map[string]sdk.MissingPrivilege{}
		for _, m := range result.MissingPrivileges {
			missing[m.Privilege] = m
		}
		if m := missing["Sys.Modify"]; !strings.Contains(m.Effect, "updates") || !strings.HasPrefix(m.Remedy, "pveum role add PulseMonitor --privs 'Sys.Modify'") ||
			!strings.Contains(m.Remedy, "pveum acl modify / --tokens 'monitor@pve!pulse' --roles PulseMonitor; pveum acl modify / --users 'monitor@pve' --roles PulseMonitor") {
			t.Errorf("%s: %+v", version, m)
		}
		if _, told := missing["VM.Monitor"]; told != (agent != "") || missing["Datastore.Allocate"].Privilege == "" || missing["Sys.Audit"].Privilege != "" {
			t.Errorf("%s: %+v", version, result.MissingPrivileges)
		}
	}
}

func TestACheckWithoutAnyRight(t *testing.T) {
	l := newLab(t, 1, 2, func(w *pvetest.World) { w.Accounts[0].Rights = nil })
	_, steps, err := l.check()
	told := 0
	for _, s := range steps {
		if s.Outcome == sdk.CheckWarning && strings.Contains(s.Message, "pveum acl modify") {
			told++
		}
	}
	if sdk.KindOf(err) != sdk.KindPermission || told != 7 {
		t.Errorf("%v, %d rights: %+v", err, told, steps)
	}
}

func TestAccountsOfAConfiguration(t *testing.T) {
	for _, c := range []struct {
		config Config
		token  string
		user   string
	}{
		{Config{TokenName: "monitor@pve!pulse", TokenValue: "x"}, "monitor@pve!pulse", ""},
		{Config{User: "monitor@pve", TokenName: "pulse", TokenValue: "x"}, "monitor@pve!pulse", "monitor@pve"},
		{Config{User: "root", Password: "x"}, "", "root@pam"},
	} {
		if got := c.config.login(); got.Token != c.token || got.User != c.user {
			t.Errorf("%+v", got)
		}
	}
	for _, c := range []struct {
		config Config
		field  string
	}{
		{Config{Host: "ftp://x", User: "a", Password: "b"}, "host"}, {Config{Host: "pve1"}, "token_name"}, {Config{Host: "pve1", TokenName: "a@pve!b"}, "token_value"},
		{Config{Host: "pve1", User: "a"}, "password"}, {Config{Host: "pve1", User: "a", Password: "b", Fingerprint: "12:34"}, "fingerprint"},
		{Config{Host: "pve1", User: "a", Password: "b", Members: []Member{{Node: "x", Host: "ftp://x"}}}, "members.0.host"},
	} {
		err := c.config.check()
		if told := c.config.Validate(); len(told) != 1 || told[0].Path != c.field || told[0].Severity != sdk.DiagnosticError {
			t.Errorf("%+v: judged as %+v", c.config, told)
		}
		var wrong *sdk.Error
		if !errors.As(err, &wrong) || wrong.Field != c.field || wrong.Kind != sdk.KindConfig {
			t.Errorf("%+v: %v", c.config, err)
		}
	}
}

// A link that a page shows leads to a page, and runs nothing.
func TestLinksAreAddresses(t *testing.T) {
	for link, good := range map[string]bool{"https://pve.example.com": true, "javascript:alert(1)": false, "javascript://x/%0aalert(1)": false, "x y": false} {
		config, _ := json.Marshal(map[string]any{"host": "pve1", "user": "a", "password": "b", "guest_url": link})
		if _, found := schema.Decode[Config](config); (len(found) == 0) != good {
			t.Errorf("%s: %+v", link, found)
		}
	}
}
