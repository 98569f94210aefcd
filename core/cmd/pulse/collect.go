package main

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/poll"
	"github.com/pulse-platform/pulse/sdk"
)

// watchPause is how long a lost watch waits before it is tried again.
const watchPause = 5 * time.Second

// watch follows a source until it is lost.
func (s *server) watch(ctx context.Context, j poll.Job) error {
	watcher, err := s.plugins.Watcher(ctx, j.Integration)
	if err != nil {
		return err
	}
	after := context.WithoutCancel(ctx)
	sink := s.door.Watch(after, j.Integration, func() { s.poll.Worked(j) })
	err = watcher.Watch(ctx, sink)
	switch {
	case ctx.Err() != nil || !s.integrations.Runs(j.Integration):
		return sink.End(after, nil) // it is to end
	case err == nil:
		err = sdk.Errorf(sdk.KindUpstream, "The source ended the watch.")
	}
	return sink.End(after, err)
}

// collect runs one task: the live collector writes into the one door.
func (s *server) collect(ctx context.Context, j poll.Job) error {
	if j.Watch {
		return s.watch(ctx, j)
	}
	c, err := s.plugins.Collector(ctx, j.Integration)
	if err != nil {
		return err
	}
	sink := s.door.Begin(ingest.Cycle{Integration: j.Integration, Task: j.Task, ObservedAt: time.Now()})
	err = c.Collect(ctx, j.Task, sink)
	if !s.integrations.Runs(j.Integration) {
		return nil // it was removed meanwhile, and what it brought must not come back
	}
	_, applied := sink.End(context.WithoutCancel(ctx), err)
	if err != nil {
		return err
	}
	return applied
}
