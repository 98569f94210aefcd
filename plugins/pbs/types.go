package pbs

import "github.com/pulse-platform/pulse/plugins/internal/proxmox"

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
