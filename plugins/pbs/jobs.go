package pbs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// outcome is how a run ended.
type outcome string

const (
	never   outcome = "never"
	running outcome = "running"
	good    outcome = "ok"
	warned  outcome = "warning"
	failed  outcome = "error"
)

// ended reads the state of a run that ended. Warnings are no failure.
func ended(state string) outcome {
	switch {
	case state == "":
		return never
	case state == "OK":
		return good
	case strings.HasPrefix(state, "WARNINGS:"):
		return warned
	}
	return failed
}

// trouble is what a failed run says, without the prefix that some releases put before it.
func trouble(state string) string {
	return strings.TrimSpace(strings.TrimPrefix(state, "TASK ERROR: "))
}

// outcome is how a job is doing now.
func (r lastRun) outcome() outcome {
	if r.UPID != "" && !r.Ended.OK && r.State == "" {
		return running
	}
	return ended(string(r.State))
}

// duty is a kind of job: where it is listed and what it is called.
type duty struct {
	part     string // of the server's document, and the partition
	member   string
	lastWord string // member with the time of the last run
	label    string
	kind     string // of the condition
	path     []string
}

var (
	verifying  = duty{"verify", "verifyJobs", "lastVerify", "Verify job", verifyFailed, []string{"admin", "verify"}}
	pruning    = duty{"prune", "pruneJobs", "lastPrune", "Prune job", pruneFailed, []string{"admin", "prune"}}
	syncing    = duty{"sync", "syncJobs", "lastSync", "Sync job", syncFailed, []string{"admin", "sync"}}
	collecting = duty{"garbage", "garbageJobs", "lastGarbage", "Garbage collection", gcFailed, []string{"admin", "gc"}}
)

// collectJobs reads jobs and how they ended, and what runs. Each kind is a part of its own.
func (c *Collector) collectJobs(ctx context.Context, sink sdk.Sink) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	return proxmox.Run(ctx, sink,
		proxmox.Step{Name: "tasks", Read: c.keepFirst(c.readTasks)}, // first: releases before 3.2 tell only there how garbage was collected
		c.step(collecting, c.cfg.MonitorGarbageJobs, func(ctx context.Context, _ duty) ([]sdk.Observation, error) { return c.readCollections(ctx) }),
		c.step(verifying, c.cfg.MonitorVerifyJobs, c.readJobs), c.step(pruning, c.cfg.MonitorPruneJobs, c.readJobs), c.step(syncing, c.cfg.MonitorSyncJobs, c.readJobs))
}

// step reads the jobs of a kind. There are none when nobody wants them, or when this release has no such jobs.
func (c *Collector) step(d duty, on bool, read func(context.Context, duty) ([]sdk.Observation, error)) proxmox.Step {
	return proxmox.Step{Name: d.part, Read: c.keepFirst(func(ctx context.Context) ([]sdk.Observation, error) {
		none := []sdk.Observation{c.part(d, nil)}
		if !on {
			return none, nil
		}
		found, err := read(ctx, d)
		if unsupported(err) {
			return none, nil
		}
		return found, err
	})}
}

// ready makes known what jobs are about, before anything is said of them: the same is said of a failure after a restart as before.
func (c *Collector) ready(ctx context.Context) error {
	if err := c.recall(ctx); err != nil {
		return err
	}
	if !c.cfg.MonitorDatastores {
		return nil
	}
	if err := c.findStores(ctx); err != nil && !proxmox.Forbidden(err) {
		return err
	}
	return nil
}

// believeJobs judges a list of jobs that is shorter than it was, or empty: an account without rights gets that too.
func (c *Collector) believeJobs(ctx context.Context, d duty, jobs []job) error {
	now := map[string]job{}
	for _, j := range jobs {
		now[string(j.Store)+"/"+string(j.ID)] = j
	}
	c.mu.Lock()
	before := c.listed[d.part]
	c.mu.Unlock()
	if len(now) == 0 {
		if err := c.rights.need(ctx, len(before) > 0, "/datastore", seesDatastores...); err != nil {
			return err
		}
	}
	for key, j := range before {
		if _, there := now[key]; there {
			continue
		}
		if err := c.rights.need(ctx, true, "/datastore/"+string(j.Store), "Datastore.Audit", "Datastore.Verify"); err != nil {
			return err
		}
		if j.Remote != "" {
			if err := c.rights.need(ctx, false, "/remote/"+string(j.Remote), "Remote.Audit"); err != nil {
				return err
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed[d.part] = now
	for key := range c.ran {
		if of, job, _ := strings.Cut(key, "/"); of == d.part && now[job].ID == "" {
			delete(c.ran, key) // there is no such job any more
		}
	}
	return nil
}

// part is a member of the server's document; nil rows are null, as clients know it of what is not read.
func (c *Collector) part(d duty, rows []any) sdk.Part {
	return sdk.Part{Type: typeServer, Key: serverKey, Name: d.part, Doc: proxmox.Document(map[string][]any{d.member: rows})}
}

// jobDoc is a job on the wire. Times that are not known are the zero time.
type jobDoc struct {
	ID        string
	Store     string
	Namespace string
	Schedule  string
	Remote    string
	Outcome   outcome
	Last      time.Time
	Next      time.Time
	Error     string
	Removed   int64 // bytes
	duty      duty
}

// MarshalJSON names the time of the last run by the kind of the job.
func (d jobDoc) MarshalJSON() ([]byte, error) {
	m := map[string]any{"id": d.ID, "store": d.Store, "status": d.Outcome, d.duty.lastWord: d.Last, "nextRun": d.Next}
	for name, value := range map[string]string{"error": d.Error, "ns": d.Namespace, "schedule": d.Schedule, "remote": d.Remote} {
		if value != "" || name == "remote" && d.duty.part == syncing.part {
			m[name] = value
		}
	}
	if d.Removed > 0 {
		m["removedBytes"] = d.Removed
	}
	return json.Marshal(m)
}

func (c *Collector) readJobs(ctx context.Context, d duty) ([]sdk.Observation, error) {
	jobs, err := c.listJobs(ctx, d)
	if err == nil {
		err = c.believeJobs(ctx, d, jobs)
	}
	if err != nil {
		return nil, err
	}
	rows := []any{}
	var out []sdk.Observation
	for _, j := range jobs {
		if j.ID == "" || c.cfg.leavesOut(string(j.Store)) {
			continue
		}
		last := c.settled(d, string(j.Store)+"/"+string(j.ID), j.lastRun)
		doc := jobDoc{
			ID: string(j.ID), Store: string(j.Store), Namespace: string(j.Namespace), Schedule: string(j.Schedule), Remote: string(j.Remote),
			Outcome: j.outcome(), Last: last.Ended.Time(), Next: j.NextRun.Time(), duty: d,
		}
		if ended(string(last.State)) == failed {
			doc.Error = trouble(string(last.State))
			out = append(out, c.jobFailed(d, doc.Store, doc.ID, doc.Error, doc.Last))
		}
		rows = append(rows, doc)
	}
	return append(out, c.part(d, rows)), nil
}

// listJobs asks for the jobs of a kind. Jobs that push are only listed on request, which releases before 3.3 refuse.
func (c *Collector) listJobs(ctx context.Context, d duty) ([]job, error) {
	call := proxmox.Path(d.path...)
	if d.part != syncing.part {
		jobs, _, err := proxmox.Rows[job](ctx, c.client, call)
		return jobs, err
	}
	if !c.pullsOnly() {
		jobs, _, err := proxmox.Rows[job](ctx, c.client, call.With("sync-direction", "all"))
		if !invalid(err) {
			return jobs, err
		}
		c.onlyPulls()
	}
	jobs, _, err := proxmox.Rows[job](ctx, c.client, call)
	return jobs, err
}

// settled is the last run that ended. While a job runs, the server does not tell of the run before.
func (c *Collector) settled(d duty, id string, now lastRun) lastRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := d.part + "/" + id
	if now.outcome() == running {
		return c.ran[key]
	}
	c.ran[key] = now
	return now
}

// jobFailed is the verdict on a job whose last run failed.
func (c *Collector) jobFailed(d duty, store, id, text string, since time.Time) sdk.Condition {
	kind, key := c.subject(store)
	name := d.label
	if id != store {
		name += " " + id
	}
	return sdk.Condition{
		Type: kind, Key: key, Kind: d.kind, Instance: id, Severity: sdk.SeverityWarning, Since: since,
		Message:  fmt.Sprintf("%s of datastore %s failed: %s", name, store, text),
		Metadata: map[string]string{"datastore": store, "job": id, "error": text},
	}
}

// subject is the record that something about a datastore is about: the server while the datastore is not known.
func (c *Collector) subject(store string) (kind, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.stores[store]; known {
		return typeDatastore, storeKey(store)
	}
	return typeServer, serverKey
}

func unsupported(err error) bool { return proxmox.KindOf(err) == proxmox.KindUnsupported }
func invalid(err error) bool     { return proxmox.KindOf(err) == proxmox.KindInvalid }
