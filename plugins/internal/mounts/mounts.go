// Package mounts decides which file systems of a host are worth showing. The agent applies the rules before it looks
// at a file system, so that it need not touch dead network mounts; the plugin applies them again to what
// older agents send. It reads nothing.
package mounts

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Mount is one mounted file system. Total and Used are bytes and 0 before they are read.
type Mount struct {
	Device string
	Point  string
	Type   string
	Total  int64
	Used   int64
}

// ZFS is the type of mounts that are grouped by pool.
const ZFS = "zfs"

// virtual are types that hold no data of their own.
var virtual = []string{
	"tmpfs", "devtmpfs", "cgroup", "cgroup2", "sysfs", "proc", "devpts", "securityfs", "debugfs", "tracefs", "fusectl",
	"configfs", "pstore", "hugetlbfs", "mqueue", "bpf", "overlay", "overlayfs", "autofs", "fdescfs", "devfs", "linprocfs",
	"linsysfs", "ramfs", "rpc_pipefs", "nsfs", "binfmt_misc", "efivarfs", "selinuxfs",
}

// readOnly are parts of the names of types that are full by design.
var readOnly = []string{"erofs", "squashfs", "iso9660", "cdfs", "udf", "cramfs", "romfs"}

// network are parts of the names of types that belong to another machine. Looking at one may block for ever.
var network = []string{"fuse", "9p", "nfs", "cifs", "smb"}

// places are where systems keep mounts of their own; a trailing slash spares the place itself.
var places = []string{"/dev", "/proc", "/sys", "/run", "/var/run/", "/var/lib/containers", "/snap"}

// Wanted reports whether a mount is shown, by what is known without reading it.
func Wanted(m Mount) bool {
	kind := strings.ToLower(m.Type)
	switch {
	case slices.Contains(virtual, kind), containsAny(kind, readOnly), containsAny(kind, network):
		return false
	case m.Point == "/boot/efi", strings.Contains(m.Point, "System Reserved"), strings.Contains(m.Device, "System Reserved"):
		return false
	}
	for _, place := range places {
		if under(m.Point, place) {
			return false
		}
	}
	return !layer(m.Point)
}

func under(point, place string) bool {
	if strings.HasSuffix(place, "/") {
		return strings.HasPrefix(point, place)
	}
	return point == place || strings.HasPrefix(point, place+"/")
}

// layer reports whether a path is part of a container's image.
func layer(point string) bool {
	if strings.HasPrefix(point, "/mnt/.ix-apps/docker/") {
		return true
	}
	if !strings.Contains(point, "/containers/") && !strings.Contains(point, "/container_tmp/") {
		return false
	}
	for _, part := range strings.Split(point, "/") {
		if strings.HasPrefix(part, "overlay") || part == "diff" || part == "merged" {
			return true
		}
	}
	return false
}

func containsAny(s string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s, part) })
}

// Excludes are what a user does not want to see: "exact", "prefix*" or "*substring*".
type Excludes []string

// Match reports whether one of the names (mount point, device path or device name) is excluded.
func (e Excludes) Match(names ...string) bool {
	for _, pattern := range e {
		if pattern = strings.TrimSpace(pattern); pattern == "" {
			continue
		}
		for _, name := range names {
			if name != "" && match(pattern, name) {
				return true
			}
		}
	}
	return false
}

// MatchMount is [Excludes.Match] for the names of a mount.
func (e Excludes) MatchMount(m Mount) bool { return e.Match(m.Point, m.Device, path.Base(m.Device)) }

func match(pattern, name string) bool {
	inner, starts := strings.CutPrefix(pattern, "*")
	inner, ends := strings.CutSuffix(inner, "*")
	switch {
	case starts && ends:
		return inner != "" && strings.Contains(name, inner)
	case ends:
		return strings.HasPrefix(name, inner)
	case starts:
		return strings.HasSuffix(name, inner)
	}
	return pattern == name
}

// Unique returns the mounts that have a size, one per mount point and, of those with the same device and the same
// size (bind mounts, subvolumes), the one with the shortest path; ordered by path.
func Unique(all []Mount) []Mount {
	slices.SortFunc(all, func(a, b Mount) int {
		return cmp.Or(cmp.Compare(len(a.Point), len(b.Point)), cmp.Compare(a.Point, b.Point))
	})
	type volume struct {
		device string
		total  int64
	}
	points, volumes := map[string]bool{}, map[volume]bool{}
	var kept []Mount
	for _, m := range all {
		v := volume{m.Device, m.Total}
		if m.Total <= 0 || points[m.Point] || m.Device != "" && volumes[v] {
			continue
		}
		points[m.Point], volumes[v] = true, true
		kept = append(kept, m)
	}
	slices.SortFunc(kept, func(a, b Mount) int { return cmp.Compare(a.Point, b.Point) })
	return kept
}

// Primary returns the index of the file system that stands for the host: the root, else the first; -1 when there is none.
func Primary(points []string) int {
	for _, root := range []string{"/", "C:", `C:\`, "c:"} {
		if i := slices.Index(points, root); i >= 0 {
			return i
		}
	}
	if len(points) == 0 {
		return -1
	}
	return 0
}
