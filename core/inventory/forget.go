package inventory

import (
	"context"
	"slices"

	"github.com/pulse-platform/pulse/core/id"
)

// Integrations returns those that own records, by name.
func (i *Inventory) Integrations() []id.Integration {
	i.mu.Lock()
	defer i.mu.Unlock()
	var names []id.Integration
	for name, n := range i.counts {
		if n > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Forget drops all records of an integration that was removed, and returns their uids.
func (i *Inventory) Forget(ctx context.Context, integration id.Integration) ([]id.UID, error) {
	i.mu.Lock()
	var removed []id.UID
	for s, of := range i.scopes {
		if s.integration != integration {
			continue
		}
		for uid := range of {
			removed = append(removed, uid)
		}
	}
	if len(removed) == 0 {
		i.mu.Unlock()
		return nil, nil
	}
	slices.Sort(removed)
	for _, uid := range removed {
		i.drop(uid)
	}
	i.bump()
	news := Changed{Revision: i.revision, Removed: removed}
	i.mu.Unlock()
	err := i.flush(ctx, nil, removed)
	i.news.Publish(news)
	return removed, err
}

// Partitions returns where a task has records, by name.
func (i *Inventory) Partitions(integration id.Integration, task string) []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var names []string
	for s := range i.scopes {
		if s.integration == integration && s.task == task {
			names = append(names, s.partition)
		}
	}
	slices.Sort(names)
	return names
}
