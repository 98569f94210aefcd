package integration

import (
	"context"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// Join has another integration ask in the place of this one, which is disabled and kept. Enabling it parts them again, for
// good. What a file owns cannot be joined: the file would disagree.
func (s *Service) Join(ctx context.Context, name, into id.Integration) error {
	s.mu.Lock()
	x, there := s.all[name]
	_, known := s.all[into]
	s.mu.Unlock()
	switch {
	case !there || !known || name == into:
		return errs.New(errs.NotFound, "there is no integration %q to join with %q", name, into)
	case x.Apart || x.Joined == into:
		return nil
	}
	x.Enabled, x.Joined = false, into
	_, _, err := s.Save(ctx, x, x.Revision)
	return err
}

// rejoined says how a change leaves it with who asks in the place of an integration: enabling it means that it asks by itself.
func rejoined(old, x Integration) (joined id.Integration, apart bool) {
	switch {
	case old.Joined != "" && x.Enabled:
		return "", true
	case x.Joined != "" && !x.Enabled:
		return x.Joined, false
	}
	return old.Joined, old.Apart
}

// Joins returns who asks in whose place.
func (s *Service) Joins() map[id.Integration]id.Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[id.Integration]id.Integration{}
	for name, x := range s.all {
		if _, there := s.all[x.Joined]; there && !x.Enabled {
			out[name] = x.Joined
		}
	}
	return out
}
