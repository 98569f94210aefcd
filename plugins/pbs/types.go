package pbs

import (
	"encoding/json"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
)

// What the server's API answers. Every field may be missing or null.

// versionInfo is /version.
type versionInfo struct {
	Version proxmox.Str `json:"version"`
	Release proxmox.Str `json:"release"`
}

func (v versionInfo) text() string {
	if v.Release == "" {
		return string(v.Version)
	}
	return string(v.Version) + "." + string(v.Release)
}

// space is a number of bytes in all and in use.
type space struct {
	Total proxmox.Int `json:"total"`
	Used  proxmox.Int `json:"used"`
	Avail proxmox.Int `json:"avail"`
}

// known tells whether the numbers say something: a server that cannot read them sends none, zeros or -1.
func (s space) known() bool { return s.Total.V > 0 && s.Used.OK && s.Used.V >= 0 }

// ratio is the used share of what can be used. What is reserved for the system counts as neither.
func (s space) ratio() float64 {
	whole := s.Total.V
	if s.Avail.OK && s.Avail.V >= 0 && s.Used.V+s.Avail.V > 0 {
		whole = s.Used.V + s.Avail.V
	}
	return min(1, max(0, float64(s.Used.V)/float64(whole)))
}

// nodeStatus is /nodes/localhost/status.
type nodeStatus struct {
	CPU     proxmox.Num   `json:"cpu"` // busy share since the server read it last
	Wait    proxmox.Num   `json:"wait"`
	LoadAvg []proxmox.Num `json:"loadavg"`
	Uptime  proxmox.Int   `json:"uptime"`
	Memory  space         `json:"memory"`
	Swap    space         `json:"swap"`
	Root    space         `json:"root"`
	CPUInfo struct {
		Model   proxmox.Str `json:"model"`
		CPUs    proxmox.Int `json:"cpus"`
		Sockets proxmox.Int `json:"sockets"`
	} `json:"cpuinfo"`
	KVersion proxmox.Str `json:"kversion"`
	Kernel   struct {
		Release proxmox.Str `json:"release"`
	} `json:"current-kernel"`
	Boot struct {
		Mode proxmox.Str `json:"mode"`
	} `json:"boot-info"`
	Info struct {
		Fingerprint proxmox.Str `json:"fingerprint"`
	} `json:"info"`
}

// usage is a row of /status/datastore-usage.
type usage struct {
	Store proxmox.Str `json:"store"`
	space
	// EstimatedFull is Unix seconds of a linear fit; 0, negative or past when the store does not fill, missing when too
	// little is known.
	EstimatedFull proxmox.Int `json:"estimated-full-date"`
	Error         proxmox.Str `json:"error"`
	GC            gcStatus    `json:"gc-status"`
	MountStatus   proxmox.Str `json:"mount-status"`
	Backend       proxmox.Str `json:"backend-type"`
}

// gcStatus are the counters of the last garbage collection.
type gcStatus struct {
	IndexBytes   proxmox.Int `json:"index-data-bytes"` // all that backups refer to
	DiskBytes    proxmox.Int `json:"disk-bytes"`       // what that takes
	PendingBytes proxmox.Int `json:"pending-bytes"`
	StillBad     proxmox.Int `json:"still-bad"`
}

// deduplication is how many times over what is stored is used; false when nothing was collected yet.
func (g gcStatus) deduplication() (float64, bool) {
	if g.DiskBytes.V <= 0 || !g.IndexBytes.OK {
		return 0, false
	}
	return float64(g.IndexBytes.V) / float64(g.DiskBytes.V), true
}

// job is what the lists of jobs have in common, and what only some of them have.
type job struct {
	ID        proxmox.Str  `json:"id"`
	Store     proxmox.Str  `json:"store"`
	Namespace proxmox.Str  `json:"ns"`
	Schedule  proxmox.Str  `json:"schedule"` // empty: started by hand
	Disabled  proxmox.Bool `json:"disable"`
	Comment   proxmox.Str  `json:"comment"`
	lastRun
	// Remote is empty for a sync within the server. Direction is push or pull.
	Remote      proxmox.Str `json:"remote"`
	RemoteStore proxmox.Str `json:"remote-store"`
	Direction   proxmox.Str `json:"sync-direction"`
}

// lastRun is how a job ended last and when it runs next. A job that runs has an UPID and neither end nor state.
type lastRun struct {
	NextRun proxmox.Int `json:"next-run"`
	Ended   proxmox.Int `json:"last-run-endtime"`
	State   proxmox.Str `json:"last-run-state"`
	UPID    proxmox.Str `json:"last-run-upid"`
}

// collection is a row of /admin/gc, or what a datastore says of its own before 3.2.
type collection struct {
	Store    proxmox.Str `json:"store"`
	Schedule proxmox.Str `json:"schedule"`
	lastRun
	GCUPID proxmox.Str `json:"upid"`
	gcStatus
	RemovedBytes proxmox.Int `json:"removed-bytes"`
}

// task is a row of /nodes/localhost/tasks. One that runs has no end.
type task struct {
	UPID    proxmox.Str `json:"upid"`
	Type    proxmox.Str `json:"worker_type"`
	ID      proxmox.Str `json:"worker_id"`
	Started proxmox.Int `json:"starttime"`
	Ended   proxmox.Int `json:"endtime"`
	Status  proxmox.Str `json:"status"`
}

// store is the datastore that a task works on, empty when it is about none.
func (t task) store() string {
	id := string(t.ID)
	if t.Type == "sync" || t.Type == "syncjob" {
		if parts := strings.Split(id, ":"); len(parts) > 2 {
			return parts[2] // remote, its datastore, ours
		}
	}
	id, _, _ = strings.Cut(id, ":")
	return id
}

// namespace is a row of /admin/datastore/STORE/namespace; the root's name is empty.
type namespace struct {
	NS proxmox.Str `json:"ns"`
}

// group is a row of /admin/datastore/STORE/groups: the backups of one thing.
type group struct {
	Type  proxmox.Str `json:"backup-type"`
	ID    proxmox.Str `json:"backup-id"`
	Last  proxmox.Int `json:"last-backup"`
	Count proxmox.Int `json:"backup-count"`
	Files []file      `json:"files"` // of the newest one
}

// name is the group as people write it: vm/100.
func (g group) name() string { return string(g.Type) + "/" + string(g.ID) }

// snapshot is a row of /admin/datastore/STORE/snapshots: one backup.
type snapshot struct {
	Type proxmox.Str `json:"backup-type"`
	ID   proxmox.Str `json:"backup-id"`
	Time proxmox.Int `json:"backup-time"`
	// Size is the sum of what was backed up, before deduplication; missing while the backup runs or when it was broken off.
	Size      proxmox.Int  `json:"size"`
	Files     []file       `json:"files"`
	Owner     proxmox.Str  `json:"owner"`
	Protected proxmox.Bool `json:"protected"`
	Comment   proxmox.Str  `json:"comment"`
	Verified  struct {
		State proxmox.Str `json:"state"` // ok, failed, or empty: never verified
	} `json:"verification"`
}

func (s snapshot) group() string { return string(s.Type) + "/" + string(s.ID) }

// encrypted tells whether all that was backed up is. The index never is, and old releases do not tell.
func (s snapshot) encrypted() bool {
	some := false
	for _, f := range s.Files {
		if f.Name == index {
			continue
		}
		if f.Mode != "encrypt" {
			return false
		}
		some = true
	}
	return some
}

// index is the file without which a backup is not whole.
const index = "index.json.blob"

// file is a file of a backup: an object with its name and how it is encrypted, or the name alone as releases before 2 have it.
type file struct {
	Name proxmox.Str `json:"filename"`
	Mode proxmox.Str `json:"crypt-mode"` // none, encrypt, sign-only
}

// UnmarshalJSON never fails: what is no file has no name.
func (f *file) UnmarshalJSON(b []byte) error {
	type plain file
	if json.Unmarshal(b, (*plain)(f)) == nil && f.Name != "" {
		return nil
	}
	f.Mode = ""
	return f.Name.UnmarshalJSON(b)
}

// MarshalJSON writes the name, which is all that the contract has.
func (f file) MarshalJSON() ([]byte, error) { return json.Marshal(string(f.Name)) }

// disk is a row of /nodes/localhost/disks/list.
type disk struct {
	Name    proxmox.Str `json:"name"`
	Model   proxmox.Str `json:"model"`
	Serial  proxmox.Str `json:"serial"`
	Status  proxmox.Str `json:"status"`  // passed, failed, unknown
	Wearout proxmox.Num `json:"wearout"` // percent of its life that is left
}

// pool is a row of /nodes/localhost/disks/zfs.
type pool struct {
	Name   proxmox.Str `json:"name"`
	Health proxmox.Str `json:"health"`
}
