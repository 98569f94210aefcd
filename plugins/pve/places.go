package pve

import (
	"cmp"
	"slices"
	"strings"
)

// Several storages of a node may lie on one pool. Each of them tells all that is free there, so that their sizes must not be
// added up: what they add to a sum is told beside what they are. Only what the configuration says for certain counts.

// volume is where a storage lies: in a pool of ZFS or a group of LVM.
type volume struct {
	key         string // of the storage
	zfs         bool
	pool        string // or the group
	path        string // with what it is in there
	used, total int64
}

func (v volume) free() int64 { return v.total - v.used }

// inDirectory is between a pool and the name of a storage of which it is only known that it is a directory there; no data set
// has such a name.
const inDirectory = "//"

// holds tells whether what another storage of the pool uses is part of this one. Of two names for one thing, as directories
// of one file system are, the first holds the second.
func (v volume) holds(other volume) bool {
	directories := strings.Contains(v.path, inDirectory) && strings.Contains(other.path, inDirectory)
	if v.path == other.path || directories && v.used == other.used && v.total == other.total {
		return v.key < other.key
	}
	return strings.HasPrefix(other.path, v.path+"/")
}

// counted is what a storage adds to a sum, and the pool that it shares with others.
type counted struct {
	pool        string
	used, total int64
}

// countOnce finds the storages that share a pool with others, by their keys.
func (c *Collector) countOnce(v *view) map[string]counted {
	known := c.configs.Load()
	if known == nil {
		return nil
	}
	configs := map[string]storageConfig{}
	for _, s := range known.all {
		configs[string(s.Storage)] = s
	}
	byNode := map[string][]resourceRow{}
	for _, row := range v.storages {
		if row.Status == "available" && !isShared(row) && row.MaxDisk.V > 0 && row.Disk.OK {
			byNode[string(row.Node)] = append(byNode[string(row.Node)], row)
		}
	}
	out := map[string]counted{}
	for name, rows := range byNode {
		n, _ := v.node(name)
		for _, sharing := range pools(n, rows, configs) {
			if len(sharing) > 1 {
				count(sharing, out)
			}
		}
	}
	return out
}

// pools sorts the storages of a node by the pools that they lie on.
func pools(n node, rows []resourceRow, configs map[string]storageConfig) map[string][]volume {
	out := map[string][]volume{}
	add := func(row resourceRow, zfs bool, kind, path string) {
		pool, _, _ := strings.Cut(path, "/")
		out[kind+pool] = append(out[kind+pool], volume{storageKey(row), zfs, pool, path, row.Disk.V, row.MaxDisk.V})
	}
	for _, row := range rows {
		switch s := configs[string(row.Storage)]; {
		case row.Plugin == "zfspool" && s.Pool != "":
			add(row, true, "zfs ", string(s.Pool))
		case row.Plugin == "lvm" && s.VG != "":
			add(row, false, "lvm ", string(s.VG))
		case row.Plugin == "lvmthin" && s.VG != "" && s.Thin != "":
			add(row, false, "lvm ", string(s.VG+"/"+s.Thin))
		}
	}
	for _, row := range rows {
		pool := poolOfDirectory(n, row, string(configs[string(row.Storage)].Path))
		for _, on := range out["zfs "+pool] {
			// It does not when something else is mounted there.
			if row.Plugin == "dir" && about(on.free(), row.MaxDisk.V-row.Disk.V, row.MaxDisk.V) {
				add(row, true, "zfs ", pool+inDirectory+string(row.Storage))
				break
			}
		}
	}
	return out
}

// rootPool is what the product's installer calls the pool of the system.
const rootPool = "rpool"

// poolOfDirectory is the pool of ZFS on which a directory lies if it lies on one: that of the system, or the one that is
// mounted where its path begins.
func poolOfDirectory(n node, row resourceRow, path string) string {
	if about(row.Disk.V, n.Disk.V, n.MaxDisk.V) && about(row.MaxDisk.V, n.MaxDisk.V, n.MaxDisk.V) {
		return rootPool
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return name
}

// about tells whether two numbers are the same, but for what was written while they were measured one after the other.
func about(a, b, whole int64) bool { return max(a-b, b-a) <= whole/100 }

// count tells what storages that share a pool add to a sum. What is part of another adds nothing, and what is free in a pool
// of ZFS counts with the first; thin pools of LVM have free space of their own.
func count(sharing []volume, out map[string]counted) {
	slices.SortFunc(sharing, func(a, b volume) int { return cmp.Compare(a.key, b.key) })
	var apart []volume
	free := int64(0)
	for _, v := range sharing {
		if slices.ContainsFunc(sharing, func(other volume) bool { return other.key != v.key && other.holds(v) }) {
			out[v.key] = counted{pool: v.pool}
			continue
		}
		apart, free = append(apart, v), max(free, v.free()) // a quota leaves one of them less
	}
	for i, v := range apart {
		switch {
		case !v.zfs:
		case i == 0:
			out[v.key] = counted{v.pool, v.used, v.used + free}
		default:
			out[v.key] = counted{v.pool, v.used, v.used}
		}
	}
}
