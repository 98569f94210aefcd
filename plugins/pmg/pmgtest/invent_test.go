package pmgtest

import (
	"testing"
	"time"
)

// At any hour the backups of an invented gateway are ones that have been made.
func TestBackupsOfAnInventedWorldAreMade(t *testing.T) {
	for h := range 24 {
		start := time.Date(2026, 11, 29, h, 5, 0, 0, time.UTC)
		for _, n := range Invent(2, func() time.Time { return start }).Nodes {
			made := n.Remotes[0].Backups
			for _, b := range n.Backups {
				made = append(made, b.Time)
			}
			for _, at := range made {
				if at.After(start) {
					t.Errorf("at %v %s has a backup of %v", start, n.Name, at)
				}
			}
		}
	}
}
