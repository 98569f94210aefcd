package pve

import (
	"context"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// targetsAge is how long it is believed into which datastores the cluster writes: an admin changes that.
const targetsAge = time.Hour

// target is a datastore on a backup server into which the cluster writes its backups.
type target struct {
	Type        proxmox.Str `json:"type"`
	Server      proxmox.Str `json:"server"`
	Fingerprint proxmox.Str `json:"fingerprint"`
	Datastore   proxmox.Str `json:"datastore"`
	Namespace   proxmox.Str `json:"namespace"`
}

// targets are those that are known, and when they were asked for.
type targets struct {
	all []target
	at  time.Time
}

// findTargets asks for the configuration of storages now and then. It only makes that guests and their backups on a server
// find each other, so that what is known stays when it fails.
func (c *Collector) findTargets(ctx context.Context) {
	old := c.targets.Load()
	now := c.deps.Now()
	if old != nil && now.Sub(old.at) < targetsAge {
		return
	}
	rows, _, err := proxmox.Rows[target](ctx, c.client, proxmox.Path("storage"))
	fresh := &targets{at: now}
	if err != nil && old != nil {
		fresh.all = old.all
	}
	for _, t := range rows {
		if t.Type == "pbs" && t.Datastore != "" && err == nil {
			fresh.all = append(fresh.all, t)
		}
	}
	c.targets.Store(fresh)
}

// backedUpAs are the names under which a guest's backups lie on backup servers: by the certificate where one had to be
// given, and by the server's name.
func (c *Collector) backedUpAs(kind string, id int) (out []sdk.Evidence) {
	known := c.targets.Load()
	if known == nil {
		return nil
	}
	group := "vm"
	if kind != typeVM {
		group = "ct"
	}
	for _, t := range known.all {
		for _, server := range []string{string(t.Fingerprint), strings.ToLower(string(t.Server))} {
			if server != "" {
				out = append(out, proxmox.BackupGroup(server, string(t.Datastore), string(t.Namespace), group, itoa(id)))
			}
		}
	}
	return out
}
