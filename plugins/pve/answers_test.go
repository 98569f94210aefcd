package pve

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

// rowsOf decodes rows as the client does: one that is odd is skipped.
func rowsOf[T any](body []byte) (rows []T) {
	var all []json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return nil
	}
	for _, raw := range all {
		var row T
		if json.Unmarshal(raw, &row) == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// one decodes an object, and tells whether it is one.
func one[T any](body []byte) (v T, ok bool) { return v, json.Unmarshal(body, &v) == nil }

// FuzzAnswers gives each answer of the API to all that reads one: whatever it says, what is told of it can be told.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`[{"upid":"UPID:a:1","node":"a","type":"vzdump","id":"100","starttime":1e18,"endtime":-1,"status":"job errors"},{"upid":"b","node":"a","type":"vzdestroy","id":"100,7","starttime":1,"endtime":2,"status":"OK"}]`,
		`[{"name":"x","snaptime":9e18,"parent":5},{"name":"current"},{"name":"y","snaptime":"-1"}]`,
		`[{"id":"100-0","guest":100,"jobnum":"0","target":"b","rate":1e308,"duration":1e308,"last_sync":-5,"next_sync":9e18,"fail_count":"4","schedule":"5/9223372036854775807"}]`,
		`[{"volid":"s:backup/vzdump-qemu-100-x","ctime":9e18,"size":-1,"vmid":"100","verification":"ok","encrypted":1},{"volid":"s:backup/ct/1","verification":{"state":["x"]}}]`,
		`[{"pool":1,"pool_name":"p","bytes_used":9e18,"percent_used":1e-308,"objects":-4},{"percent_used":1e308}]`,
		`{"fsid":"f","health":{"status":"HEALTH_WARN","checks":{"A":{"severity":"HEALTH_ERR","summary":{"message":7}},"B":null}},"pgmap":{"bytes_used":9e18,"bytes_total":1,"read_bytes_sec":1e308,"degraded_ratio":-3},"osdmap":{"osdmap":{"num_osds":"3"}}}`,
		`[{"devpath":"/dev/sda","serial":"unknown","wearout":"1e308","size":-5,"rpm":-1,"health":"FAILED"},{"devpath":"/dev/sdb","serial":"x"},{"devpath":"/dev/sdc","serial":"x"}]`,
		`[{"vg":"v","lv":"l","metadata_size":1,"metadata_used":-9e18}]`,
		`{"children":[{"name":"a","state":"FAULTED","children":[{"name":"b","state":"ONLINE"},{"name":"c"}]}]}`,
		`[{"time":9e18,"netin":-1,"netout":1e308,"arcsize":-1,"pressurecpusome":"x","memused":5,"memtotal":"1","cpu":-1e308},{"time":1800000000,"netin":1,"mem":5,"maxmem":1,"memhost":5}]`,
		`{"cpu":"0.1","wait":9,"loadavg":["12.5",1e308,"x"],"swap":{"total":1,"used":-9e18},"cpuinfo":{"mhz":5,"cpus":"x"}}`,
		`[{"mountpoint":"/","type":"zfs","total-bytes":9e18,"used-bytes":-9e18,"disk":[{"dev":5}]},{"mountpoint":"/x","type":"ext4","total-bytes":"7","used-bytes":9e18}]`,
		`[{"name":"eth0","hardware-address":5,"ip-addresses":[{"ip-address":"fe80::1%x"},{"ip-address":"10.0.0.1"}],"statistics":{"rx-bytes":-1}}]`,
		`[{"storage":"a","type":"zfspool","pool":"/"},{"storage":"b","type":"dir","path":"//"},{"storage":"c","type":"lvmthin","vgname":"/","thinpool":"/"}]`,
		`[{"id":"j","enabled":"0","schedule":"mon..fri","next-run":9e18,"vmid":"100,x","all":"1","exclude":"99999999999999999999"},{"starttime":"5","dow":"sat"}]`,
		`[{"type":"lrm","node":"a","timestamp":-9e18},{"type":"master","node":"b","timestamp":9e18},{"type":"service","sid":"vm:100","state":"error"},{"type":"fencing","armed-state":["x"]}]`,
		`{"/":{"VM.Audit":1},"":{"x":1},"/vms":[],"x":null}`, `null`, `[null,5,"x",[]]`, `{}`,
	} {
		f.Add([]byte(body))
	}
	clock := newClock()
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := New(Config{Host: "192.0.2.1", TokenName: pvetest.Token, TokenValue: "x", MonitorVMs: true, MonitorContainers: true, MonitorStorage: true}, sdk.Deps{Name: "x", Now: clock.Now, Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		v := &view{at: clock.Now(), cluster: "c", asked: true, quorate: true}
		for _, row := range []string{
			`{"type":"node","node":"a","status":"online","disk":5,"maxdisk":9}`, `{"type":"qemu","vmid":100,"node":"a","name":"g","status":"running","mem":5,"maxmem":9,"maxdisk":7}`,
			`{"type":"storage","storage":"a","node":"a","plugintype":"zfspool","status":"available","disk":1,"maxdisk":5}`,
			`{"type":"storage","storage":"b","node":"a","plugintype":"dir","status":"available","disk":5,"maxdisk":9}`,
			`{"type":"storage","storage":"c","node":"a","plugintype":"lvmthin","status":"available","disk":9,"maxdisk":5,"content":"backup"}`,
		} {
			v.asked = false
			if err := v.add(json.RawMessage(row)); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range readAll(c, v, body) {
			if err := tellable(o); err != nil {
				t.Errorf("%v: %+v", err, o)
			}
		}
	})
}

// readAll tells what an answer says to all that read one.
func readAll(c *Collector, v *view, body []byte) (out []sdk.Observation) {
	g, n := v.guests[0], v.nodes[0]
	guests := map[int]resourceRow{100: g}
	out = append(out, tellTasks(c, body)...)
	c.configs.Store(&storageConfigs{all: rowsOf[storageConfig](body)})
	out = append(out, c.tellStorage(v)...)
	jobs := []backupJob{}
	for _, r := range rowsOf[backupJobRow](body) {
		jobs = append(jobs, newJob(r))
	}
	c.backups.jobs = jobs
	out = append(out, c.tellJobs(v, jobs)...)
	for _, r := range rowsOf[contentRow](body) {
		out = append(out, c.backupRow(store{"k", v.storages[2], "a", nil}, r))
		c.backups.stores["k"] = &backupStore{latest: map[int]int64{100: r.CTime.V}}
	}
	aged, missed := c.judgeBackups(v)
	out = append(append(out, aged...), missed...)
	out = append(out, c.snapshotRows(g, rowsOf[snapshotRow](body))...)
	out = append(out, c.snapshotAges(v)...)
	for _, r := range rowsOf[replicationRow](body) {
		r.Guest = proxmox.Int{V: 100, OK: true}
		out = append(out, c.tellReplication(n, r, guests)...)
	}
	var book diskBook
	book = book.know("a", rowsOf[diskRow](body), v.at)
	out = append(out, c.tellDisks(n, &book, true)...)
	out = append(out, judgeManagers(v, rowsOf[haRow](body), v.at.Unix())...)
	if a, ok := one[cephStatus](body); ok {
		out = append(out, c.tellCeph(&a, cephPools(rowsOf[cephPoolRow](body)))...)
	}
	out = append(out, c.tellCeph(&cephStatus{}, cephPools(rowsOf[cephPoolRow](body)))...)
	if a, ok := one[poolAnswer](body); ok {
		a.bad()
	}
	out = append(out, tellThin(n, rowsOf[thinRow](body))...)
	return append(append(out, tellPast(c, v, body)...), tellInsides(c, g, body)...)
}

func tellTasks(c *Collector, body []byte) (out []sdk.Observation) {
	rows := rowsOf[taskRow](body)
	c.backups.findGaps(rows)
	for _, r := range rows {
		c.noteIdentityTask(r)
		if changed := c.remember(r); changed != nil {
			out = append(out, c.taskRowOf(changed))
		}
	}
	return out
}

func tellPast(c *Collector, v *view, body []byte) (out []sdk.Observation) {
	var h nodeHistory
	out = append(out, h.take("a", rowsOf[historyRow](body))...)
	c.histories["a"] = h
	for _, r := range rowsOf[pastRow](body) {
		s := samples{kind: typeNode, key: "node/a"}
		r.nodePast(&s)
		c.guestPast(&s, v.guests[0], r)
		out = append(out, s.out...)
	}
	if a, ok := one[nodeStatusAnswer](body); ok {
		c.details["a"] = a.details()
	}
	if p, ok := one[permissionsAnswer](body); ok {
		rights(p).on("/vms/100", "VM.Audit")
	}
	return append(out, c.tellNodes(v)...)
}

func tellInsides(c *Collector, g resourceRow, body []byte) []sdk.Observation {
	m := &agentMemory{sent: true}
	m.setContainerNICs(rowsOf[containerNIC](body))
	m.setNICs(rowsOf[agentNIC](body))
	m.setFiles(rowsOf[agentFile](body))
	if a, ok := one[agentSystem](body); ok {
		m.osName, m.osVer = a.called()
	}
	return c.tellInside(g, m)
}

// tellable tells why an observation cannot be told: numbers are finite, times are of years that people write.
func tellable(o sdk.Observation) error {
	at := time.Time{}
	switch o := o.(type) {
	case sdk.Sample:
		if at = o.Time; math.IsNaN(o.Value) || math.IsInf(o.Value, 0) {
			return fmt.Errorf("no number")
		}
	case sdk.Row:
		at = o.Time
	case sdk.Condition:
		at = o.Since
	}
	if at.Year() > 9999 || at.Year() < 1 {
		return fmt.Errorf("no time")
	}
	return nil
}
