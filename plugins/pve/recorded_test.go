package pve

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

// recordings is where real answers lie beside the project, when they are there.
const recordings = "../../../shared/proxmox/fixtures/pve"

// replay makes a lab that answers paths with recorded answers.
func replay(t *testing.T, version string, files [][2]string) *lab {
	t.Helper()
	if _, err := os.Stat(recordings); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	return newLab(t, 1, 0, func(w *pvetest.World) {
		w.Version = version
		for _, f := range files {
			body, err := os.ReadFile(filepath.Join(recordings, f[1]))
			if err != nil {
				t.Fatal(err)
			}
			status := 200
			if strings.Contains(f[1], ".status500") {
				status = 500
			}
			w.Faults = append(w.Faults, &pvetest.Fault{Path: f[0], Status: status, Reason: "OK", Body: string(body)})
		}
	}, map[string]any{"snapshot_calls_per_minute": 1})
}

func TestRecordedClusterOfToday(t *testing.T) {
	l := replay(t, "9.2.10", [][2]string{
		{"/cluster/resources", "9.2/cluster_resources.json"}, {"/cluster/status", "9.2/cluster_status.json"}, {"/ha/status/current", "9.2/cluster_ha_status_current.json"},
		{"/cluster/backup", "9.2/cluster_backup.json"}, {"/tasks", "9.2/nodes_node3_tasks.json"}, {"/disks/list", "9.2/nodes_node3_disks_list.json"},
		{"/disks/zfs", "9.2/nodes_node3_disks_zfs.json"}, {"/disks/lvmthin", "9.2/nodes_node3_disks_zfs.json"}, {"/snapshot", "9.2/nodes_node3_qemu_101_snapshot.json"},
		{"/certificates/info", "9.2/nodes_node3_certificates_info.json"}, {"/get-fsinfo", "synthetic/nodes_node3_qemu_101_agent_get-fsinfo.synthetic.json"},
		{"/get-osinfo", "9.2/nodes_node3_qemu_101_agent_get-osinfo.json"}, {"/network-get-interfaces", "9.2/nodes_node3_qemu_101_agent_network-get-interfaces.json"},
		{"/status", "9.2/nodes_node3_status.json"},
	})
	l.must(taskNodes)
	s := l.must(taskResources)
	s.want("node/node3", map[string]any{"pveVersion": "pve-manager/9.2.10/43df2e01f27a1a19", "cpuInfo.model": "AMD EPYC 7532 32-Core Processor", "maxmem": 270076751872.0, "clusterName": "homelab"})
	s.want("guest/101", map[string]any{"name": "WEB01", "node": "node3", "memorySource": "guest", "tags": nil})
	s.want("guest/130", map[string]any{"memorySource": "host", "memory.usage": 100.0})
	if s.record("guest/108").Status != sdk.StatusOff || s.record("guest/101").WireID != "home:node3:101" {
		t.Errorf("%+v", s.record("guest/108"))
	}
	disks := l.must(taskDisks)
	disks.want("disk/node3/SERIAL-1", map[string]any{"model": "WD_BLACK SN850X 4000GB", "wearout": 100.0, "health": "PASSED"})
	if s := l.must(taskPools); len(s.All()) != 0 {
		t.Errorf("pools that are well: %v", s.All())
	}
	l.must(taskSnapshots)
	inside := l.must(taskAgents)
	if doc := string(inside.part("guest/101")); !strings.Contains(doc, `"mountpoint":"/"`) || strings.Contains(doc, "squashfs") {
		t.Errorf("%s", doc)
	}
	if backups := l.must(taskBackups); backups.Part("tasks").Err != nil || len(backups.rows(rowsJobs)) != 1 {
		t.Errorf("%v", backups.Part("tasks").Err)
	}
}

func TestRecordedClusterOfOld(t *testing.T) {
	l := replay(t, "7.4-16", [][2]string{
		{"/cluster/resources", "7.4/cluster_resources.json"}, {"/cluster/status", "7.4/cluster_status.json"}, {"/status", "7.4/nodes_node1_status.json"},
	})
	l.must(taskNodes)
	s := l.must(taskResources)
	guests := 0
	for _, key := range s.Keys() {
		if strings.Contains(key, "guest/") {
			guests++
		}
	}
	if guests != 3 || !s.has("node/node1") || !s.has("node/node4") {
		t.Errorf("%d guests: %v", guests, s.Keys())
	}
	// The system and the guests of each node lie on one pool, whose free space was measured twice.
	s.want("storage/node1/local-zfs", map[string]any{"countedTotal": nil})
	l.world.Edit(func(w *pvetest.World) {
		w.Storages = []*pvetest.Storage{{Name: "local", Type: "dir", Path: "/var/lib/vz"}, {Name: "cloud-init", Type: "dir", Path: "/srv"}, {Name: "local-zfs", Type: "zfspool", Pool: "rpool/data"}}
	})
	l.collect(taskBackups)
	s = l.must(taskResources)
	for _, node := range []string{"node1", "node2", "node3", "node4"} {
		counted, size := 0.0, 0.0
		for _, name := range []string{"local", "cloud-init", "local-zfs"} {
			n, ok := s.doc("storage/"+node+"/"+name, "countedTotal").(float64)
			if !ok {
				t.Errorf("%s of %s shares nothing", name, node)
			}
			counted, size = counted+n, max(size, s.doc("storage/"+node+"/"+name, "total").(float64))
		}
		if counted < size || counted > 1.1*size {
			t.Errorf("the pool of %s counts as %v, and is about %v", node, counted, size)
		}
	}
	if load, ok := s.doc("node/node1", "loadAverage").([]any); !ok || len(load) != 3 {
		t.Errorf("load %v", load)
	}
}

func TestRecordedHistories(t *testing.T) {
	for version, want := range map[string]struct {
		in    float64
		cache int64
	}{"9.2": {95849.0833333333, 1615051000}, "8": {14398.3941176471, 0}} {
		name := "nodes_node_rrddata_hour.json"
		if version == "8" {
			name = "nodes_node_rrddata_hour.recovered.json"
		}
		body, err := os.ReadFile(filepath.Join(recordings, version, name))
		if err != nil {
			t.Skip("the recorded answers are not beside the project")
		}
		var answer struct {
			Data []historyRow `json:"data"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		h := nodeHistory{}
		told := h.take("node", answer.Data)
		if math.Abs(h.in.V-want.in) > 1e-6 || h.cache.V != want.cache || len(told) < 2*len(answer.Data) {
			t.Errorf("%s: %+v with %d samples of %d rows", version, h, len(told), len(answer.Data))
		}
	}
}

func TestRecordedCeph(t *testing.T) {
	l := replay(t, "8.4.1", [][2]string{{"/ceph/status", "8-ceph18/cluster_ceph_status.json"}})
	s := l.must(taskCeph)
	s.want("ceph", map[string]any{"totalBytes": 51850204151808.0, "usedBytes": 31663826219008.0, "numOsds": 21.0, "numOsdsUp": 21.0, "numMons": 3.0, "numMgrs": 3.0, "numPGs": 577.0, "health": "HEALTH_WARN"})
}

// FuzzResources feeds rows that nobody expects: none may end the list, and what is told holds together.
func FuzzResources(f *testing.F) {
	for _, row := range []string{
		`{"type":"qemu","vmid":"100","node":"a","status":"running","cpu":"1.2","maxmem":0.5,"mem":-1,"netin":1e300,"uptime":null,"tags":7}`,
		`{"type":"node","node":"a","status":"online","cpu":-1,"mem":5,"maxmem":3}`, `{"type":"storage","storage":"s","node":"a","disk":9e18,"maxdisk":1}`, `[]`, `null`, `"x"`, `{"type":"lxc","vmid":1e99}`,
		`{"type":"qemu","vmid":100,"node":"a","status":"running","cpu":1e306,"maxcpu":1e308}`, `{"type":"node","node":"a","status":"online","cpu":-1e306,"maxcpu":-1e308}`,
	} {
		f.Add([]byte(row))
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		c, err := New(Config{Host: "192.0.2.1", TokenName: pvetest.Token, TokenValue: "x", MonitorVMs: true, MonitorContainers: true}, sdk.Deps{Name: "x", Now: newClock().Now, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			v := &view{at: time.Unix(int64(i)*10, 0), asked: true, quorate: true}
			if err := v.add(json.RawMessage(row)); err != nil {
				return
			}
			told := append(c.tellStorage(v), c.tellNodes(v)...)
			if err := c.tellGuests(v, func(some ...sdk.Observation) error { told = append(told, some...); return nil }); err != nil {
				t.Fatal(err)
			}
			for _, o := range told {
				if s, ok := o.(sdk.Sample); ok && (s.Value < 0 || s.Value != s.Value) {
					t.Errorf("%s: %s is %v", row, s.Metric, s.Value)
				}
			}
		}
	})
}
