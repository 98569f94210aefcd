package pve

import (
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// lockTimes are how long the work takes at most for which the product locks a guest. A lock that is not here may stay: a
// guest that was suspended to disk has one, and so has a container that somebody has mounted.
var lockTimes = map[string]time.Duration{
	"backup": 24 * time.Hour, "migrate": 12 * time.Hour, "clone": 12 * time.Hour, "create": 12 * time.Hour, "disk": 12 * time.Hour,
	"snapshot": 2 * time.Hour, "snapshot-delete": 2 * time.Hour, "rollback": 2 * time.Hour, "suspending": 2 * time.Hour, "fstrim": 2 * time.Hour, "destroyed": 2 * time.Hour,
}

// watchLock remembers since when a guest is locked, and tells whether that has changed.
func (m *guestMemory) watchLock(lock string, now time.Time) bool {
	if lock == m.lock {
		return false
	}
	m.lock, m.lockedAt = lock, now.Unix()
	return true
}

// judgeLock tells of a lock that has been there for too long: the task that held it has died, or hangs.
func (m *guestMemory) judgeLock(row resourceRow, now time.Time) []sdk.Observation {
	limit, judged := lockTimes[m.lock]
	since := time.Unix(m.lockedAt, 0)
	if !judged || now.Sub(since) < limit {
		return nil
	}
	tool := "qm"
	if row.Type == "lxc" {
		tool = "pct"
	}
	return []sdk.Observation{sdk.Condition{Type: guestType(row), Key: guestKey(row), Kind: kindLocked, Severity: sdk.SeverityWarning, Since: since,
		Message: fmt.Sprintf("%s (%d) is locked (%s) for longer than such work takes, and cannot be changed. When no task runs for it, \"%s unlock %d\" on %s frees it.",
			m.name, row.VMID.V, m.lock, tool, row.VMID.V, row.Node),
		Metadata: map[string]string{"lock": m.lock}}}
}
