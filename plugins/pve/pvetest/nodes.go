package pvetest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func (a *API) nodeRoutes() {
	a.onNode("/status", func(c call, n *Node) (any, error) {
		if err := c.need("/nodes/"+n.Name, "Sys.Audit"); err != nil {
			return nil, err
		}
		return c.nodeStatus(n), nil
	})
	a.handle("/cluster/ha/status/current", haStatus)
	// What the history holds is answered by the server that is asked, also for a node that is away.
	a.handle("/nodes/{node}/rrddata", func(c call) (any, error) {
		n := c.w.Node(c.PathValue("node"))
		if n == nil {
			return nil, fail(http.StatusInternalServerError, "hostname lookup '%s' failed - failed to get address info", c.PathValue("node"))
		}
		if err := c.need("/nodes/"+n.Name, "Sys.Audit"); err != nil {
			return nil, err
		}
		return c.nodeHistory(n), nil
	})
	for _, kind := range []string{"qemu", "lxc"} {
		a.handle("/nodes/{node}/"+kind+"/{vmid}/rrddata", guestHistory(kind))
	}
}

// nodeStatus is what a node says of itself. Numbers that its worker measures since it was last asked are 0 now and then.
func (c call) nodeStatus(n *Node) map[string]any {
	at := c.now
	load := n.Busy * float64(n.Threads) * (0.5 + wave(n.Name, at))
	used := int64(float64(n.Memory) * (0.3 + 0.4*wave(n.Name+"mem", at)))
	memory := map[string]any{"total": n.Memory, "used": used, "free": n.Memory - used}
	if c.w.major() >= 9 {
		memory["available"], memory["free"] = n.Memory-used, (n.Memory-used)/4
	}
	out := map[string]any{
		"uptime": int64(at.Sub(n.Since).Seconds()), "cpu": n.Busy * (0.5 + wave(n.Name, at)), "wait": 0.01 * wave(n.Name+"wait", at), "idle": 0,
		"loadavg":    []string{fmt.Sprintf("%.2f", load), fmt.Sprintf("%.2f", load*0.9), fmt.Sprintf("%.2f", load*0.8)},
		"memory":     memory,
		"swap":       map[string]any{"total": n.Swap, "used": n.Swap / 50, "free": n.Swap - n.Swap/50},
		"rootfs":     map[string]any{"total": n.Root, "used": n.Root / 7, "avail": n.Root - n.Root/7, "free": n.Root - n.Root/7},
		"ksm":        map[string]any{"shared": 0},
		"cpuinfo":    map[string]any{"cpus": n.Threads, "cores": n.Threads / 2, "sockets": 1, "model": "AMD EPYC 7532 32-Core Processor", "mhz": "2400.000", "hvm": "1", "user_hz": 100},
		"kversion":   "Linux 6.14.8-2-pve #1 SMP PREEMPT_DYNAMIC PMX 6.14.8-2",
		"pveversion": "pve-manager/" + c.w.Version + "/43df2e01f27a1a19",
	}
	if c.w.major() >= 8 {
		out["current-kernel"] = map[string]any{"sysname": "Linux", "release": "6.14.8-2-pve", "machine": "x86_64"}
	}
	return out
}

// managers are what decides and what acts for high availability. One that is silent keeps its last time.
func (c call) managers() (out []map[string]any) {
	for _, n := range c.w.Nodes {
		spoke := c.now.Add(-n.Silent)
		status := "idle, " + spoke.UTC().Format(time.ANSIC)
		if n.Silent > 30*time.Second {
			status = "old timestamp - dead?, " + spoke.UTC().Format(time.ANSIC)
		}
		if n.Name == c.w.Master {
			out = append(out, map[string]any{"id": "master", "type": "master", "node": n.Name, "status": fmt.Sprintf("%s (%s)", n.Name, status), "timestamp": spoke.Unix()})
		}
		out = append(out, map[string]any{"id": "lrm:" + n.Name, "type": "lrm", "node": n.Name, "status": fmt.Sprintf("%s (%s)", n.Name, status), "timestamp": spoke.Unix()})
	}
	return out
}

// times are those of the rows of a history, the newest last: of an hour by the minute, or of a day, by the minute since version
// 9 and by the half hour before.
func (c call) times() (out []time.Time) {
	step, count := time.Minute, 60
	if c.URL.Query().Get("timeframe") == "day" {
		if count = 1440; c.w.major() < 9 {
			step, count = 30*time.Minute, 48
		}
	}
	last := c.now.Truncate(step)
	for back := count - 1; back >= 0; back-- {
		out = append(out, last.Add(-time.Duration(back)*step))
	}
	return out
}

// guestHistory is the history of a guest: nothing but sizes while it did not run, and of its newest minute.
func guestHistory(kind string) handler {
	return func(c call) (any, error) {
		id, err := strconv.Atoi(c.PathValue("vmid"))
		g := c.w.Guest(id)
		if err != nil || g == nil || g.Kind != kind {
			return nil, fail(http.StatusInternalServerError, "no such guest")
		}
		if err := c.need(fmt.Sprintf("/vms/%d", id), "VM.Audit"); err != nil {
			return nil, err
		}
		out := []map[string]any{}
		for _, at := range c.times() {
			row := map[string]any{"time": at.Unix(), "maxcpu": g.CPUs, "maxmem": float64(g.Memory) + 0.4, "maxdisk": float64(g.Disk)}
			if then := (call{c.Request, c.w, c.who, at}); g.Status == "running" && at.After(g.Since) && c.now.Sub(at) > time.Minute {
				row["cpu"], row["mem"] = g.Busy*(0.4+wave(fmt.Sprint(id), at)), float64(then.guestUses(g))
				row["netin"], row["netout"], row["diskread"], row["diskwrite"] = g.Traffic, g.Traffic/3, g.Traffic/2, g.Traffic/4
				if kind == "qemu" && c.w.major() >= 9 {
					row["memhost"] = float64(g.Memory + g.Memory/200)
				}
			}
			out = append(out, row)
		}
		return out, nil
	}
}

// nodeHistory is the history of a node. The newest minute holds only its time, as that of a node that is away.
func (c call) nodeHistory(n *Node) []map[string]any {
	out := []map[string]any{}
	for _, at := range c.times() {
		row := map[string]any{"time": at.Unix()}
		if c.now.Sub(at) >= time.Minute && n.Online && at.After(n.Since) {
			row["netin"], row["netout"] = 5e6*wave(n.Name+"in", at), 2e6*wave(n.Name+"out", at)
			row["cpu"], row["memused"] = n.Busy*(0.5+wave(n.Name, at)), float64(n.Memory)*(0.3+0.4*wave(n.Name+"mem", at))
			row["memtotal"], row["maxcpu"], row["iowait"] = float64(n.Memory), float64(n.Threads), 0.01*wave(n.Name+"wait", at)
			if c.w.major() >= 9 {
				row["arcsize"], row["pressurecpusome"], row["pressureiosome"], row["pressurememorysome"] = float64(n.Cache), 2.5, 1.25, 0.0
			}
		}
		out = append(out, row)
	}
	return out
}

// haStatus lists what high availability manages: guests that have a state of it.
func haStatus(c call) (any, error) {
	if err := c.need("/", "Sys.Audit"); err != nil {
		return nil, err
	}
	first := c.w.Nodes[0].Name
	quorum := map[string]any{"id": "quorum", "type": "quorum", "node": first, "status": "OK", "quorate": bit(c.w.Quorate)}
	if !c.w.Quorate {
		quorum["status"] = fmt.Sprintf("No quorum on node '%s'!", first)
	}
	out := []map[string]any{quorum}
	if strings.HasPrefix(c.w.Version, "9.2") {
		armed := "standby"
		if c.w.Armed != "" {
			armed = c.w.Armed
		}
		out = append(out, map[string]any{"id": "fencing", "type": "fencing", "node": first, "status": armed + " (CRM watchdog standby)", "armed-state": armed})
	}
	if c.w.Master != "" {
		out = append(out, c.managers()...)
	}
	for _, g := range c.w.Guests {
		if g.HA == "" {
			continue
		}
		sid := fmt.Sprintf("vm:%d", g.ID)
		if g.Kind == "lxc" {
			sid = fmt.Sprintf("ct:%d", g.ID)
		}
		out = append(out, map[string]any{
			"id": "service:" + sid, "type": "service", "sid": sid, "node": g.Node, "state": g.HA, "crm_state": g.HA,
			"status": fmt.Sprintf("%s (%s, %s)", sid, g.Node, g.HA), "request_state": "started",
		})
	}
	return out, nil
}
