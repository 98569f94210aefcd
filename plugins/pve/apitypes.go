package pve

import (
	"encoding/json"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
)

// What the API answers, as far as it is read. All values are lenient: releases spell them differently, and what is
// missing is missing, not zero.

// statusRow is an entry of /cluster/status: the cluster itself or a node.
type statusRow struct {
	Type    proxmox.Str  `json:"type"`
	Name    proxmox.Str  `json:"name"`
	IP      proxmox.Str  `json:"ip"`
	Quorate proxmox.Bool `json:"quorate"`
	Online  proxmox.Bool `json:"online"`
	Local   proxmox.Bool `json:"local"`
	Level   proxmox.Str  `json:"level"`
}

// resourceRow is an entry of /cluster/resources: a node, a guest or a storage, by its type. What has another type is
// skipped.
type resourceRow struct {
	Type   proxmox.Str `json:"type"`
	Node   proxmox.Str `json:"node"`
	Status proxmox.Str `json:"status"`

	CPU     proxmox.Num `json:"cpu"`
	MaxCPU  proxmox.Num `json:"maxcpu"`
	Mem     proxmox.Int `json:"mem"`
	MaxMem  proxmox.Int `json:"maxmem"`
	MemHost proxmox.Int `json:"memhost"`
	Disk    proxmox.Int `json:"disk"`
	MaxDisk proxmox.Int `json:"maxdisk"`
	Uptime  proxmox.Int `json:"uptime"`
	Level   proxmox.Str `json:"level"`
	HAState proxmox.Str `json:"hastate"`

	VMID      proxmox.Int  `json:"vmid"`
	Name      proxmox.Str  `json:"name"`
	Template  proxmox.Bool `json:"template"`
	NetIn     proxmox.Int  `json:"netin"`
	NetOut    proxmox.Int  `json:"netout"`
	DiskRead  proxmox.Int  `json:"diskread"`
	DiskWrite proxmox.Int  `json:"diskwrite"`
	Tags      proxmox.Str  `json:"tags"`
	Lock      proxmox.Str  `json:"lock"`
	Pool      proxmox.Str  `json:"pool"`

	Storage proxmox.Str  `json:"storage"`
	Plugin  proxmox.Str  `json:"plugintype"`
	Content proxmox.Str  `json:"content"`
	Shared  proxmox.Bool `json:"shared"`

	// gen counts the guests that had the id before.
	gen int32
}

// permissionsAnswer is /access/permissions: privileges by path.
type permissionsAnswer map[string]map[string]proxmox.Bool

// UnmarshalJSON takes an empty list for no permission at all, as the server writes an empty map in some releases.
func (p *permissionsAnswer) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	*p = permissionsAnswer{}
	if json.Unmarshal(b, &all) != nil {
		return nil
	}
	for path, raw := range all {
		var privileges map[string]json.RawMessage
		if json.Unmarshal(raw, &privileges) != nil || len(privileges) == 0 {
			continue
		}
		(*p)[path] = map[string]proxmox.Bool{}
		for name := range privileges {
			// The value says whether the privilege is passed on to what lies below; it is held in any case.
			(*p)[path][name] = true
		}
	}
	return nil
}

type versionAnswer struct {
	Version proxmox.Str `json:"version"`
	Release proxmox.Str `json:"release"`
}

// certificateRow is an entry of /nodes/{node}/certificates/info.
type certificateRow struct {
	File        proxmox.Str `json:"filename"`
	Fingerprint proxmox.Str `json:"fingerprint"`
	NotAfter    proxmox.Int `json:"notafter"`
}

// nodeRow is an entry of /nodes.
type nodeRow struct {
	Node        proxmox.Str `json:"node"`
	Fingerprint proxmox.Str `json:"ssl_fingerprint"`
}

// usedOf is used space of a total.
type usedOf struct {
	Total proxmox.Int `json:"total"`
	Used  proxmox.Int `json:"used"`
}

// nodeStatusAnswer is /nodes/{node}/status. Its processor share is not used: it is measured since the last call that the
// same worker of the server took.
type nodeStatusAnswer struct {
	CPU     proxmox.Num   `json:"cpu"`
	Wait    proxmox.Num   `json:"wait"`
	Load    []proxmox.Num `json:"loadavg"`
	Swap    usedOf        `json:"swap"`
	Kernel  proxmox.Str   `json:"kversion"`
	Version proxmox.Str   `json:"pveversion"`
	CPUInfo struct {
		CPUs    proxmox.Int `json:"cpus"`
		Sockets proxmox.Int `json:"sockets"`
		Model   proxmox.Str `json:"model"`
		MHz     proxmox.Str `json:"mhz"`
	} `json:"cpuinfo"`
}

// haRow is an entry of /cluster/ha/status/current.
type haRow struct {
	Type      proxmox.Str `json:"type"`
	SID       proxmox.Str `json:"sid"`
	State     proxmox.Str `json:"state"`
	Node      proxmox.Str `json:"node"`
	Timestamp proxmox.Int `json:"timestamp"` // Unix seconds, of managers
	Armed     proxmox.Str `json:"armed-state"`
}

// taskRow is an entry of /cluster/tasks or /nodes/{node}/tasks. A task without an end runs.
type taskRow struct {
	UPID      proxmox.Str `json:"upid"`
	Node      proxmox.Str `json:"node"`
	Type      proxmox.Str `json:"type"`
	ID        proxmox.Str `json:"id"`
	StartTime proxmox.Int `json:"starttime"`
	EndTime   proxmox.Int `json:"endtime"`
	Status    proxmox.Str `json:"status"`
}

// logRow is a line of a task's log.
type logRow struct {
	Text proxmox.Str `json:"t"`
}

// backupJobRow is an entry of /cluster/backup.
type backupJobRow struct {
	ID        proxmox.Str  `json:"id"`
	Type      proxmox.Str  `json:"type"`
	Enabled   proxmox.Int  `json:"enabled"`
	Schedule  proxmox.Str  `json:"schedule"`
	StartTime proxmox.Str  `json:"starttime"`
	DayOfWeek proxmox.Str  `json:"dow"`
	NextRun   proxmox.Int  `json:"next-run"`
	Storage   proxmox.Str  `json:"storage"`
	Node      proxmox.Str  `json:"node"`
	All       proxmox.Bool `json:"all"`
	VMID      proxmox.Str  `json:"vmid"`
	Exclude   proxmox.Str  `json:"exclude"`
	Pool      proxmox.Str  `json:"pool"`
	Mode      proxmox.Str  `json:"mode"`
	Comment   proxmox.Str  `json:"comment"`
}

// contentRow is an entry of /nodes/{node}/storage/{storage}/content.
type contentRow struct {
	VolID        proxmox.Str  `json:"volid"`
	Content      proxmox.Str  `json:"content"`
	Format       proxmox.Str  `json:"format"`
	Size         proxmox.Int  `json:"size"`
	CTime        proxmox.Int  `json:"ctime"`
	VMID         proxmox.Int  `json:"vmid"`
	Subtype      proxmox.Str  `json:"subtype"`
	Notes        proxmox.Str  `json:"notes"`
	Protected    proxmox.Bool `json:"protected"`
	Encrypted    proxmox.Str  `json:"encrypted"`
	Verification verification `json:"verification"`
}

// verification is what a backup server says of a backup; releases differ in its form.
type verification struct{ State proxmox.Str }

// UnmarshalJSON takes an object or its state alone.
func (v *verification) UnmarshalJSON(b []byte) error {
	*v = verification{}
	var object struct {
		State proxmox.Str `json:"state"`
	}
	if json.Unmarshal(b, &object) == nil {
		v.State = object.State
		return nil
	}
	return v.State.UnmarshalJSON(b)
}

// snapshotRow is an entry of a guest's snapshots. The entry "current" is the state that it runs in.
type snapshotRow struct {
	Name        proxmox.Str  `json:"name"`
	Description proxmox.Str  `json:"description"`
	Time        proxmox.Int  `json:"snaptime"`
	Parent      proxmox.Str  `json:"parent"`
	VMState     proxmox.Bool `json:"vmstate"`
}

// replicationRow is an entry of /cluster/replication, which says what is wanted, or of /nodes/{node}/replication, which
// says how it goes too.
type replicationRow struct {
	ID        proxmox.Str  `json:"id"`
	Guest     proxmox.Int  `json:"guest"`
	Number    proxmox.Int  `json:"jobnum"`
	Type      proxmox.Str  `json:"type"`
	Source    proxmox.Str  `json:"source"`
	Target    proxmox.Str  `json:"target"`
	Schedule  proxmox.Str  `json:"schedule"`
	Rate      proxmox.Num  `json:"rate"`
	Comment   proxmox.Str  `json:"comment"`
	Disabled  proxmox.Bool `json:"disable"`
	Remove    proxmox.Str  `json:"remove_job"`
	LastSync  proxmox.Int  `json:"last_sync"`
	NextSync  proxmox.Int  `json:"next_sync"`
	Duration  proxmox.Num  `json:"duration"`
	FailCount proxmox.Int  `json:"fail_count"`
	Error     proxmox.Str  `json:"error"`
	PID       proxmox.Int  `json:"pid"`
}
