package collect

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// link is what the system knows of an interface beyond its addresses.
type link struct {
	rx, tx uint64
	kind   string
	member bool // of a bridge or an aggregate
}

// network lists the interfaces that have an address, and the ports below bridges and aggregates: they carry the
// machine's traffic.
func (c *Collector) network() []wire.Network {
	links := c.machine.links()
	var out []wire.Network
	for _, n := range interfaces() {
		l, ok := links[n.name]
		if n.loopback || !ok {
			continue
		}
		if l.kind == "" {
			l.kind = mounts.InterfaceKind(n.name)
		}
		if !worthReporting(n, l) || len(out) == maxEntries {
			continue
		}
		out = append(out, wire.Network{Name: n.name, MAC: n.mac.String(), Addresses: n.addresses, RXBytes: l.rx, TXBytes: l.tx, Kind: l.kind})
	}
	return out
}

// worthReporting leaves out ports of containers: each has a link-local address, and a busy machine has hundreds.
func worthReporting(n nic, l link) bool {
	switch {
	case len(n.addresses) == 0:
		return l.kind == mounts.KindPhysical && l.member && n.up
	case l.kind == mounts.KindVirtual:
		return slices.ContainsFunc(n.addresses, func(a string) bool { return !strings.HasPrefix(a, "fe80:") })
	}
	return true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
