package mounts

import (
	"regexp"
	"strings"
)

var partition = regexp.MustCompile(`^(?:(?:sd|vd|hd|xvd)[a-z]+\d+|.*\d+n\d+p\d+|mmcblk\d+p\d+|mmcblk\d+boot\d+|nbd\d+p\d+|zd\d+p\d+|md\d+p\d+)$`)

// WholeDevice reports whether a block device is one whose counters are shown: no partition, no loop, no memory disk, no
// device mapper.
func WholeDevice(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "dm-", "sr", "fd"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (rest == "" || rest[0] >= '0' && rest[0] <= '9') {
			return false
		}
	}
	return !partition.MatchString(name)
}

// Stacked reports whether a device lies on others that are counted too: its traffic would count twice in a total.
func Stacked(name string) bool {
	return digits(name, "md") || digits(name, "zd") || digits(name, "bcache") || digits(name, "drbd") || digits(name, "rbd") || !WholeDevice(name)
}

// digits reports whether name is prefix and a number.
func digits(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && rest != "" && strings.Trim(rest, "0123456789") == ""
}

// The kinds of network interface.
const (
	KindPhysical  = "physical"
	KindAggregate = "aggregate"
	KindBridge    = "bridge"
	KindVirtual   = "virtual"
	KindLoopback  = "loopback"
)

// kinds tells what the names of interfaces mean, the first match first. What is not listed is physical.
var kinds = []struct {
	name *regexp.Regexp
	kind string
}{
	{regexp.MustCompile(`^(lo\d*|Loopback.*)$`), KindLoopback},
	{regexp.MustCompile(`^(bond|team|lagg)\d+$`), KindAggregate},
	{regexp.MustCompile(`^(vmbr\d+|br-?[0-9a-f]*|bridge\d*|docker\d+|docker_gwbridge|virbr\d+|cni\d*|lxcbr\d+|lxdbr\d+|incusbr\d+|podman\d+|ovs.*|fwbr.*)$`), KindBridge},
	{regexp.MustCompile(`^(veth|tap|tun|utun|vnet|fwpr|fwln|cali|flannel|cilium|lxc|kube|nodelocaldns|zt|tailscale|wg|vxlan|geneve|gre|sit|ip6tnl|dummy|ifb|macvtap|macvlan|ipvlan|awdl|llw|anpi|gif|stf|vEthernet|pflog|pfsync|enc)`), KindVirtual},
	{regexp.MustCompile(`\.\d+$|@`), KindVirtual}, // VLANs on top of another interface
}

// InterfaceKind tells the kind of an interface by its name.
func InterfaceKind(name string) string {
	for _, k := range kinds {
		if k.name.MatchString(name) {
			return k.kind
		}
	}
	return KindPhysical
}
