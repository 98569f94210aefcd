package pve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// defaultReplication is the schedule of a job that names none.
const defaultReplication = "*/15"

// collectReplication reads the jobs of the cluster, and how they fare from the nodes on which their guests are now.
func (c *Collector) collectReplication(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorBackups {
		return nil
	}
	v, err := c.recent(ctx)
	if err != nil {
		return err
	}
	jobs, _, err := proxmox.Rows[replicationRow](ctx, c.client, proxmox.Path("cluster", "replication"))
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden, proxmox.KindUnsupported:
		return nil
	}
	if err != nil {
		return fmt.Errorf("read replication jobs: %w", err)
	}
	guests := map[int]resourceRow{}
	for _, g := range v.guests {
		guests[int(g.VMID.V)] = g
	}
	byNode := map[string]map[string]replicationRow{}
	for _, j := range jobs {
		on := string(j.Source)
		if g, ok := guests[int(j.Guest.V)]; ok {
			on = string(g.Node)
		}
		if byNode[on] == nil {
			byNode[on] = map[string]replicationRow{}
		}
		byNode[on][string(j.ID)] = j
	}
	ended := []sdk.Observation{sdk.RowsEnd{Rows: rowsReplication}}
	for _, name := range c.departed(taskReplication, v.isMember) {
		if err := tell(sink.Partition("node/"+name), ended, nil); err != nil {
			return err
		}
	}
	busy := &view{at: v.at, cluster: v.cluster}
	for _, n := range v.nodes {
		switch {
		case !n.online:
		case len(byNode[n.name]) > 0:
			busy.nodes = append(busy.nodes, n)
		default: // It is not asked: that it answers would be news.
			if err := tell(sink.Partition("node/"+n.name), ended, nil); err != nil {
				return err
			}
		}
	}
	return c.eachNode(ctx, busy, sink, topic{"node", c.ifThere(func(ctx context.Context, n node) ([]sdk.Observation, error) {
		return c.askReplication(ctx, n, byNode[n.name], guests)
	})})
}

// askReplication tells of the jobs of one node.
func (c *Collector) askReplication(ctx context.Context, n node, jobs map[string]replicationRow, guests map[int]resourceRow) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[replicationRow](ctx, c.client, proxmox.OnNode(n.name, "replication"))
	if err != nil {
		return nil, fmt.Errorf("read replication: %w", err)
	}
	for _, r := range rows {
		if configured, ok := jobs[string(r.ID)]; ok {
			jobs[string(r.ID)] = r.over(configured)
		}
	}
	c.mu.Lock()
	c.tellsOf(taskReplication, n.name)
	c.mu.Unlock()
	var out []sdk.Observation
	for _, id := range slices.Sorted(maps.Keys(jobs)) {
		out = append(out, c.tellReplication(n, jobs[id], guests)...)
	}
	return append(out, sdk.RowsEnd{Rows: rowsReplication}), nil
}

// over fills in what only the configuration says.
func (r replicationRow) over(configured replicationRow) replicationRow {
	r.Target, r.Type = orText(r.Target, configured.Target), orText(r.Type, configured.Type)
	r.Schedule, r.Comment, r.Source = orText(r.Schedule, configured.Schedule), orText(r.Comment, configured.Comment), orText(r.Source, configured.Source)
	if !r.Rate.OK {
		r.Rate = configured.Rate
	}
	if !r.Guest.OK {
		r.Guest = configured.Guest
	}
	r.Disabled = r.Disabled || configured.Disabled
	return r
}

func orText(a, b proxmox.Str) proxmox.Str {
	if a == "" {
		return b
	}
	return a
}

// replicationDoc is a replication job as the state shows it.
type replicationDoc struct {
	ID         string   `json:"id"`
	Instance   string   `json:"instance"`
	JobID      string   `json:"jobId"`
	Number     int64    `json:"jobNumber,omitempty"`
	Guest      string   `json:"guest,omitempty"`
	GuestID    int64    `json:"guestId,omitempty"`
	GuestName  string   `json:"guestName,omitempty"`
	GuestType  string   `json:"guestType,omitempty"`
	GuestNode  string   `json:"guestNode,omitempty"`
	Source     string   `json:"sourceNode,omitempty"`
	Target     string   `json:"targetNode,omitempty"`
	Schedule   string   `json:"schedule,omitempty"`
	Type       string   `json:"type,omitempty"`
	Enabled    bool     `json:"enabled"`
	State      string   `json:"state,omitempty"`
	Status     string   `json:"status,omitempty"`
	LastStatus string   `json:"lastSyncStatus,omitempty"`
	LastSync   int64    `json:"lastSyncTime,omitempty"` // Unix ms
	NextSync   int64    `json:"nextSyncTime,omitempty"` // Unix ms
	PolledAt   int64    `json:"polledAt,omitempty"`     // Unix ms
	LastUnix   int64    `json:"lastSyncUnix,omitempty"`
	NextUnix   int64    `json:"nextSyncUnix,omitempty"`
	Duration   *float64 `json:"lastSyncDurationSeconds,omitempty"`
	FailCount  int64    `json:"failCount,omitempty"`
	Error      string   `json:"error,omitempty"`
	Comment    string   `json:"comment,omitempty"`
	Remove     string   `json:"removeJob,omitempty"`
	RateLimit  *float64 `json:"rateLimitMbps,omitempty"`
}

// badly is how often a job has to fail in a row to be in earnest.
const badly = 3

func (c *Collector) tellReplication(n node, r replicationRow, guests map[int]resourceRow) []sdk.Observation {
	g, shown := guests[int(r.Guest.V)]
	shown = shown && c.wanted(g)
	now := c.deps.Now()
	d := replicationDoc{
		ID: c.instance + "-" + string(r.ID), Instance: c.instance, JobID: string(r.ID), Number: r.Number.V, Guest: itoa(int(r.Guest.V)), GuestID: r.Guest.V,
		GuestNode: n.name, Source: n.name, Target: string(r.Target), Schedule: string(r.Schedule), Type: string(r.Type), Enabled: !bool(r.Disabled),
		FailCount: r.FailCount.V, Error: clip(string(r.Error)), Comment: string(r.Comment), Remove: string(r.Remove), PolledAt: now.UnixMilli(),
	}
	if shown {
		d.GuestName, d.GuestType = string(g.Name), string(g.Type)
	}
	d.LastSync = millis(r.LastSync)
	if r.NextSync.V > 1 { // 0 while it fails and 1 while it is being removed
		d.NextSync = millis(r.NextSync)
	}
	d.LastUnix, d.NextUnix = d.LastSync/1000, d.NextSync/1000
	if r.Duration.OK {
		seconds := proxmox.Round(r.Duration.V, 1)
		d.Duration = &seconds
	}
	if r.Rate.OK {
		d.RateLimit = &r.Rate.V
	}
	failing := r.FailCount.V > 0 || r.Error != ""
	switch {
	case !d.Enabled:
		d.State = "disabled"
	case r.PID.OK:
		d.State = "syncing"
	case failing:
		d.State = "error"
	default:
		d.State = "ok"
	}
	d.Status = d.State
	if failing {
		d.LastStatus = "error"
	} else if d.LastUnix > 0 {
		d.LastStatus = "ok"
	}
	out := []sdk.Observation{sdk.Row{Rows: rowsReplication, Key: d.JobID, Doc: proxmox.Document(d)}}
	if !shown || !d.Enabled {
		return out
	}
	return append(out, c.judgeReplication(r, d, g)...)
}

// judgeReplication tells how far a copy lies behind, and whether its job fails.
func (c *Collector) judgeReplication(r replicationRow, d replicationDoc, g resourceRow) []sdk.Observation {
	var out []sdk.Observation
	sample := func(metric string, age time.Duration) {
		out = append(out, sdk.Sample{Type: guestType(g), Key: guestKey(g), Metric: metric, Instance: d.JobID, Value: max(0, age.Seconds())})
	}
	if d.LastUnix > 0 {
		lag := c.client.TimeThere(c.deps.Now()).Sub(time.Unix(d.LastUnix, 0))
		sample("replication_lag", lag)
		text := d.Schedule
		if text == "" {
			text = defaultReplication
		}
		if s, ok := parseSchedule(text); ok && s.longestGap() > 0 {
			sample("replication_overdue", lag-s.longestGap())
		}
	}
	if r.FailCount.V > 0 {
		severity := sdk.SeverityWarning
		if r.FailCount.V >= badly {
			severity = sdk.SeverityCritical
		}
		why := d.Error
		if why == "" {
			why = "the server gives no reason"
		}
		// How often it failed stays out of the text, which would change each time.
		out = append(out, sdk.Condition{Type: guestType(g), Key: guestKey(g), Kind: kindReplication, Instance: d.JobID, Severity: severity,
			Message:  fmt.Sprintf("Replication of %s to %s fails: %s.", c.called(g), d.Target, strings.TrimSuffix(why, ".")),
			Metadata: map[string]string{"job": d.JobID, "target": d.Target}})
	}
	return out
}
