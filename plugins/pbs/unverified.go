package pbs

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// neverVerified tells of a datastore with backups that nobody has ever looked at, and nobody will. Who may not see the jobs
// cannot tell.
func (c *Collector) neverVerified(ctx context.Context, store string, unverified int) ([]sdk.Observation, error) {
	if unverified == 0 || !c.cfg.MonitorVerifyJobs {
		return nil, nil
	}
	if err := c.rights.need(ctx, false, "/datastore/"+store, "Datastore.Audit", "Datastore.Verify"); proxmox.Forbidden(err) {
		return nil, nil
	} else if err != nil {
		return nil, err // it is not over because the rights cannot be read
	}
	jobs, err := c.jobsOf(ctx, verifying)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(jobs, func(j job) bool { return string(j.Store) == store && j.Schedule != "" && !bool(j.Disabled) }) {
		return nil, nil
	}
	return []sdk.Observation{sdk.Condition{
		Type: typeDatastore, Key: storeKey(store), Kind: backupUnverified, Severity: sdk.SeverityInfo, Metadata: map[string]string{"datastore": store},
		Message: fmt.Sprintf("Datastore %s has backups that were never verified, and no verify job runs for it.", store),
	}}, nil
}

// jobsOf are the jobs of a kind that were listed last, or are there now when none were.
func (c *Collector) jobsOf(ctx context.Context, d duty) ([]job, error) {
	c.mu.Lock()
	listed, known := c.listed[d.part]
	c.mu.Unlock()
	if known {
		return slices.Collect(maps.Values(listed)), nil
	}
	return c.listJobs(ctx, d)
}
