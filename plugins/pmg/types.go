package pmg

import (
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
)

// What the API answers. Every field may be missing, null, a number or the same number in quotes.

// versionInfo is /version: the version of the package.
type versionInfo struct {
	Version proxmox.Str `json:"version"`
	Release proxmox.Str `json:"release"`
}

// member is a row of /config/cluster/nodes, which is empty on a gateway that stands alone. Its keys are not read.
type member struct {
	Name        proxmox.Str `json:"name"`
	Type        proxmox.Str `json:"type"` // master or node
	IP          proxmox.Str `json:"ip"`
	Fingerprint proxmox.Str `json:"fingerprint"`
}

// nodeName is a row of /nodes, the one that answers first.
type nodeName struct {
	Node proxmox.Str `json:"node"`
}

// space is bytes in all and in use.
type space struct {
	Total proxmox.Int `json:"total"`
	Used  proxmox.Int `json:"used"`
}

func (s space) known() bool    { return s.Total.V > 0 && s.Used.OK && s.Used.V >= 0 }
func (s space) ratio() float64 { return proxmox.Ratio(float64(s.Used.V) / float64(s.Total.V)) }

// nodeStatus is /nodes/NODE/status.
type nodeStatus struct {
	Time    proxmox.Int   `json:"time"`
	Uptime  proxmox.Int   `json:"uptime"`
	InSync  *proxmox.Bool `json:"insync"` // false when the database was not synchronised lately
	LoadAvg []proxmox.Num `json:"loadavg"`
	CPU     proxmox.Num   `json:"cpu"`
	Wait    proxmox.Num   `json:"wait"`
	Memory  space         `json:"memory"`
	Swap    space         `json:"swap"`
	Root    space         `json:"rootfs"`
	CPUInfo struct {
		Model proxmox.Str `json:"model"`
		CPUs  proxmox.Int `json:"cpus"`
	} `json:"cpuinfo"`
	KVersion proxmox.Str `json:"kversion"`
	Kernel   struct {
		Release proxmox.Str `json:"release"`
	} `json:"current-kernel"`
	Version proxmox.Str `json:"pmgversion"` // pmg-api/9.1.2/42245585286a
}

// busy tells whether the share of busy time is known. Each worker of the gateway measures since it was asked last, and answers 0
// when it never was.
func (s nodeStatus) busy() bool { return s.CPU.OK && s.CPU.V > 0 }

func (s nodeStatus) version() string {
	parts := strings.Split(string(s.Version), "/")
	if len(parts) > 1 {
		return parts[1]
	}
	return string(s.Version)
}

// shape is a row of /nodes/NODE/postfix/qshape: the messages to one domain by how long they wait. The first is TOTAL; the
// others name partners and are not kept.
type shape map[string]proxmox.Num

// recent is a row of /statistics/recent: what happened in a span of seconds.
type recent struct {
	Time     proxmox.Int `json:"time"`
	Span     proxmox.Int `json:"timespan"`
	In       proxmox.Num `json:"count_in"`
	Out      proxmox.Num `json:"count_out"`
	SpamIn   proxmox.Num `json:"spam_in"`
	SpamOut  proxmox.Num `json:"spam_out"`
	VirusIn  proxmox.Num `json:"virus_in"`
	VirusOut proxmox.Num `json:"virus_out"`
	BytesIn  proxmox.Num `json:"bytes_in"`
	BytesOut proxmox.Num `json:"bytes_out"`
}

// mailSums is /statistics/mail.
type mailSums struct {
	Count      proxmox.Num `json:"count"`
	In         proxmox.Num `json:"count_in"`
	Out        proxmox.Num `json:"count_out"`
	BytesIn    proxmox.Num `json:"bytes_in"`
	BytesOut   proxmox.Num `json:"bytes_out"`
	SpamIn     proxmox.Num `json:"spamcount_in"`
	SpamOut    proxmox.Num `json:"spamcount_out"`
	VirusIn    proxmox.Num `json:"viruscount_in"`
	VirusOut   proxmox.Num `json:"viruscount_out"`
	BouncesIn  proxmox.Num `json:"bounces_in"`
	BouncesOut proxmox.Num `json:"bounces_out"`
	JunkIn     proxmox.Num `json:"junk_in"`
	Greylisted proxmox.Num `json:"glcount"`
	RBL        proxmox.Num `json:"rbl_rejects"`
	Pregreet   proxmox.Num `json:"pregreet_rejects"`
	Seconds    proxmox.Num `json:"avptime"` // mean time to process a message
}

// hourSums is a row of /statistics/mailcount. Its spam includes what was refused, other than that of mailSums.
type hourSums struct {
	mailSums
	Index proxmox.Int `json:"index"`
	Time  proxmox.Int `json:"time"`
}

// score is a row of /statistics/spamscores: how many messages had a spam score of that level; 10 is 10 and above.
type score struct {
	Level proxmox.Str `json:"level"`
	Count proxmox.Num `json:"count"`
}

// domainSums is a row of /statistics/domains.
type domainSums struct {
	Domain proxmox.Str `json:"domain"`
	mailSums
}

// quarantined is /quarantine/spamstatus and virusstatus.
type quarantined struct {
	Count  proxmox.Num `json:"count"`
	MBytes proxmox.Num `json:"mbytes"`
}

// backup is a row of /nodes/NODE/backup.
type backup struct {
	File proxmox.Str `json:"filename"`
	Size proxmox.Int `json:"size"`
	Time proxmox.Int `json:"timestamp"`
}

// remote is a row of /nodes/NODE/pbs: a backup server that the node writes backups to.
type remote struct {
	Name      proxmox.Str `json:"remote"`
	Server    proxmox.Str `json:"server"`
	Datastore proxmox.Str `json:"datastore"`
}

// remoteBackup is a row of /nodes/NODE/pbs/REMOTE/snapshot: a backup of some gateway there. It is empty while the remote is
// turned off.
type remoteBackup struct {
	Of   proxmox.Str `json:"backup-id"` // the node
	Time proxmox.Int `json:"ctime"`
	Size proxmox.Int `json:"size"` // 1 when it is not known
}

func (b remoteBackup) bytes() int64 {
	if b.Size.V <= 1 {
		return 0
	}
	return b.Size.V
}

// task is a row of /nodes/NODE/tasks, which lists those that ended. Who started it is not read.
type task struct {
	UPID   proxmox.Str `json:"upid"`
	Type   proxmox.Str `json:"type"`
	Ended  proxmox.Int `json:"endtime"`
	Status proxmox.Str `json:"status"`
}

// signatures is a row of /nodes/NODE/clamav/database.
type signatures struct {
	Name  proxmox.Str `json:"name"`
	Built proxmox.Str `json:"build_time"` // 22 Sep 2026 06-27 +0000
}

// certificate is a row of /nodes/NODE/certificates/info. The certificate itself is not read.
type certificate struct {
	File  proxmox.Str `json:"filename"`
	Until proxmox.Int `json:"notafter"`
}
