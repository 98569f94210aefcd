package mounts

import (
	"slices"
	"strings"
)

const decimal = "0123456789"

// numbered splits a name into what stands before the number at its end, and whether there is one.
func numbered(name string) (stem string, ok bool) {
	stem = strings.TrimRight(name, decimal)
	return stem, stem != name
}

// partition reports whether a device is a part of another one: sda1, nvme0n1p2, mmcblk0boot0.
func partition(name string) bool {
	stem, ok := numbered(name)
	if !ok {
		return false
	}
	for _, family := range []string{"sd", "vd", "hd", "xvd"} {
		if letters, ok := strings.CutPrefix(stem, family); ok && letters != "" && strings.Trim(letters, "abcdefghijklmnopqrstuvwxyz") == "" {
			return true
		}
	}
	if card, ok := strings.CutSuffix(stem, "boot"); ok {
		return digits(card, "mmcblk")
	}
	disk, ok := strings.CutSuffix(stem, "p")
	if !ok {
		return false
	}
	family, ok := numbered(disk)
	if controller, namespace := strings.CutSuffix(family, "n"); ok && namespace {
		_, ok = numbered(controller)
		return ok
	}
	return ok && slices.Contains([]string{"mmcblk", "nbd", "zd", "md"}, family)
}

// WholeDevice reports whether a block device is one whose counters are shown: no partition, no loop, no memory disk, no
// device mapper.
func WholeDevice(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "dm-", "sr", "fd"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (rest == "" || rest[0] >= '0' && rest[0] <= '9') {
			return false
		}
	}
	return !partition(name)
}

// Stacked reports whether a device lies on others that are counted too: its traffic would count twice in a total.
func Stacked(name string) bool {
	return digits(name, "md") || digits(name, "zd") || digits(name, "bcache") || digits(name, "drbd") || digits(name, "rbd") || !WholeDevice(name)
}

// digits reports whether name is prefix and a number.
func digits(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && rest != "" && strings.Trim(rest, decimal) == ""
}

// The kinds of network interface.
const (
	KindPhysical  = "physical"
	KindAggregate = "aggregate"
	KindBridge    = "bridge"
	KindVirtual   = "virtual"
	KindLoopback  = "loopback"
)

// What interfaces are called: those with a number behind, and those that begin so.
var (
	aggregates = []string{"bond", "team", "lagg"}
	bridges    = []string{"vmbr", "docker", "virbr", "lxcbr", "lxdbr", "incusbr", "podman"}
	virtuals   = []string{
		"veth", "tap", "tun", "utun", "vnet", "fwpr", "fwln", "cali", "flannel", "cilium", "lxc", "kube", "nodelocaldns", "zt", "tailscale", "wg",
		"vxlan", "geneve", "gre", "sit", "ip6tnl", "dummy", "ifb", "macvtap", "macvlan", "ipvlan", "awdl", "llw", "anpi", "gif", "stf", "vEthernet",
		"pflog", "pfsync", "enc",
	}
)

// InterfaceKind tells the kind of an interface by its name. What is not known is physical.
func InterfaceKind(name string) string {
	stem, number := numbered(name)
	switch {
	case stem == "lo", strings.HasPrefix(name, "Loopback"):
		return KindLoopback
	case number && slices.Contains(aggregates, stem):
		return KindAggregate
	case number && slices.Contains(bridges, stem), bridge(name, stem):
		return KindBridge
	case slices.ContainsFunc(virtuals, func(prefix string) bool { return strings.HasPrefix(name, prefix) }):
		return KindVirtual
	case number && strings.HasSuffix(stem, "."), strings.Contains(name, "@"): // VLANs on top of another interface
		return KindVirtual
	}
	return KindPhysical
}

// bridge reports whether a name is that of a bridge that needs no number: br0, br-1a2b3c, bridge, cni0.
func bridge(name, stem string) bool {
	if id, ok := strings.CutPrefix(name, "br"); ok && strings.Trim(strings.TrimPrefix(id, "-"), "0123456789abcdef") == "" {
		return true
	}
	return stem == "bridge" || stem == "cni" || name == "docker_gwbridge" || strings.HasPrefix(name, "ovs") || strings.HasPrefix(name, "fwbr")
}
