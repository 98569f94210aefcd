package pbstest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Job is a verify, prune or sync job.
type Job struct {
	ID, Store string
	Namespace string
	Schedule  string
	Remote    string // of a sync job
	Push      bool
	Disabled  bool
	Run       Run
}

// Run is how a job ran last: never while it is zero.
type Run struct {
	UPID  string
	Ended time.Time // zero while it runs
	State string
}

func (r Run) into(row map[string]any) map[string]any {
	if r.UPID == "" {
		return row
	}
	row["last-run-upid"] = r.UPID
	if !r.Ended.IsZero() {
		row["last-run-endtime"], row["last-run-state"] = r.Ended.Unix(), r.State
	}
	return row
}

// Task is a task of the log.
type Task struct {
	Type, ID       string
	Started, Ended time.Time // the latter zero while it runs
	Status         string
}

func (t Task) upid() string {
	return fmt.Sprintf("UPID:pbs:0000168E:04450640:%08X:%08X:%s:%s:root@pam:", t.Started.UnixNano()&0xffffffff, t.Started.Unix(), t.Type, strings.ReplaceAll(t.ID, ":", `\x3a`))
}

func jobs(list func(*World) []Job, since string) func(call) answer {
	return func(c call) answer {
		if since != "" && !c.world.atLeast(since) {
			return answer{status: http.StatusNotFound, text: "Path '" + c.URL.Path + "' not found."}
		}
		out := []any{}
		for _, j := range list(c.world) {
			if !c.may("/datastore/"+j.Store, "Datastore.Audit", "Datastore.Verify") {
				continue
			}
			row := map[string]any{"id": j.ID, "store": j.Store, "comment": nil}
			if j.Disabled {
				row["disable"] = true
			}
			if j.Namespace != "" {
				row["ns"] = j.Namespace
			}
			if j.Schedule != "" {
				row["schedule"], row["next-run"] = j.Schedule, c.now.Truncate(24*time.Hour).Add(24*time.Hour).Unix()
			}
			if j.Remote != "" {
				if !c.may("/remote/"+j.Remote, "Remote.Audit") || j.Push && c.URL.Query().Get("sync-direction") != "all" {
					continue
				}
				row["remote"], row["remote-store"] = j.Remote, j.Store
				if c.world.atLeast("3.3") {
					row["sync-direction"] = map[bool]string{true: "push", false: "pull"}[j.Push]
				}
			}
			out = append(out, j.Run.into(row))
		}
		return data(out)
	}
}

// GC is a datastore's garbage collection.
type GC struct {
	Schedule          string
	Run               Run
	Pending, StillBad int64
	Removed           int64
}

func (s *Store) collection() map[string]any {
	return map[string]any{
		"upid": nil, "index-file-count": 8, "index-data-bytes": s.IndexBytes, "disk-bytes": s.DiskBytes, "disk-chunks": 17, "pending-bytes": s.GC.Pending,
		"pending-chunks": 0, "removed-bytes": s.GC.Removed, "removed-chunks": 0, "removed-bad": 0, "still-bad": s.GC.StillBad,
	}
}

func gcList(c call) answer {
	if !c.world.atLeast("3.2") {
		return answer{status: http.StatusNotFound, text: "Path '" + c.URL.Path + "' not found."}
	}
	out := []any{}
	for _, s := range c.world.Stores {
		if !c.may("/datastore/"+s.Name, "Datastore.Audit") {
			continue
		}
		row := s.collection()
		row["store"] = s.Name
		if s.GC.Schedule != "" {
			row["schedule"] = s.GC.Schedule
		}
		run := s.GC.Run.into(map[string]any{})
		if upid, ran := run["last-run-upid"]; ran {
			row["upid"] = upid
		}
		for _, name := range []string{"last-run-endtime", "last-run-state"} {
			if v, there := run[name]; there {
				row[name] = v
			}
		}
		out = append(out, row)
	}
	return data(out)
}

func gcOfStore(c call) answer {
	s := c.store()
	if s == nil {
		return denied
	}
	return data(s.collection())
}

func tasks(c call) answer {
	q := c.URL.Query()
	since, _ := strconv.ParseInt(q.Get("since"), 10, 64)
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = 50
	}
	all := slices.Clone(c.world.Tasks)
	slices.SortStableFunc(all, func(a, b Task) int { return b.Started.Compare(a.Started) })
	out := []any{}
	for _, t := range all {
		if t.Started.Unix() < since || limit > 0 && len(out) >= limit || !c.may("/system/tasks", "Sys.Audit") {
			continue
		}
		row := map[string]any{
			"upid": t.upid(), "node": "localhost", "pid": 145, "pstart": 453945209, "starttime": t.Started.Unix(), "worker_type": t.Type, "worker_id": nil, "user": "root@pam!t",
		}
		if t.ID != "" {
			row["worker_id"] = t.ID
		}
		if !t.Ended.IsZero() {
			row["endtime"], row["status"] = t.Ended.Unix(), t.Status
		}
		out = append(out, row)
	}
	return answer{data: out, total: len(all)}
}
