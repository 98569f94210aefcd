package live

import (
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
)

// forgetAfter is how long the table outlives the last client, who may come back.
const forgetAfter = 5 * time.Minute

// shared is the one table of all clients of the delta protocol. There is none while nobody listens.
type shared struct {
	from Sources
	now  func() time.Time

	mu     sync.Mutex
	table  *table
	looked time.Time
	wanted time.Time // when somebody listened last
}

// look brings the table up to date while somebody listens, and forgets it some time after nobody does.
func (s *shared) look(wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if wanted {
		s.wanted = now
		s.update(now)
	} else if now.Sub(s.wanted) > forgetAfter {
		s.table = nil
	}
}

// current returns the table, at most a second old.
func (s *shared) current() *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.wanted = now
	if since := now.Sub(s.looked); s.table == nil || since >= coalesce || since < 0 {
		s.update(now)
	}
	return s.table
}

func (s *shared) update(now time.Time) {
	s.looked = now
	catalog := s.from.Resources.Catalog()
	if s.table == nil || s.table.worn(catalog) {
		s.table = newTable(catalog, now)
	}
	beside := beside{alerts: s.from.Document.Member(compat.StateActiveAlerts)}
	if s.from.Conditions != nil {
		beside.conditions = s.from.Conditions()
	}
	s.table.update(s.from.Resources.Snapshot(), beside)
}
