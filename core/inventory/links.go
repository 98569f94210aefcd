package inventory

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// LinkStore keeps what people decided about links: for each reporter what it is, empty when it is nothing else.
type LinkStore interface {
	Links(ctx context.Context) (map[id.UID]id.UID, error)
	// SaveLinks puts all decisions in place of those that are stored, all or none.
	SaveLinks(ctx context.Context, all map[id.UID]id.UID) error
}

// LoadLinks reads what people decided.
func (i *Inventory) LoadLinks(ctx context.Context, store LinkStore) error {
	all, err := store.Links(ctx)
	if err != nil {
		return fmt.Errorf("load links: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.links, i.linkStore = all, store
	i.bump()
	return nil
}

// Link says that a reporter's record and another one are the same machine. A link of either with a third one ends.
func (i *Inventory) Link(ctx context.Context, host, target id.UID) error {
	for _, uid := range []id.UID{host, target} {
		if _, ok := i.Record(uid); !ok {
			return errs.New(errs.NotFound, "there is no resource %.64q", uid)
		}
	}
	return i.decide(ctx, func(all map[id.UID]id.UID) bool {
		maps.DeleteFunc(all, func(_, other id.UID) bool { return other == target })
		all[host] = target
		return true
	}, host, target)
}

// Unlink says that a reporter's record is no other one's machine, whatever their names. Without a link it fails with code
// not found.
func (i *Inventory) Unlink(ctx context.Context, host id.UID) error {
	linked := i.Snapshot().links(i.Catalog())[host]
	if len(linked) == 0 {
		return errs.New(errs.NotFound, "resource %.64q is not linked", host)
	}
	return i.decide(ctx, func(all map[id.UID]id.UID) bool { all[host] = ""; return true }, append([]id.UID{host}, linked...)...)
}

// ForgetLink drops what was decided for a reporter that was removed.
func (i *Inventory) ForgetLink(ctx context.Context, host id.UID) error {
	return i.decide(ctx, func(all map[id.UID]id.UID) bool {
		_, decided := all[host]
		delete(all, host)
		return decided
	}, host)
}

// decide changes the decisions: saved first, then shown. Edit returns whether there is a change.
func (i *Inventory) decide(ctx context.Context, edit func(map[id.UID]id.UID) bool, touched ...id.UID) error {
	i.linking.Lock()
	defer i.linking.Unlock()
	i.mu.Lock()
	all, store := maps.Clone(i.links), i.linkStore
	i.mu.Unlock()
	if all == nil {
		all = map[id.UID]id.UID{}
	}
	if !edit(all) {
		return nil
	}
	if store != nil {
		if err := store.SaveLinks(ctx, all); err != nil {
			return fmt.Errorf("save links: %w", err)
		}
	}
	i.mu.Lock()
	i.links = all
	i.bump()
	news := Changed{Revision: i.revision}
	for _, uid := range touched {
		if i.records[uid] != nil {
			news.Updated = append(news.Updated, uid)
		}
	}
	i.mu.Unlock()
	i.news.Publish(news)
	return nil
}

// links returns what is linked with what, both ways. It is made once for a snapshot.
func (s *Snapshot) links(c *Catalog) map[id.UID][]id.UID {
	s.linkOnce.Do(func() {
		s.linked = map[id.UID][]id.UID{}
		for _, section := range c.shown {
			if _, reports := c.ReportOf(section.Type); reports {
				s.linkType(section)
			}
		}
	})
	return s.linked
}

// linkType links the reporters of a type: as people decided, else by their names.
func (s *Snapshot) linkType(section sdk.StateSection) {
	kinds := linkedKinds(section)
	if len(kinds) == 0 || len(s.byType[section.Type]) == 0 {
		return
	}
	taken := map[id.UID]bool{}
	for _, target := range s.decided {
		taken[target] = true
	}
	var named map[string]names
	for _, r := range s.byType[section.Type] {
		if !r.Source.Reporter {
			continue
		}
		target, decided := s.decided[r.UID]
		if !decided {
			if named == nil {
				named = s.names(kinds)
			}
			target = byName(r.Source.Hostname, kinds, named)
			if taken[target] {
				continue
			}
		}
		if s.byUID[target] != nil {
			s.linked[r.UID] = append(s.linked[r.UID], target)
			s.linked[target] = append(s.linked[target], r.UID)
		}
	}
}

// linkedKinds are the types whose records a section shows as linked.
func linkedKinds(section sdk.StateSection) []string {
	var kinds []string
	for _, in := range section.Inject {
		if in.Value == sdk.InjectLinked && in.Arg != section.Type {
			kinds = append(kinds, in.Arg)
		}
	}
	return kinds
}

// names are the records of a type by their names in lower case: whole, and cut at the first dot where there is one.
type names struct{ whole, cut map[string][]id.UID }

func (s *Snapshot) names(kinds []string) map[string]names {
	out := map[string]names{}
	for _, kind := range kinds {
		n := names{map[string][]id.UID{}, map[string][]id.UID{}}
		for _, r := range s.byType[kind] {
			name := strings.ToLower(r.Name)
			n.whole[name] = append(n.whole[name], r.UID)
			if short, _, dotted := strings.Cut(name, "."); dotted {
				n.cut[short] = append(n.cut[short], r.UID)
			}
		}
		out[kind] = n
	}
	return out
}

// byName returns the one record with a host name, of the first type that has any; empty when there are several or none.
// A name without a domain is that of any domain; names of two domains are two names.
func byName(hostname string, kinds []string, named map[string]names) id.UID {
	hostname = strings.ToLower(hostname)
	short, _, dotted := strings.Cut(hostname, ".")
	if short == "" {
		return ""
	}
	for _, kind := range kinds {
		n := named[kind]
		found := append([]id.UID{}, n.whole[hostname]...)
		if dotted {
			found = append(found, n.whole[short]...)
		} else {
			found = append(found, n.cut[hostname]...)
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0]
		}
		return ""
	}
	return ""
}

// Linked returns the record of a type that is the same machine as r.
func (s *Snapshot) Linked(c *Catalog, r *Record, kind string) (*Record, bool) {
	for _, uid := range s.links(c)[r.UID] {
		if other := s.byUID[uid]; other != nil && other.Type == kind {
			return other, true
		}
	}
	return nil, false
}

// linkedIDs are the wire ids of what a section shows as linked with a record, in the section's order.
func (s *Snapshot) linkedIDs(c *Catalog, r *Record, section sdk.StateSection) (ids string) {
	for _, kind := range linkedKinds(section) {
		if other, ok := s.Linked(c, r, kind); ok {
			ids += other.WireID
		}
		ids += "\n"
	}
	return ids
}
