package agents

import (
	"context"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
)

// linked holds the links of a test, by host.
type linked map[string]string

func (l linked) Link(_ context.Context, host, node string) error {
	if host != "h1" || node != "n1" {
		return errs.New(errs.NotFound, "unknown")
	}
	l[host] = node
	return nil
}

func (l linked) Unlink(_ context.Context, host string) error {
	if l[host] == "" {
		return errs.New(errs.NotFound, "not linked")
	}
	delete(l, host)
	return nil
}

func TestLinkRows(t *testing.T) {
	a := area(someHosts())
	a.linker = linked{}
	for _, c := range []struct {
		row  string
		in   any
		want string
	}{
		{"unlinkHost", &hostIn{"h1"}, "unlink_failed"},
		{"linkHost", &linkIn{"h1", "n1"}, `{"success":true,"hostId":"h1","nodeId":"n1","message":"Host linked"}`},
		{"linkHost", &linkIn{"h1", "n2"}, "link_failed"},
		{"linkHost", &linkIn{"h9", "n1"}, "link_failed"},
		{"linkHost", &linkIn{" ", "n1"}, "missing_host_id"},
		{"linkHost", &linkIn{"h1", ""}, "missing_node_id"},
		{"unlinkHost", &hostIn{""}, "missing_host_id"},
		{"unlinkHost", &hostIn{"h1"}, `{"success":true,"hostId":"h1","message":"Host unlinked"}`},
	} {
		if got := call(t, a, admin, c.row, c.in); got != c.want {
			t.Errorf("%s %+v: %s", c.row, c.in, got)
		}
	}
}
