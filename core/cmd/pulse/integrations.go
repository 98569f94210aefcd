package main

import (
	"context"
	"errors"
	"time"

	"github.com/pulse-platform/pulse/core/api/integrations"
	"github.com/pulse-platform/pulse/core/id"
)

// managed lets the API remove an integration with all that it brought.
type managed struct {
	integrations.Service
	server *server
}

// Delete forgets the integration, its records and their series. What it keeps running for a moment finds the door closed.
func (m managed) Delete(ctx context.Context, name id.Integration, revision int64) error {
	if err := m.Service.Delete(ctx, name, revision); err != nil {
		return err
	}
	removed, err := m.server.inventory.Forget(ctx, name)
	if err = errors.Join(err, m.server.door.Forget(ctx, name)); err != nil {
		return err
	}
	return m.server.metrics.Delete(ctx, removed)
}

// integrationStatus tells how an integration is doing: its instance in the plugin's process, then its tasks.
func (s *server) integrationStatus(name id.Integration) integrations.Status {
	st := integrations.Status{State: "starting", Tasks: []integrations.Task{}}
	for _, p := range s.plugins.Status() {
		problem, there := p.Instances[string(name)]
		if !there {
			continue
		}
		if problem == "" {
			st.State = "ok"
		} else {
			st.State, st.Error = "failing", problem
		}
	}
	for _, t := range s.poll.Status() {
		if t.Integration != name {
			continue
		}
		st.Tasks = append(st.Tasks, integrations.Task{
			Name: t.Task, Running: t.Running, LastSuccess: millis(t.LastSuccess), LastTook: t.LastTook.Milliseconds(),
			Next: millis(t.Next), Failures: t.Failures, Error: t.LastError,
		})
		if t.Failures > 0 && st.State == "ok" {
			st.State, st.Error = "failing", t.LastError
		}
	}
	return st
}

// millis is a time on the wire; 0 is never.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
