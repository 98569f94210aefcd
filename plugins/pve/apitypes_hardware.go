package pve

import "github.com/pulse-platform/pulse/plugins/internal/proxmox"

// diskRow is an entry of /nodes/{node}/disks/list. Wearout is the percentage of life that is left.
type diskRow struct {
	DevPath proxmox.Str `json:"devpath"`
	Parent  proxmox.Str `json:"parent"`
	Type    proxmox.Str `json:"type"`
	Size    proxmox.Int `json:"size"`
	Model   proxmox.Str `json:"model"`
	Serial  proxmox.Str `json:"serial"`
	WWN     proxmox.Str `json:"wwn"`
	RPM     proxmox.Int `json:"rpm"`
	Used    proxmox.Str `json:"used"`
	Health  proxmox.Str `json:"health"`
	Wearout proxmox.Num `json:"wearout"`
}

// thinRow is an entry of /nodes/{node}/disks/lvmthin.
type thinRow struct {
	VG       proxmox.Str `json:"vg"`
	LV       proxmox.Str `json:"lv"`
	MetaSize proxmox.Int `json:"metadata_size"`
	MetaUsed proxmox.Int `json:"metadata_used"`
}

// poolRow is an entry of /nodes/{node}/disks/zfs.
type poolRow struct {
	Name   proxmox.Str `json:"name"`
	Health proxmox.Str `json:"health"`
}

// poolAnswer is /nodes/{node}/disks/zfs/{pool}.
type poolAnswer struct {
	Children []poolDevice `json:"children"`
}

type poolDevice struct {
	Name     proxmox.Str  `json:"name"`
	State    proxmox.Str  `json:"state"`
	Children []poolDevice `json:"children"`
}

// cephStatus is the status of Ceph, as far as it is read: most of it describes modules.
type cephStatus struct {
	FSID   proxmox.Str `json:"fsid"`
	Health struct {
		Status proxmox.Str          `json:"status"`
		Checks map[string]cephCheck `json:"checks"`
	} `json:"health"`
	Quorum []proxmox.Str `json:"quorum_names"`
	MonMap struct {
		Num  proxmox.Int `json:"num_mons"`
		Mons []struct{}  `json:"mons"`
	} `json:"monmap"`
	OSDMap cephOSDMap `json:"osdmap"`
	PGMap  struct {
		PGs      proxmox.Int `json:"num_pgs"`
		Used     proxmox.Int `json:"bytes_used"`
		Avail    proxmox.Int `json:"bytes_avail"`
		Total    proxmox.Int `json:"bytes_total"`
		Read     proxmox.Num `json:"read_bytes_sec"`
		Write    proxmox.Num `json:"write_bytes_sec"`
		Recovery proxmox.Num `json:"recovering_bytes_per_sec"`
		Degraded proxmox.Num `json:"degraded_ratio"`
	} `json:"pgmap"`
	MgrMap struct {
		Active      proxmox.Str  `json:"active_name"`
		Available   proxmox.Bool `json:"available"`
		NumStandbys proxmox.Int  `json:"num_standbys"`
		Standbys    []struct{}   `json:"standbys"`
	} `json:"mgrmap"`
	FSMap struct {
		Up      proxmox.Int `json:"up"`
		Max     proxmox.Int `json:"max"`
		Standby proxmox.Int `json:"up:standby"`
	} `json:"fsmap"`
}

type cephCheck struct {
	Severity proxmox.Str  `json:"severity"`
	Muted    proxmox.Bool `json:"muted"`
	Summary  struct {
		Message proxmox.Str `json:"message"`
	} `json:"summary"`
}

type cephOSDs struct {
	Num proxmox.Int `json:"num_osds"`
	Up  proxmox.Int `json:"num_up_osds"`
	In  proxmox.Int `json:"num_in_osds"`
}

// cephOSDMap has its numbers one level deeper in old releases.
type cephOSDMap struct {
	cephOSDs
	Old cephOSDs `json:"osdmap"`
}

func (m cephOSDMap) osds() cephOSDs {
	if m.Old.Num.OK {
		return m.Old
	}
	return m.cephOSDs
}

// cephPoolRow is an entry of /nodes/{node}/ceph/pool. Percent is a share, whatever its name.
type cephPoolRow struct {
	ID      proxmox.Int `json:"pool"`
	Name    proxmox.Str `json:"pool_name"`
	Used    proxmox.Int `json:"bytes_used"`
	Percent proxmox.Num `json:"percent_used"`
	Objects proxmox.Int `json:"objects"`
}

// tokenAnswer is /access/users/{user}/token/{token}; Expire is in Unix seconds, 0 for never.
type tokenAnswer struct {
	Expire proxmox.Int `json:"expire"`
}
