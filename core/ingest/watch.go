package ingest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// WatchTask stands for the task of what a watch brings. No declared task has an empty name.
const WatchTask = ""

// settled is how long after its last partition the first picture of a watch is taken to be whole, when no change says so
// before.
const settled = 3 * time.Second

// errSecondLook ends a watch whose first picture lacks so much that a second one has to confirm it.
var errSecondLook = sdk.Errorf(sdk.KindUpstream, "Much was missing at once; the source is asked again before that is believed.")

// WatchSink takes what a watch sends: a first picture in partitions, then changes outside of them. It is safe for
// concurrent use.
type WatchSink struct {
	door        *Door
	ctx         context.Context //nolint:containedctx // of the watch: a sink's methods have none
	integration id.Integration
	name        string // of this connection
	heard       func()

	mu       sync.Mutex
	parts    map[string]*picture
	open     int
	settling *time.Timer
	whole    bool // the first picture is complete
	changed  []sdk.Unchanged
	missing  int // records of the first picture that a second one has to confirm
	err      error
}

// picture is one partition of the first picture: what it named, and why it could not be read.
type picture struct {
	named []sdk.Unchanged
	err   error
}

var (
	_ sdk.CycleSink = (*WatchSink)(nil)
	_ sdk.FullSink  = (*WatchSink)(nil)
)

// Watch opens a sink for one connection of a watch. Heard is called once, when something was taken in. End closes it.
func (d *Door) Watch(ctx context.Context, integration id.Integration, heard func()) *WatchSink {
	return &WatchSink{door: d, ctx: ctx, integration: integration, heard: sync.OnceFunc(heard), name: "watch/" + id.Random(8), parts: map[string]*picture{}}
}

// Begin is told which cycle follows; a watch is one.
func (w *WatchSink) Begin(sdk.Cycle) error { return nil }

// NeedsAll says that nothing may be left out: what was known before the connection may have changed.
func (w *WatchSink) NeedsAll() bool { return true }

func (w *WatchSink) cycle(extent inventory.Extent) Cycle {
	return Cycle{Integration: w.integration, Task: WatchTask, ObservedAt: w.door.now(), Extent: extent, Look: w.name}
}

// Emit takes a change in at once. The first one says that the first picture is complete.
func (w *WatchSink) Emit(obs ...sdk.Observation) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if !w.whole && w.open == 0 && len(w.parts) > 0 {
		if err := w.complete(); err != nil {
			return err
		}
	}
	if !w.whole {
		w.changed = append(w.changed, named(obs)...)
	}
	_, err := w.door.Apply(w.ctx, w.cycle(inventory.Changes), []Partition{{Observations: obs}})
	if err == nil {
		w.heard()
	}
	return err
}

// Partition opens a part of the first picture.
func (w *WatchSink) Partition(name string) sdk.Partition {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	if w.settling != nil {
		w.settling.Stop()
	}
	return &watched{sink: w, name: name}
}

// watched is one partition while it is filled.
type watched struct {
	sink *WatchSink
	name string
	obs  []sdk.Observation
	size int
	done bool
}

// Emit adds to the partition.
func (p *watched) Emit(obs ...sdk.Observation) error {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	if p.done {
		return errDone
	}
	if p.size += size(obs); p.size > maxObservations {
		return errTooBig
	}
	p.obs = append(p.obs, obs...)
	return nil
}

// Done ends the partition and takes it in.
func (p *watched) Done(err error) error {
	w := p.sink
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.done {
		return errDone
	}
	p.done = true
	w.open--
	out, applied := w.door.Apply(w.ctx, w.cycle(inventory.Some), []Partition{{Name: p.name, Observations: p.obs, Err: err}})
	w.missing += out.Unconfirmed
	if err == nil && applied == nil {
		w.heard()
	}
	if w.whole {
		return applied // a part of the source was looked at anew, in the middle of the watch: it stands for itself
	}
	w.parts[p.name] = &picture{named: named(p.obs), err: errors.Join(err, applied)}
	p.obs = nil
	if w.open == 0 {
		w.settling = time.AfterFunc(settled, w.settle)
	}
	return applied
}

// settle completes the first picture when no change did.
func (w *WatchSink) settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.whole && w.open == 0 && w.err == nil {
		// The error ends the watch with the next message.
		_ = w.complete()
	}
}

// complete judges what the first picture did not name at all: it is gone, as after a whole cycle.
func (w *WatchSink) complete() error {
	w.whole = true
	if w.settling != nil {
		w.settling.Stop()
	}
	// What came by changes since the connection is not in the picture, and is there.
	all := []Partition{{Name: "", Observations: stillThere(w.changed)}}
	for _, name := range w.door.inv.Partitions(w.integration, WatchTask) {
		if _, seen := w.parts[name]; !seen && name != "" {
			all = append(all, Partition{Name: name})
		}
	}
	for name, p := range w.parts {
		part := Partition{Name: name, Observations: stillThere(p.named), Err: p.err}
		if name == "" {
			all[0].Observations, all[0].Err = append(all[0].Observations, part.Observations...), p.err
			continue
		}
		all = append(all, part)
	}
	out, err := w.door.Apply(w.ctx, w.cycle(inventory.Whole), all)
	w.parts, w.changed = nil, nil
	switch {
	case err != nil:
		w.err = err
	case w.missing+out.Unconfirmed > 0:
		w.err = errSecondLook
	}
	return w.err
}

// End closes the sink. With an error the connection is lost, and all that the watch brought is stale with its reason.
func (w *WatchSink) End(ctx context.Context, err error) error {
	w.mu.Lock()
	if w.settling != nil {
		w.settling.Stop()
	}
	second := w.err
	w.err = errDone
	w.mu.Unlock()
	if second != nil && !errors.Is(second, errDone) {
		err = second
	}
	if err == nil {
		return nil
	}
	var lost []Partition
	for _, name := range w.door.inv.Partitions(w.integration, WatchTask) {
		lost = append(lost, Partition{Name: name, Err: err})
	}
	if len(lost) > 0 {
		if _, applied := w.door.Apply(ctx, w.cycle(inventory.Some), lost); applied != nil {
			return errors.Join(err, applied)
		}
	}
	return err
}

// named are the records that observations name.
func named(obs []sdk.Observation) (out []sdk.Unchanged) {
	for _, o := range obs {
		switch o := o.(type) {
		case sdk.Record:
			out = append(out, sdk.Unchanged{Type: o.Type, Key: o.Key})
		case sdk.Unchanged:
			if o.Part == "" {
				out = append(out, o)
			}
		}
	}
	return out
}

func stillThere(all []sdk.Unchanged) []sdk.Observation {
	out := make([]sdk.Observation, 0, len(all))
	for _, u := range all {
		out = append(out, u)
	}
	return out
}
