package pbs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
)

// The rhythm of a group is learned from its own backups: a server is told of no schedule. The longest of the last distances is
// what its owner lives with, weekends without backups among them. Pruning makes distances longer and never shorter, so that it
// makes the judgement milder.
const (
	// lastBackups is how many backups the distances are taken of: a week of working days lies between six. With fewer there is
	// no rhythm yet.
	lastBackups = 6
	// A group is given up when it is older than that many times what its rhythm allows, and than givenUpAfter.
	givenUpTimes = 4
	givenUpAfter = 30 * 24 * time.Hour
)

// rhythm is how long a group may go without a backup: half as long again as the longest distance between its last ones. It is 0
// while that is not known. The times are put in order.
func rhythm(made []time.Time) time.Duration {
	slices.SortFunc(made, time.Time.Compare)
	if len(made) < lastBackups {
		return 0
	}
	made = made[len(made)-lastBackups:]
	var longest time.Duration
	for i := range made[1:] {
		longest = max(longest, made[i+1].Sub(made[i]))
	}
	return longest + longest/2
}

// overdue returns by how much the newest backup of a group is later than its rhythm allows; false when there is none, or when
// nobody waits for another one any more.
func (g groupState) overdue(now time.Time) (time.Duration, bool) {
	age := now.Sub(g.whole)
	if g.rhythm == 0 || g.whole.IsZero() || age > max(givenUpAfter, givenUpTimes*g.rhythm) {
		return 0, false
	}
	return max(0, age-g.rhythm), true
}

// measureRhythm adds by how much groups are overdue. Copies that sync jobs fetch come when the jobs run, and not when the backups
// were made; how such jobs end is told. What lies on a disk that people take out has their rhythm.
func (c *Collector) measureRhythm(ctx context.Context, store string, s sweep, now time.Time, m *proxmox.Meter) error {
	if c.removable(store) {
		return nil
	}
	late := map[groupKey]time.Duration{}
	for key, g := range s.groups {
		if by, judged := g.overdue(now); judged {
			late[key] = by
		}
	}
	if len(late) == 0 {
		return nil
	}
	jobs, err := c.jobsOf(ctx, syncing)
	if err != nil && !proxmox.Forbidden(err) {
		return err
	}
	for key, by := range late {
		copied := slices.ContainsFunc(jobs, func(j job) bool { return j.fetches(key) })
		m.AddInstance("backup_overdue", instance(key), by.Seconds(), !copied)
	}
	return nil
}

// fetches tells whether a sync job brings a group here.
func (j job) fetches(key groupKey) bool {
	ns := string(j.Namespace)
	return j.Direction != "push" && string(j.Store) == key.store && (ns == "" || key.namespace == ns || strings.HasPrefix(key.namespace, ns+"/"))
}
