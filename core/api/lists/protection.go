package lists

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
)

// days is how many days the answer looks back, today included.
const days = 30

// The states of a guest, the worst first.
const (
	stateFailed  = "failed"
	stateOverdue = "overdue"
	stateNever   = "never"
	stateFine    = "fine"
	stateUnknown = "unknown"
)

// What a day of a guest says, added up.
const (
	dayMade      = 1
	dayVerified  = 2
	dayProtected = 4
)

// Protection is what the lists of backups say.
type Protection struct {
	First  time.Time `json:"first" help:"The first of the days: the date, as its midnight in UTC."`
	Days   int       `json:"days"`
	Guests []Guest   `json:"guests"`
	// PerDay are all backups of each day.
	PerDay []Day          `json:"perDay"`
	Counts map[string]int `json:"counts" help:"How many guests are in each state."`

	zone *time.Location
}

// Day sums up one day.
type Day struct {
	Count int     `json:"count"`
	Bytes float64 `json:"bytes"`
}

// Guest is a thing that is to be backed up.
type Guest struct {
	ID      string `json:"id"`
	StateID string `json:"stateId" help:"Its id in the state."`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Status  string `json:"status"`
	// State is failed, overdue, never, unknown (none is known, and nobody says that there should be one) or fine.
	State   string     `json:"state"`
	Last    *time.Time `json:"last,omitempty"`
	Count   int        `json:"count"`
	Bytes   float64    `json:"bytes"`
	Overdue float64    `json:"overdueSeconds,omitempty" help:"By how much the newest backup is older than the schedule allows."`
	Reasons []string   `json:"reasons,omitempty"`
	// Days has a number for each day: 1 for a backup, 2 more when one is verified, 4 more when one is protected.
	Days []int `json:"days"`
}

// made is what a row says about a backup.
type made struct {
	at    time.Time
	bytes float64
	flags int
}

type protectionIn struct {
	Timezone string `query:"timezone" help:"An IANA name such as Europe/Berlin: where the days are counted; without it where the server is."`
}

func (a *Area) protection(ctx context.Context, in protectionIn) (Protection, error) {
	zone, err := time.LoadLocation(in.Timezone)
	if err != nil {
		return Protection{}, errs.New(errs.Invalid, "the time zone %.64q is not known: use a name such as Europe/Berlin", in.Timezone).WithField("timezone")
	}
	if in.Timezone == "" {
		zone = time.Local
	}
	out := Protection{zone: zone, First: date(a.Now().In(zone)).AddDate(0, 0, 1-days), Days: days, Guests: []Guest{}, PerDay: make([]Day, days), Counts: map[string]int{}}
	guests := a.guests()
	overdue, err := a.overdue(ctx, guests)
	if err != nil {
		return out, err
	}
	backups := map[string]map[string][]made{} // by list and subject
	for _, name := range a.backupLists() {
		backups[name] = a.made(name)
	}
	owned := map[[2]string]bool{} // list and subject
	for _, r := range guests {
		g := Guest{ID: string(r.UID), StateID: r.WireID, Name: r.DisplayName(), Type: r.Type, Status: a.Inventory.Catalog().Word(r), Days: make([]int, days), Overdue: overdue[r.UID]}
		var mine []made
		for name, of := range backups {
			for _, subject := range a.Rows.Subjects(name, r.Evidence) {
				mine, owned[[2]string{name, subject}] = append(mine, of[subject]...), true
			}
		}
		for _, b := range moments(mine) {
			g.add(b, out.day(b.at))
			out.count(b)
		}
		a.judge(&g, r)
		out.Counts[g.State]++
		out.Guests = append(out.Guests, g)
	}
	for name, of := range backups {
		for subject, rows := range of {
			if owned[[2]string{name, subject}] {
				continue
			}
			for _, b := range rows {
				out.count(b) // of nobody that is known
			}
		}
	}
	rank := []string{stateFailed, stateOverdue, stateNever, stateUnknown, stateFine}
	slices.SortStableFunc(out.Guests, func(x, y Guest) int {
		return cmp.Or(cmp.Compare(slices.Index(rank, x.State), slices.Index(rank, y.State)), cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	return out, nil
}

// moments are backups of one thing, one for each moment: a backup server and those who write to it tell of the same one,
// and a copy on a second server bears the time of the first. What any of them says of it counts.
func moments(all []made) []made {
	slices.SortFunc(all, func(x, y made) int { return x.at.Compare(y.at) })
	out := all[:0]
	for _, b := range all {
		if n := len(out) - 1; n >= 0 && out[n].at.Unix() == b.at.Unix() {
			out[n].flags |= b.flags
			out[n].bytes = max(out[n].bytes, b.bytes)
			continue
		}
		out = append(out, b)
	}
	return out
}

// count adds a backup to its day.
func (p Protection) count(b made) {
	if day := p.day(b.at); day >= 0 {
		p.PerDay[day].Count++
		p.PerDay[day].Bytes += b.bytes
	}
}

// date is the date of a time in its zone, as midnight in UTC: all of them are a day apart, whatever clocks do.
func date(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// day is the number of the day of a time, -1 for one that is not shown.
func (p Protection) day(at time.Time) int {
	n := int(date(at.In(p.zone)).Sub(p.First) / (24 * time.Hour))
	if n < 0 || n >= p.Days {
		return -1
	}
	return n
}

func (g *Guest) add(b made, day int) {
	g.Count++
	g.Bytes += b.bytes
	if g.Last == nil || b.at.After(*g.Last) {
		at := b.at
		g.Last = &at
	}
	if day >= 0 {
		g.Days[day] |= dayMade | b.flags
	}
}

// judge says how a guest is. What plugins say counts most.
func (a *Area) judge(g *Guest, r *inventory.Record) {
	g.State = stateFine
	if g.Count == 0 {
		g.State = stateUnknown
	}
	if g.Overdue > 0 {
		g.State = stateOverdue
	}
	for _, c := range a.Conditions.Of(r.UID) {
		kind, _ := a.Inventory.Catalog().Kind(c.Kind)
		if kind.Category != compat.BackupCategory {
			continue
		}
		g.Reasons = append(g.Reasons, c.Message)
		switch {
		case c.Kind != compat.BackupNeverKind:
			g.State = stateFailed
		case g.State != stateFailed:
			g.State = stateNever
		}
	}
}

// guests are the things that are to be backed up.
func (a *Area) guests() (out []*inventory.Record) {
	snap := a.Inventory.Snapshot()
	for _, s := range a.Inventory.Catalog().Sections() {
		if !slices.Contains(compat.Protected(), s.Section) {
			continue
		}
		for _, r := range snap.Type(s.Type) {
			var members map[string]json.RawMessage
			if json.Unmarshal(r.Parts[""], &members) == nil && string(members[compat.ProtectedOmit]) == "true" {
				continue
			}
			out = append(out, r)
		}
	}
	return out
}

// backupLists are the declared lists of backups.
func (a *Area) backupLists() (out []string) {
	for _, kind := range a.Inventory.Catalog().Lists() {
		if slices.Contains(compat.BackupLists(), kind.APIList) {
			out = append(out, kind.Name)
		}
	}
	return out
}

// made returns the backups of a list by what they are of.
func (a *Area) made(list string) map[string][]made {
	out := map[string][]made{}
	a.Rows.Each(list, func(subject string, at time.Time, doc []byte) {
		b := made{at: at}
		var members map[string]any
		if json.Unmarshal(doc, &members) == nil {
			b.bytes, _ = members[compat.BackupSize].(float64)
			if members[compat.BackupVerified] == true {
				b.flags |= dayVerified
			}
			if members[compat.BackupProtected] == true {
				b.flags |= dayProtected
			}
		}
		out[subject] = append(out[subject], b)
	})
	return out
}

const (
	// batch is how many guests the store is asked about at once.
	batch = 500
	// recent is how old the number may be that says by how much a backup is late.
	recent = 2 * time.Hour
)

// overdue returns by how many seconds the newest backups are later than they should be.
func (a *Area) overdue(ctx context.Context, guests []*inventory.Record) (map[id.UID]float64, error) {
	out := map[id.UID]float64{}
	now := a.Now()
	for some := range slices.Chunk(guests, batch) {
		q := metric.Query{Metrics: []string{compat.BackupOverdue}, Instances: []string{""}, From: now.Add(-recent), To: now.Add(time.Second)}
		for _, r := range some {
			q.Records = append(q.Records, r.UID)
		}
		series, err := a.Metrics.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("ask how late backups are: %w", err)
		}
		for _, s := range series {
			if n := len(s.Points); n > 0 {
				out[s.Record] = s.Points[n-1].Value
			}
		}
	}
	return out, nil
}
