package pve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// sharedTypes are the types of storage that are one and the same thing wherever they are mounted.
var sharedTypes = []string{"nfs", "cifs", "cephfs", "rbd", "pbs", "glusterfs", "iscsi", "iscsidirect", "zfs", "esxi"}

func isShared(row resourceRow) bool {
	return bool(row.Shared) || slices.Contains(sharedTypes, string(row.Plugin))
}

func storageKey(row resourceRow) string {
	if isShared(row) {
		return "storage/shared/" + string(row.Storage)
	}
	return "storage/" + string(row.Node) + "/" + string(row.Storage)
}

// storageID is the id of a storage as the state shows it.
func (c *Collector) storageID(v *view, row resourceRow) string {
	owner, node := c.owner(v), string(row.Node)
	switch {
	case isShared(row):
		return owner + "-cluster-" + string(row.Storage)
	case owner == node:
		return node + "-" + string(row.Storage)
	}
	return owner + "-" + node + "-" + string(row.Storage)
}

// tellStorage tells of storages, each shared one once.
func (c *Collector) tellStorage(v *view) []sdk.Observation {
	byKey := map[string][]resourceRow{}
	for _, row := range v.storages {
		byKey[storageKey(row)] = append(byKey[storageKey(row)], row)
	}
	var out []sdk.Observation
	once := c.countOnce(v)
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		out = append(out, c.tellOneStorage(v, key, byKey[key], once)...)
	}
	return out
}

// tellOneStorage puts together what the nodes say of one storage.
func (c *Collector) tellOneStorage(v *view, key string, rows []resourceRow, once map[string]counted) []sdk.Observation {
	slices.SortFunc(rows, func(a, b resourceRow) int { return strings.Compare(string(a.Node), string(b.Node)) })
	best, away, works := rows[0], []string{}, false
	for _, row := range rows {
		on, known := v.node(string(row.Node))
		switch {
		case row.Status == "available":
			// Of nodes that all see it, the one that reports the most used is the most recent.
			if !works || row.Disk.V > best.Disk.V {
				best = row
			}
			works = true
		case known && on.online && !on.stuck():
			away = append(away, on.name)
		}
	}
	r := sdk.Record{
		Type: typeStorage, Key: key, Name: string(best.Storage), WireID: c.storageID(v, best), Status: sdk.StatusUp, StatusWord: "available",
	}
	switch {
	case works:
	case len(away) > 0:
		r.Status, r.StatusWord = sdk.StatusDown, "inactive"
	default:
		r.Status, r.StatusWord = sdk.StatusUnknown, "unknown"
	}
	if isShared(best) {
		r.Relations = []sdk.Relation{{Kind: sdk.MemberOf, Type: typeCluster, Key: clusterKey}}
	} else if on, known := v.node(string(best.Node)); known {
		r.Relations = []sdk.Relation{{Kind: sdk.OwnedBy, Type: typeNode, Key: nodeKey(on.name)}}
	}
	doc := c.storageDoc(v, best, rows, works)
	if adds, shares := once[key]; shares && works {
		doc.Pool, doc.CountedUsed, doc.CountedTotal = adds.pool, &adds.used, &adds.total
	}
	r.Doc = proxmox.Document(doc)
	s := samples{kind: typeStorage, key: key, out: []sdk.Observation{r}}
	if works {
		s.share("usage", best.Disk, best.MaxDisk)
		if best.MaxDisk.V > 0 {
			s.number("used_bytes", best.Disk)
			s.number("total_bytes", best.MaxDisk)
		}
		for _, name := range away {
			s.out = append(s.out, sdk.Condition{Type: typeStorage, Key: key, Kind: kindStorageAway, Instance: name, Severity: sdk.SeverityWarning,
				Message: fmt.Sprintf("Storage %s does not work on %s, and does on others.", best.Storage, name)})
		}
	}
	return s.out
}
