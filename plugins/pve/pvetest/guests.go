package pvetest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func (a *API) guestRoutes() {
	for _, kind := range []string{"qemu", "lxc"} {
		a.onGuest(kind, "/snapshot", snapshots)
		a.onGuest(kind, "/config", config)
	}
	a.onGuest("lxc", "/interfaces", containerInterfaces)
	a.onGuest("qemu", "/agent/{command}", agent)
	a.handle("/cluster/replication", func(c call) (any, error) {
		out := []map[string]any{}
		for _, r := range c.w.Copies {
			if c.may(fmt.Sprintf("/vms/%d", r.Guest), "VM.Audit") {
				out = append(out, c.copyRow(r))
			}
		}
		return out, nil
	})
	a.onNode("/replication", func(c call, n *Node) (any, error) {
		out := []map[string]any{}
		for _, r := range c.w.Copies {
			g := c.w.Guest(r.Guest)
			if g == nil || g.Node != n.Name {
				continue
			}
			row := c.copyRow(r)
			row["vmtype"], row["last_sync"], row["last_try"], row["duration"], row["fail_count"] = g.Kind, r.LastSync.Unix(), r.LastSync.Unix(), 4.236521, r.Failed
			if r.LastSync.IsZero() {
				row["last_sync"] = 0
			}
			row["next_sync"] = c.now.Unix() + 300
			if r.Error != "" {
				row["error"], row["next_sync"] = r.Error, 0
			}
			out = append(out, row)
		}
		return out, nil
	})
}

func (c call) copyRow(r *Replication) map[string]any {
	_, number, _ := strings.Cut(r.ID, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 0
	}
	row := map[string]any{"id": r.ID, "type": "local", "guest": r.Guest, "jobnum": n, "target": r.Target}
	if r.Schedule != "" {
		row["schedule"] = r.Schedule
	}
	if r.Disabled {
		row["disable"] = 1
	}
	return row
}

// onGuest answers a call about a guest that is on the node.
func (a *API) onGuest(kind, pattern string, h func(c call, g *Guest) (any, error)) {
	a.onNode("/"+kind+"/{vmid}"+pattern, func(c call, n *Node) (any, error) {
		id, err := strconv.Atoi(c.PathValue("vmid"))
		if err != nil {
			return nil, &failure{status: http.StatusBadRequest, reason: "Parameter verification failed.", params: map[string]string{"vmid": "invalid format"}}
		}
		g := c.w.Guest(id)
		if g == nil || g.Kind != kind || g.Node != n.Name {
			folder := "qemu-server"
			if kind == "lxc" {
				folder = "lxc"
			}
			return nil, fail(http.StatusInternalServerError, "Configuration file 'nodes/%s/%s/%d.conf' does not exist", n.Name, folder, id)
		}
		if err := c.need(fmt.Sprintf("/vms/%d", id), "VM.Audit"); err != nil {
			return nil, err
		}
		return h(c, g)
	})
}

// config is the configuration of a guest; a virtual machine has a second disk.
func config(_ call, g *Guest) (any, error) {
	out := settings(g)
	if g.OnBoot {
		out["onboot"] = 1
	}
	return out, nil
}

func settings(g *Guest) map[string]any {
	serial := g.UUID
	if serial == "" {
		serial = fmt.Sprintf("00000000-0000-4000-8000-%012d", g.ID)
	}
	gibs := g.Disk / gib
	if g.Kind == "lxc" {
		card := mac(g.ID)
		if g.UUID != "" {
			card = g.UUID
		}
		return map[string]any{
			"arch": "amd64", "cores": g.CPUs, "hostname": g.Name, "memory": g.Memory / mib, "net0": "name=eth0,bridge=vmbr0,hwaddr=" + card + ",ip=dhcp,type=veth",
			"rootfs": fmt.Sprintf("local-zfs:subvol-%d-disk-0,size=%dG", g.ID, gibs), "lxc": [][]string{{"lxc.apparmor.profile", "unconfined"}}, "digest": "5911baea29f4c0073fb063fd9ab29e75892832bf",
		}
	}
	return map[string]any{
		"name": g.Name, "cores": g.CPUs, "memory": fmt.Sprint(g.Memory / mib), "smbios1": "uuid=" + serial, "meta": fmt.Sprintf("creation-qemu=9.2.0,ctime=%d", g.Since.Unix()), "agent": "1",
		"scsi0": fmt.Sprintf("local-zfs:vm-%d-disk-0,iothread=1,size=%dG", g.ID, gibs), "scsi1": fmt.Sprintf("local-zfs:vm-%d-disk-1,size=512M", g.ID), "ide2": "none,media=cdrom",
		"net0": "virtio=" + mac(g.ID) + ",bridge=vmbr0", "cipassword": "**********", "sshkeys": "ssh-ed25519%20AAAA",
	}
}

func snapshots(_ call, g *Guest) (any, error) {
	out := []map[string]any{}
	for _, s := range g.Snapshots {
		row := map[string]any{"name": s.Name, "description": s.Description, "snaptime": s.Made.Unix()}
		if s.Parent != "" {
			row["parent"] = s.Parent
		}
		if g.Kind == "qemu" {
			row["vmstate"] = bit(s.WithMemory)
		}
		out = append(out, row)
	}
	return append(out, map[string]any{"name": "current", "description": "You are here!", "digest": "7b6ec7008cf41e773cfa9c8bfe5b0752bbc96301", "running": bit(g.Status == "running")}), nil
}

func containerInterfaces(c call, g *Guest) (any, error) {
	if g.Status != "running" {
		return []any{}, nil
	}
	return []map[string]any{
		{"name": "lo", "hwaddr": "00:00:00:00:00:00", "inet": "127.0.0.1/8", "inet6": "::1/128"},
		{"name": "eth0", "hwaddr": mac(g.ID), "inet": address(g.ID) + "/24", "inet6": "fe80::1/64"},
	}, nil
}

func mac(id int) string { return fmt.Sprintf("BC:24:11:00:%02X:%02X", id>>8&255, id&255) }

func address(id int) string { return fmt.Sprintf("10.10.%d.%d", id/250, id%250+1) }

// agent answers for a guest agent.
func agent(c call, g *Guest) (any, error) {
	right := "VM.GuestAgent.Audit"
	if c.w.major() < 9 {
		right = "VM.Monitor"
	}
	if err := c.need(fmt.Sprintf("/vms/%d", g.ID), right); err != nil {
		return nil, err
	}
	command := c.PathValue("command")
	if command == "file-read" {
		right = "VM.GuestAgent.FileRead"
		if c.w.major() < 9 {
			right = "VM.Monitor"
		}
		if err := c.need(fmt.Sprintf("/vms/%d", g.ID), right); err != nil {
			return nil, err
		}
	}
	switch {
	case g.Agent == "off":
		return nil, fail(http.StatusInternalServerError, "No QEMU guest agent configured")
	case g.Status != "running":
		return nil, fail(http.StatusInternalServerError, "VM %d is not running", g.ID)
	case g.Agent == "silent":
		return nil, fail(http.StatusInternalServerError, "QEMU guest agent is not running")
	case g.Agent == "timeout":
		return nil, fail(http.StatusInternalServerError, "VM %d qmp command 'guest-%s' failed - got timeout", g.ID, command)
	case g.Agent == "old" && command == "get-osinfo":
		return nil, fail(http.StatusInternalServerError, "Agent error: The command guest-get-osinfo has not been found")
	}
	switch command {
	case "get-fsinfo":
		return wrapped(c.fileSystems(g)), nil
	case "network-get-interfaces":
		return wrapped([]map[string]any{
			{"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": []map[string]any{{"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}}},
			{"name": "ens18", "hardware-address": mac(g.ID), "statistics": map[string]any{"rx-bytes": 1 << 30, "tx-bytes": 1 << 28}, "ip-addresses": []map[string]any{
				{"ip-address": address(g.ID), "ip-address-type": "ipv4", "prefix": 24}, {"ip-address": "fe80::be24:11ff:fe00:1", "ip-address-type": "ipv6", "prefix": 64},
			}},
		}), nil
	case "get-osinfo":
		return wrapped(map[string]any{"id": "debian", "name": "Debian GNU/Linux", "pretty-name": "Debian GNU/Linux 13 (trixie)", "version": "13 (trixie)", "version-id": "13", "machine": "x86_64"}), nil
	case "file-read":
		return c.agentFile(g, c.URL.Query().Get("file"))
	case "info":
		return wrapped(map[string]any{"version": "10.0.2", "supported_commands": []any{}}), nil
	}
	return nil, fail(http.StatusNotImplemented, "Method 'GET %s' not implemented", c.URL.Path)
}

// agentFile is the content of a file of a guest: there is the kernel's account of its memory, of guests that have a kernel
// of that kind.
func (c call) agentFile(g *Guest, name string) (any, error) {
	if name != "/proc/meminfo" || g.Foreign {
		return nil, fail(http.StatusInternalServerError, "Agent error: failed to open file '%s' (mode: 'r'): No such file or directory", name)
	}
	total, used := g.Memory/1024, c.guestUses(g)/1024
	cached := g.Cache / 1024
	return map[string]any{"bytes-read": 128, "content": fmt.Sprintf("MemTotal:       %8d kB\nMemFree:        %8d kB\nMemAvailable:   %8d kB\nBuffers:          12345 kB\nHugePages_Total:       0\n",
		total, total-used, total-used+cached)}, nil
}

func wrapped(v any) map[string]any { return map[string]any{"result": v} }

func (c call) fileSystems(g *Guest) []map[string]any {
	used := int64(float64(g.Disk) * (0.3 + 0.2*wave(fmt.Sprint(g.ID, "fs"), c.now)))
	return []map[string]any{
		{"name": "sda1", "mountpoint": "/", "type": "ext4", "total-bytes": g.Disk, "used-bytes": used, "disk": []map[string]any{{"bus-type": "scsi", "dev": "/dev/sda1"}}},
		{"name": "sda1", "mountpoint": "/var/lib/bind", "type": "ext4", "total-bytes": g.Disk, "used-bytes": used, "disk": []map[string]any{{"bus-type": "scsi", "dev": "/dev/sda1"}}},
		{"name": "sda15", "mountpoint": "/boot/efi", "type": "vfat", "total-bytes": 128 * mib, "used-bytes": 6 * mib, "disk": []map[string]any{{"bus-type": "scsi", "dev": "/dev/sda15"}}},
		{"name": "loop0", "mountpoint": "/snap/core/1", "type": "squashfs", "total-bytes": 55 * mib, "used-bytes": 55 * mib, "disk": []any{}},
		{"name": "none", "mountpoint": "/mnt/odd", "type": "xfs", "disk": []any{}},
	}
}
