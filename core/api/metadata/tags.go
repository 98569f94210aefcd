package metadata

import (
	"context"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
)

const (
	maxTagged  = 1000
	maxTags    = 20
	maxTag     = 64        // bytes
	maxTagBody = 512 << 10 // bytes
)

// Tagger gives tags to things; it is an [inventory.Metadata].
type Tagger interface {
	Tag(ctx context.Context, kind compat.MetadataKind, id string, add, remove []string) (bool, error)
}

// Things are what bears tags; it is an [inventory.Inventory].
type Things interface {
	Snapshot() *inventory.Snapshot
	Catalog() *inventory.Catalog
	Retag()
}

// tagged names a resource by its type and its id on the wire.
type tagged struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type tagIn struct {
	Resources []tagged `json:"resources"`
	Add       []string `json:"add,omitempty"`
	Remove    []string `json:"remove,omitempty"`
}

// tagOut lists the resources whose tags are others now: what has to be asked for to undo it.
type tagOut struct {
	Changed []tagged `json:"changed"`
}

// TagRoutes returns the row that tags many resources at once.
func TagRoutes(store Tagger, things Things) []route.Route {
	tag := func(ctx context.Context, in tagIn) (tagOut, error) { return tagAll(ctx, store, things, in) }
	return []route.Route{
		route.Post("/api/v2/resources/tags", "tagResources", "Give resources tags and take others away; those of their sources stay", tag).
			Scope(auth.ScopeMonitoringWrite).Body(maxTagBody),
	}
}

func tagAll(ctx context.Context, store Tagger, things Things, in tagIn) (tagOut, error) {
	out := tagOut{Changed: []tagged{}}
	if err := in.check(); err != nil {
		return out, err
	}
	snap, catalog := things.Snapshot(), things.Catalog()
	records := make([]*inventory.Record, len(in.Resources))
	for n, one := range in.Resources {
		r, there := snap.Find(one.Type, one.ID)
		if !there {
			return out, errs.New(errs.NotFound, "there is no %s %q: it may have been removed", one.Type, one.ID).WithField("resources")
		}
		records[n] = r
	}
	defer things.Retag()
	for n, r := range records {
		changed, err := store.Tag(ctx, catalog.MetadataKind(r.Type), r.WireID, in.Add, in.Remove)
		if err != nil {
			return out, err
		}
		if changed {
			out.Changed = append(out.Changed, in.Resources[n])
		}
	}
	return out, nil
}

// check tidies the tags and refuses what cannot be one.
func (in *tagIn) check() error {
	if len(in.Resources) == 0 || len(in.Resources) > maxTagged {
		return errs.New(errs.Invalid, "name between 1 and %d resources, not %d", maxTagged, len(in.Resources)).WithField("resources")
	}
	if len(in.Add)+len(in.Remove) == 0 {
		return errs.New(errs.Invalid, "say which tags to add or to remove").WithField("add")
	}
	for field, list := range map[string][]string{"add": in.Add, "remove": in.Remove} {
		if len(list) > maxTags {
			return errs.New(errs.Invalid, "%d tags at once are more than %d", len(list), maxTags).WithField(field)
		}
		for n, tag := range list {
			list[n] = strings.TrimSpace(tag)
			if list[n] == "" || len(list[n]) > maxTag || strings.ContainsAny(list[n], ",;\n\r\t") {
				return errs.New(errs.Invalid, "a tag is a text of 1 to %d bytes without commas, semicolons and line breaks", maxTag).WithField(field)
			}
		}
	}
	if both := slices.IndexFunc(in.Add, func(tag string) bool { return slices.Contains(in.Remove, tag) }); both >= 0 {
		return errs.New(errs.Invalid, "the tag %q is to be added and to be removed", in.Add[both]).WithField("remove")
	}
	return nil
}
