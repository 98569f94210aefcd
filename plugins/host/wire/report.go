// Package wire holds the host report as it crosses the network: the format of the reference agents, which ours
// writes and which the plugin reads. Members that the reference does not know are marked as additions; older servers
// ignore them. The package knows JSON and nothing of what a report means.
package wire

import "time"

// MaxBody is the largest report in bytes that servers of the reference take.
const MaxBody = 256 << 10

// TypeUnified is the agent type that servers do not flag as legacy.
const TypeUnified = "unified"

// Report is what an agent sends at every interval. Only Host.Hostname is mandatory.
type Report struct {
	Agent   Agent     `json:"agent"`
	Host    Host      `json:"host"`
	Metrics Metrics   `json:"metrics"`
	Disks   []Disk    `json:"disks,omitempty"`
	DiskIO  []DiskIO  `json:"diskIO,omitempty"`
	Network []Network `json:"network,omitempty"`
	Sensors Sensors   `json:"sensors"`
	RAID    []Array   `json:"raid,omitempty"`
	// Pools is an addition: ZFS pools with their health.
	Pools      []Pool    `json:"zfsPools,omitempty"`
	Ceph       *Ceph     `json:"ceph,omitempty"`
	Tags       []string  `json:"tags,omitempty"`
	Timestamp  time.Time `json:"timestamp"`
	SequenceID string    `json:"sequenceId,omitempty"`
}

// Agent is the program that reports.
type Agent struct {
	ID              string   `json:"id"`
	Version         string   `json:"version,omitempty"`
	Type            string   `json:"type,omitempty"`
	IntervalSeconds int      `json:"intervalSeconds,omitempty"`
	Hostname        string   `json:"hostname,omitempty"`
	UpdatedFrom     string   `json:"updatedFrom,omitempty"`
	CommandsEnabled *bool    `json:"commandsEnabled,omitempty"`
	DiskExclude     []string `json:"diskExclude,omitempty"`
}

// Host is the machine.
type Host struct {
	ID            string    `json:"id,omitempty"`
	Hostname      string    `json:"hostname"`
	DisplayName   string    `json:"displayName,omitempty"`
	MachineID     string    `json:"machineId,omitempty"`
	Platform      string    `json:"platform,omitempty"`
	OSName        string    `json:"osName,omitempty"`
	OSVersion     string    `json:"osVersion,omitempty"`
	KernelVersion string    `json:"kernelVersion,omitempty"`
	Architecture  string    `json:"architecture,omitempty"`
	CPUModel      string    `json:"cpuModel,omitempty"`
	CPUCount      int       `json:"cpuCount,omitempty"`
	UptimeSeconds int64     `json:"uptimeSeconds,omitempty"`
	LoadAverage   []float64 `json:"loadAverage,omitempty"`
	ReportIP      string    `json:"reportIp,omitempty"`
}

// Metrics are the numbers of the machine as a whole. CPUUsagePercent is absent when it was not measured, which
// differs from 0.
type Metrics struct {
	CPUUsagePercent *float64 `json:"cpuUsagePercent,omitempty"`
	Memory          Memory   `json:"memory"`
}

// Memory is in bytes; Usage is percent.
type Memory struct {
	TotalBytes     int64   `json:"totalBytes,omitempty"`
	UsedBytes      int64   `json:"usedBytes,omitempty"`
	FreeBytes      int64   `json:"freeBytes,omitempty"`
	Usage          float64 `json:"usage,omitempty"`
	SwapTotalBytes int64   `json:"swapTotalBytes,omitempty"`
	SwapUsedBytes  int64   `json:"swapUsedBytes,omitempty"`
}

// Disk is one mounted file system, or one ZFS pool. Sizes are bytes; Usage is percent.
type Disk struct {
	Device     string  `json:"device,omitempty"`
	Mountpoint string  `json:"mountpoint,omitempty"`
	Filesystem string  `json:"filesystem,omitempty"`
	Type       string  `json:"type,omitempty"`
	TotalBytes int64   `json:"totalBytes,omitempty"`
	UsedBytes  int64   `json:"usedBytes,omitempty"`
	FreeBytes  int64   `json:"freeBytes,omitempty"`
	Usage      float64 `json:"usage,omitempty"`
}

// DiskIO holds the counters of one block device since boot.
type DiskIO struct {
	Device      string `json:"device"`
	ReadBytes   uint64 `json:"readBytes,omitempty"`
	WriteBytes  uint64 `json:"writeBytes,omitempty"`
	ReadOps     uint64 `json:"readOps,omitempty"`
	WriteOps    uint64 `json:"writeOps,omitempty"`
	ReadTimeMs  uint64 `json:"readTimeMs,omitempty"`
	WriteTimeMs uint64 `json:"writeTimeMs,omitempty"`
	IOTimeMs    uint64 `json:"ioTimeMs,omitempty"`
}

// Network is one interface with its counters since boot. Addresses are in CIDR notation.
type Network struct {
	Name      string   `json:"name"`
	MAC       string   `json:"mac,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	RXBytes   uint64   `json:"rxBytes,omitempty"`
	TXBytes   uint64   `json:"txBytes,omitempty"`
	SpeedMbps *int64   `json:"speedMbps,omitempty"`
	// Kind is an addition: "physical", "aggregate", "bridge" or "virtual"; empty leaves it to the name.
	Kind string `json:"kind,omitempty"`
}

// Sensors are temperatures in degrees Celsius, fan speeds, powers in watt and the state of disks.
type Sensors struct {
	TemperatureCelsius map[string]float64 `json:"temperatureCelsius,omitempty"`
	FanRPM             map[string]float64 `json:"fanRpm,omitempty"`
	PowerWatts         map[string]float64 `json:"powerWatts,omitempty"`
	Additional         map[string]float64 `json:"additional,omitempty"`
	SMART              []SMART            `json:"smart,omitempty"`
}

// The verdicts of a disk about itself.
const (
	HealthPassed  = "PASSED"
	HealthFailed  = "FAILED"
	HealthUnknown = "UNKNOWN"
)

// SMART is what a disk says about itself.
type SMART struct {
	Device string `json:"device"`
	Model  string `json:"model,omitempty"`
	Serial string `json:"serial,omitempty"`
	WWN    string `json:"wwn,omitempty"`
	Type   string `json:"type,omitempty"`
	// Temperature is 0 when it is not known.
	Temperature int              `json:"temperature"`
	Health      string           `json:"health,omitempty"`
	Standby     bool             `json:"standby,omitempty"`
	Attributes  *SMARTAttributes `json:"attributes,omitempty"`
	// ReadAt is an addition: when the values were read. A sleeping disk keeps its last ones.
	ReadAt *time.Time `json:"readAt,omitempty"`
}

// SMARTAttributes are absent when unknown; 0 has a meaning.
type SMARTAttributes struct {
	PowerOnHours         *int64 `json:"powerOnHours,omitempty"`
	PowerCycles          *int64 `json:"powerCycles,omitempty"`
	ReallocatedSectors   *int64 `json:"reallocatedSectors,omitempty"`
	PendingSectors       *int64 `json:"pendingSectors,omitempty"`
	OfflineUncorrectable *int64 `json:"offlineUncorrectable,omitempty"`
	UDMACRCErrors        *int64 `json:"udmaCrcErrors,omitempty"`
	PercentageUsed       *int64 `json:"percentageUsed,omitempty"`
	AvailableSpare       *int64 `json:"availableSpare,omitempty"`
	MediaErrors          *int64 `json:"mediaErrors,omitempty"`
	UnsafeShutdowns      *int64 `json:"unsafeShutdowns,omitempty"`
}

// Array is one software RAID array.
type Array struct {
	Device         string        `json:"device"`
	Name           string        `json:"name,omitempty"`
	Level          string        `json:"level"`
	State          string        `json:"state"`
	TotalDevices   int           `json:"totalDevices"`
	ActiveDevices  int           `json:"activeDevices"`
	WorkingDevices int           `json:"workingDevices"`
	FailedDevices  int           `json:"failedDevices"`
	SpareDevices   int           `json:"spareDevices"`
	UUID           string        `json:"uuid,omitempty"`
	Devices        []ArrayDevice `json:"devices"`
	RebuildPercent float64       `json:"rebuildPercent"`
	RebuildSpeed   string        `json:"rebuildSpeed,omitempty"`
}

// ArrayDevice is one member of an array. Slot is -1 when it has none.
type ArrayDevice struct {
	Device string `json:"device"`
	State  string `json:"state"`
	Slot   int    `json:"slot"`
}

// Pool is one ZFS pool. Sizes are bytes as the pool counts them.
type Pool struct {
	Name      string `json:"name"`
	GUID      string `json:"guid,omitempty"`
	Health    string `json:"health"` // "ONLINE", "DEGRADED", "FAULTED", ...
	SizeBytes int64  `json:"sizeBytes,omitempty"`
	UsedBytes int64  `json:"usedBytes,omitempty"`
	FreeBytes int64  `json:"freeBytes,omitempty"`
	// Fragmentation is percent, absent when the pool does not say.
	Fragmentation *int64       `json:"fragmentation,omitempty"`
	Scan          string       `json:"scan,omitempty"`
	Errors        string       `json:"errors,omitempty"`
	Devices       []PoolDevice `json:"devices,omitempty"`
}

// PoolDevice is one line of a pool's tree; Depth 0 is the pool itself.
type PoolDevice struct {
	Name           string `json:"name"`
	Depth          int    `json:"depth"`
	State          string `json:"state"`
	ReadErrors     int64  `json:"readErrors"`
	WriteErrors    int64  `json:"writeErrors"`
	ChecksumErrors int64  `json:"checksumErrors"`
}
