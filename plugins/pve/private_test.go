package pve

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
)

// What answers hold of people and secrets is not told on, by any task, and not kept.
func TestNothingPrivateIsKept(t *testing.T) {
	l := aLife(t, 2, 4, func(w *pvetest.World) { w.Ceph = pvetest.Healthy() })
	l.must(taskResources)
	secrets := []string{"BEGIN CERTIFICATE", "ssh-ed25519", "cipassword", "pve1c-", "0123456789ABCDEF", pvetest.Secret, "root@pam"}
	for _, task := range Plugin().Describe().Tasks {
		s := l.must(task.Name)
		for _, o := range s.All() {
			b, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			for _, private := range secrets {
				// A UPID names who began a task: it is the key of a task's row, as the wire has it, and nothing is made of it.
				if strings.Contains(string(b), private) && !strings.Contains(string(b), "UPID:") {
					t.Errorf("%s tells %q: %s", task.Name, private, b)
				}
			}
		}
	}
	if len(l.host.values) < 4 {
		t.Errorf("%d values are kept", len(l.host.values))
	}
	for key, value := range l.host.values {
		for _, private := range secrets {
			if strings.Contains(string(value), private) {
				t.Errorf("%s keeps %q: %s", key, private, value)
			}
		}
	}
	for _, path := range []string{"/config", "/certificates/info", "/subscription"} {
		if l.Count(path) == 0 {
			t.Errorf("nobody asked for %s", path)
		}
	}
}

// What is dear for the nodes, or measures since it was last asked, is not asked for.
func TestNothingDearIsAsked(t *testing.T) {
	l := newLab(t, 2, 6, func(w *pvetest.World) { w.Ceph = pvetest.Healthy() })
	l.must(taskResources)
	for _, task := range Plugin().Describe().Tasks {
		l.must(task.Name)
	}
	for _, path := range l.Calls() {
		for _, dear := range []string{"/report", "/status/current", "/netstat", "/agent/exec", "/agent/get-users", "/time"} {
			if strings.HasSuffix(path, dear) && !strings.HasPrefix(path, "/cluster/ha/") {
				t.Errorf("asked for %s", path)
			}
		}
		// The lists of all guests of a node give no processor share, or ask every guest for it.
		if strings.HasSuffix(path, "/qemu") || strings.HasSuffix(path, "/lxc") {
			t.Errorf("asked for %s", path)
		}
	}
}
