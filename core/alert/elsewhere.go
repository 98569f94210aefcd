package alert

import (
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
)

// bearers are the pieces of evidence that the resources of a revision of the inventory bear, by kind. It keeps no snapshot, which
// would keep all documents of that time.
type bearers struct {
	revision uint64
	kind     map[string]map[string]struct{}
}

// bear tells whether some resource bears a piece of evidence.
func (b *bearers) bear(s *inventory.Snapshot, c *inventory.Catalog, kind, value string) bool {
	if b.kind == nil || b.revision != s.Revision {
		b.revision, b.kind = s.Revision, map[string]map[string]struct{}{}
	}
	values, known := b.kind[kind]
	if !known {
		values = map[string]struct{}{}
		for _, t := range c.Types() {
			for _, r := range s.Type(t.Name) {
				for _, e := range r.Evidence {
					if e.Kind == kind {
						values[e.Value] = struct{}{}
					}
				}
			}
		}
		b.kind[kind] = values
	}
	_, found := values[value]
	return found
}

// elsewhere tells whether the instance of a metric is a resource by itself, whose own numbers are judged. The caller holds mu.
func (e *Engine) elsewhere(uid id.UID, kind, instance string) bool {
	r, there := e.Inventory.Record(uid)
	if !there || instance == "" {
		return false
	}
	plain, _ := plainKind(kind)
	m, _ := e.policy.catalog.Metric(r.Type, plain)
	if m.Subject == "" {
		return false
	}
	for i := range r.Evidence {
		own := &r.Evidence[i]
		if own.Kind == m.Subject && e.bearers.bear(e.Inventory.Snapshot(), e.policy.catalog, m.Subject, own.Value+instance) {
			return true
		}
	}
	return false
}
