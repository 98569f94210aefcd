package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// What the demo says besides records and samples.
const (
	taskBackups  = "backups"
	rowsBackups  = "demo_backups"
	kindNoBackup = "demo_backup_failed"
	kindBackedUp = "demo_backed_up"
	// evidenceGuest names a guest of this world, for rows that are about it.
	evidenceGuest = "demo_guest"
)

// kept is how many backups of a guest there are, one a day.
const kept = 3

type backup struct {
	Guest string    `json:"guest"`
	Size  int64     `json:"size"`
	OK    bool      `json:"ok"`
	Made  time.Time `json:"made"`
}

func backupRows() []sdk.RowsType {
	return []sdk.RowsType{{
		Name: rowsBackups, Label: "Backups", SubjectType: typeGuest, Retention: 30 * 24 * time.Hour,
		Columns: []sdk.Column{
			{Name: "guest", Label: "Guest", Path: "guest", Format: sdk.FormatText, Default: true, Priority: 1},
			{Name: "made", Label: "Made", Path: "made", Format: sdk.FormatTime, Default: true, Priority: 1},
			{Name: "size", Label: "Size", Path: "size", Format: sdk.FormatBytes, Default: true, Priority: 2},
			{Name: "ok", Label: "Good", Path: "ok", Format: sdk.FormatBool, Default: true, Priority: 2},
		},
		Derive: []sdk.Derive{{Name: "last", Op: "latest"}, {Name: "count", Op: "count"}, {Name: "bytes", Op: "sum", Path: "size"}},
	}}
}

func backupKinds() []sdk.EventKind {
	return []sdk.EventKind{
		{Name: kindNoBackup, Condition: true, Label: "Backup failed", Template: "{message}", WireType: "backup_failed", Category: "backup", Severity: sdk.SeverityWarning},
		{Name: kindBackedUp, Label: "Backed up", Template: "{guest} was backed up", Category: "backup", Severity: sdk.SeverityInfo},
	}
}

// backupJoins show on a guest what its backups say.
func backupJoins() []sdk.Join {
	return []sdk.Join{{Member: "lastBackup", Rows: rowsBackups, Derive: "last"}, {Member: "backupCount", Rows: rowsBackups, Derive: "count"}}
}

// collectBackups tells of the backups that lie on each machine, and judges the last one of each guest.
func (c *Collector) collectBackups(ctx context.Context, sink sdk.Sink) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.deps.Now()
	for i := range c.cfg.Machines {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := machineAt(c.cfg.Seed, i, now)
		p := sink.Partition("machine/" + m.Name)
		for g := i; g < c.cfg.Guests; g += c.cfg.Machines {
			if err := p.Emit(backupsOf(guestAt(c.cfg, g, m, now), m, now)...); err != nil {
				return err
			}
		}
		if err := p.Emit(sdk.RowsEnd{Rows: rowsBackups, OwnerType: typeMachine, OwnerKey: "machine/" + m.Name}); err != nil {
			return err
		}
		if err := p.Done(nil); err != nil {
			return err
		}
	}
	return nil
}

func backupsOf(g guest, on machine, now time.Time) (out []sdk.Observation) {
	r := draw(0, g.Name)
	night := now.UTC().Truncate(24 * time.Hour).Add(time.Duration(r%14400) * time.Second) // between midnight and four
	if night.After(now) {
		night = night.Add(-24 * time.Hour)
	}
	for day := range kept {
		at := night.Add(-time.Duration(day) * 24 * time.Hour)
		b := backup{Guest: g.Name, Size: int64(1+r%40) * gib, OK: draw(at.Unix(), g.Name)%50 != 0, Made: at}
		id := fmt.Sprintf("%s/%s", g.Name, at.Format(time.RFC3339))
		out = append(out, sdk.Row{
			Rows: rowsBackups, Key: id, OwnerType: typeMachine, OwnerKey: "machine/" + on.Name, Time: at,
			Subject: []sdk.Evidence{{Kind: evidenceGuest, Value: g.Name}}, Doc: document(b),
		})
		key := "guest/" + g.Name
		switch {
		case b.OK:
			out = append(out, sdk.Event{ID: id, Type: typeGuest, Key: key, Kind: kindBackedUp, Time: at, Severity: sdk.SeverityInfo,
				Text: g.Name + " was backed up", Attributes: map[string]string{"guest": g.Name, "machine": on.Name}})
		case day == 0:
			out = append(out, sdk.Condition{Type: typeGuest, Key: key, Kind: kindNoBackup, Severity: sdk.SeverityWarning, Since: at,
				Message: fmt.Sprintf("The last backup of %s failed.", g.Name)})
		}
	}
	return out
}
