package pve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// need is a privilege, what is missing without it, and the role that has it.
type need struct {
	privileges []string // any of them does
	effect     string
	role       string
	// optional privileges give more than reading, so that they are asked for only when somebody wants what they are for.
	optional bool
	wanted   func(Config) bool
}

func always(Config) bool { return true }

// monitorRole holds what no role of the product has without being too much.
const monitorRole = "PulseMonitor"

// needs are what a complete picture takes.
func needs(major int) []need {
	agent := need{[]string{"VM.GuestAgent.Audit"}, "File systems, addresses and operating systems of virtual machines are not shown.", "PVEAuditor", false,
		func(c Config) bool { return c.MonitorVMs && c.AgentCallsPerMinute > 0 }}
	if major > 0 && major < 9 {
		agent = need{[]string{"VM.Monitor"}, agent.effect, monitorRole, true, agent.wanted}
	}
	return []need{
		{[]string{"Sys.Audit"}, "Nodes have no numbers; quorum, disks, Ceph, tasks and backup jobs are not shown.", "PVEAuditor", false, always},
		{[]string{"VM.Audit"}, "Virtual machines and containers are not shown.", "PVEAuditor", false, func(c Config) bool { return c.MonitorVMs || c.MonitorContainers }},
		{[]string{"Datastore.Audit", "Datastore.AllocateSpace", "Datastore.Allocate"}, "Storage is not shown.", "PVEAuditor", false, func(c Config) bool { return c.MonitorStorage }},
		agent,
		{[]string{"VM.GuestAgent.FileRead", "VM.GuestAgent.Unrestricted", "VM.Monitor"}, "The page cache of virtual machines counts as used memory. The privilege also lets an account read files of guests.", monitorRole, true,
			func(c Config) bool { return major >= 9 && agent.wanted(c) && c.GuestMemory == viewAuto }},
		{[]string{"Datastore.Allocate"}, "Backups that lie on storage are not shown; their tasks are. The privilege also lets an account change storage.", monitorRole, true,
			func(c Config) bool { return c.MonitorBackups }},
		{[]string{"Sys.Modify"}, "Pending updates are not shown. The privilege also lets an account change nodes.", monitorRole, true, always},
	}
}

// Check tries the configuration: the connection, the credentials, and what the account may read.
func (c *Collector) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	proxmox.Tested()
	var result sdk.CheckResult
	steps := proxmox.Steps{Now: c.deps.Now, Progress: progress}
	err := steps.Do("Connection and credentials", func() (string, sdk.CheckOutcome, error) {
		got, err := proxmox.Get[versionAnswer](ctx, c.client, proxmox.Path("version"))
		result.Product, result.Version = proxmox.VirtualEnvironment.Name, string(got.Version)
		return "Proxmox VE " + result.Version, sdk.CheckPassed, err
	})
	if err != nil {
		result.CertificateSHA256 = certificateOf(err)
		return result, err
	}
	var granted rights
	if err := steps.Do("Rights", func() (string, sdk.CheckOutcome, error) {
		var err error
		granted, err = readRights(ctx, c.client)
		return fmt.Sprintf("%d paths", len(granted)), sdk.CheckPassed, err
	}); err != nil {
		return result, err
	}
	result.MissingPrivileges = c.missing(granted, major(result.Version))
	for _, m := range result.MissingPrivileges {
		progress(sdk.CheckStep{Name: "Right " + m.Privilege, Outcome: sdk.CheckWarning, Message: m.Effect + " " + m.Remedy})
	}
	if len(granted) == 0 {
		return result, c.lacks("VM.Audit", "/")
	}
	err = steps.Do("Cluster", func() (string, sdk.CheckOutcome, error) {
		v, err := c.look(ctx)
		if err != nil {
			return "", sdk.CheckFailed, err
		}
		result.ClusterIdentity = c.identity(ctx, v)
		result.ClusterName, result.Members, result.Found = v.cluster, v.members(), v.found()
		return describe(v), sdk.CheckPassed, nil
	})
	return result, err
}

// identityTries is how many members are asked which cluster they belong to: all know the same.
const identityTries = 3

// identity tells one cluster from another: its own certificate authority does, also when it is renamed. The node that
// answers is asked first, since nothing is forwarded then.
func (c *Collector) identity(ctx context.Context, v *view) string {
	nodes := slices.Clone(v.nodes)
	slices.SortStableFunc(nodes, func(a, b node) int {
		if a.local == b.local {
			return 0
		} else if a.local {
			return -1
		}
		return 1
	})
	nodes = slices.DeleteFunc(nodes, func(n node) bool { return !n.online || c.left(n.name) != nil })
	for _, n := range nodes[:min(len(nodes), identityTries)] {
		rows, _, err := proxmox.Rows[certificateRow](ctx, c.client, proxmox.OnNode(n.name, "certificates", "info"))
		if err != nil {
			continue
		}
		for _, r := range rows {
			if r.File == "pve-root-ca.pem" && r.Fingerprint != "" {
				return "pve-ca:" + strings.ToLower(strings.ReplaceAll(string(r.Fingerprint), ":", ""))
			}
		}
	}
	return ""
}

// members are the nodes of a cluster; a server that stands alone has none.
func (v *view) members() (out []sdk.ClusterMember) {
	if v.cluster == "" {
		return nil
	}
	for _, n := range v.nodes {
		out = append(out, sdk.ClusterMember{Name: n.name, Address: n.ip, Online: n.online, Asked: n.local})
	}
	return out
}

// found counts what the account sees.
func (v *view) found() map[string]int64 {
	out := map[string]int64{typeNode: int64(len(v.nodes))}
	for _, g := range v.guests {
		out[guestType(g)]++
	}
	storages := map[string]bool{}
	for _, row := range v.storages {
		storages[storageKey(row)] = true
	}
	out[typeStorage] = int64(len(storages))
	return out
}

func describe(v *view) string {
	name := "stands alone"
	if v.cluster != "" {
		name = "cluster " + v.cluster
	}
	found := v.found()
	return fmt.Sprintf("%s: %d nodes, %d guests, %d storages", name, len(v.nodes), len(v.guests), found[typeStorage])
}

// missing compares what the account may with what is wanted.
func (c *Collector) missing(granted rights, major int) (out []sdk.MissingPrivilege) {
	id, token := c.cfg.account()
	for _, n := range needs(major) {
		if !n.wanted(c.cfg) || granted.somewhere(n.privileges...) {
			continue
		}
		remedy := grants(id, token, "/", n.role)
		if n.optional {
			remedy = fmt.Sprintf("pveum role add %[1]s --privs %[2]s || pveum role modify %[1]s --append 1 --privs %[2]s; %[3]s", monitorRole, proxmox.Quote(n.privileges[0]), remedy)
		}
		out = append(out, sdk.MissingPrivilege{Privilege: n.privileges[0], Path: "/", Effect: n.effect, Remedy: remedy})
	}
	return out
}

// major is the major version, 0 when it is not known.
func major(version string) int {
	n := 0
	for _, r := range version {
		if r < '0' || r > '9' {
			break
		}
		n = n*10 + int(r-'0')
	}
	return n
}

func certificateOf(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) && e.Certificate != nil {
		return e.Certificate.SHA256
	}
	return ""
}

// plain is the text of an error for people.
func plain(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return err.Error()
}
