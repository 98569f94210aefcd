package pbs

import (
	"context"
	"errors"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// tapeDrive is a row of /tape/drive, which does not ask the hardware.
type tapeDrive struct {
	Name proxmox.Str `json:"name"`
}

// medium is a row of /tape/media/list.
type medium struct {
	UUID     proxmox.Str  `json:"uuid"`
	Label    proxmox.Str  `json:"label-text"`
	Pool     proxmox.Str  `json:"pool"`
	Location proxmox.Str  `json:"location"`
	Status   proxmox.Str  `json:"status"` // writable, full, unknown, damaged, retired
	Expired  proxmox.Bool `json:"expired"`
	Used     proxmox.Int  `json:"bytes-used"`
}

// takes tells whether a backup may be written to the medium.
func (m medium) takes() bool {
	return m.Status == "writable" || bool(m.Expired) && m.Status != "damaged" && m.Status != "retired"
}

// tapeJob is a row of /tape/backup.
type tapeJob struct {
	ID       proxmox.Str `json:"id"`
	Store    proxmox.Str `json:"store"`
	Pool     proxmox.Str `json:"pool"`
	Schedule proxmox.Str `json:"schedule"`
	lastRun
}

// mediumDoc is a medium as a row. Used is bytes.
type mediumDoc struct {
	Label    string `json:"label"`
	Pool     string `json:"pool,omitempty"`
	Location string `json:"location,omitempty"`
	Status   string `json:"status"`
	Expired  bool   `json:"expired"`
	Used     *int64 `json:"used,omitempty"`
}

// collectTape reads what is known of media and jobs. Drives and changers are left alone: their state is in the hardware,
// which may be busy for hours.
func (c *Collector) collectTape(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorTape {
		return nil
	}
	if err := c.ready(ctx); err != nil {
		return err
	}
	p := sink.Partition("tape")
	found, err := c.keepFirst(c.readTape)(ctx)
	if unsupported(err) {
		found, err = nil, nil
	}
	if err == nil {
		err = p.Emit(found...)
	}
	return errors.Join(p.Done(err), ctx.Err())
}

func (c *Collector) readTape(ctx context.Context) ([]sdk.Observation, error) {
	// Lists are filtered silently.
	if err := c.rights.need(ctx, false, "/tape", "Tape.Audit"); err != nil {
		return nil, err
	}
	drives, _, err := proxmox.Rows[tapeDrive](ctx, c.client, proxmox.Path("tape", "drive"))
	if err != nil || len(drives) == 0 {
		return nil, err
	}
	// Otherwise the server would ask its changers.
	media, _, err := proxmox.Rows[medium](ctx, c.client, proxmox.Path("tape", "media", "list").With("update-status", "false").Slowly())
	if err != nil {
		return nil, err
	}
	jobs, _, err := proxmox.Rows[tapeJob](ctx, c.client, proxmox.Path("tape", "backup"))
	if err != nil {
		return nil, err
	}
	out, free := c.tellMedia(media)
	return append(append(out, sdk.RowsEnd{Rows: rowsMedia, OwnerType: typeServer, OwnerKey: serverKey}), c.judgeTape(jobs, free)...), nil
}

// tellMedia tells of each medium, and counts those that can be written by their pool.
func (c *Collector) tellMedia(media []medium) (out []sdk.Observation, free map[string]int) {
	free = map[string]int{}
	for _, m := range media {
		if m.UUID == "" {
			continue
		}
		doc := mediumDoc{Label: string(m.Label), Pool: string(m.Pool), Location: string(m.Location), Status: string(m.Status), Expired: bool(m.Expired)}
		if m.Used.OK && m.Used.V >= 0 {
			doc.Used = &m.Used.V
		}
		out = append(out, sdk.Row{Rows: rowsMedia, Key: string(m.UUID), OwnerType: typeServer, OwnerKey: serverKey, Doc: proxmox.Document(doc)})
		if m.takes() {
			free[doc.Pool]++
		}
		if m.Status == "damaged" {
			out = append(out, serverCondition(tapeDamaged, doc.Label, sdk.SeverityWarning, "Tape %s of pool %s is damaged: what is on it may be lost. Take it out of use and write those backups anew.", doc.Label, doc.Pool))
		}
	}
	return out, free
}

// judgeTape tells of jobs that failed, and of those that will find no medium. A medium in no pool goes to whichever needs it.
func (c *Collector) judgeTape(jobs []tapeJob, free map[string]int) (out []sdk.Observation) {
	for _, j := range jobs {
		id, pool := string(j.ID), string(j.Pool)
		if id == "" || c.cfg.leavesOut(string(j.Store)) {
			continue
		}
		last := c.settled(taping, id, j.lastRun)
		if ended(string(last.State)) == failed {
			out = append(out, c.jobFailed(taping, string(j.Store), id, trouble(string(last.State)), last.Ended.Time()))
		}
		if j.Schedule != "" && pool != "" && free[pool]+free[""] == 0 {
			x := serverCondition(tapeFull, id, sdk.SeverityWarning, "Tape backup job %s will find no medium to write to in pool %s.", id, pool)
			x.Metadata = map[string]string{"job": id, "pool": pool}
			out = append(out, x)
		}
	}
	return out
}

// taping is the duty of jobs that write to tape, which the server's document does not list.
var taping = duty{part: "tape", label: "Tape backup job", kind: tapeFailed}
