package mounts

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestWanted(t *testing.T) {
	tests := map[string]struct {
		mount Mount
		want  bool
	}{
		"root":                 {Mount{"/dev/sda2", "/", "ext4", 0, 0}, true},
		"data":                 {Mount{"/dev/sdb1", "/mnt/data", "xfs", 0, 0}, true},
		"boot":                 {Mount{"/dev/sda1", "/boot", "ext4", 0, 0}, true},
		"windows":              {Mount{"C:", "C:", "NTFS", 0, 0}, true},
		"zfs":                  {Mount{"tank/home", "/tank/home", "zfs", 0, 0}, true},
		"device folder's name": {Mount{"/dev/sdc1", "/devel", "ext4", 0, 0}, true},
		"var run itself":       {Mount{"/dev/sdc1", "/var/run", "ext4", 0, 0}, true},
		"memory":               {Mount{"tmpfs", "/tmp", "tmpfs", 0, 0}, false},
		"image":                {Mount{"/dev/loop1", "/mnt/cd", "iso9660", 0, 0}, false},
		"nfs":                  {Mount{"nas:/x", "/mnt/nas", "nfs4", 0, 0}, false},
		"sshfs":                {Mount{"u@h:", "/mnt/h", "fuse.sshfs", 0, 0}, false},
		"cluster file system":  {Mount{"/dev/fuse", "/etc/pve", "fuse", 0, 0}, false},
		"overlay":              {Mount{"overlay", "/x", "overlay", 0, 0}, false},
		"firmware":             {Mount{"/dev/sda1", "/boot/efi", "vfat", 0, 0}, false},
		"run":                  {Mount{"/dev/sda1", "/run/media/x", "ext4", 0, 0}, false},
		"snap":                 {Mount{"/dev/sda1", "/snap/x/1", "ext4", 0, 0}, false},
		"reserved":             {Mount{"D:", "System Reserved", "NTFS", 0, 0}, false},
		"container layer":      {Mount{"/dev/sda2", "/srv/containers/storage/overlay-x/merged", "ext4", 0, 0}, false},
		"container data":       {Mount{"/dev/sda2", "/srv/containers/data", "ext4", 0, 0}, true},
		"apps layer":           {Mount{"boot-pool/x", "/mnt/.ix-apps/docker/zfs/1", "zfs", 0, 0}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Wanted(tt.mount); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestExcludes(t *testing.T) {
	e := Excludes{"/mnt/backup*", "*cache*", "sdx", " ", "/exact"}
	for name, want := range map[string]bool{
		"/mnt/backup": true, "/mnt/backup2/x": true, "/var/cachefs": true, "sdx": true, "/exact": true,
		"/exact/not": false, "/mnt/back": false, "": false, "sdxy": false,
	} {
		if got := e.Match(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
	if !e.MatchMount(Mount{Device: "/dev/sdx", Point: "/a"}) {
		t.Error("a mount is not found by the name of its device")
	}
	if (Excludes{"*", "**"}).Match("anything") != true {
		t.Error("a star alone matches everything")
	}
}

func TestUniqueKeepsTheShortestPath(t *testing.T) {
	got := Unique([]Mount{
		{"/dev/sda2", "/var/lib/bind", "ext4", 100, 1}, {"/dev/sda2", "/", "ext4", 100, 1},
		{"/dev/sdb1", "/z", "ext4", 50, 1}, {"/dev/sdc1", "/z", "ext4", 60, 1}, {"/dev/sdd1", "/empty", "ext4", 0, 0},
		{"/dev/sdb1", "/b", "ext4", 51, 1},
	})
	var points []string
	for _, m := range got {
		points = append(points, m.Point)
	}
	if want := []string{"/", "/b", "/z"}; !slices.Equal(points, want) {
		t.Errorf("got %v, want %v", points, want)
	}
}

func TestDevices(t *testing.T) {
	for name, want := range map[string]bool{
		"sda": true, "nvme0n1": true, "vdb": true, "md0": true, "mmcblk0": true, "ada0": true, "zd16": true, "disk0": true, "C:": true,
		"sda1": false, "nvme0n1p2": false, "loop7": false, "ram0": false, "dm-3": false, "zd16p1": false, "mmcblk0p1": false, "xvda2": false, "zram0": false,
	} {
		if got := WholeDevice(name); got != want {
			t.Errorf("%s is whole: %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]bool{"md0": true, "zd16": true, "sda": false, "sda1": true, "mdraid": false} {
		if got := Stacked(name); got != want {
			t.Errorf("%s is stacked: %v, want %v", name, got, want)
		}
	}
}

func TestInterfaceKinds(t *testing.T) {
	for name, want := range map[string]string{
		"lo": KindLoopback, "eth0": KindPhysical, "enp3s0": KindPhysical, "wlan0": KindPhysical, "ens18": KindPhysical, "Ethernet": KindPhysical,
		"en0": KindPhysical, "igb0": KindPhysical, "venet0": KindPhysical, "eth0.10": KindVirtual, "vmbr0": KindBridge, "vmbr0.5": KindVirtual,
		"br-1a2b3c": KindBridge, "br0": KindBridge, "docker0": KindBridge, "veth12": KindVirtual, "tap100i0": KindVirtual, "bond0": KindAggregate,
		"wg0": KindVirtual, "tailscale0": KindVirtual, "zt5u4": KindVirtual, "flannel.1": KindVirtual, "cni0": KindBridge, "utun3": KindVirtual,
	} {
		if got := InterfaceKind(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// What the names mean, as expressions.
var (
	partitions = regexp.MustCompile(`^(?:(?:sd|vd|hd|xvd)[a-z]+\d+|.*\d+n\d+p\d+|mmcblk\d+p\d+|mmcblk\d+boot\d+|nbd\d+p\d+|zd\d+p\d+|md\d+p\d+)$`)
	interfaces = []struct {
		name *regexp.Regexp
		kind string
	}{
		{regexp.MustCompile(`^(lo\d*|Loopback.*)$`), KindLoopback},
		{regexp.MustCompile(`^(bond|team|lagg)\d+$`), KindAggregate},
		{regexp.MustCompile(`^(vmbr\d+|br-?[0-9a-f]*|bridge\d*|docker\d+|docker_gwbridge|virbr\d+|cni\d*|lxcbr\d+|lxdbr\d+|incusbr\d+|podman\d+|ovs.*|fwbr.*)$`), KindBridge},
		{regexp.MustCompile(`^(veth|tap|tun|utun|vnet|fwpr|fwln|cali|flannel|cilium|lxc|kube|nodelocaldns|zt|tailscale|wg|vxlan|geneve|gre|sit|ip6tnl|dummy|ifb|macvtap|macvlan|ipvlan|awdl|llw|anpi|gif|stf|vEthernet|pflog|pfsync|enc)`), KindVirtual},
		{regexp.MustCompile(`\.\d+$|@`), KindVirtual},
	}
)

func FuzzNamesAreReadAsTheExpressionsDo(f *testing.F) {
	for name := range strings.FieldsSeq("sda sda1 sd1 vdb12 xvda2 nvme0n1 nvme0n1p2 n1p2 0n1p2 xn1p2 mmcblk0 mmcblk0p1 mmcblk0boot0 mmcblkboot0 nbd0p1 zd16p1 md0p1 mdp1 md127 " +
		"lo lo0 lo0x Loopback1 bond0 bond bond0.5 team1 vmbr0 vmbr br br0 br- br-1a2b br-xyz bridge bridge0 docker0 docker docker_gwbridge docker_gwbridge1 cni cni0 ovs-system fwbr1 veth1 " +
		"tap0 wg0 eth0 eth0.10 eth0. eth0@if2 enp3s0 enc1 lagg10 brx") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.ContainsAny(name, "\n") {
			return // a dot of an expression does not stand for one
		}
		if got, want := partition(name), partitions.MatchString(name); got != want {
			t.Errorf("%q is a partition: %v, want %v", name, got, want)
		}
		want := KindPhysical
		for _, k := range interfaces {
			if k.name.MatchString(name) {
				want = k.kind
				break
			}
		}
		if got := InterfaceKind(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	})
}
