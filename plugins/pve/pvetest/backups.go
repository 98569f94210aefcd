package pvetest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Job is a configured backup.
type Job struct {
	ID, Schedule, Storage, Node string
	Disabled                    bool
	All                         bool
	Guests, Exclude, Pool       string
}

// Backup lies on a storage.
type Backup struct {
	Storage string
	// Node is where the storage is, empty for a shared one.
	Node      string
	Guest     int
	Kind      string // qemu, lxc; empty leaves it to the name
	Made      time.Time
	Size      int64 // bytes
	Notes     string
	Protected bool
	// Verified is the state of the verification on a backup server: ok or failed.
	Verified string
}

// Task is work that a node did, or does.
type Task struct {
	Node, Type, ID string
	Began          time.Time
	// Ended is zero while it runs.
	Ended  time.Time
	Status string
	Log    []string
	number int
}

// UPID is the name of the task.
func (t *Task) UPID() string {
	return fmt.Sprintf("UPID:%s:%08X:%08X:%08X:%s:%s:root@pam!nightly:", t.Node, 1000+t.number, 5000+t.number, t.Began.Unix(), t.Type, t.ID)
}

// AddTask adds a task. Tasks have to be added, so that each has a name of its own.
func (w *World) AddTask(t *Task) {
	t.number = len(w.Tasks)
	w.Tasks = append(w.Tasks, t)
}

// listed is how many ended tasks of a node the list of the whole cluster holds.
const listed = 25

func (a *API) backupRoutes() {
	a.handle("/cluster/tasks", func(c call) (any, error) {
		ended := map[string]int{} // by node
		return c.tasks(func(t *Task) bool {
			if !t.Ended.IsZero() {
				ended[t.Node]++
			}
			return ended[t.Node] <= listed || t.Ended.IsZero()
		}, c.may("/", "Sys.Audit")), nil
	})
	a.handle("/cluster/backup", backupJobs)
	a.onNode("/tasks", func(c call, n *Node) (any, error) {
		types := c.URL.Query().Get("typefilter")
		return c.tasks(func(t *Task) bool {
			return t.Node == n.Name && !t.Ended.IsZero() && (types == "" || strings.Contains(","+types+",", ","+t.Type+","))
		}, c.may("/nodes/"+n.Name, "Sys.Audit")), nil
	})
	a.onNode("/tasks/{upid}/log", taskLog)
	a.onNode("/storage/{storage}/content", content)
}

func (c call) tasks(match func(*Task) bool, all bool) []map[string]any {
	out := []map[string]any{}
	if !all {
		return out // the account has none of its own
	}
	for i := len(c.w.Tasks) - 1; i >= 0; i-- {
		t := c.w.Tasks[i]
		if !match(t) {
			continue
		}
		row := map[string]any{
			"upid": t.UPID(), "node": t.Node, "pid": 1000 + t.number, "pstart": 5000 + t.number, "starttime": t.Began.Unix(), "type": t.Type, "id": t.ID,
			"user": "root@pam", "tokenid": "nightly",
		}
		if !t.Ended.IsZero() {
			row["endtime"], row["status"], row["saved"] = t.Ended.Unix(), t.Status, "1"
		}
		out = append(out, row)
	}
	return out
}

func taskLog(c call, n *Node) (any, error) {
	for _, t := range c.w.Tasks {
		if t.UPID() != c.PathValue("upid") || t.Node != n.Name {
			continue
		}
		out := []map[string]any{}
		for i, line := range t.Log {
			out = append(out, map[string]any{"n": i + 1, "t": line})
		}
		return out, nil
	}
	return nil, fail(http.StatusInternalServerError, "unable to open file - No such file or directory")
}

func backupJobs(c call) (any, error) {
	if err := c.need("/", "Sys.Audit"); err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, j := range c.w.Jobs {
		row := map[string]any{"id": j.ID, "type": "vzdump", "enabled": bit(!j.Disabled), "mode": "snapshot", "storage": j.Storage, "mailto": "ops@example.com"}
		for name, text := range map[string]string{"schedule": j.Schedule, "node": j.Node, "vmid": j.Guests, "exclude": j.Exclude, "pool": j.Pool} {
			if text != "" {
				row[name] = text
			}
		}
		if j.All {
			row["all"] = 1
		}
		if !j.Disabled {
			row["next-run"] = c.now.Add(6 * time.Hour).Unix()
		}
		out = append(out, row)
	}
	return out, nil
}

// content lists backups, without those that the account may not see.
func content(c call, n *Node) (any, error) {
	name := c.PathValue("storage")
	var s *Storage
	for _, x := range c.w.Storages {
		if x.Name == name && x.on(n.Name) {
			s = x
		}
	}
	if s == nil {
		return nil, fail(http.StatusInternalServerError, "storage '%s' is not available on node '%s'", name, n.Name)
	}
	path := "/storage/" + name
	if !c.may(path, "Datastore.Audit") && !c.may(path, "Datastore.AllocateSpace") {
		return nil, denied(path, "Datastore.Audit|Datastore.AllocateSpace")
	}
	if s.Inactive[n.Name] {
		return nil, fail(http.StatusInternalServerError, "storage '%s' is not online", name)
	}
	out := []map[string]any{}
	for _, b := range c.w.Backups {
		if b.Storage != name || !s.Shared && b.Node != n.Name || !c.may(path, "Datastore.Allocate") {
			continue
		}
		out = append(out, c.backupRow(s, b))
	}
	return out, nil
}

func (c call) backupRow(s *Storage, b *Backup) map[string]any {
	row := map[string]any{"content": "backup", "size": b.Size, "ctime": b.Made.Unix(), "vmid": b.Guest, "format": "vma.zst"}
	short, kind := "vm", b.Kind
	if g := c.w.Guest(b.Guest); kind == "" && g != nil {
		kind = g.Kind
	}
	if kind == "lxc" {
		short, row["format"] = "ct", "tar.zst"
	}
	if s.Type == "pbs" {
		row["volid"] = fmt.Sprintf("%s:backup/%s/%d/%s", s.Name, short, b.Guest, b.Made.UTC().Format(time.RFC3339))
		row["format"] = "pbs-" + short
		if b.Verified != "" {
			row["verification"] = map[string]any{"state": b.Verified, "upid": "UPID:pbs:0:0:0:0:verify:x:root@pam:"}
		}
		row["encrypted"] = "1"
	} else {
		row["volid"] = fmt.Sprintf("%s:backup/vzdump-%s-%d-%s.%s", s.Name, kind, b.Guest, b.Made.UTC().Format("2006_01_02-15_04_05"), row["format"])
	}
	if b.Kind != "" {
		row["subtype"] = b.Kind
	}
	if b.Notes != "" {
		row["notes"] = b.Notes
	}
	if b.Protected {
		row["protected"] = 1
	}
	if c.w.major() < 8 {
		row["vmid"] = strconv.Itoa(b.Guest)
	}
	return row
}
