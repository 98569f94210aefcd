package pbs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

var _ sdk.Checker = (*Collector)(nil)

// wish is something to read and the right that it takes.
type wish struct {
	on         string
	privileges []string // one of them is enough
	role       string
	effect     string
	wanted     bool
}

// wishes are all that the plugin reads beyond what any account may.
func (c Config) wishes() []wish {
	return []wish{
		{"/system/status", []string{"Sys.Audit"}, "Audit", "processor, memory, load and uptime of the server", true},
		{"/system/tasks", []string{"Sys.Audit"}, "Audit", "tasks of others: backups, verifications and how they ended", true},
		{"/system/services", []string{"Sys.Audit"}, "Audit", "services that do not run", true},
		{"/system/disks", []string{"Sys.Audit"}, "Audit", "wear and health of disks and pools", true},
		{"/", []string{"Sys.Audit"}, "Audit", "packages that wait", true},
		{"/datastore", seesDatastores, "DatastoreAudit", "datastores and the backups on them", c.MonitorDatastores},
		{"/remote", []string{"Remote.Audit"}, "RemoteAudit", "sync jobs", c.MonitorSyncJobs},
		{"/tape", []string{"Tape.Audit"}, "TapeAudit", "tapes and the jobs that write to them", c.MonitorTape},
	}
}

// Check tries the configuration: who answers, who is asked for, and what the account may not see, with the command that
// mends it.
func (c *Collector) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	proxmox.Tested()
	out := sdk.CheckResult{Product: proxmox.Backup.Name}
	step := proxmox.Steps{Now: c.deps.Now, Progress: progress}.Do
	err := step("Connect and sign in", func() (string, sdk.CheckOutcome, error) {
		v, err := proxmox.Get[versionInfo](ctx, c.client, proxmox.Path("version"))
		out.Version = v.text()
		return "Version " + out.Version, sdk.CheckPassed, err
	})
	if err != nil {
		return out, err
	}
	err = step("Rights", func() (text string, outcome sdk.CheckOutcome, err error) {
		out.MissingPrivileges, err = c.missing(ctx)
		text, outcome = proxmox.TellRights(out.MissingPrivileges)
		return text, outcome, err
	})
	if err != nil {
		return out, err
	}
	_ = step("Server", func() (string, sdk.CheckOutcome, error) {
		s, err := proxmox.Get[nodeStatus](ctx, c.client, proxmox.Path("nodes", "localhost", "status"))
		if proxmox.Forbidden(err) {
			return "Not readable for this account.", sdk.CheckWarning, nil
		}
		if print := proxmox.Fingerprint(string(s.Info.Fingerprint)); print != "" {
			out.CertificateSHA256 = strings.ToLower(strings.ReplaceAll(print, ":", ""))
		}
		return fmt.Sprintf("Up for %.1f days.", (time.Duration(s.Uptime.V)*time.Second).Hours()/24), sdk.CheckPassed, err
	})
	if !c.cfg.MonitorDatastores {
		return out, nil
	}
	err = step("Datastores", func() (string, sdk.CheckOutcome, error) {
		rows, _, err := proxmox.Rows[usage](ctx, c.client, proxmox.Path("status", "datastore-usage"))
		var names []string
		for _, r := range rows {
			names = append(names, string(r.Store))
		}
		if err == nil {
			out.Found = map[string]int64{typeDatastore: int64(len(rows))}
		}
		if err == nil && len(rows) == 0 {
			return "The account sees no datastore.", sdk.CheckWarning, nil
		}
		return strings.Join(names, ", "), sdk.CheckPassed, err
	})
	return out, err
}

// missing returns what the account may not see.
func (c *Collector) missing(ctx context.Context) ([]sdk.MissingPrivilege, error) {
	p, err := c.rights.read(ctx, 0)
	if err != nil {
		return nil, err
	}
	var out []sdk.MissingPrivilege
	for _, w := range c.cfg.wishes() {
		if !w.wanted || p.have(w.on, w.privileges...) || strings.Count(w.on, "/") == 1 && w.on != "/" && p.below(w.on, w.privileges...) {
			continue
		}
		on := w.on
		if w.role == "Audit" {
			on = "/" // one role for all that the system tells
		}
		out = append(out, sdk.MissingPrivilege{Privilege: w.privileges[0], Path: w.on, Effect: "Missing: " + w.effect + ".", Remedy: remedy(c.rights.account, on, w.role)})
	}
	return out, nil
}
