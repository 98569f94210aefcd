package pve

import (
	"context"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// storageConfigsAge is how long it is believed where storages lie: an admin changes that.
const storageConfigsAge = time.Hour

// storageConfig is an entry of /storage: where a storage lies. It is kept as it comes.
type storageConfig struct {
	Storage proxmox.Str `json:"storage,omitempty"`
	Type    proxmox.Str `json:"type"`

	// Of datastores on a backup server.
	Server      proxmox.Str `json:"server,omitempty"`
	Fingerprint proxmox.Str `json:"fingerprint,omitempty"`
	Datastore   proxmox.Str `json:"datastore,omitempty"`
	Namespace   proxmox.Str `json:"namespace,omitempty"`

	// Path is that of a directory, Pool a pool of ZFS or a data set in one, VG a volume group of LVM and Thin a thin pool in it.
	Path proxmox.Str `json:"path,omitempty"`
	Pool proxmox.Str `json:"pool,omitempty"`
	VG   proxmox.Str `json:"vgname,omitempty"`
	Thin proxmox.Str `json:"thinpool,omitempty"`
}

// useful tells whether anybody asks where a storage of that type lies.
func (s storageConfig) useful() bool {
	switch s.Type {
	case "pbs":
		return s.Datastore != ""
	case "dir", "zfspool", "lvm", "lvmthin":
		return true
	}
	return false
}

// storageConfigs are those that are known, and when they were asked for.
type storageConfigs struct {
	all []storageConfig
	at  time.Time
}

// findStorageConfigs asks for the configuration of storages now and then. It only makes that guests and their backups on a
// server find each other and that a pool counts once, so that what is known stays when it fails.
func (c *Collector) findStorageConfigs(ctx context.Context) {
	old := c.configs.Load()
	now := c.deps.Now()
	if old != nil && now.Sub(old.at) < storageConfigsAge {
		return
	}
	rows, _, err := proxmox.Rows[storageConfig](ctx, c.client, proxmox.Path("storage"))
	fresh := &storageConfigs{at: now}
	if err != nil && old != nil {
		fresh.all = old.all
	}
	for _, s := range rows {
		if err == nil && s.useful() {
			fresh.all = append(fresh.all, s)
		}
	}
	c.configs.Store(fresh)
}

// backedUpAs are the names under which a guest's backups lie on backup servers: by the certificate where one had to be
// given, and by the server's name.
func (c *Collector) backedUpAs(kind string, id int) (out []sdk.Evidence) {
	known := c.configs.Load()
	if known == nil {
		return nil
	}
	group := "vm"
	if kind != typeVM {
		group = "ct"
	}
	for _, s := range known.all {
		for _, server := range []string{string(s.Fingerprint), strings.ToLower(string(s.Server))} {
			if s.Type == "pbs" && server != "" {
				out = append(out, proxmox.BackupGroup(server, string(s.Datastore), string(s.Namespace), group, itoa(id)))
			}
		}
	}
	return out
}
