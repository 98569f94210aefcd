package host

import (
	"cmp"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
	"github.com/pulse-platform/pulse/sdk"
)

// stale is how old a disk's own values may be to count as a measurement of now.
const stale = 15 * time.Minute

// maxEvidence bounds what one host may say about who it is, per kind.
const maxEvidence = 32

// samplesOf turns a mended report into samples. What was not measured has none.
func samplesOf(r *wire.Report, rates rates, at time.Time) sdk.Samples {
	const others = 16 // that every host has
	out := make(sdk.Samples, 0, others+3*len(r.Disks)+len(r.Sensors.TemperatureCelsius)+len(r.Sensors.Additional)+len(r.Sensors.SMART)+len(r.Sensors.FanRPM)+len(rates))
	add := func(metric, instance string, v float64) {
		out = append(out, sdk.Sample{Type: kind, Key: sdk.Self, Metric: metric, Instance: instance, Value: v})
	}
	if p := r.Metrics.CPUUsagePercent; p != nil {
		add("cpu", "", *p/100)
	}
	if m := r.Metrics.Memory; m.TotalBytes > 0 {
		add("memory", "", m.Usage/100)
		add("memory_used", "", float64(m.UsedBytes))
	}
	if m := r.Metrics.Memory; m.SwapTotalBytes > 0 {
		add("swap", "", min(max(float64(m.SwapUsedBytes)/float64(m.SwapTotalBytes), 0), 1))
	}
	for i, name := range []string{"load1", "load5", "load15"} {
		if i < len(r.Host.LoadAverage) && r.Host.LoadAverage[i] >= 0 {
			add(name, "", r.Host.LoadAverage[i])
		}
	}
	if r.Host.UptimeSeconds > 0 {
		add("uptime", "", float64(r.Host.UptimeSeconds))
	}
	first := primary(r.Disks)
	for i, d := range r.Disks {
		if i == first {
			add("disk", "", d.Usage/100)
		}
		add("fs_used", d.Mountpoint, d.Usage/100)
		add("fs_used_bytes", d.Mountpoint, float64(d.UsedBytes))
		add("fs_total_bytes", d.Mountpoint, float64(d.TotalBytes))
	}
	for _, t := range []map[string]float64{r.Sensors.TemperatureCelsius, r.Sensors.Additional} {
		for _, sensor := range slices.Sorted(maps.Keys(t)) {
			if v := t[sensor]; v > -100 && v < 250 {
				add("temperature", sensor, v)
			}
		}
	}
	for _, d := range r.Sensors.SMART {
		if d.Temperature > 0 && !d.Standby && (d.ReadAt == nil || at.Sub(*d.ReadAt) < stale) {
			add("temperature", "disk_"+d.Device, float64(d.Temperature))
		}
	}
	for _, fan := range slices.Sorted(maps.Keys(r.Sensors.FanRPM)) {
		add("fan", fan, r.Sensors.FanRPM[fan])
	}
	for _, x := range rates {
		add(x.metric, x.instance, x.value)
	}
	return out
}

// measured is one rate of a report, with its instance empty for a total.
type measured struct {
	metric, instance string
	value            float64
}

type rates []measured

// totalNames maps the metrics that are totals to their names in the document.
var totalNames = map[string]string{"netin": "netIn", "netout": "netOut", "diskread": "diskRead", "diskwrite": "diskWrite"}

func (m rates) totals() map[string]float64 {
	out := map[string]float64{}
	for _, x := range m {
		if name, ok := totalNames[x.metric]; ok {
			out[name] = float64(int64(x.value + 0.5))
		}
	}
	return out
}

// ratesOf turns the counters of a report into rates, each by itself, and sums those that count into the totals. kinds are
// those of the interfaces.
func (in *Ingester) ratesOf(reporter string, r *wire.Report, kinds []string, at time.Time) rates {
	out := make(rates, 0, 2*len(r.Network)+2*len(r.DiskIO)+len(totalNames))
	sum := map[string]float64{}
	follow := func(metric, total, instance string, value uint64, counts bool) {
		v, ok := in.rates.Rate(counter{reporter, metric, instance}, value, at)
		if !ok {
			return
		}
		out = append(out, measured{metric, instance, v})
		if counts {
			sum[total] += v
		}
	}
	counting := countingKind(kinds)
	for i, n := range r.Network {
		kind := kinds[i]
		if kind == mounts.KindLoopback || kind == mounts.KindVirtual {
			continue // they come and go with containers, and their traffic is counted where it leaves
		}
		follow("if_rx", "netin", n.Name, n.RXBytes, kind == counting)
		follow("if_tx", "netout", n.Name, n.TXBytes, kind == counting)
	}
	for _, d := range r.DiskIO {
		counts := !mounts.Stacked(d.Device)
		follow("io_read", "diskread", d.Device, d.ReadBytes, counts)
		follow("io_write", "diskwrite", d.Device, d.WriteBytes, counts)
	}
	for _, total := range []string{"netin", "netout", "diskread", "diskwrite"} {
		if v, ok := sum[total]; ok {
			out = append(out, measured{total, "", v})
		}
	}
	return out
}

// countingKind says which interfaces make the total: the physical ones, or the nearest to them that the host reports.
// Agents that list only interfaces with an address show a hypervisor's bridge and not the port below it.
func countingKind(all []string) string {
	for _, kind := range []string{mounts.KindPhysical, mounts.KindAggregate, mounts.KindBridge} {
		if slices.Contains(all, kind) {
			return kind
		}
	}
	return ""
}

// kindsOf returns the kind of each interface.
func kindsOf(all []wire.Network) []string {
	kinds := make([]string, len(all))
	for i, n := range all {
		switch n.Kind {
		case mounts.KindPhysical, mounts.KindAggregate, mounts.KindBridge, mounts.KindVirtual:
			kinds[i] = n.Kind
		default:
			kinds[i] = mounts.InterfaceKind(n.Name)
		}
	}
	return kinds
}

// evidenceOf says by what the host may be recognised elsewhere. kinds are those of the interfaces.
func evidenceOf(r *wire.Report, kinds []string) []sdk.Evidence {
	out := make([]sdk.Evidence, 0, 16)
	add := func(kind, value string) {
		e := sdk.Evidence{Kind: kind, Value: strings.TrimSpace(value)}
		if !usable(e.Value) || slices.Contains(out, e) {
			return
		}
		n := 0
		for _, x := range out {
			if x.Kind == kind {
				n++
			}
		}
		if n < maxEvidence {
			out = append(out, e)
		}
	}
	add(sdk.EvidenceMachineID, strings.ToLower(cmp.Or(r.Host.MachineID, r.Host.ID)))
	add(sdk.EvidenceHostName, strings.ToLower(r.Host.Hostname))
	add(sdk.EvidenceAddress, r.Host.ReportIP)
	for i, n := range r.Network {
		kind := kinds[i]
		if kind == mounts.KindPhysical && globalMAC(n.MAC) {
			add(sdk.EvidenceMAC, strings.ToLower(n.MAC))
		}
		if kind != mounts.KindLoopback && kind != mounts.KindVirtual && !containerBridge(n.Name) {
			for _, a := range n.Addresses {
				add(sdk.EvidenceAddress, address(a))
			}
		}
	}
	for _, d := range r.Sensors.SMART {
		add(sdk.EvidenceDisk, d.Serial)
		add(sdk.EvidenceDisk, d.WWN)
	}
	for _, p := range r.Pools {
		add(sdk.EvidencePool, p.GUID)
	}
	return out
}

// containerBridge reports whether an interface has an address that every container host has.
func containerBridge(name string) bool {
	for _, prefix := range []string{"docker", "br-", "virbr", "cni", "podman", "lxcbr", "lxdbr", "incusbr"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// globalMAC reports whether a hardware address is one of a kind as far as its form tells.
func globalMAC(s string) bool {
	mac, err := net.ParseMAC(s)
	if err != nil || len(mac) < 6 {
		return false
	}
	return strings.Trim(s, "0:-") != "" && mac[0]&1 == 0
}

// address returns the address of a CIDR text, empty for those that mean something else on every host.
func address(s string) string {
	text, _, _ := strings.Cut(s, "/")
	a, err := netip.ParseAddr(text)
	if err != nil || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() {
		return ""
	}
	return a.WithZone("").String()
}
