package wire

// Ceph is a Ceph cluster as one of its machines sees it.
type Ceph struct {
	FSID        string        `json:"fsid"`
	Health      CephHealth    `json:"health"`
	MonMap      CephMonMap    `json:"monMap"`
	MgrMap      CephMgrMap    `json:"mgrMap"`
	OSDMap      CephOSDMap    `json:"osdMap"`
	PGMap       CephPGMap     `json:"pgMap"`
	Pools       []CephPool    `json:"pools,omitempty"`
	Services    []CephService `json:"services,omitempty"`
	CollectedAt string        `json:"collectedAt,omitempty"`
}

// CephHealth is the cluster's verdict on itself.
type CephHealth struct {
	Status  string               `json:"status"`
	Checks  map[string]CephCheck `json:"checks,omitempty"`
	Summary []CephSummary        `json:"summary,omitempty"`
}

// CephCheck is one failed check.
type CephCheck struct {
	Severity string   `json:"severity"`
	Message  string   `json:"message"`
	Detail   []string `json:"detail,omitempty"`
}

// CephSummary is one line of the verdict.
type CephSummary struct {
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// CephMonMap holds the monitors.
type CephMonMap struct {
	Epoch    int           `json:"epoch"`
	NumMons  int           `json:"numMons"`
	Monitors []CephMonitor `json:"monitors,omitempty"`
}

// CephMonitor is one monitor.
type CephMonitor struct {
	Name   string `json:"name"`
	Rank   int    `json:"rank"`
	Addr   string `json:"addr,omitempty"`
	Status string `json:"status,omitempty"`
}

// CephMgrMap holds the managers.
type CephMgrMap struct {
	Available bool   `json:"available"`
	NumMgrs   int    `json:"numMgrs"`
	ActiveMgr string `json:"activeMgr,omitempty"`
	Standbys  int    `json:"standbys"`
}

// CephOSDMap counts the object stores.
type CephOSDMap struct {
	Epoch   int `json:"epoch"`
	NumOSDs int `json:"numOsds"`
	NumUp   int `json:"numUp"`
	NumIn   int `json:"numIn"`
	NumDown int `json:"numDown"`
	NumOut  int `json:"numOut"`
}

// CephPGMap holds sizes in bytes, UsagePercent from 0 to 100 and ratios from 0 to 1.
type CephPGMap struct {
	NumPGs           int     `json:"numPgs"`
	BytesTotal       uint64  `json:"bytesTotal"`
	BytesUsed        uint64  `json:"bytesUsed"`
	BytesAvailable   uint64  `json:"bytesAvailable"`
	DataBytes        uint64  `json:"dataBytes,omitempty"`
	UsagePercent     float64 `json:"usagePercent"`
	DegradedRatio    float64 `json:"degradedRatio,omitempty"`
	MisplacedRatio   float64 `json:"misplacedRatio,omitempty"`
	ReadBytesPerSec  uint64  `json:"readBytesPerSec,omitempty"`
	WriteBytesPerSec uint64  `json:"writeBytesPerSec,omitempty"`
	ReadOpsPerSec    uint64  `json:"readOpsPerSec,omitempty"`
	WriteOpsPerSec   uint64  `json:"writeOpsPerSec,omitempty"`
}

// CephPool is one pool; PercentUsed is from 0 to 100.
type CephPool struct {
	ID             int     `json:"id"`
	Name           string  `json:"name"`
	BytesUsed      uint64  `json:"bytesUsed"`
	BytesAvailable uint64  `json:"bytesAvailable,omitempty"`
	Objects        uint64  `json:"objects"`
	PercentUsed    float64 `json:"percentUsed"`
}

// CephService counts the daemons of one kind.
type CephService struct {
	Type    string   `json:"type"`
	Running int      `json:"running"`
	Total   int      `json:"total"`
	Daemons []string `json:"daemons,omitempty"`
}
