package pvetest

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"time"
)

// refresh is how often the nodes measure what the resources list says.
const refresh = 10 * time.Second

func (a *API) routes() {
	a.mux.HandleFunc("POST /api2/json/access/ticket", a.login)
	a.handle("/version", func(c call) (any, error) {
		return map[string]any{"version": c.w.Version, "release": c.w.release(), "repoid": "43df2e01f27a1a19"}, nil
	})
	a.handle("/access/permissions", func(c call) (any, error) { return c.who.permissions(), nil })
	a.handle("/cluster/status", a.clusterStatus)
	a.handle("/cluster/resources", resources)
	a.handle("/nodes", a.nodes)
	a.handle("/storage", storageConfig)
	a.nodeRoutes()
	a.backupRoutes()
	a.guestRoutes()
	a.hardwareRoutes()
	a.mux.HandleFunc("GET /api2/json/", func(rw http.ResponseWriter, r *http.Request) {
		a.answer(rw, r, func(call) (any, error) {
			return nil, fail(http.StatusNotImplemented, "Method 'GET %s' not implemented", r.URL.Path[len("/api2/json"):])
		})
	})
}

func (w *World) release() string {
	dots := 0
	for i, r := range w.Version {
		if r == '.' || r == '-' {
			if dots++; dots == 2 || r == '-' {
				return w.Version[:i]
			}
		}
	}
	return w.Version
}

func (a *API) clusterStatus(c call) (any, error) {
	if err := c.need("/", "Sys.Audit"); err != nil {
		return nil, err
	}
	var out []map[string]any
	if c.w.Name != "" {
		out = append(out, map[string]any{
			"type": "cluster", "id": "cluster", "name": c.w.Name, "nodes": len(c.w.Nodes), "quorate": bit(c.w.Quorate), "version": len(c.w.Nodes) + 3,
		})
	}
	for i, n := range c.w.Nodes {
		id := i + 1
		if c.w.Name == "" {
			id = 0
		}
		out = append(out, map[string]any{
			"type": "node", "id": "node/" + n.Name, "name": n.Name, "nodeid": id, "ip": n.IP, "level": n.Level,
			"online": bit(n.Online), "local": bit(n.Name == a.local),
		})
	}
	return out, nil
}

func (a *API) nodes(c call) (any, error) {
	var out []map[string]any
	for _, n := range c.w.Nodes {
		row := c.nodeRow(n)
		row["node"], row["id"] = n.Name, "node/"+n.Name
		if pin := n.Fingerprint; pin != "" {
			row["ssl_fingerprint"] = colons(pin)
		} else if a.pin != "" {
			row["ssl_fingerprint"] = colons(a.pin)
		}
		out = append(out, row)
	}
	return out, nil
}

func colons(hex string) string {
	var out []byte
	for i := 0; i+1 < len(hex); i += 2 {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, hex[i:i+2]...)
	}
	return string(out)
}

func bit(v bool) int {
	if v {
		return 1
	}
	return 0
}

// resources is the inventory, without what the account may not read.
func resources(c call) (any, error) {
	var out []map[string]any
	wanted := c.URL.Query().Get("type")
	if wanted == "" || wanted == "vm" {
		for _, g := range c.w.Guests {
			if c.may(fmt.Sprintf("/vms/%d", g.ID), "VM.Audit") || g.Pool != "" && c.may("/pool/"+g.Pool, "VM.Audit") {
				out = append(out, c.guestRow(g))
			}
		}
	}
	if wanted == "" || wanted == "node" {
		for _, n := range c.w.Nodes {
			out = append(out, c.nodeRow(n))
		}
	}
	if wanted == "" || wanted == "storage" {
		out = append(out, c.storageRows()...)
	}
	if wanted == "" {
		out = append(out, map[string]any{"type": "sdn", "id": "sdn/localnetwork", "sdn": "localnetwork", "status": "ok"})
	}
	return out, nil
}

// measured is when the numbers were measured.
func (c call) measured() time.Time { return c.now.Truncate(refresh) }

func (c call) nodeRow(n *Node) map[string]any {
	row := map[string]any{"type": "node", "id": "node/" + n.Name, "node": n.Name, "status": "online", "level": n.Level}
	if !n.Online {
		row["status"] = "offline"
	}
	if !c.may("/nodes/"+n.Name, "Sys.Audit") {
		return row
	}
	row["maxcpu"], row["maxmem"], row["maxdisk"] = n.Threads, n.Memory, n.Root
	if n.HA != "" {
		row["hastate"] = n.HA
	}
	if !n.Online {
		return row
	}
	if n.Stuck {
		row["status"] = "unknown"
		return row
	}
	at := c.measured()
	row["cpu"] = n.Busy * (0.5 + wave(n.Name, at))
	row["mem"] = int64(float64(n.Memory) * (0.3 + 0.4*wave(n.Name+"mem", at)))
	row["disk"] = cmp.Or(n.RootUsed, n.Root/7)
	row["uptime"] = int64(at.Sub(n.Since).Seconds())
	if c.w.major() >= 9 {
		row["cgroup-mode"] = 2
	}
	return row
}

func (c call) guestRow(g *Guest) map[string]any {
	row := map[string]any{
		"type": g.Kind, "id": fmt.Sprintf("%s/%d", g.Kind, g.ID), "vmid": g.ID, "node": g.Node, "name": g.Name, "status": g.Status,
		"template": bit(g.Template), "maxcpu": g.CPUs, "maxmem": g.Memory, "maxdisk": g.Disk,
		"cpu": 0, "mem": 0, "disk": 0, "netin": 0, "netout": 0, "diskread": 0, "diskwrite": 0, "uptime": 0,
	}
	if c.w.major() < 8 && g.Kind == "lxc" {
		row["vmid"] = fmt.Sprint(g.ID)
	}
	for name, text := range map[string]string{"tags": g.Tags, "lock": g.Lock, "pool": g.Pool, "hastate": g.HA} {
		if text != "" {
			row[name] = text
		}
	}
	if n := c.w.Node(g.Node); n == nil || n.Stuck || !n.Online && n.aged(c.now) {
		// What has no fresh numbers loses them, and its name.
		for name := range row {
			switch name {
			case "type", "id", "vmid", "node", "template", "pool":
			default:
				delete(row, name)
			}
		}
		row["status"] = "unknown"
		return row
	}
	if g.Status != "stopped" {
		c.runs(g, row)
	}
	return row
}

// aged tells whether what was last known of the guests of a node that is away is too old to be shown.
func (n *Node) aged(now time.Time) bool { return now.Sub(n.Lost) > 5*time.Minute }

// runs adds the numbers of a guest that runs.
func (c call) runs(g *Guest, row map[string]any) {
	at := c.measured()
	name := fmt.Sprint(g.ID)
	row["cpu"] = g.Busy * (0.4 + wave(name, at))
	row["uptime"] = int64(at.Sub(g.Since).Seconds())
	row["netin"], row["netout"] = grown(name+"in", g.Traffic, g.Since, at), grown(name+"out", g.Traffic/3, g.Since, at)
	row["diskread"], row["diskwrite"] = grown(name+"read", g.Traffic/2, g.Since, at), grown(name+"write", g.Traffic/4, g.Since, at)
	for _, counter := range []string{"netin", "netout", "diskread", "diskwrite"} {
		if n, ok := row[counter].(int64); ok && g.Wrap > 0 {
			row[counter] = n % g.Wrap
		}
	}
	row["mem"] = c.guestUses(g)
	if g.Kind == "lxc" {
		row["disk"] = int64(float64(g.Disk) * (0.3 + 0.2*wave(name+"disk", at)))
	}
	if c.w.major() >= 9 {
		row["memhost"] = 0
		if g.Kind == "qemu" {
			row["memhost"] = g.Memory + g.Memory/200
		}
	}
}

// guestUses is the memory that a guest uses: as it says itself, what it keeps as a cache included, or what it takes on its
// host, where what the emulator itself needs comes on top.
func (c call) guestUses(g *Guest) int64 {
	if g.HostMemory {
		return g.Memory + g.Memory/200
	}
	return int64(float64(g.Memory) * (0.35 + 0.4*wave(fmt.Sprint(g.ID, "mem"), c.measured())))
}

// wave is a number between 0 and 1 that moves slowly, and differently for each name.
func wave(name string, at time.Time) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	phase := float64(h.Sum32()%1000) / 1000 * 2 * math.Pi
	period := 600 + float64(h.Sum32()%1800)
	return 0.5 + 0.5*math.Sin(2*math.Pi*float64(at.Unix()%86400)/period+phase)
}

// grown is a counter that grows by about rate a second, and never falls while the guest runs.
func grown(name string, rate float64, since, at time.Time) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	const period = 900.0
	turn := 2 * math.Pi / period
	t := max(0, at.Sub(since).Seconds())
	return int64(rate*t + rate/2*math.Sin(turn*t+float64(h.Sum32()%7))/turn + rate/2/turn)
}

// storageConfig is the configuration of storages, of those that the account may see.
func storageConfig(c call) (any, error) {
	out := []map[string]any{}
	for _, s := range c.w.Storages {
		if !c.may("/storage/"+s.Name, "Datastore.Audit") && !c.may("/storage/"+s.Name, "Datastore.AllocateSpace") {
			continue
		}
		row := map[string]any{"storage": s.Name, "type": s.Type, "content": s.Content, "digest": "0123456789abcdef", "shared": bit(s.Shared)}
		for name, value := range map[string]string{
			"server": s.Server, "datastore": s.Datastore, "namespace": s.Namespace, "fingerprint": s.Fingerprint,
			"path": s.Path, "pool": s.Pool, "vgname": s.Group, "thinpool": s.Thin,
		} {
			if value != "" {
				row[name] = value
			}
		}
		out = append(out, row)
	}
	return out, nil
}

func (c call) storageRows() (out []map[string]any) {
	for _, s := range c.w.Storages {
		if !c.may("/storage/"+s.Name, "Datastore.Audit") && !c.may("/storage/"+s.Name, "Datastore.AllocateSpace") {
			continue
		}
		for _, n := range c.w.Nodes {
			if !s.on(n.Name) {
				continue
			}
			row := map[string]any{
				"type": "storage", "id": "storage/" + n.Name + "/" + s.Name, "storage": s.Name, "node": n.Name, "plugintype": s.Type,
				"content": s.Content, "shared": bit(s.Shared), "status": "available", "disk": s.Used, "maxdisk": s.Size,
			}
			if !n.Online || n.Stuck || s.Inactive[n.Name] {
				row["status"] = "unknown"
				delete(row, "disk")
				delete(row, "maxdisk")
			}
			out = append(out, row)
		}
	}
	return out
}
