package pmg

import (
	"context"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// Check tries the configuration. The product has roles and no finer rights, so what an account may not see is found by
// asking for it.
func (c *Collector) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	proxmox.Tested()
	out := sdk.CheckResult{Product: proxmox.MailGateway.Name}
	step := proxmox.Steps{Now: c.deps.Now, Progress: progress}.Do
	err := step("Connect and sign in", func() (string, sdk.CheckOutcome, error) {
		v, err := proxmox.Get[versionInfo](ctx, c.client, proxmox.Path("version"))
		out.Version = string(v.Version)
		return "Version " + out.Version, sdk.CheckPassed, err
	})
	if err != nil {
		return out, err
	}
	var members []member
	err = step("Nodes", func() (text string, outcome sdk.CheckOutcome, err error) {
		members, err = c.readMembers(ctx)
		if proxmox.Forbidden(err) {
			return "Not readable for this account.", sdk.CheckWarning, nil
		}
		var names []string
		for _, m := range members {
			names = append(names, string(m.Name))
		}
		return strings.Join(names, ", "), sdk.CheckPassed, err
	})
	if err != nil {
		return out, err
	}
	err = step("Rights", func() (text string, outcome sdk.CheckOutcome, err error) {
		out.MissingPrivileges, err = c.missing(ctx, members)
		text, outcome = proxmox.TellRights(out.MissingPrivileges)
		return text, outcome, err
	})
	return out, err
}

// missing asks for one of each kind and returns what is refused.
func (c *Collector) missing(ctx context.Context, members []member) ([]sdk.MissingPrivilege, error) {
	node := "localhost"
	if len(members) > 0 {
		node = string(members[0].Name)
	}
	remedy := "pmgsh set /access/users/" + proxmox.Quote(c.cfg.User) + " --role audit"
	var out []sdk.MissingPrivilege
	for _, w := range []struct {
		call   proxmox.Call
		effect string
		wanted bool
	}{
		{proxmox.Path("config", "cluster", "nodes"), "the nodes", true},
		{proxmox.OnNode(node, "status"), "processor, memory and disk of the nodes", true},
		{proxmox.OnNode(node, "postfix", "qshape").With("queue", "active"), "queues", c.cfg.MonitorQueues},
		{proxmox.Path("statistics", "recent").With("hours", "1").With("timespan", "300"), "sums of mail", c.cfg.MonitorMailStats},
		{proxmox.Path("quarantine", "spamstatus"), "the quarantine", c.cfg.MonitorQuarantine},
		{proxmox.OnNode(node, "backup"), "backups of the gateway", c.cfg.MonitorBackups},
		{proxmox.OnNode(node, "services"), "services that do not run", true},
	} {
		if !w.wanted {
			continue
		}
		_, err := proxmox.Get[any](ctx, c.client, w.call)
		if proxmox.Forbidden(err) {
			out = append(out, sdk.MissingPrivilege{Privilege: "audit", Path: "/" + strings.Join(w.call.Path, "/"), Effect: "Missing: " + w.effect + ".", Remedy: remedy})
			continue
		}
		if err != nil && !slices.Contains([]proxmox.Kind{proxmox.KindUnsupported, proxmox.KindNodeUnreachable, proxmox.KindNodeTimeout}, proxmox.KindOf(err)) {
			return nil, err
		}
	}
	return out, nil
}
