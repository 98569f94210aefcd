package sqlite

import "github.com/pulse-platform/pulse/core/id"

// CountSeries returns how many series the records have.
func (m *Metrics) CountSeries(records []id.UID) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n := 0
	for _, uid := range records {
		n += len(m.byRecord[uid])
	}
	return n
}
