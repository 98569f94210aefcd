package pbs

import (
	"context"
	"fmt"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// readCollections reads the garbage collection of each datastore.
func (c *Collector) readCollections(ctx context.Context) ([]sdk.Observation, error) {
	all, err := c.listCollections(ctx)
	if err == nil {
		err = c.believeJobs(ctx, collecting, all.jobs())
	}
	if err != nil {
		return nil, err
	}
	rows := []any{}
	var out []sdk.Observation
	for _, g := range all.rows {
		store := string(g.Store)
		if store == "" || c.cfg.leavesOut(store) {
			continue
		}
		last := c.settled(collecting, store+"/"+store, g.lastRun)
		doc := jobDoc{ID: store, Store: store, Schedule: string(g.Schedule), Outcome: g.outcome(), Last: last.Ended.Time(), Next: g.NextRun.Time(), Removed: g.RemovedBytes.V, duty: collecting}
		if ended(string(last.State)) == failed {
			doc.Error = trouble(string(last.State))
			out = append(out, c.jobFailed(collecting, store, store, doc.Error, doc.Last))
		}
		rows = append(rows, doc)
		kind, key := c.subject(store)
		if all.scheduled && g.Schedule == "" {
			out = append(out, sdk.Condition{Type: kind, Key: key, Kind: gcMissing, Instance: store, Severity: sdk.SeverityInfo, Metadata: map[string]string{"datastore": store},
				Message: fmt.Sprintf("Datastore %s has no schedule for garbage collection: what is pruned frees no space.", store)})
		}
		if kind == typeDatastore {
			m := proxmox.Meter{Type: kind, Key: key}
			m.Add("gc_pending", float64(g.PendingBytes.V), g.PendingBytes.OK && g.PendingBytes.V >= 0)
			m.Add("bad_chunks", float64(g.StillBad.V), g.StillBad.OK && g.StillBad.V >= 0)
			out = append(out, m.Samples...)
		}
	}
	return append(out, c.part(collecting, rows)), nil
}

// collections are the rows, and whether they tell of schedules.
type collections struct {
	rows      []collection
	scheduled bool
}

// jobs are the collections as jobs, one for each datastore.
func (c collections) jobs() []job {
	var out []job
	for _, g := range c.rows {
		out = append(out, job{ID: g.Store, Store: g.Store})
	}
	return out
}

// listCollections asks once for all, or each datastore where the release has no such list.
func (c *Collector) listCollections(ctx context.Context) (collections, error) {
	rows, _, err := proxmox.Rows[collection](ctx, c.client, proxmox.Path(collecting.path...))
	if !unsupported(err) {
		for i := range rows {
			if rows[i].lastRun.UPID == "" {
				rows[i].lastRun.UPID = rows[i].GCUPID
			}
		}
		return collections{rows, true}, err
	}
	var all collections
	for _, store := range c.readable() {
		one, err := proxmox.Get[collection](ctx, c.client, proxmox.Path("admin", "datastore", store, "gc"))
		if err != nil {
			return all, err
		}
		one.Store, one.lastRun = proxmox.Str(store), c.lastCollection(store)
		all.rows = append(all.rows, one)
	}
	return all, nil
}
