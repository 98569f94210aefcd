package pve

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// taskMemory is how long backup tasks are remembered.
	taskMemory = 8 * 24 * time.Hour
	// tasksOfNode is how many backup tasks of a node are asked for at the beginning.
	tasksOfNode = "100"
	// logLines is how much of the log of a backup is read: some ten lines a guest.
	logLines = "20000"
)

// backupTask is one run of a backup.
type backupTask struct {
	row taskRow
	// guest is the one that it is for, 0 for several.
	guest int
	// results are what became of each guest by the log, empty for well; nil while the log was not read.
	results map[int]string
}

func (t *backupTask) running() bool { return !t.row.EndTime.OK }

func (t *backupTask) started() time.Time { return t.row.StartTime.Time() }

// good tells whether a status is that of a task that did what it should.
func good(status string) bool { return status == "OK" || strings.HasPrefix(status, "WARNINGS") }

// askTasks reads the backup tasks of the cluster. The first time the nodes are asked for those that lie further back.
func (c *Collector) askTasks(ctx context.Context, v *view) ([]sdk.Observation, error) {
	b := &c.backups
	rows, _, err := proxmox.Rows[taskRow](ctx, c.client, proxmox.Path("cluster", "tasks"))
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	b.early = nil
	b.findGaps(rows)
	for _, n := range v.nodes {
		if !n.online || b.asked[n.name] || c.left(n.name) != nil {
			continue
		}
		older, _, err := proxmox.Rows[taskRow](ctx, c.client, proxmox.OnNode(n.name, "tasks").With("typefilter", "vzdump").With("limit", tasksOfNode))
		c.noteSilence(n.name, err)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			if proxmox.KindOf(err) == proxmox.KindBudget {
				b.early = err
			}
			continue // it is asked again with the next cycle
		}
		b.asked[n.name] = true
		rows = append(rows, older...)
	}
	var out []sdk.Observation
	for _, r := range rows {
		c.noteIdentityTask(r)
		if changed := c.remember(r); changed != nil {
			out = append(out, c.taskRowOf(changed))
		}
	}
	old := c.deps.Now().Add(-taskMemory)
	for upid, t := range b.tasks {
		if t.started().Before(old) {
			delete(b.tasks, upid)
		}
	}
	maps.DeleteFunc(b.ended, func(_ string, began int64) bool { return time.Unix(began, 0).Before(old) })
	return out, nil
}

// findGaps lets the nodes be asked again whose list of all is too short to hold what has happened since it was last read: a
// task that ran is in it no more, or even its oldest entry is newer than all that was known.
func (b *backupBook) findGaps(rows []taskRow) {
	there, oldest := make(map[proxmox.Str]bool, len(rows)), map[string]int64{}
	newest := map[string]int64{}
	for _, r := range rows {
		there[r.UPID] = true
		node, began := string(r.Node), r.StartTime.V
		if first, known := oldest[node]; !known || began < first {
			oldest[node] = began
		}
		newest[node] = max(newest[node], began)
	}
	for node, first := range oldest {
		if last, known := b.newest[node]; known && first > last {
			delete(b.asked, node)
		}
	}
	for _, t := range b.tasks {
		if t.running() && !there[t.row.UPID] {
			delete(b.asked, string(t.row.Node))
		}
	}
	b.newest = newest
}

// remember takes in a task. It returns the backup task that is new or has ended, nil for any other.
func (c *Collector) remember(r taskRow) *backupTask {
	b := &c.backups
	if r.UPID == "" || c.deps.Now().Sub(r.StartTime.Time()) > taskMemory {
		return nil
	}
	if touchesBackups(string(r.Type)) && r.EndTime.OK && b.ended[string(r.UPID)] == 0 {
		b.ended[string(r.UPID)] = r.StartTime.V
		b.touches++
	}
	if r.Type != "vzdump" {
		return nil
	}
	if r.Status == "RUNNING" {
		r.EndTime, r.Status = proxmox.Int{}, ""
	}
	old := b.tasks[string(r.UPID)]
	if old != nil && (!old.running() || !r.EndTime.OK) {
		return nil
	}
	guest, err := strconv.Atoi(string(r.ID))
	if err != nil {
		guest = 0
	}
	t := &backupTask{row: r, guest: guest}
	b.tasks[string(r.UPID)] = t
	return t
}

// touchesBackups tells whether a task may have changed which backups there are.
func touchesBackups(kind string) bool {
	switch kind {
	case "vzdump", "imgdel", "prunebackups", "imgcopy", "download", "upload":
		return true
	}
	return false
}

// taskDoc is a backup task as the state shows it.
type taskDoc struct {
	ID       string `json:"id"`
	Node     string `json:"node"`
	Instance string `json:"instance"`
	Type     string `json:"type"`
	VMID     int    `json:"vmid"`
	Status   string `json:"status"`
	Start    string `json:"startTime"`
	End      string `json:"endTime"`
	Error    string `json:"error,omitempty"`
}

func (c *Collector) taskRowOf(t *backupTask) sdk.Row {
	d := taskDoc{
		ID: c.instance + "-" + string(t.row.UPID), Node: string(t.row.Node), Instance: c.instance, Type: "vzdump", VMID: t.guest, Status: "running",
		Start: rfc3339(t.row.StartTime), End: rfc3339(t.row.EndTime),
	}
	if !t.running() {
		d.Status = string(t.row.Status)
		if !good(d.Status) {
			d.Error = d.Status
		}
	}
	row := sdk.Row{Rows: rowsTasks, Key: string(t.row.UPID), Time: t.started(), Doc: proxmox.Document(d)}
	if t.guest > 0 {
		row.Subject = c.subject(t.guest, t.row.StartTime.V)
	}
	return row
}

// rfc3339 writes a time in Unix seconds. The wire writes one that is not set as the first of all.
func rfc3339(seconds proxmox.Int) string { return seconds.Time().Format(time.RFC3339) }

// What the log of a backup says of each guest. The word is VM in old releases and VM or CT in new ones.
var (
	finished = regexp.MustCompile(`^INFO: Finished Backup of (?:VM|CT) (\d+)`)
	failed   = regexp.MustCompile(`^ERROR: Backup of (?:VM|CT) (\d+) failed - (.*)$`)
)

// readLog finds what became of each guest.
func readLog(lines []logRow) map[int]string {
	out := map[int]string{}
	for _, l := range lines {
		text := string(l.Text)
		if m := finished.FindStringSubmatch(text); m != nil {
			if id, err := strconv.Atoi(m[1]); err == nil {
				out[id] = ""
			}
		}
		if m := failed.FindStringSubmatch(text); m != nil {
			if id, err := strconv.Atoi(m[1]); err == nil {
				out[id] = clip(m[2])
			}
		}
	}
	return out
}

// clip keeps the beginning of a text.
func clip(text string) string {
	const most = 200
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// askResults reads the logs that say which guests a run for several failed for, and those of later runs that may have
// mended it. Each log is read once.
func (c *Collector) askResults(ctx context.Context) error {
	b := &c.backups
	failedSince := map[proxmox.Str]int64{} // by node
	for _, t := range b.tasks {
		if since, known := failedSince[t.row.Node]; t.guest == 0 && !t.running() && !good(string(t.row.Status)) && (!known || t.row.StartTime.V < since) {
			failedSince[t.row.Node] = t.row.StartTime.V
		}
	}
	for _, t := range b.tasks {
		since, any := failedSince[t.row.Node]
		if !any || t.guest != 0 || t.running() || t.results != nil || t.row.StartTime.V < since || c.left(string(t.row.Node)) != nil {
			continue
		}
		lines, _, err := proxmox.Rows[logRow](ctx, c.client, proxmox.OnNode(string(t.row.Node), "tasks", string(t.row.UPID), "log").With("limit", logLines))
		if err != nil && ctx.Err() != nil {
			return err
		}
		c.noteSilence(string(t.row.Node), err)
		if err == nil || proxmox.KindOf(err) == proxmox.KindOther || proxmox.KindOf(err) == proxmox.KindForbidden {
			t.results = readLog(lines) // a log that is gone or may not be read stays unread
		}
	}
	return nil
}

// outcome is the last that is known of a guest's backups.
type outcome struct {
	at    time.Time
	error string
	node  string
}

// noteFailure remembers that the last backup of a guest failed, for a later process too, or that it did not.
func (c *Collector) noteFailure(g resourceRow, last outcome, fails bool) {
	if !fails {
		last = outcome{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.rememberedOf(g); m != nil && m.failed != last {
		m.failed = last
		c.identities.dirty[int(g.VMID.V)%guestChunks] = true
		c.identities.saved = time.Time{}
	}
}

// outcomes returns the last outcome of each guest that a task says something of, or said to an earlier process.
func (c *Collector) outcomes() map[int]outcome {
	out := map[int]outcome{}
	add := func(guest int, o outcome) {
		if old, known := out[guest]; !known || old.at.Before(o.at) {
			out[guest] = o
		}
	}
	for _, t := range c.backups.tasks {
		if t.running() {
			continue
		}
		o := outcome{at: t.started(), node: string(t.row.Node)}
		if t.guest != 0 {
			if status := string(t.row.Status); !good(status) {
				o.error = clip(status)
			}
			add(t.guest, o)
			continue
		}
		for guest, text := range t.results {
			o.error = text
			add(guest, o)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, m := range c.guests {
		if m.failed.error != "" && c.deps.Now().Sub(m.failed.at) <= taskMemory {
			add(id, m.failed)
		}
	}
	return out
}
