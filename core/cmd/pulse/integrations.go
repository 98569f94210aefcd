package main

import (
	"context"
	"errors"
	"time"

	"github.com/pulse-platform/pulse/core/api/integrations"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk/host"
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

// upgraded takes a configuration that a plugin has brought to its present version. It is called by the goroutine that
// looks after the plugin, so storing it is left to [server.reconcile].
func (s *server) upgraded(u host.Upgraded) {
	select {
	case s.upgrades <- u:
	default:
		s.log.Warn("an upgraded configuration is not stored now; it is upgraded again at the next start", "integration", u.Integration)
	}
}

// storeUpgraded stores it.
func (s *server) storeUpgraded(ctx context.Context, u host.Upgraded) {
	note, err := s.integrations.Upgraded(ctx, id.Integration(u.Integration), u.Revision, u.Config, u.Version)
	if err != nil {
		s.log.Error("an upgraded configuration could not be stored; it is upgraded again at the next start", "integration", u.Integration, "error", err)
		return
	}
	if note != "" {
		s.log.Warn("an integration of the configuration file is written for an earlier version of its plugin", "integration", u.Integration, "do", note)
		return
	}
	s.log.Info("the plugin upgraded a configuration", "integration", u.Integration, "version", u.Version)
}

// usualPorts are where what a kind asks listens unless somebody changed it.
func (s *server) usualPorts(kind string) (out []int) {
	d, _ := s.plugins.Description(kind)
	for _, p := range d.Probes {
		out = append(out, p.Port)
	}
	return out
}
