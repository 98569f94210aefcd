package e2e

import (
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // looks into a server's files
)

// inbox is a service that keeps what it was told.
type inbox struct {
	mu       sync.Mutex
	messages []message
}

// message is one alert within a message.
type message struct {
	id, event string
	alert     map[string]any
}

func (b *inbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var m struct {
		ID, Event string
		Alerts    []map[string]any
	}
	if json.Unmarshal(raw, &m) != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range m.Alerts {
		// What is sent again after a crash bears the same id.
		if !slices.ContainsFunc(b.messages, func(o message) bool { return o.id == m.ID && o.alert["id"] == a["id"] }) {
			b.messages = append(b.messages, message{m.ID, m.Event, a})
		}
	}
}

// of returns what was told of an event, by the id of the alert.
func (b *inbox) of(event string) map[string][]map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string][]map[string]any{}
	for _, m := range b.messages {
		if m.event == event {
			id, _ := m.alert["id"].(string)
			out[id] = append(out[id], m.alert)
		}
	}
	return out
}

// insecure speaks to simulators, whose certificates nobody signed.
var insecure = &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // they run on this machine

// edits are changes of a simulated world: paths and values.
type edits map[string]any

// upstream is a simulated product and the integration that watches it.
type upstream struct {
	s       *server
	t       *testing.T
	in      map[string]any
	host    string
	changes int
}

// watch starts a simulator whose world stands still, and has it watched.
func (s *server) watch(t *testing.T, kind string, before edits, args ...string) *upstream {
	t.Helper()
	in, _ := simulate(t, kind, append(args, "--still")...)
	config, _ := in["config"].(map[string]any)
	u := &upstream{s: s, t: t, in: in, host: config["host"].(string)}
	u.edit(before)
	if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
		t.Fatalf("watch %v: %v", in["name"], got)
	}
	return u
}

func (u *upstream) path() string {
	return fmt.Sprintf("/api/integrations/%s/%s", u.in["kind"], u.in["name"])
}

// edit changes the world.
func (u *upstream) edit(e edits) {
	u.t.Helper()
	if len(e) == 0 {
		return
	}
	raw, err := json.Marshal(e)
	if err != nil {
		u.t.Fatal(err)
	}
	got, err := insecure.Post(u.host+"/simulator", "application/json", strings.NewReader(string(raw)))
	if err != nil {
		u.t.Fatal(err)
	}
	defer got.Body.Close()
	if says, _ := io.ReadAll(got.Body); got.StatusCode != http.StatusOK {
		u.t.Fatalf("edit %s: %s", u.in["name"], says)
	}
}

// look has everything asked anew: what is configured anew is looked at at once.
func (u *upstream) look() {
	u.t.Helper()
	revision := u.s.call("GET", u.path(), nil).member("revision")
	config := maps.Clone(u.in["config"].(map[string]any))
	u.changes++
	config["guest_url"] = fmt.Sprintf("https://guests.example.com/%d", u.changes)
	got := u.s.call("PUT", u.path(), map[string]any{"revision": revision, "config": config, "network": u.in["network"], "enabled": true})
	if got.status != http.StatusOK {
		u.t.Fatalf("look at %v: %v", u.in["name"], got)
	}
	u.looked(time.Now())
}

// looked waits until every task has run since.
func (u *upstream) looked(since time.Time) {
	u.t.Helper()
	var got answer
	ran := func() bool {
		got = u.s.call("GET", u.path(), nil)
		tasks, _ := got.member("status.tasks").([]any)
		for _, one := range tasks {
			if last, _ := one.(map[string]any)["lastSuccess"].(float64); int64(last) < since.UnixMilli() {
				return false
			}
		}
		return len(tasks) > 0
	}
	if !within(patience, ran) {
		u.t.Fatalf("not all of %v was looked at: %v", u.in["name"], got)
	}
}

// notified makes a server tell a service of alerts as they come.
func (s *server) notified(t *testing.T) *inbox {
	t.Helper()
	box := &inbox{}
	service := httptest.NewServer(box)
	t.Cleanup(service.Close)
	s.call("POST", "/api/system/settings/update", map[string]any{"webhookAllowedPrivateCIDRs": "127.0.0.0/8"})
	if got := s.call("POST", "/api/notifications/webhooks", map[string]any{"name": "inbox", "url": service.URL, "enabled": true, "service": "generic"}); got.status != http.StatusOK {
		t.Fatalf("webhook: %v", got)
	}
	s.configure(t, func(doc map[string]any) {
		schedule := doc["schedule"].(map[string]any)
		schedule["cooldown"], schedule["maxAlertsHour"] = 0, 0
		doc["metricTimeThresholds"] = map[string]any{"guest": map[string]any{"memory": 1800}}
		schedule["grouping"] = map[string]any{"enabled": true, "window": 2}
		doc["activationState"] = "active"
		doc["timeThresholds"] = map[string]any{"all": 0, "guest": 0, "node": 0, "storage": 0, "pbs": 0}
	})
	return box
}

// configure changes the alert configuration.
func (s *server) configure(t *testing.T, change func(doc map[string]any)) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(s.call("GET", "/api/alerts/config", nil).body, &doc); err != nil {
		t.Fatal(err)
	}
	change(doc)
	if got := s.call("PUT", "/api/alerts/config", doc); got.status != http.StatusOK {
		t.Fatalf("configure alerts: %v", got)
	}
}

// rule adds a rule.
func (s *server) rule(t *testing.T, rule map[string]any) {
	t.Helper()
	rule["name"], rule["enabled"] = "test", true
	if got := s.call("POST", "/api/rules", rule); got.status != http.StatusCreated {
		t.Fatalf("rule: %v", got)
	}
}

// fault is something that goes wrong, and what people hear of it.
type fault struct {
	of           string // the simulator
	goes, mended edits
	told         []told
}

// told is what is told of a fault.
type told struct{ id, level, resource, says string }

// slow are the faults that are told of when they have been there for minutes or hours.
var slow = []string{"guest stays locked", "member unreachable"}

const (
	gib = 1 << 30
	tib = 1 << 40
)

// faults are those that the plugins for Proxmox products judge, but for disks of nodes: what is known of these outlives the
// plugin for half an hour, so that they are not woken; the plugin's own tests look at them.
func faults(now time.Time) map[string]fault {
	ago := func(d time.Duration) string { return now.Add(-d).UTC().Format(time.RFC3339) }
	day := 24 * time.Hour
	run := func(state string) map[string]any {
		return map[string]any{"UPID": "UPID:backup:00000A01:0000B002:00000001:6AB41400:job::root@pam:", "Ended": ago(2 * time.Hour), "State": state}
	}
	all := map[string]bool{"pve1": true, "pve2": true, "pve3": true, "pve4": true}
	return map[string]fault{
		"node down":            {"far", edits{"Nodes.pve3.Online": false, "Nodes.pve3.Lost": ago(0)}, edits{"Nodes.pve3.Online": true}, []told{{"node-offline-far-pve3", "critical", "pve3", `Node pve3 is down`}}},
		"storage gone":         {"lab", edits{"Storages.tapes.Inactive": all}, edits{"Storages.tapes.Inactive": nil}, []told{{"storage-offline-lab-cluster-tapes", "warning", "tapes", "tapes.* down"}}},
		"storage away on one":  {"lab", edits{"Storages.share.Inactive": map[string]bool{"pve2": true}}, edits{"Storages.share.Inactive": nil}, []told{{"storage-away-lab-cluster-share-pve2", "warning", "share", "does not work on pve2"}}},
		"storage full":         {"lab", edits{"Storages.attic.Used": 97 * gib}, edits{"Storages.attic.Used": 10 * gib}, []told{{"lab-cluster-attic-usage", "critical", "attic", "Storage attic is 97 % full, over the limit of 95 %"}}},
		"storage fills":        {"lab", edits{"Storages.cellar.Used": 88 * gib}, edits{"Storages.cellar.Used": 10 * gib}, []told{{"lab-cluster-cellar-usage", "warning", "cellar", "Storage cellar is 88 % full, over the limit of 85 %"}}},
		"backup failed":        {"lab", edits{"Tasks.+": map[string]any{"Node": "pve1", "Type": "vzdump", "ID": "100", "Began": ago(time.Hour), "Ended": ago(50 * time.Minute), "Status": "no space left on device"}}, edits{"Tasks.+": map[string]any{"Node": "pve1", "Type": "vzdump", "ID": "100", "Began": ago(10 * time.Minute), "Ended": ago(time.Minute), "Status": "OK"}}, []told{{"backup-failed-lab:pve1:100", "warning", "vm100", `last backup of vm100 \(100\) failed: no space left`}}},
		"never backed up":      {"lab", edits{"Guests.+": guest(900, "newcomer", ago(3*day))}, edits{"Backups.+": backup(900, ago(time.Hour))}, []told{{"never-backed-up-lab:pve1:900", "warning", "newcomer", "in a backup job and there is no backup of it"}}},
		"backup overdue":       {"lab", edits{"Guests.+": guest(901, "forgotten", ago(60*day)), "Backups.+": backup(901, ago(40*day))}, edits{"Backups.+": backup(901, ago(time.Hour))}, []told{{"lab:pve1:901-backup_overdue", "warning", "forgotten", "last backup of forgotten is 39 days later"}}},
		"replication fails":    {"lab", edits{"Copies.100-0.Failed": 3, "Copies.100-0.Error": "command 'zfs send' failed"}, edits{"Copies.100-0.Failed": 0, "Copies.100-0.Error": ""}, []told{{"replication-lab:pve1:100-100-0", "critical", "vm100", "Replication of vm100 .* to pve2 fails: command 'zfs send' failed"}}},
		"replication lags":     {"lab", edits{"Copies.101-0.LastSync": ago(5 * time.Hour)}, edits{"Copies.101-0.LastSync": ago(0)}, []told{{"lab:pve2:101/101-0-replication_overdue", "warning", "vm101", "copy of vm101 that replication 101-0 makes is 4.8 hours later"}}},
		"Ceph":                 {"lab", edits{"Ceph.Health": "HEALTH_ERR", "Ceph.Checks": map[string]string{"OSD_DOWN": "1 osds down", "PG_DAMAGED": "Possible data damage: 1 pg inconsistent", "MON_DISK_LOW": "mon a is low", "PG_NOT_SCRUBBED": "3 pgs not scrubbed in time"}, "Ceph.Errors": map[string]bool{"PG_DAMAGED": true}, "Ceph.Muted": map[string]bool{"MON_DISK_LOW": true}}, edits{"Ceph.Health": "HEALTH_OK", "Ceph.Checks": nil}, []told{{"ceph-lab-00000007-0000-4000-8000-000000000001-osd_down", "warning", "Ceph", "1 osds down"}, {"ceph-lab-00000007-0000-4000-8000-000000000001-pg_damaged", "critical", "Ceph", "Possible data damage"}}},
		"pool degraded":        {"lab", edits{"Nodes.pve1.Pools.rpool.Health": "DEGRADED", "Nodes.pve1.Pools.rpool.Bad": map[string]string{"nvme1n1p3": "FAULTED"}}, edits{"Nodes.pve1.Pools.rpool.Health": "ONLINE", "Nodes.pve1.Pools.rpool.Bad": nil}, []told{{"zfs-pool-state-lab-pve1-rpool", "warning", "pve1", `rpool of pve1 is DEGRADED: zpool status tells why. Not well: nvme1n1p3 \(FAULTED\)`}}},
		"node fenced":          {"lab", edits{"Nodes.pve3.HA": "fence"}, edits{"Nodes.pve3.HA": ""}, []told{{"node-fenced-lab-pve3", "critical", "pve3", "is being fenced"}}},
		"HA service failed":    {"lab", edits{"Guests.102.HA": "error"}, edits{"Guests.102.HA": ""}, []told{{"ha-lab:pve3:102", "critical", "ct102", "has failed"}}},
		"subscription lapsed":  {"lab", edits{"Nodes.pve2.Lapsed": "expired"}, edits{"Nodes.pve2.Lapsed": ""}, []told{{"subscription-lab-pve2", "warning", "pve2", "subscription of node pve2 is expired"}}},
		"subscription missing": {"lab", edits{"Nodes.pve3.Level": ""}, edits{"Nodes.pve3.Level": "c"}, nil},
		"certificate ends":     {"lab", edits{"Nodes.pve1.CertificateEnds": ago(-7 * day)}, edits{"Nodes.pve1.CertificateEnds": ago(-90 * day)}, []told{{"lab-pve1-certificate_left", "warning", "pve1", "certificate of pve1 ends in 7 days. Renew"}}},
		"token ends":           {"lab", edits{"TokenEnds": ago(-5 * day)}, edits{"TokenEnds": ago(-60 * day)}, []told{{"lab-token_left", "warning", "lab", "token with which lab is watched ends in 5 days"}}},
		"updates wait":         {"lab", edits{"Nodes.pve2.Updates": [][3]string{{"pve-manager", "9.2.9", "9.2.10"}}}, edits{"Nodes.pve2.Updates": nil}, []told{{"lab-pve2-pending_updates", "warning", "pve2", "Updates have been waiting on pve2"}}},
		"old snapshot":         {"lab", edits{"Guests.110.Snapshots": []any{map[string]any{"Name": "before_upgrade", "Made": ago(40 * day)}}}, edits{"Guests.110.Snapshots": nil}, []told{{"snapshot-age-lab:pve3:110", "warning", "vm110", "oldest snapshot of vm110 is 40 days old, over the limit of 30 days"}}},
		"guest in trouble":     {"lab", edits{"Guests.104.Status": "io-error"}, edits{"Guests.104.Status": "running"}, []told{{"guest-fault-lab:pve1:104", "critical", "vm104", "error of its disks"}}},
		"guest stops":          {"lab", edits{"Guests.105.Status": "stopped"}, edits{"Guests.105.Status": "running"}, []told{{"guest-powered-off-lab:pve2:105", "warning", "ct105", "is not running"}}},
		"agent silent":         {"lab", edits{"Guests.101.Agent": "silent"}, edits{"Guests.101.Agent": ""}, nil},
		"no quorum":            {"far", edits{"Quorate": false}, edits{"Quorate": true}, []told{{"quorum-lost-far", "critical", "far", "has no quorum"}}},
		"node says nothing":    {"far", edits{"Nodes.pve2.Stuck": true}, edits{"Nodes.pve2.Stuck": false}, []told{{"node-status-far-pve2", "warning", "pve2", "its status daemon hangs"}}},
		"HA disarmed":          {"far", edits{"Armed": "disarmed"}, edits{"Armed": ""}, []told{{"ha-disarmed-far", "warning", "far", "High availability is disarmed"}}},
		"HA master silent":     {"far", edits{"Nodes.pve1.Silent": 5 * time.Minute}, edits{"Nodes.pve1.Silent": 0}, []told{{"ha-silent-far", "warning", "far", "master of high availability, on pve1, is silent"}, {"ha-silent-far-pve1", "warning", "pve1", "manager of high availability on pve1 is silent"}}},
		"clock differs":        {"far", edits{"Ahead": 5 * time.Minute}, edits{"Ahead": 0}, []told{{"clock-far", "warning", "far", "ahead of the one here"}}},
		"HA service alone":     {"lab", edits{"Guests.110.HA": "recovery"}, edits{"Guests.110.HA": ""}, []told{{"ha-lab:pve3:110", "critical", "vm110", "waits for a node"}}},
		"metadata of thin LVM": {"lab", edits{"Nodes.pve2.Thin.pve/data": 0.97}, edits{"Nodes.pve2.Thin.pve/data": 0.1}, []told{{"lab-pve2/pve-data-thin_metadata", "critical", "pve2", "metadata of thin pool pve/data on pve2 is 97 % full"}}},
		"guest is busy":        {"lab", edits{"Guests.109.Busy": 5}, edits{"Guests.109.Busy": 0.1}, []told{{"lab:pve2:109-cpu", "critical", "vm109", "CPU of vm109 is at 100 %, over the limit of 90 %"}}},
		"Ceph fills":           {"lab", edits{"Ceph.Used": 80 * tib, "Ceph.Total": 100 * tib}, edits{"Ceph.Used": 10 * tib, "Ceph.Total": 100 * tib}, []told{{"lab-00000007-0000-4000-8000-000000000001-usage", "warning", "Ceph", "80 % full"}}},
		"guest stays locked":   {"lab", edits{"Guests.108.Lock": "snapshot"}, edits{"Guests.108.Lock": ""}, []told{{"guest-locked-lab:pve1:108", "warning", "ct108", `is locked \(snapshot\) for longer.*"pct unlock 108" on pve1`}}},
		"member unreachable":   {"far", edits{"Faults.+": map[string]any{"Path": "/nodes/pve4/", "Status": 595, "Reason": "No route to host"}}, edits{"Faults./nodes/pve4/": nil}, []told{{"node-unreachable-far-pve4", "warning", "pve4", "does not answer the member that is asked"}}},

		"node disk full":  {"lab", edits{"Nodes.pve4.Root": 100 * gib, "Nodes.pve4.RootUsed": 97 * gib}, edits{"Nodes.pve4.RootUsed": 10 * gib}, []told{{"lab-pve4-disk", "warning", "pve4", "Disk of pve4 is at 97 %, over the limit of 90 %"}}},
		"backups are old": {"lab", edits{"Jobs.backup-nightly.Exclude": "902", "Guests.+": guest(902, "stray", ago(60*day)), "Backups.+": backup(902, ago(40*day))}, edits{"Backups.+": backup(902, ago(time.Hour))}, []told{{"backup-age-lab:pve1:902", "warning", "stray", "newest backup of stray is 40 days old, over the limit of 35 days"}}},

		"collection failed": {"vault", edits{"Stores.main.GC.Run": run("TASK ERROR: out of space")}, edits{"Stores.main.GC.Run": run("OK")}, []told{{"pbs-vault-main/main-pbs_gc_failed", "warning", "main", "Garbage collection of datastore main failed: out of space"}}},
		"verify failed":     {"vault", edits{"Verify.v-main.Run": run("verification failed - please check the log")}, edits{"Verify.v-main.Run": run("OK")}, []told{{"pbs-vault-main/v-main-pbs_verify_failed", "warning", "main", "Verify job v-main of datastore main failed"}}},
		"prune failed":      {"vault", edits{"Prune.p-main.Run": run("locked")}, edits{"Prune.p-main.Run": run("OK")}, []told{{"pbs-vault-main/p-main-pbs_prune_failed", "warning", "main", "Prune job"}}},
		"sync failed":       {"vault", edits{"Sync.s-cloud.Run": run("TASK ERROR: connection refused")}, edits{"Sync.s-cloud.Run": run("OK")}, []told{{"pbs-vault-main/s-cloud-pbs_sync_failed", "warning", "main", "Sync job s-cloud of datastore main failed: connection refused"}}},
		"datastore full":    {"vault", edits{"Stores.archive.Used": 7900 * gib}, edits{"Stores.archive.Used": 4000 * gib}, []told{{"pbs-vault-archive-usage", "critical", "archive", "Datastore archive is .* full, over the limit of 95 %"}}},
		"datastore fills":   {"vault", edits{"Stores.main.Full": ago(-3 * day)}, edits{"Stores.main.Full": ago(-300 * day)}, []told{{"pbs-vault-main-full_in", "warning", "main", "will be full in 3 days"}}},
		"datastore away":    {"vault", edits{"Stores.offsite.Error": "unable to open chunk store: No such file or directory"}, edits{"Stores.offsite.Error": ""}, []told{{"storage-offline-pbs-vault-offsite", "warning", "offsite", "down"}}},
		"host overdue":      {"vault", edits{"Stores.main.Backups": hosts(ago, 3, 4, 5, 6, 7, 8)}, edits{"Stores.main.Backups": hosts(ago, 0, 3, 4, 5, 6, 7, 8)}, []told{{"pbs-vault-main/host-files-backup_overdue", "warning", "main", "newest backup of host/files in datastore main is 1.5 days later than could be expected of the distances of its last six"}}},
		"backup damaged":    {"vault", edits{"Stores.archive.Backups.+": map[string]any{"Type": "vm", "ID": "777", "Time": ago(3 * day), "Size": gib, "Verification": "failed", "Owner": "backup@pbs!pve"}}, edits{"Stores.archive.Backups": []any{}}, []told{{"pbs-vault-archive/vm-777-pbs_backup_damaged", "critical", "archive", "777"}}},
		"service down":      {"vault", edits{"Services.chrony.State": "dead"}, edits{"Services.chrony.State": "running"}, []told{{"pbs-vault/chrony-pbs_service_down", "warning", "vault", "Service chrony of vault does not run"}}},
		"backup disk fails": {"vault", edits{"Disks.sda.Status": "failed"}, edits{"Disks.sda.Status": "passed"}, []told{{"pbs-vault/sda-pbs_disk_failing", "critical", "vault", "says that it is failing"}}},
		"backup pool":       {"vault", edits{"Pools.tank": "DEGRADED"}, edits{"Pools.tank": "ONLINE"}, []told{{"pbs-vault/tank-pbs_pool_degraded", "warning", "vault", "tank of vault is DEGRADED"}}},
		"damaged chunks":    {"vault", edits{"Stores.main.GC.StillBad": 3}, edits{"Stores.main.GC.StillBad": 0}, []told{{"pbs-vault-main-bad_chunks", "critical", "main", "has 3 damaged chunks"}}},
		"backup disk wears": {"vault", edits{"Disks.nvme0n1.Left": 5}, edits{"Disks.nvme0n1.Left": 94}, []told{{"pbs-vault/nvme0n1-disk_wear", "warning", "vault", "Disk nvme0n1 of vault has used up 9[45]"}}},
		"vault is busy":     {"vault", edits{"Node.CPU": 0.85}, edits{"Node.CPU": 0.1}, []told{{"pbs-vault-cpu", "warning", "vault", "CPU of vault is at 85 %"}}},
		"vault disk full":   {"vault", edits{"Node.Root.Total": 100 * gib, "Node.Root.Used": 93 * gib}, edits{"Node.Root.Used": 10 * gib}, []told{{"pbs-vault-disk", "warning", "vault", "System disk of vault is at 93"}}},
		"vault lapsed":      {"vault", edits{"Subscription": "expired"}, edits{"Subscription": "active"}, []told{{"pbs-vault-pbs_subscription", "warning", "vault", "subscription of vault is expired"}}},
		"vault updates":     {"vault", edits{"Updates": []any{map[string]any{"Package": "libssl3t64", "Old": "1", "Version": "2"}}}, edits{"Updates": []any{}}, []told{{"pbs-vault-updates_pending", "warning", "vault", "Updates have been waiting on vault"}}},
		"tape failed":       {"vault", edits{"Tape.Jobs.t-main.Run": run("TASK ERROR: no drive")}, edits{"Tape.Jobs.t-main.Run": run("OK")}, []told{{"pbs-vault-main/t-main-pbs_tape_failed", "warning", "main", "Tape backup job t-main of datastore main failed: no drive"}}},
		"tape damaged":      {"vault", edits{"Tape.Media.+": map[string]any{"Label": "T7", "Pool": "yearly", "Status": "damaged"}}, edits{"Tape.Media.1.Status": "full"}, []told{{"pbs-vault/t7-pbs_tape_damaged", "warning", "vault", "Tape T7 of pool yearly is damaged"}}},
		"no tape":           {"vault", edits{"Tape.Media.0.Status": "full"}, edits{"Tape.Media.0.Status": "writable"}, []told{{"pbs-vault/t-main-pbs_tape_full", "warning", "vault", "t-main will find no medium"}}},
		"mail is held":      {"post", edits{"Nodes.mail2.Queue.hold": map[string]int{"5m": 700}}, edits{"Nodes.mail2.Queue.hold": map[string]int{}}, []told{{"pmg-post-queue-hold", "critical", "post", "700 messages on post are held back"}, {"pmg-post-queue-total", "warning", "post", "950 messages wait on post"}, {"pmg-post-mail2-queue-hold", "critical", "mail2", "held back"}, {"pmg-post-mail2-queue-total", "warning", "mail2", "700 messages wait"}}},
		"spam piles up":     {"spare", edits{"Spam": 6000, "Virus": 2500}, edits{"Spam": 10, "Virus": 0}, []told{{"pmg-spare-quarantine-spam", "critical", "spare", "6000 messages with spam"}, {"pmg-spare-quarantine-virus", "warning", "spare", "2500 messages with viruses"}}},
		"no master":         {"post", edits{"Nodes.mail1.Master": false}, edits{"Nodes.mail1.Master": true}, []told{{"pmg-post-pmg_no_master", "critical", "post", "has no master"}}},
		"gateway lapsed":    {"post", edits{"Nodes.mail2.Subscription": "expired"}, edits{"Nodes.mail2.Subscription": "active"}, []told{{"pmg-post/mail2-pmg_subscription", "warning", "post", "subscription of mail2 is expired"}}},
		"gateway updates":   {"post", edits{"Nodes.mail2.Updates": []string{"pmg-api"}}, edits{"Nodes.mail2.Updates": []string{}}, []told{{"pmg-post-mail2-updates_pending", "warning", "mail2", "Updates have been waiting on mail2"}}},
		"gateway disk full": {"post", edits{"Nodes.mail2.Root.Used": 59 * gib}, edits{"Nodes.mail2.Root.Used": 10 * gib}, []told{{"pmg-post-mail2-disk", "warning", "mail2", "98.3 %"}}},
		"gateway backup":    {"spare", edits{"Nodes.mail1.Remotes": nil, "Nodes.mail1.Backups": []any{map[string]any{"File": "pmg-backup_2026_01_01.tgz", "Size": 1, "Time": ago(40 * day)}}}, edits{"Nodes.mail1.Backups.+": map[string]any{"File": "pmg-backup_2026_02_10.tgz", "Size": 1, "Time": ago(time.Hour)}}, []told{{"pmg-spare-mail1-backup_age", "warning", "mail1", "newest backup of the configuration of mail1 is 40 days old"}}},
		"mail waits":        {"post", edits{"Nodes.mail1.Queue.deferred": map[string]int{"80m": 250}}, edits{"Nodes.mail1.Queue.deferred": map[string]int{}}, []told{{"pmg-post-queue-deferred", "warning", "post", "250"}, {"pmg-post-oldest-message", "warning", "post", "at least 40 min, over the limit of 30 min"}, {"pmg-post-mail1-queue-deferred", "warning", "mail1", "250"}, {"pmg-post-mail1-oldest-message", "warning", "mail1", "min"}}},
		"gateway node away": {"spare", edits{"Nodes.mail2.Fault": 595}, edits{"Nodes.mail2.Fault": 0}, []told{{"pmg-spare-mail2-offline", "critical", "mail2", "mail2 is down"}}},
		"gateway service":   {"post", edits{"Nodes.mail2.Services.postfix.State": "dead"}, edits{"Nodes.mail2.Services.postfix.State": "running"}, []told{{"pmg-post-mail2/postfix-pmg_service_down", "warning", "mail2", "Service postfix of mail2 does not run"}}},
		"not in sync":       {"post", edits{"Nodes.mail1.OutOfSync": true}, edits{"Nodes.mail1.OutOfSync": false}, []told{{"pmg-post-mail1-pmg_not_in_sync", "warning", "mail1", "in sync"}}},
		"mail certificate":  {"post", edits{"Nodes.mail1.Certificate": ago(-2 * day)}, edits{"Nodes.mail1.Certificate": ago(-90 * day)}, []told{{"pmg-post-mail1/pmg-api.pem-certificate_left", "critical", "mail1", "certificate pmg-api.pem of mail1 ends in 2 days"}}},
		"old signatures":    {"post", edits{"Nodes.mail2.Signatures": ago(4 * day)}, edits{"Nodes.mail2.Signatures": ago(time.Hour)}, []told{{"pmg-post-mail2-signatures_age", "warning", "mail2", "signatures of mail2 are 4 days old"}}},
		"array degraded":    {"agent", edits{"state": "clean, degraded"}, edits{"state": "clean"}, []told{{"host-lab-agent-raid-md2", "critical", "lab-agent", "RAID array md2"}}},
	}
}

// age makes what a plugin has kept with a server, which is not running, older: since when guests are locked, and members silent.
func (s *server) age(t *testing.T, integration string, by time.Duration) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.data, "pulse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for key, raw := range kept(t, db, integration) {
		if _, err := db.Exec(`UPDATE plugin_values SET value = ? WHERE integration = ? AND key = ?`, aged(t, raw, by), integration, key); err != nil {
			t.Fatal(err)
		}
	}
}

// kept is what the plugin keeps of guests and members, by its keys.
func kept(t *testing.T, db *sql.DB, integration string) map[string][]byte {
	t.Helper()
	rows, err := db.Query(`SELECT key, value FROM plugin_values WHERE integration = ? AND (key = 'cluster' OR key LIKE 'guests/%')`, integration)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string][]byte{}
	for rows.Next() {
		var key string
		var raw []byte
		if err := rows.Scan(&key, &raw); err != nil {
			t.Fatal(err)
		}
		all[key] = raw
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func aged(t *testing.T, raw []byte, by time.Duration) []byte {
	t.Helper()
	var kept map[string]any
	if err := json.Unmarshal(raw, &kept); err != nil {
		t.Fatal(err)
	}
	for _, guest := range kept {
		if of, is := guest.(map[string]any); is && of["t"] != nil {
			of["t"] = int64(of["t"].(float64) - by.Seconds())
		}
	}
	away, _ := kept["away"].(map[string]any)
	for _, member := range away {
		of := member.(map[string]any)
		since, err := time.Parse(time.RFC3339, of["since"].(string))
		if err != nil {
			t.Fatal(err)
		}
		of["since"] = since.Add(-by)
	}
	out, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func guest(id int, name, since string) map[string]any {
	return map[string]any{"ID": id, "Kind": "qemu", "Name": name, "Node": "pve1", "Status": "running", "CPUs": 2, "Memory": 4 * gib, "Disk": 32 * gib, "Since": since}
}

func backup(guest int, made string) map[string]any {
	return map[string]any{"Storage": "nas", "Guest": guest, "Kind": "qemu", "Made": made, "Size": gib}
}

// hosts are backups of a host on a backup server, by their age in days.
func hosts(ago func(time.Duration) string, days ...time.Duration) (out []map[string]any) {
	for _, d := range days {
		out = append(out, map[string]any{"Type": "host", "ID": "files", "Time": ago(d * 24 * time.Hour), "Size": gib, "Verification": "ok"})
	}
	return out
}

// arrayReport is a report of a host with an array in a state.
func arrayReport(host, state string) []byte {
	var report map[string]any
	if err := json.Unmarshal(hostReport(host, 10), &report); err != nil {
		panic(err)
	}
	failed := 0
	if strings.Contains(state, "degraded") {
		failed = 1
	}
	report["agent"].(map[string]any)["intervalSeconds"] = 600
	report["raid"] = []any{map[string]any{"device": "/dev/md2", "level": "raid1", "state": state, "totalDevices": 2, "activeDevices": 2 - failed, "workingDevices": 2 - failed, "failedDevices": failed, "devices": []any{}}}
	raw, err := json.Marshal(report)
	if err != nil {
		panic(err)
	}
	return raw
}

// Every fault that the plugins judge becomes one message that says what is wrong, stays one while server and plugins are
// killed, and ends with one message when it is mended.
func TestFaultsAreToldOnceAndTheirEndToo(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	box := s.notified(t)
	s.rule(t, map[string]any{"kind": "pending_updates", "for": 0, "match": map[string]any{"types": []string{"pve-node"}}})
	for _, kind := range []string{"full_in", "updates_pending", "disk"} {
		s.rule(t, map[string]any{"kind": kind, "for": 0})
	}
	s.rule(t, map[string]any{"kind": "usage", "for": 0, "match": map[string]any{"types": []string{"pve-ceph"}}})
	now := time.Now()
	place := func(name string) map[string]any {
		return map[string]any{"Name": name, "Type": "nfs", "Content": "images", "Shared": true, "Size": 100 * gib, "Used": 10 * gib}
	}
	lab := edits{"Ceph.Total": 100 * tib, "Ceph.Used": 10 * tib, "Copies.+": map[string]any{"ID": "101-0", "Guest": 101, "Target": "pve1", "LastSync": now.Format(time.RFC3339)}}
	for n := range 4 {
		lab[fmt.Sprintf("Nodes.pve%d.Updates", n+1)] = nil
	}
	vault := edits{
		"Sync.s-cloud.Run.State": "OK", "Stores.archive.Backups": []any{}, "Stores.main.Backups": []any{}, "Stores.offsite.Backups": []any{}, "Updates": []any{},
		"Accounts.monitor@pbs!pulse.Roles./tape": "TapeAudit", "Tape": map[string]any{
			"Drives": []string{"lto9"}, "Media": []any{map[string]any{"Label": "T1", "Pool": "weekly", "Status": "writable"}},
			"Jobs": []any{map[string]any{"ID": "t-main", "Store": "main", "Pool": "weekly", "Schedule": "sat 20:00"}},
		},
	}
	mail := edits{"Nodes.mail1.Queue": nil, "Nodes.mail2.Queue": nil, "Nodes.mail1.Updates": nil, "Nodes.mail2.Updates": nil}
	ups := map[string]*upstream{
		"lab":   s.watch(t, "pve", lab, "--name", "lab", "--nodes", "4", "--guests", "12", "--nights", "1"),
		"far":   s.watch(t, "pve", edits{"Master": "pve1", "Nodes.pve1.Updates": nil, "Nodes.pve2.Updates": nil, "Nodes.pve3.Updates": nil, "Nodes.pve4.Updates": nil}, "--name", "far", "--nodes", "4", "--guests", "9", "--ceph=false"),
		"vault": s.watch(t, "pbs", vault, "--name", "vault", "--stores", "3", "--guests", "2", "--days", "2"),
		"post":  s.watch(t, "pmg", mail, "--name", "post", "--nodes", "2"),
		"spare": s.watch(t, "pmg", mail, "--name", "spare", "--nodes", "2"),
	}
	ups["vault"].in["config"].(map[string]any)["monitor_tape"] = true
	for _, name := range []string{"tapes", "share", "attic", "cellar"} {
		ups["lab"].edit(edits{"Storages.+": place(name)})
	}
	_, token := s.mint("host-agent:report")
	s.must(token, arrayReport("lab-agent", "clean"))
	for _, u := range ups {
		u.looked(now)
	}
	if early := box.of("firing"); len(early) > 0 {
		t.Errorf("told before anything went wrong: %v", slices.Sorted(maps.Keys(early)))
	}

	all := faults(now)
	change := func(of func(fault) edits) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if f := all[name]; f.of == "agent" {
				s.must(token, arrayReport("lab-agent", of(f)["state"].(string)))
			} else {
				ups[f.of].edit(of(f))
			}
		}
		for _, u := range ups {
			u.look()
		}
	}
	change(func(f fault) edits { return f.goes })
	expect(t, box, "firing", all, slow...)

	s.kill()
	s.age(t, "pve/lab", 3*time.Hour)
	s.age(t, "pve/far", 3*time.Hour)
	before := time.Now()
	s.start()
	for name, pid := range children(s.pid()) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("kill %s: %v", name, err)
		}
	}
	for _, u := range ups {
		u.looked(before)
		u.look()
	}
	s.must(token, arrayReport("lab-agent", "clean, degraded"))
	expect(t, box, "firing", all)

	change(func(f fault) edits { return f.mended })
	expect(t, box, "resolved", all)
	expect(t, box, "firing", all) // and no more than before
	if left := s.call("GET", "/api/alerts/active", nil); string(left.body) != "[]\n" && string(left.body) != "[]" {
		t.Errorf("what is left: %v", left)
	}
}

// expect waits until each fault was told once as it should, but for some that may still be waited for, and looks that nothing
// else was told.
func expect(t *testing.T, box *inbox, event string, all map[string]fault, but ...string) {
	t.Helper()
	var missing []string
	within(patience, func() bool {
		missing = nil
		heard := box.of(event)
		for name, f := range all {
			for _, want := range f.told {
				if len(heard[want.id]) == 0 && !slices.Contains(but, name) {
					missing = append(missing, name+": "+want.id)
				}
			}
		}
		return len(missing) == 0
	})
	slices.Sort(missing)
	heard := box.of(event)
	if len(missing) > 0 {
		t.Errorf("%s: not told: %s", event, strings.Join(missing, "\n"))
	}
	for name, f := range all {
		for _, want := range f.told {
			alerts := heard[want.id]
			delete(heard, want.id)
			if len(alerts) > 1 {
				t.Errorf("%s: %s was told %d times", name, want.id, len(alerts))
			}
			for _, a := range alerts {
				text, _ := a["message"].(string)
				if a["level"] != want.level || a["resourceName"] != want.resource || !regexp.MustCompile(want.says).MatchString(text) {
					t.Errorf("%s: %v, %v: %v", name, a["level"], a["resourceName"], text)
				}
			}
		}
	}
	for id, alerts := range heard {
		t.Errorf("%s: also told: %s: %v", event, id, alerts[0]["message"])
	}
}

// What is no trouble is not told of: what the account may not see, what rests because somebody wants it so, and what only
// hangs on something that is down.
func TestWhatIsNoTroubleIsNotTold(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	box := s.notified(t)
	now := time.Now()
	ago := func(d time.Duration) string { return now.Add(-d).UTC().Format(time.RFC3339) }
	template := guest(901, "template", ago(9*24*time.Hour))
	template["Template"], template["Status"] = true, "stopped"
	resting := guest(902, "resting", ago(0))
	resting["Status"] = "stopped"
	before := edits{
		"Guests.+":   guest(900, "newcomer", ago(9*24*time.Hour)), // the account sees no backups, so that it has none means nothing
		"Storages.+": map[string]any{"Name": "empty", "Type": "pbs", "Content": "backup", "Shared": true, "Server": "backup.example.com", "Datastore": "hidden"},
	}
	in, _ := simulate(t, "pve", "--name", "lab", "--nodes", "4", "--guests", "24", "--nights", "1", "--still")
	config := in["config"].(map[string]any)
	config["token_name"] = "monitor@pve!auditor"
	u := &upstream{s: s, t: t, in: in, host: config["host"].(string)}
	u.edit(before)
	u.edit(edits{"Guests.+": template})
	u.edit(edits{"Guests.+": resting})
	if got := s.call("POST", "/api/integrations", in); got.status != http.StatusCreated {
		t.Fatalf("watch: %v", got)
	}
	eventually(t, "all is shown", func() bool { return s.members("nodes") == 4 && s.members("vms")+s.members("containers") == 26 })
	u.edit(edits{
		"Nodes.pve4.Online": false, "Nodes.pve4.Lost": ago(0), "Nodes.pve4.HA": "maintenance", // somebody is at work there
		"Nodes.pve3.Online": false, "Nodes.pve3.Lost": ago(0), // with six guests
		"Guests.100.Lock": "backup", "Guests.100.Status": "stopped",
		"Guests.101.Lock": "migrate", "Guests.101.Status": "stopped",
		"Ceph.Health": "HEALTH_WARN", "Ceph.Checks": map[string]string{"MON_DISK_LOW": "mon a is low"}, "Ceph.Muted": map[string]bool{"MON_DISK_LOW": true},
	})
	for range 2 {
		eventually(t, "the node is away", func() bool {
			return strings.Contains(string(s.call("GET", "/api/state", nil).body), `"status":"offline"`)
		})
		eventually(t, "the node that is down is told of", func() bool { return len(box.of("firing")["node-offline-lab-pve3"]) == 1 })
		s.kill()
		s.start()
	}
	// Longer than a guest has to be stopped, and a node down, to be told of.
	u.edit(edits{"Guests.105.Status": "stopped"})
	if !within(patience, func() bool { return len(box.of("firing")["guest-powered-off-lab:pve2:105"]) == 1 }) {
		t.Fatal("the guest that stops now is not told of")
	}
	if text, _ := box.of("firing")["guest-powered-off-lab:pve2:105"][0]["message"].(string); !strings.HasPrefix(text, "Container ct105 ") {
		t.Errorf("a container is told of as %q", text)
	}
	u.edit(edits{"Nodes.pve3.Online": true, "Nodes.pve4.Online": true, "Guests.100.Lock": "", "Guests.100.Status": "running", "Guests.101.Lock": "", "Guests.101.Status": "running", "Guests.101.Node": "pve1", "Guests.105.Status": "running"})
	eventually(t, "the end is told of", func() bool { return len(box.of("resolved")) == 2 })
	for event, many := range map[string]map[string][]map[string]any{"firing": box.of("firing"), "resolved": box.of("resolved")} {
		for id, alerts := range many {
			if id != "node-offline-lab-pve3" && id != "guest-powered-off-lab:pve2:105" || len(alerts) != 1 {
				t.Errorf("%s: %s was told %d times: %v", event, id, len(alerts), alerts[0]["message"])
			}
		}
	}
}

// What somebody sets for a guest holds after the guest has moved and the server has started again.
func TestOverridesFollowAGuest(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	box := s.notified(t)
	u := s.watch(t, "pve", nil, "--name", "lab", "--nodes", "2", "--guests", "6", "--nights", "1")
	eventually(t, "the guests are shown", func() bool { return s.members("vms")+s.members("containers") == 6 })
	s.configure(t, func(doc map[string]any) {
		doc["overrides"] = map[string]any{"lab:pve1:100": map[string]any{"poweredOffSeverity": "critical"}}
	})
	u.edit(edits{"Guests.100.Node": "pve2"})
	eventually(t, "it has moved", func() bool { return s.call("GET", "/api/state", nil).member("vms.0.id") == "lab:pve2:100" })
	s.kill()
	s.start()
	u.edit(edits{"Guests.100.Status": "stopped", "Guests.101.Status": "stopped"})
	eventually(t, "both are told of", func() bool { return len(box.of("firing")) == 2 })
	for id, want := range map[string]string{"guest-powered-off-lab:pve2:100": "critical", "guest-powered-off-lab:pve2:101": "warning"} {
		if all := box.of("firing")[id]; len(all) != 1 || all[0]["level"] != want {
			t.Errorf("%s: %v, want %s", id, all, want)
		}
	}
	// Why it fires, and why the other one is only a warning.
	why := s.call("GET", "/api/alerts/why?resource_id=lab:pve1:100&kind=off", nil)
	if decides, _ := why.member("decides").(string); why.member("phase") != "firing" || !strings.Contains(decides, "override/lab:pve1:100") {
		t.Errorf("why: %v", why)
	}
	keepSilent(t, s, box, u)
}

// keepSilent looks that what somebody acknowledges, snoozes or works on is not told, nor what quiet hours silence; and that all
// of it is told when that ends and it is still so.
func keepSilent(t *testing.T, s *server, box *inbox, u *upstream) {
	t.Helper()
	off := func(guest string) string { return "guest-powered-off-lab:" + guest }
	hours := func(on bool) {
		s.configure(t, func(doc map[string]any) {
			doc["overrides"].(map[string]any)["lab:pve2:103"] = map[string]any{"poweredOffSeverity": "critical"}
			quiet := doc["schedule"].(map[string]any)["quietHours"].(map[string]any)
			quiet["enabled"], quiet["start"], quiet["end"] = on, "00:00", "00:00"
		})
	}
	post := func(path string, body map[string]any) answer {
		t.Helper()
		got := s.call("POST", path, body)
		if got.status >= 300 {
			t.Fatalf("%s: %v", path, got)
		}
		return got
	}
	shown := func(id string) map[string]any {
		var all []map[string]any
		_ = json.Unmarshal(s.call("GET", "/api/alerts/active", nil).body, &all)
		for _, a := range all {
			if a["id"] == id {
				return a
			}
		}
		return nil
	}
	told := func(want ...string) bool { return slices.Equal(slices.Sorted(maps.Keys(box.of("firing"))), want) }

	hours(true)
	window := map[string]any{"name": "new disks", "match": map[string]any{"ids": []string{"lab-pve1"}}, "to": time.Now().Add(time.Hour)}
	made := post("/api/maintenance", window)
	post("/api/alerts/acknowledge", map[string]any{"id": off("pve2:101")})
	u.edit(edits{"Guests.102.Status": "stopped", "Guests.103.Status": "stopped", "Guests.105.Status": "stopped"})
	eventually(t, "all are shown", func() bool {
		return shown(off("pve1:102")) != nil && shown(off("pve2:103")) != nil && shown(off("pve2:105")) != nil
	})
	if why := shown(off("pve1:102"))["quiet"]; why != "maintenance: new disks" {
		t.Errorf("a guest of a node that is worked on: %v", why)
	}
	post("/api/alerts/snooze", map[string]any{"id": off("pve2:105"), "minutes": 60})
	before := []string{off("pve2:100"), off("pve2:101"), off("pve2:103")}
	eventually(t, "what is critical is told in quiet hours too", func() bool { return told(before...) })

	s.kill()
	s.start()
	if a := shown(off("pve2:101")); a["acknowledged"] != true {
		t.Errorf("after the server was killed: %v", a)
	}
	if a := shown(off("pve2:105")); a["snoozedUntil"] == nil {
		t.Errorf("after the server was killed it is not snoozed any more: %v", a)
	}
	hours(false)
	window["from"], window["to"] = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	if got := s.call("PUT", fmt.Sprintf("/api/maintenance/%v", made.member("id")), window); got.status != http.StatusOK {
		t.Fatalf("end the window: %v", got)
	}
	after := []string{off("pve1:102"), off("pve2:100"), off("pve2:101"), off("pve2:103")}
	if !within(patience, func() bool { return told(after...) }) {
		t.Fatalf("what is still so when the window is over is told: %v, want %v", box.of("firing"), after)
	}
	post("/api/alerts/snooze", map[string]any{"id": off("pve2:105"), "minutes": 0})
	all := append(after, off("pve2:105"))
	eventually(t, "what is not snoozed any more is told", func() bool { return told(all...) })

	u.edit(edits{"Guests.100.Status": "running", "Guests.101.Status": "running", "Guests.102.Status": "running", "Guests.103.Status": "running", "Guests.105.Status": "running"})
	eventually(t, "the end of each is told", func() bool { return len(box.of("resolved")) == len(all) })
	for _, event := range []string{"firing", "resolved"} {
		for id, alerts := range box.of(event) {
			if len(alerts) != 1 {
				t.Errorf("%s: %s was told %d times", event, id, len(alerts))
			}
		}
	}
}
