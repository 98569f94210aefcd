package pmgtest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// World is what the gateway knows.
type World struct {
	// Now is the gateway's clock.
	Now func() time.Time
	// Version is that of the package: "9.1.2", "7.3-12".
	Version string
	Users   map[string]*User
	// Nodes are the members; one is a gateway that stands alone.
	Nodes []*Node
	// Mail is what passes each hour.
	Mail Mail
	// Spam and Virus are how much is in quarantine.
	Spam, Virus int
	Domains     []string

	// Still worlds do not live by themselves; whoever reaches them may change them.
	Still bool

	mu   sync.Mutex
	live func(now time.Time) // moves the world on, if it lives
}

// atLeast compares the first two numbers of the version.
func (w *World) atLeast(release string) bool { return number(w.Version) >= number(release) }

// number is the first two numbers of a version: 9.1 of 9.1.2, 7.3 of 7.3-12.
func number(version string) float64 {
	parts := strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '-' })
	n, err := strconv.ParseFloat(strings.Join(parts[:min(2, len(parts))], "."), 64)
	if err != nil {
		return 0
	}
	return n
}

// Change changes the world while it is served.
func (w *World) Change(f func(*World)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

// User is one who may sign in.
type User struct {
	Password, Role string
	SecondFactor   bool
}

// Node is a machine of the gateway.
type Node struct {
	Name, IP, Fingerprint string
	Master                bool
	Started               time.Time
	CPU                   float64
	Memory, Root          Space
	OutOfSync             bool
	// Fault is the status with which calls to the node fail: 595 for one that is off, 596 for one that hangs.
	Fault        int
	Queue        map[string]map[string]int // by queue: messages by column of age
	Services     []Service
	Signatures   time.Time
	Certificate  time.Time // when it ends
	Backups      []Backup
	Remotes      []*Remote
	Subscription string
	Updates      []string
	Tasks        []Task
}

// Space is bytes in all and in use.
type Space struct{ Total, Used int64 }

// Service is one of the system's services.
type Service struct{ Name, State, Unit string }

// Task is one that ended.
type Task struct {
	Type, Status   string
	Started, Ended time.Time
}

// Backup is one of the configuration.
type Backup struct {
	File string
	Size int64
	Time time.Time
}

// Remote is a backup server that a node writes to.
type Remote struct {
	Name, Server, Datastore string
	// Backups are those of this node, Others those of other nodes in the same place.
	Backups, Others []time.Time
	// Off remotes have nothing to tell, and Error is why one cannot be asked.
	Off   bool
	Error string
}

// Mail is how many messages pass in an hour.
type Mail struct{ In, Out, Spam, Virus int }

// readers are the roles that may read.
var readers = []string{"audit", "admin", "qmanager", "root"}

func (s *Server) routes() {
	s.mux.HandleFunc("POST "+prefix+"/access/ticket", s.login)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, http.StatusNotImplemented, "Method '"+r.Method+" "+strings.TrimPrefix(r.URL.Path, prefix)+"' not implemented")
	})
	s.on("/version", func(c call) answer {
		return data(map[string]any{"version": c.world.Version, "release": strings.Join(strings.SplitN(c.world.Version, ".", 3)[:2], "."), "repoid": "42245585286a"})
	})
	s.on("/nodes", func(c call) answer { return data([]any{map[string]any{"node": c.world.Nodes[0].Name}}) }, readers...)
	s.on("/config/cluster/nodes", clusterNodes, readers...)
	s.on("/statistics/recent", recent, readers...)
	s.on("/statistics/mail", mailSums, readers...)
	s.on("/statistics/mailcount", mailCount, readers...)
	s.on("/statistics/spamscores", spamScores, readers...)
	s.on("/statistics/domains", domains, readers...)
	s.on("/quarantine/spamstatus", func(c call) answer { return data(quarantine(c.world.Spam)) }, readers...)
	s.on("/quarantine/virusstatus", func(c call) answer { return data(quarantine(c.world.Virus)) }, readers...)
	for path, f := range map[string]func(call, *Node) any{
		"status": nodeStatus, "postfix/qshape": qshape, "services": services, "clamav/database": signatures, "apt/update": updates, "certificates/info": certificates,
		"subscription": func(_ call, n *Node) any {
			return map[string]any{"status": n.Subscription, "message": "There is no subscription key"}
		},
		"backup": backups, "tasks": tasks, "pbs": remotes, "pbs/{remote}/snapshot": remoteBackups,
	} {
		s.on("/nodes/{node}/"+path, onNode(f), readers...)
	}
}

// onNode answers a call to a node, or fails as forwarding does.
func onNode(f func(call, *Node) any) func(call) answer {
	return func(c call) answer {
		for i, n := range c.world.Nodes {
			if n.Name != c.PathValue("node") && (i > 0 || c.PathValue("node") != "localhost") {
				continue
			}
			if n.Fault != 0 {
				return answer{status: n.Fault, text: map[int]string{595: "No route to host", 596: "Connection timed out"}[n.Fault]}
			}
			got := f(c, n)
			if a, refused := got.(answer); refused {
				return a
			}
			return data(got)
		}
		return answer{status: http.StatusInternalServerError, text: "hostname lookup '" + c.PathValue("node") + "' failed - failed to get address info: Name or service not known"}
	}
}

func clusterNodes(c call) answer {
	out := []any{}
	if len(c.world.Nodes) > 1 {
		for i, n := range c.world.Nodes {
			role := "node"
			if n.Master {
				role = "master"
			}
			out = append(out, map[string]any{
				"cid": i + 1, "type": role, "name": n.Name, "ip": n.IP, "fingerprint": n.Fingerprint, "hostrsapubkey": "AAAAB3NzaC1yc2E", "rootrsapubkey": "AAAAB3NzaC1yc2E",
			})
		}
	}
	return data(out)
}

func nodeStatus(c call, n *Node) any {
	insync := 1
	if n.OutOfSync {
		insync = 0
	}
	out := map[string]any{
		"time": c.now.Unix(), "uptime": int64(c.now.Sub(n.Started).Seconds()), "insync": insync, "loadavg": []string{"0.82", "1.94", "1.70"}, "cpu": n.CPU, "wait": 0.01,
		"memory": map[string]any{"total": n.Memory.Total, "used": n.Memory.Used, "free": n.Memory.Total - n.Memory.Used}, "swap": map[string]any{"total": int64(8) << 30, "used": 0},
		"rootfs":  map[string]any{"total": n.Root.Total, "used": n.Root.Used, "avail": n.Root.Total - n.Root.Used},
		"cpuinfo": map[string]any{"cpus": 4, "cores": "4", "sockets": 1, "model": "Example CPU", "mhz": "2400.000", "hvm": "1"}, "kversion": "Linux 6.14.8-2-pve",
		"pmgversion": "pmg-api/" + c.world.Version + "/42245585286a",
	}
	if c.world.atLeast("8.1") {
		out["current-kernel"] = map[string]any{"sysname": "Linux", "release": "6.14.8-2-pve", "version": "#1 SMP", "machine": "x86_64"}
		out["boot-info"] = map[string]any{"mode": "efi", "secureboot": 0}
	}
	return out
}

var columns = []string{"5m", "10m", "20m", "40m", "80m", "160m", "320m", "640m", "1280m", "1280m+"}

// qshape is all texts. An empty queue is an empty list on some releases of the mail server.
func qshape(c call, n *Node) any {
	name := c.URL.Query().Get("queue")
	if name == "" {
		name = "deferred"
	}
	ages := n.Queue[name]
	if len(ages) == 0 && name == "hold" {
		return []any{}
	}
	total := 0
	row := map[string]any{"domain": "TOTAL"}
	for _, column := range columns {
		row[column] = strconv.Itoa(ages[column])
		total += ages[column]
	}
	row["total"] = strconv.Itoa(total)
	share := strconv.Itoa((total + 1) / 2) // others have the rest
	partner := map[string]any{"domain": "partner.example", "total": share, "5m": share}
	if total == 0 {
		return []any{row}
	}
	return []any{row, partner}
}

func services(_ call, n *Node) any {
	out := []any{}
	for _, s := range n.Services {
		out = append(out, map[string]any{"service": s.Name, "name": s.Name, "desc": s.Name, "state": s.State, "active-state": "active", "unit-state": s.Unit})
	}
	return out
}

func signatures(_ call, n *Node) any {
	return []any{
		map[string]any{"name": "main", "type": "ClamAV-VDB", "build_time": "16 Sep 2021 08-32 -0400", "nsigs": "6647427", "version": "62"},
		map[string]any{"name": "daily", "type": "ClamAV-VDB", "build_time": n.Signatures.Format("02 Jan 2006 15-04 -0700"), "nsigs": "355666", "version": "28131"},
	}
}

func updates(_ call, n *Node) any {
	out := []any{}
	for _, name := range n.Updates {
		out = append(out, map[string]any{"Package": name, "Title": name, "Version": "2", "OldVersion": "1", "Origin": "Proxmox"})
	}
	return out
}

func certificates(_ call, n *Node) any {
	return []any{
		map[string]any{"filename": "pmg-api.pem", "notafter": n.Certificate.Unix(), "fingerprint": "AA:BB", "pem": "-----BEGIN CERTIFICATE-----"},
		map[string]any{"filename": "pmg-tls.pem", "notafter": n.Certificate.Add(30 * 24 * time.Hour).Unix(), "fingerprint": "AA:BC"},
	}
}

func backups(_ call, n *Node) any {
	out := []any{}
	for _, b := range n.Backups {
		out = append(out, map[string]any{"filename": b.File, "size": b.Size, "timestamp": b.Time.Unix()})
	}
	return out
}

func remotes(_ call, n *Node) any {
	out := []any{}
	for _, r := range n.Remotes {
		out = append(out, map[string]any{"remote": r.Name, "server": r.Server, "datastore": r.Datastore})
	}
	return out
}

// remoteBackups are those of all nodes that write to the same place. A size that is not known is 1.
func remoteBackups(c call, n *Node) any {
	for _, r := range n.Remotes {
		if r.Name != c.PathValue("remote") {
			continue
		}
		if r.Error != "" {
			return answer{status: http.StatusInternalServerError, text: r.Error}
		}
		out := []any{}
		for node, made := range map[string][]time.Time{n.Name: r.Backups, "another": r.Others} {
			for i, at := range made {
				if !r.Off {
					out = append(out, map[string]any{"backup-id": node, "backup-time": at.UTC().Format(time.RFC3339), "ctime": at.Unix(), "size": 1 + 210_000*min(i, 1)})
				}
			}
		}
		return out
	}
	return answer{status: http.StatusInternalServerError, text: "PBS remote '" + c.PathValue("remote") + "' does not exist"}
}

// tasks are those that ended, fifty unless more are asked for.
func tasks(c call, n *Node) any {
	since, limit := c.seconds("since", 0), c.seconds("limit", 50)
	out := []any{}
	for _, t := range n.Tasks {
		if t.Started.Unix() < since || c.URL.Query().Get("errors") == "1" && t.Status == "OK" || int64(len(out)) >= limit {
			continue
		}
		out = append(out, map[string]any{
			"upid": fmt.Sprintf("UPID:%s:0000168E:04450640:%08X:%s::root@pam:", n.Name, t.Started.Unix(), t.Type), "node": n.Name, "pid": 145, "pstart": 71632448,
			"type": t.Type, "id": "", "user": "root@pam", "starttime": t.Started.Unix(), "endtime": t.Ended.Unix(), "status": t.Status,
		})
	}
	return out
}

// File is the name that the product gives a backup of a time.
func File(at time.Time) string {
	return fmt.Sprintf("pmg-backup_%s_%X.tgz", at.Format("2006_01_02"), at.Unix())
}
