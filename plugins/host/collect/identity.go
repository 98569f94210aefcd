package collect

import (
	"cmp"
	"encoding/hex"
	"net"
	"slices"
	"strings"
)

// machineID returns an id that stays the same over restarts and reinstallations of the agent: the system's machine id, else
// a hardware address, else what the platform calls the machine. Images of containers are delivered without a
// machine id or with an empty one; those get the address.
func machineID(m *machine) string {
	if id := formatMachineID(m.storedID()); id != "" {
		return id
	}
	if m.prefersAddress() {
		if mac := firstAddress(interfaces()); mac != "" {
			return "mac-" + mac
		}
	}
	return strings.ToLower(strings.TrimSpace(m.platformID()))
}

// formatMachineID writes 32 hex digits as a UUID and refuses what is too short to be an id.
func formatMachineID(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) < 8 || s == "uninitialized" {
		return ""
	}
	if b, err := hex.DecodeString(s); err == nil && len(b) == 16 {
		return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	return s
}

// nic is a network interface as the system names it.
type nic struct {
	name      string
	mac       net.HardwareAddr
	loopback  bool
	up        bool
	addresses []string
}

// interfaces lists the network interfaces by name.
func interfaces() []nic {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var out []nic
	for _, i := range all {
		n := nic{name: i.Name, mac: i.HardwareAddr, loopback: i.Flags&net.FlagLoopback != 0, up: i.Flags&net.FlagUp != 0}
		if addresses, err := i.Addrs(); err == nil {
			for _, a := range addresses {
				n.addresses = append(n.addresses, a.String())
			}
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b nic) int { return cmp.Compare(a.name, b.name) })
	return out
}

// madeUp are beginnings of names of interfaces that come and go with containers.
var madeUp = []string{"docker", "veth", "br-", "cni", "flannel", "virbr", "zt"}

// firstAddress returns the hardware address, without separators, of the first interface that is likely to stay.
func firstAddress(all []nic) string {
	second := ""
	for _, n := range all {
		if n.loopback || len(n.mac) == 0 {
			continue
		}
		mac := hex.EncodeToString(n.mac)
		if !slices.ContainsFunc(madeUp, func(prefix string) bool { return strings.HasPrefix(n.name, prefix) }) {
			return mac
		}
		if second == "" {
			second = mac
		}
	}
	return second
}
