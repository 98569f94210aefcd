package pve

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

// jobsAge is how long the backup jobs are believed to be the same.
const jobsAge = time.Hour

// backupJob is a configured backup.
type backupJob struct {
	row     backupJobRow
	guests  []int // named ones
	exclude []int
	// gap is the longest time between two runs, 0 when it is not known.
	gap time.Duration
}

func newJob(r backupJobRow) backupJob {
	j := backupJob{row: r, guests: numbers(string(r.VMID)), exclude: numbers(string(r.Exclude))}
	text := string(r.Schedule)
	if text == "" && r.StartTime != "" { // as releases before 7.1 wrote it
		text = strings.TrimSpace(string(r.DayOfWeek) + " " + string(r.StartTime))
	}
	if s, ok := parseSchedule(text); ok {
		j.gap = s.longestGap()
	}
	return j
}

func numbers(text string) (out []int) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		if n, err := strconv.Atoi(word); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// enabled jobs run; the member is missing in old releases and means yes then.
func (j backupJob) enabled() bool { return !j.row.Enabled.OK || j.row.Enabled.V != 0 }

// covers tells whether the job backs up a guest.
func (j backupJob) covers(g resourceRow) bool {
	id := int(g.VMID.V)
	switch {
	case !j.enabled(), j.row.Node != "" && j.row.Node != g.Node, slices.Contains(j.exclude, id):
		return false
	case bool(j.row.All):
		return true
	case j.row.Pool != "":
		return j.row.Pool == g.Pool
	}
	return slices.Contains(j.guests, id)
}

// backupJobs returns the jobs, asked for when that was long ago.
func (c *Collector) backupJobs(ctx context.Context) ([]backupJob, error) {
	now := c.deps.Now()
	if b := &c.backups; b.jobs != nil && now.Sub(b.jobsAt) < jobsAge {
		return b.jobs, nil
	}
	rows, _, err := proxmox.Rows[backupJobRow](ctx, c.client, proxmox.Path("cluster", "backup"))
	if err != nil {
		return nil, fmt.Errorf("read backup jobs: %w", err)
	}
	jobs := []backupJob{}
	for _, r := range rows {
		if r.Type == "" || r.Type == "vzdump" {
			jobs = append(jobs, newJob(r))
		}
	}
	c.backups.jobs, c.backups.jobsAt = jobs, now
	return jobs, nil
}

// jobDoc is a backup job as its list shows it.
type jobDoc struct {
	ID       string `json:"id"`
	Instance string `json:"instance"`
	Enabled  bool   `json:"enabled"`
	Schedule string `json:"schedule,omitempty"`
	NextRun  int64  `json:"nextRun,omitempty"` // Unix ms
	Storage  string `json:"storage,omitempty"`
	Node     string `json:"node,omitempty"`
	Mode     string `json:"mode,omitempty"`
	Guests   string `json:"guests"`
	Covers   int    `json:"covers"`
	Comment  string `json:"comment,omitempty"`
}

// tellJobs tells of the jobs, and how many guests are in none.
func (c *Collector) tellJobs(v *view, jobs []backupJob) []sdk.Observation {
	var out []sdk.Observation
	for _, j := range jobs {
		if j.row.ID == "" {
			continue
		}
		d := jobDoc{
			ID: string(j.row.ID), Instance: c.instance, Enabled: j.enabled(), Schedule: string(j.row.Schedule), NextRun: millis(j.row.NextRun),
			Storage: string(j.row.Storage), Node: string(j.row.Node), Mode: string(j.row.Mode), Guests: j.named(), Comment: string(j.row.Comment),
		}
		for _, g := range v.guests {
			if !bool(g.Template) && j.covers(g) {
				d.Covers++
			}
		}
		out = append(out, sdk.Row{Rows: rowsJobs, Key: d.ID, Doc: proxmox.Document(d)})
	}
	out = append(out, sdk.RowsEnd{Rows: rowsJobs})
	without := 0
	for _, g := range v.guests {
		if c.wanted(g) && !slices.ContainsFunc(jobs, func(j backupJob) bool { return j.covers(g) }) {
			without++
		}
	}
	return append(out, sdk.Sample{Type: typeCluster, Key: clusterKey, Metric: "guests_without_job", Value: float64(without)})
}

// named says in words which guests a job is for.
func (j backupJob) named() string {
	switch {
	case bool(j.row.All) && len(j.exclude) > 0:
		return "all but " + string(j.row.Exclude)
	case bool(j.row.All):
		return "all"
	case j.row.Pool != "":
		return "pool " + string(j.row.Pool)
	}
	return string(j.row.VMID)
}

// gapOf is the longest time that the jobs leave between two backups of a guest; 0 when it is in none, or nobody knows.
func gapOf(jobs []backupJob, g resourceRow) time.Duration {
	shortest := time.Duration(0)
	for _, j := range jobs {
		if j.gap > 0 && j.covers(g) && (shortest == 0 || j.gap < shortest) {
			shortest = j.gap
		}
	}
	return shortest
}
