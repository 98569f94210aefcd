package pbs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// tasksBack is how far the first look at the task log goes back, and overlap how much the following ones see again.
	tasksBack = 24 * time.Hour
	overlap   = 10 * time.Minute
	// longest is how long a task that runs is waited for.
	longest = 7 * 24 * time.Hour
	// tasksLimit is how many tasks are read at once: the server takes none as fifty and zero as no limit.
	tasksLimit = 1000
)

// judged are the types of task whose failure is somebody's business; the others fail before the eyes of who started them.
var judged = []string{
	"backup", "garbage_collection", "verify", "verificationjob", "verify_group", "verify_snapshot", "prune", "prunejob", "sync", "syncjob", "tape-backup", "tape-backup-job",
	"mount-device", // when a disk is put in
}

// dull are types of task that are not worth a row.
var dull = []string{"reader", "termproxy", "logrotate", "aptupdate"}

// taskDoc is a task as a row. Who started it is left out.
type taskDoc struct {
	ID        string     `json:"id"`
	Type      string     `json:"type"`
	Subject   string     `json:"subject,omitempty"`
	Datastore string     `json:"datastore,omitempty"`
	Status    outcome    `json:"status"`
	Started   time.Time  `json:"startTime"`
	Ended     *time.Time `json:"endTime,omitempty"`
	Error     string     `json:"error,omitempty"`
}

// readTasks reads what runs and what ended since the last look. Tasks are found by when they started, so those that ran at
// the last look are looked for as long as they do.
func (c *Collector) readTasks(ctx context.Context) ([]sdk.Observation, error) {
	// Without the right an account gets its own tasks only, which are none.
	if err := c.rights.need(ctx, false, "/system/tasks", "Sys.Audit"); err != nil {
		return nil, err
	}
	now := c.timeThere()
	since := c.tasksSince(now)
	call := proxmox.Path("nodes", "localhost", "tasks").With("since", strconv.FormatInt(since.Unix(), 10)).With("limit", strconv.Itoa(tasksLimit))
	tasks, _, err := proxmox.Rows[task](ctx, c.client, call)
	if err != nil {
		return nil, err
	}
	var out []sdk.Observation
	count, oldest := 0, now
	for _, t := range tasks {
		if t.UPID == "" || t.Started.V <= 0 {
			continue
		}
		if !t.Ended.OK {
			count++
			if started := t.Started.Time(); now.Sub(started) < longest && started.Before(oldest) {
				oldest = started
			}
		}
		if slices.Contains(dull, string(t.Type)) {
			continue
		}
		out = append(out, t.row())
		if t.Ended.OK {
			out = append(out, c.judge(t)...)
		}
	}
	c.tasksSeen(oldest)
	return append(out, sdk.Sample{Type: typeServer, Key: serverKey, Metric: "tasks_running", Value: float64(count)}), nil
}

func (c *Collector) tasksSince(now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tasksFrom.IsZero() {
		return now.Add(-tasksBack)
	}
	return c.tasksFrom
}

func (c *Collector) tasksSeen(oldest time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tasksFrom = oldest.Add(-overlap)
}

func (t task) outcome() outcome {
	if !t.Ended.OK {
		return running
	}
	if t.Status == "unknown" || t.Status == "" {
		return "unknown"
	}
	return ended(string(t.Status))
}

func (t task) row() sdk.Row {
	doc := taskDoc{ID: string(t.UPID), Type: string(t.Type), Subject: string(t.ID), Datastore: t.store(), Status: t.outcome(), Started: t.Started.Time()}
	if t.Ended.OK {
		at := t.Ended.Time()
		doc.Ended = &at
	}
	if doc.Status == failed {
		doc.Error = trouble(string(t.Status))
	}
	return sdk.Row{Rows: rowsTasks, Key: string(t.UPID), OwnerType: typeServer, OwnerKey: serverKey, Time: doc.Started, Doc: proxmox.Document(doc)}
}

// judge tells of a task that failed, and notes which datastores were verified and cleaned up.
func (c *Collector) judge(t task) []sdk.Observation {
	store := t.store()
	switch {
	case strings.HasPrefix(string(t.Type), "verif"):
		c.verifiedAt(store, t.Ended.Time())
	case t.Type == "garbage_collection":
		c.collectedAt(store, lastRun{Ended: t.Ended, State: t.Status})
	}
	if t.outcome() != failed || !slices.Contains(judged, string(t.Type)) {
		return nil
	}
	kind, key := c.subject(store)
	text := fmt.Sprintf("Task %s of %s failed: %s", t.Type, t.ID, trouble(string(t.Status)))
	return []sdk.Observation{sdk.Event{
		ID: string(t.UPID), Type: kind, Key: key, Kind: taskFailed, Time: t.Ended.Time(), Severity: sdk.SeverityWarning, Text: text,
		Attributes: map[string]string{"task": string(t.Type), "subject": string(t.ID), "error": trouble(string(t.Status))},
	}}
}
