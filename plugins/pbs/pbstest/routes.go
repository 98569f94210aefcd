package pbstest

import (
	"cmp"
	"net/http"
)

// parameters are those that calls take.
var parameters = map[string]string{
	"GET /api2/json/access/permissions":                "auth-id path",
	"GET /api2/json/nodes/localhost/tasks":             "start limit running errors since until typefilter statusfilter userfilter store",
	"GET /api2/json/nodes/localhost/disks/list":        "skipsmart include-partitions usage-type",
	"GET /api2/json/admin/verify":                      "store",
	"GET /api2/json/admin/prune":                       "store",
	"GET /api2/json/admin/gc":                          "store",
	"GET /api2/json/tape/drive":                        "changer query-activity",
	"GET /api2/json/tape/media/list":                   "pool update-status update-status-changer",
	"GET /api2/json/admin/sync":                        "store sync-direction",
	"GET /api2/json/admin/datastore/{store}/namespace": "parent max-depth",
	"GET /api2/json/admin/datastore/{store}/groups":    "ns",
	"GET /api2/json/admin/datastore/{store}/snapshots": "ns backup-type backup-id",
}

func (s *Server) routes() {
	s.mux.HandleFunc("POST "+prefix+"/access/ticket", s.login)
	s.mux.HandleFunc("GET "+prefix+"/ping", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"data":{"pong":true}}`)) })
	s.on("GET "+prefix+"/version", func(c call) answer {
		return data(map[string]any{"version": c.world.Release, "release": "6", "repoid": "0123456789abcdef"})
	})
	s.on("GET "+prefix+"/access/permissions", permissions)
	s.on("GET "+prefix+"/nodes/localhost/status", nodeStatus)
	s.on("GET "+prefix+"/status/datastore-usage", datastoreUsage)
	s.on("GET "+prefix+"/nodes/localhost/tasks", tasks)
	s.on("GET "+prefix+"/admin/gc", gcList)
	s.on("GET "+prefix+"/admin/verify", jobs(func(w *World) []Job { return w.Verify }, ""))
	s.on("GET "+prefix+"/admin/prune", jobs(func(w *World) []Job { return w.Prune }, "2.2"))
	s.on("GET "+prefix+"/admin/sync", jobs(func(w *World) []Job { return w.Sync }, ""))
	s.on("GET "+prefix+"/admin/datastore/{store}/gc", gcOfStore)
	s.on("GET "+prefix+"/admin/datastore/{store}/namespace", inStore(namespaces))
	s.on("GET "+prefix+"/admin/datastore/{store}/groups", inStore(groups))
	s.on("GET "+prefix+"/admin/datastore/{store}/snapshots", inStore(snapshots))
	s.on("GET "+prefix+"/nodes/localhost/subscription", func(c call) answer {
		return data(map[string]any{"status": c.world.Subscription, "message": "There is no subscription key", "serverid": "0123", "url": "https://example.com"})
	})
	s.on("GET "+prefix+"/nodes/localhost/services", readable("/system/services", "Sys.Audit", services))
	s.on("GET "+prefix+"/nodes/localhost/apt/update", readable("/", "Sys.Audit", updates))
	s.on("GET "+prefix+"/nodes/localhost/disks/list", readable("/system/disks", "Sys.Audit", disks))
	s.on("GET "+prefix+"/nodes/localhost/disks/zfs", readable("/system/disks", "Sys.Audit", pools))
	s.on("GET "+prefix+"/tape/drive", tapeDrives)
	s.on("GET "+prefix+"/tape/media/list", tapeMedia)
	s.on("GET "+prefix+"/tape/backup", tapeJobs)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		Refuse(w, http.StatusNotFound, "Path '"+r.URL.Path+"' not found.")
	})
}

// permissions maps paths to privileges and to whether they hold below too: those that the server always lists and those that
// somebody gave a role on, or the one that is asked for. Paths without any are left out.
func permissions(c call) answer {
	paths := []string{"/", "/access", "/access/users", "/datastore", "/remote", "/system", "/system/disks", "/system/services", "/system/status", "/system/tasks", "/tape"}
	for on := range c.account.Roles {
		paths = append(paths, on)
	}
	if on := c.URL.Query().Get("path"); on != "" {
		paths = []string{on}
	}
	out := map[string]map[string]bool{}
	for _, on := range paths {
		for _, p := range c.account.privileges(on) {
			if out[on] == nil {
				out[on] = map[string]bool{}
			}
			out[on][p] = true
		}
	}
	return data(out)
}

func nodeStatus(c call) answer {
	if !c.may("/system/status", "Sys.Audit") {
		return denied
	}
	n := c.world.Node
	space := func(s Space) map[string]any {
		return map[string]any{"total": s.Total, "used": s.Used, "free": s.Total - s.Used}
	}
	out := map[string]any{
		"cpu": n.CPU, "wait": n.Wait, "loadavg": n.Load, "uptime": int64(c.now.Sub(n.Started).Seconds()),
		"memory": space(n.Memory), "swap": space(n.Swap), "root": map[string]any{"total": n.Root.Total, "used": n.Root.Used, "avail": (n.Root.Total - n.Root.Used) * 95 / 100},
		"cpuinfo": map[string]any{"model": "Example CPU", "sockets": 1, "cpus": 8}, "kversion": "Linux 6.8.12-2-pve #1 SMP",
		"info": map[string]any{"fingerprint": n.Fingerprint},
	}
	if c.world.atLeast("3.1") {
		out["current-kernel"] = map[string]any{"sysname": "Linux", "release": "6.8.12-2-pve", "version": "#1 SMP", "machine": "x86_64"}
		out["boot-info"] = map[string]any{"mode": "efi", "secureboot": false}
	}
	return data(out)
}

func (s *Store) visible(c call) bool {
	return c.may("/datastore/"+s.Name, "Datastore.Audit", "Datastore.Backup")
}

func datastoreUsage(c call) answer {
	out := []any{}
	for _, s := range c.world.Stores {
		if !s.visible(c) {
			continue
		}
		row := map[string]any{"store": s.Name}
		if c.world.atLeast("3.3") {
			row["mount-status"] = "nonremovable"
			if s.MountStatus != "" {
				row["mount-status"] = s.MountStatus
			}
		}
		if c.world.atLeast("4.1") {
			row["backend-type"] = cmp.Or(s.Backend, "filesystem")
		}
		if s.Error != "" {
			row["error"] = s.Error
			out = append(out, row)
			continue
		}
		row["total"], row["used"], row["avail"] = s.Total, s.Used, (s.Total-s.Used)*95/100
		row["history"] = []any{0.5, nil, 0.51}
		row["history-start"], row["history-delta"] = c.now.Unix()-30*86400, 86400
		row["estimated-full-date"] = 0
		if !s.Full.IsZero() {
			row["estimated-full-date"] = s.Full.Unix()
		}
		row["gc-status"] = map[string]any{"upid": nil, "disk-bytes": s.DiskBytes, "index-data-bytes": s.IndexBytes, "pending-bytes": 0}
		out = append(out, row)
	}
	return data(out)
}
