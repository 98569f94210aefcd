package host

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// document is a host as the state shows it, without what the server adds. Members after Tags are additions to the
// reference's.
type document struct {
	Hostname      string         `json:"hostname"`
	Platform      string         `json:"platform,omitempty"`
	OSName        string         `json:"osName,omitempty"`
	OSVersion     string         `json:"osVersion,omitempty"`
	KernelVersion string         `json:"kernelVersion,omitempty"`
	Architecture  string         `json:"architecture,omitempty"`
	CPUCount      int            `json:"cpuCount,omitempty"`
	CPUUsage      *float64       `json:"cpuUsage,omitempty"`
	LoadAverage   []float64      `json:"loadAverage,omitempty"`
	Memory        *memory        `json:"memory,omitempty"`
	Disks         []disk         `json:"disks,omitempty"`
	DiskIO        []wire.DiskIO  `json:"diskIO,omitempty"`
	Network       []wire.Network `json:"networkInterfaces,omitempty"`
	Sensors       *sensors       `json:"sensors,omitempty"`
	UptimeSeconds int64          `json:"uptimeSeconds,omitempty"`
	Tags          []string       `json:"tags,omitempty"`

	OSLabel     string       `json:"osLabel,omitempty"`
	CPUModel    string       `json:"cpuModel,omitempty"`
	MachineID   string       `json:"machineId,omitempty"`
	ReportIP    string       `json:"reportIp,omitempty"`
	DiskExclude []string     `json:"diskExclude,omitempty"`
	RAID        []wire.Array `json:"raid,omitempty"`
	Pools       []wire.Pool  `json:"zfsPools,omitempty"`
	Ceph        *wire.Ceph   `json:"ceph,omitempty"`
	// DiskUsage is that of the primary file system in percent, Temperature the processor's in degrees Celsius.
	DiskUsage   *float64 `json:"diskUsage,omitempty"`
	Temperature *float64 `json:"temperature,omitempty"`
	// Rates are bytes a second over the last interval.
	Rates map[string]float64 `json:"rates,omitempty"`
}

type memory struct {
	Total     int64   `json:"total"`
	Used      int64   `json:"used"`
	Free      int64   `json:"free"`
	Usage     float64 `json:"usage"`
	SwapUsed  int64   `json:"swapUsed,omitempty"`
	SwapTotal int64   `json:"swapTotal,omitempty"`
}

type disk struct {
	Total      int64   `json:"total"`
	Used       int64   `json:"used"`
	Free       int64   `json:"free"`
	Usage      float64 `json:"usage"`
	Mountpoint string  `json:"mountpoint,omitempty"`
	Type       string  `json:"type,omitempty"`
	Device     string  `json:"device,omitempty"`
}

type sensors struct {
	Temperature map[string]float64 `json:"temperatureCelsius,omitempty"`
	Fans        map[string]float64 `json:"fanRpm,omitempty"`
	Additional  map[string]float64 `json:"additional,omitempty"`
	SMART       []wire.SMART       `json:"smart,omitempty"`
	// Power in watt is an addition.
	Power map[string]float64 `json:"powerWatts,omitempty"`
}

// documentOf shapes a report. The report is already mended by [mend].
func documentOf(r *wire.Report, totals map[string]float64) document {
	h := r.Host
	d := document{
		Hostname: h.Hostname, Platform: strings.ToLower(strings.TrimSpace(h.Platform)), OSName: h.OSName, OSVersion: h.OSVersion,
		KernelVersion: h.KernelVersion, Architecture: h.Architecture, CPUCount: h.CPUCount, CPUUsage: r.Metrics.CPUUsagePercent,
		LoadAverage: h.LoadAverage, DiskIO: r.DiskIO, Network: r.Network, UptimeSeconds: h.UptimeSeconds, Tags: r.Tags,
		OSLabel: strings.TrimSpace(h.OSName + " " + h.OSVersion), CPUModel: h.CPUModel, MachineID: h.MachineID, ReportIP: h.ReportIP,
		DiskExclude: r.Agent.DiskExclude, RAID: r.RAID, Pools: r.Pools, Ceph: r.Ceph, Rates: totals,
	}
	if m := r.Metrics.Memory; m.TotalBytes > 0 {
		d.Memory = &memory{Total: m.TotalBytes, Used: m.UsedBytes, Free: m.FreeBytes, Usage: round(m.Usage), SwapUsed: m.SwapUsedBytes, SwapTotal: m.SwapTotalBytes}
	}
	for _, x := range r.Disks {
		d.Disks = append(d.Disks, disk{Total: x.TotalBytes, Used: x.UsedBytes, Free: x.FreeBytes, Usage: round(x.Usage),
			Mountpoint: x.Mountpoint, Type: name(x.Type, x.Filesystem), Device: x.Device})
	}
	if i := primary(r.Disks); i >= 0 {
		usage := round(r.Disks[i].Usage)
		d.DiskUsage = &usage
	}
	if t, ok := cpuTemperature(r.Sensors.TemperatureCelsius); ok {
		d.Temperature = &t
	}
	s := sensors{r.Sensors.TemperatureCelsius, r.Sensors.FanRPM, r.Sensors.Additional, r.Sensors.SMART, r.Sensors.PowerWatts}
	if len(s.Temperature)+len(s.Fans)+len(s.Additional)+len(s.SMART)+len(s.Power) > 0 {
		d.Sensors = &s
	}
	return d
}

// encode returns the document's bytes.
func (d document) encode() (json.RawMessage, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode document: %w", err)
	}
	return b, nil
}

// cpuTemperature is the package's, else that of the hottest core.
func cpuTemperature(all map[string]float64) (float64, bool) {
	if t, ok := all["cpu_package"]; ok {
		return t, true
	}
	var cores []float64
	for key, t := range maps.All(all) {
		if strings.HasPrefix(key, "cpu_core_") {
			cores = append(cores, t)
		}
	}
	if len(cores) == 0 {
		return 0, false
	}
	return slices.Max(cores), true
}

// primary returns the index of the file system that stands for the host, -1 when there is none.
func primary(disks []wire.Disk) int {
	points := make([]string, len(disks))
	for i, d := range disks {
		points[i] = d.Mountpoint
	}
	return mounts.Primary(points)
}

// round keeps two decimals of a percentage: what people read, and what makes documents change less often.
func round(percent float64) float64 { return float64(int64(percent*100+0.5)) / 100 }
