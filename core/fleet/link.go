package fleet

import (
	"context"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

// Links says for one kind of reporter which other resource each is.
type Links struct {
	fleet *Fleet
	kind  string
}

// Links returns the links of a report kind's reporters.
func (f *Fleet) Links(kind string) Links { return Links{f, kind} }

// Link says that a reporter is the resource with a wire id, of the first type with such an id that the reporter's section
// shows as linked. Other links of both end. The code is not found when either is not there.
func (l Links) Link(ctx context.Context, host, target string) error {
	r, ok := l.fleet.Find(l.kind, host)
	if !ok {
		return errs.New(errs.NotFound, "there is no host %.64q", host)
	}
	inv := l.fleet.cfg.Inventory
	section, _ := inv.Catalog().Section(r.Type)
	for _, in := range section.Inject {
		if in.Value != sdk.InjectLinked {
			continue
		}
		if other, ok := inv.Snapshot().Find(in.Arg, target); ok && other.UID != r.UID {
			return inv.Link(ctx, r.UID, other.UID)
		}
	}
	return errs.New(errs.NotFound, "there is no resource %.64q that a host could be", target)
}

// Unlink says that a reporter is no other resource, whatever their names. The code is not found when it is not linked.
func (l Links) Unlink(ctx context.Context, host string) error {
	r, ok := l.fleet.Find(l.kind, host)
	if !ok {
		return errs.New(errs.NotFound, "there is no host %.64q", host)
	}
	return l.fleet.cfg.Inventory.Unlink(ctx, r.UID)
}
