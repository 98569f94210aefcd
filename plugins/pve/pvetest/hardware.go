package pvetest

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Disk is a physical disk. Wearout is the percentage of life that is left, below 0 when the disk does not say.
type Disk struct {
	Path, Kind, Model, Serial, Health, Used string
	Size                                    int64 // bytes
	Wearout                                 int
	Temperature                             int // °C
	// Bad are sectors or blocks that it cannot read. Mute disks say nothing of themselves.
	Bad  int
	Mute bool
}

// Pool is a ZFS pool; Bad are its devices that are not well, with their states.
type Pool struct {
	Name, Health string
	Bad          map[string]string
}

// Ceph is a Ceph cluster that the nodes make up.
type Ceph struct {
	FSID, Health string
	// Checks are messages by code; those of Errors are errors, those of Muted muted.
	Checks map[string]string
	Errors map[string]bool
	Muted  map[string]bool
	OSDs   int
	Up     int
	Total  int64 // bytes
	Used   int64 // bytes
	// Read and Write are in bytes a second; 0 leaves them out, as an idle cluster does.
	Read, Write int64
	// Only names the one node that has Ceph, empty for all.
	Only string
}

func (a *API) hardwareRoutes() {
	audited := func(pattern string, h func(c call, n *Node) (any, error)) {
		a.onNode(pattern, func(c call, n *Node) (any, error) {
			if err := c.need("/", "Sys.Audit"); err != nil {
				return nil, err
			}
			return h(c, n)
		})
	}
	audited("/disks/list", func(_ call, n *Node) (any, error) { return diskRows(n), nil })
	audited("/disks/smart", smart)
	audited("/disks/zfs", func(_ call, n *Node) (any, error) {
		out := []map[string]any{}
		for _, p := range n.Pools {
			out = append(out, map[string]any{"name": p.Name, "health": p.Health, "size": 1862 * gib, "alloc": 400 * gib, "free": 1462 * gib, "frag": 12, "dedup": 1})
		}
		return out, nil
	})
	audited("/disks/zfs/{pool}", poolDetail)
	audited("/disks/lvmthin", func(_ call, n *Node) (any, error) {
		out := []map[string]any{}
		for name, used := range n.Thin {
			vg, lv, _ := strings.Cut(name, "/")
			out = append(out, map[string]any{"vg": vg, "lv": lv, "lv_size": 500 * gib, "used": 100 * gib, "metadata_size": 4 * gib, "metadata_used": int64(used * float64(4*gib))})
		}
		return out, nil
	})
	a.onNode("/apt/update", func(c call, n *Node) (any, error) {
		if err := c.need("/nodes/"+n.Name, "Sys.Modify"); err != nil {
			return nil, err
		}
		return updates(n, func(string) bool { return true }, false), nil
	})
	audited("/apt/versions", func(_ call, n *Node) (any, error) {
		return updates(n, func(name string) bool { return strings.HasPrefix(name, "pve-") }, true), nil
	})
	a.onNode("/subscription", func(_ call, n *Node) (any, error) {
		if n.Level == "" {
			return map[string]any{"status": "notfound", "message": "There is no subscription key"}, nil
		}
		return map[string]any{"status": cmp.Or(n.Lapsed, "active"), "level": n.Level, "productname": "Proxmox VE Subscription", "nextduedate": "2027-06-30", "key": "pve1c-0123456789", "serverid": "0123456789ABCDEF0123456789ABCDEF"}, nil
	})
	a.onNode("/certificates/info", func(c call, n *Node) (any, error) {
		return []map[string]any{
			{"filename": "pve-root-ca.pem", "fingerprint": colons(c.w.CA), "notafter": c.now.Add(10 * 365 * 24 * time.Hour).Unix(), "pem": "-----BEGIN CERTIFICATE-----"},
			{"filename": "pve-ssl.pem", "fingerprint": colons(a.pin), "notafter": n.CertificateEnds.Unix(), "san": []string{n.IP, n.Name}},
		}, nil
	})
	a.handle("/cluster/ceph/status", func(c call) (any, error) { return c.cephStatus(a.local) })
	a.onNode("/ceph/status", func(c call, n *Node) (any, error) { return c.cephStatus(n.Name) })
	a.onNode("/ceph/pool", func(c call, n *Node) (any, error) {
		if _, err := c.cephStatus(n.Name); err != nil {
			return nil, err
		}
		pool := func(id int, name string, used int64) map[string]any {
			return map[string]any{"pool": id, "pool_name": name, "type": "replicated", "size": 3, "bytes_used": used, "percent_used": float64(used) / float64(c.w.Ceph.Total)}
		}
		images := c.w.Ceph.Used * 9 / 10
		return []map[string]any{pool(1, "vms", images), pool(2, "files", c.w.Ceph.Used-images)}, nil
	})
	a.handle("/access/users/{user}/token/{token}", func(c call) (any, error) {
		expire := int64(0)
		if !c.w.TokenEnds.IsZero() {
			expire = c.w.TokenEnds.Unix()
		}
		return map[string]any{"expire": expire, "privsep": 1}, nil
	})
}

func diskRows(n *Node) []map[string]any {
	out := []map[string]any{}
	for _, d := range n.Disks {
		row := map[string]any{
			"devpath": d.Path, "type": d.Kind, "size": d.Size, "model": d.Model, "serial": d.Serial, "vendor": "unknown", "wwn": "wwn-" + d.Serial, "rpm": 0, "gpt": 1,
			"used": d.Used, "health": d.Health, "wearout": "N/A", "osdid": -1, "osdid-list": nil,
		}
		if d.Wearout >= 0 {
			row["wearout"] = d.Wearout
		}
		if d.Kind == "hdd" {
			row["rpm"] = 7200
		}
		out = append(out, row)
	}
	return out
}

// smart is what a disk says of itself: a list of attributes, or what the tool prints for kinds that have none.
func smart(c call, n *Node) (any, error) {
	for _, d := range n.Disks {
		switch {
		case d.Path != c.URL.Query().Get("disk"):
			continue
		case d.Mute:
			return nil, fail(http.StatusInternalServerError, "Error getting S.M.A.R.T. data: Exit code: 2")
		case d.Kind == "nvme":
			return map[string]any{"type": "text", "health": d.Health, "wearout": d.Wearout, "text": fmt.Sprintf("\nSMART/Health Information (NVMe Log 0x02, NSID 0xffffffff)\n"+
				"Critical Warning:                   0x00\nTemperature:                        %d Celsius\nAvailable Spare:                    100%%\nPercentage Used:                    %d%%\n"+
				"Power Cycles:                       13\nPower On Hours:                     2,425\nUnsafe Shutdowns:                   3\nMedia and Data Integrity Errors:    %d\n", d.Temperature, 100-d.Wearout, d.Bad)}, nil
		}
		row := func(id int, name, raw string) map[string]any {
			return map[string]any{"id": fmt.Sprintf("%3d", id), "name": name, "flags": "PO--CK", "value": "100", "normalized": 100, "worst": "100", "threshold": "010", "fail": "-", "raw": raw}
		}
		return map[string]any{"type": "ata", "health": d.Health, "attributes": []map[string]any{
			row(5, "Reallocated_Sector_Ct", "8"), row(9, "Power_On_Hours", "31415 (89 201 0)"), row(12, "Power_Cycle_Count", "57"),
			row(194, "Temperature_Celsius", fmt.Sprintf("%d (Min/Max 18/52)", d.Temperature)), row(197, "Current_Pending_Sector", fmt.Sprint(d.Bad)), row(199, "UDMA_CRC_Error_Count", "0"),
		}}, nil
	}
	return nil, fail(http.StatusInternalServerError, "not a valid block device")
}

func poolDetail(c call, n *Node) (any, error) {
	for _, p := range n.Pools {
		if p.Name != c.PathValue("pool") {
			continue
		}
		leaves := []map[string]any{{"name": "nvme0n1p3", "state": "ONLINE", "leaf": 1, "read": 0, "write": 0, "cksum": 0}}
		for name, state := range p.Bad {
			leaves = append(leaves, map[string]any{"name": name, "state": state, "leaf": 1, "read": 3, "write": 1, "cksum": 0, "msg": ""})
		}
		return map[string]any{"name": p.Name, "state": p.Health, "errors": "No known data errors", "leaf": 0, "children": []map[string]any{
			{"name": p.Name, "state": p.Health, "leaf": 0, "children": []map[string]any{{"name": "mirror-0", "state": p.Health, "leaf": 0, "children": leaves}}},
		}}, nil
	}
	return nil, fail(http.StatusInternalServerError, "pool '%s' does not exist", c.PathValue("pool"))
}

func updates(n *Node, match func(name string) bool, installed bool) []map[string]any {
	out := []map[string]any{}
	for _, u := range n.Updates {
		if match(u[0]) {
			out = append(out, map[string]any{"Package": u[0], "Title": "a package", "OldVersion": u[1], "Version": u[2], "Origin": "Proxmox", "Priority": "optional"})
		}
	}
	if installed {
		out = append(out, map[string]any{"Package": "pve-firewall", "OldVersion": "6.0.4", "Version": "6.0.4", "Origin": "Proxmox", "CurrentState": "Installed"})
	}
	return out
}

func (c call) cephStatus(node string) (map[string]any, error) {
	if !c.may("/", "Sys.Audit") && !c.may("/", "Datastore.Audit") {
		return nil, denied("/", "Sys.Audit|Datastore.Audit")
	}
	ceph := c.w.Ceph
	if ceph == nil || ceph.Only != "" && ceph.Only != node {
		return nil, fail(http.StatusInternalServerError, "binary not installed: /usr/bin/ceph-mon")
	}
	checks := map[string]any{}
	for code, text := range ceph.Checks {
		severity := "HEALTH_WARN"
		if ceph.Errors[code] {
			severity = "HEALTH_ERR"
		}
		checks[code] = map[string]any{"severity": severity, "summary": map[string]any{"message": text, "count": 1}, "detail": []any{}, "muted": ceph.Muted[code]}
	}
	pgmap := map[string]any{"num_pgs": 129, "num_pools": 1, "bytes_used": ceph.Used, "bytes_avail": ceph.Total - ceph.Used, "bytes_total": ceph.Total, "data_bytes": ceph.Used / 3}
	if ceph.Read > 0 {
		pgmap["read_bytes_sec"], pgmap["write_bytes_sec"] = ceph.Read, ceph.Write
	}
	var names []string
	for i, n := range c.w.Nodes {
		if i < 3 && n.Online {
			names = append(names, n.Name)
		}
	}
	return map[string]any{
		"fsid": ceph.FSID, "health": map[string]any{"status": ceph.Health, "checks": checks, "mutes": []any{}},
		"quorum_names": names, "monmap": map[string]any{"num_mons": min(3, len(c.w.Nodes)), "epoch": 3},
		"osdmap": map[string]any{"num_osds": ceph.OSDs, "num_up_osds": ceph.Up, "num_in_osds": ceph.Up},
		"pgmap":  pgmap,
		"mgrmap": map[string]any{"available": true, "num_standbys": 1, "modules": []any{"dashboard"}, "mgr_features": uint64(4540138322906710015)},
		"fsmap":  map[string]any{"epoch": 1, "by_rank": []any{}, "up:standby": 0},
	}, nil
}

// Healthy is a Ceph cluster that is well, for changes.
func Healthy() *Ceph {
	return &Ceph{FSID: fmt.Sprintf("%08d-0000-4000-8000-000000000001", 7), Health: "HEALTH_OK", OSDs: 9, Up: 9, Total: 60000 * gib, Used: 21000 * gib, Read: 40 * mib, Write: 12 * mib}
}
