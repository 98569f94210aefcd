package main

import (
	"context"
	"encoding/json"
	"time"

	_ "time/tzdata" // quiet hours and maintenance windows need zones that a small machine may not have

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api/alerts"
	"github.com/pulse-platform/pulse/core/api/live"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// openAlerts loads rules and what fired before.
func (s *server) openAlerts(ctx context.Context) (err error) {
	started := time.Now()
	s.alerts, err = alert.Open(ctx, alert.Config{
		Metrics: s.metrics, Sources: s.sources, Store: sqlite.NewAlerts(s.base.state), Settings: sqlite.NewSettings(s.base.state), Inventory: s.inventory, Conditions: s.books.Conditions,
		Log: s.log.Named("alerts"), Now: time.Now, Steady: func() time.Duration { return time.Since(started) },
	})
	if err != nil {
		return err
	}
	s.door.Judged(s.alerts.Samples)
	s.showAlerts()
	return nil
}

// sources are the integrations that should run, with what is wrong with them.
func (s *server) sources() []alert.Source {
	var out []alert.Source
	for _, x := range s.integrations.Desired() {
		out = append(out, alert.Source{ID: x.ID, Kind: x.Kind, Name: x.Name, Problem: s.integrationStatus(x.ID).Error})
	}
	return out
}

// showAlerts puts what fires into the state document.
func (s *server) showAlerts() {
	s.state.Set(compat.StateActiveAlerts, alerts.Member(s.alerts.Active()))
}

// judge looks at what no sample tells. A failure is told once, until it is over.
func (s *server) judge(ctx context.Context) {
	err := s.alerts.Tick(ctx)
	switch {
	case err != nil && !s.judging.failed && ctx.Err() == nil:
		s.log.Error("alerts cannot be judged or stored; it is tried again every few seconds", "error", err)
	case err == nil && s.judging.failed:
		s.log.Info("alerts are judged again")
	}
	s.judging.failed = err != nil
}

// showEvery is how often what fires is shown anew at most.
const showEvery = time.Second

// maxAnnounced is how many changes at once are told one by one.
const maxAnnounced = 50

// announce tells those who listen what began and what ended to fire.
func (s *server) announce(ctx context.Context) {
	news, stop := s.alerts.Subscribe(256)
	defer stop()
	// The list is written once a second at most, however much moves; what begins and ends is told at once.
	wait := time.NewTicker(showEvery)
	defer wait.Stop()
	var shown time.Time
	stale := false
	show := func() {
		if stale && time.Since(shown) >= showEvery {
			s.showAlerts()
			shown, stale = time.Now(), false
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
			show()
		case c := <-news:
			stale = true
			show()
			if len(c.Fired)+len(c.Resolved) > maxAnnounced {
				continue // the list says it; that many messages would only cut listeners off
			}
			for _, a := range c.Fired {
				s.live.Broadcast("alert", alerts.Message(a))
			}
			for _, a := range c.Resolved {
				if id, err := json.Marshal(map[string]string{"alertId": a.ID}); err == nil {
					s.live.Broadcast("alertResolved", id)
				}
			}
		}
	}
}

// news tells that resources or alerts changed.
func (s *server) news() (<-chan struct{}, func()) {
	resources, stopResources := live.Coalesced(s.inventory.Subscribe)()
	if s.alerts == nil {
		return resources, stopResources
	}
	fired, stopFired := live.Coalesced(s.alerts.Subscribe)()
	out, done := make(chan struct{}, 1), make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-resources:
			case <-fired:
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out, func() { stopResources(); stopFired(); close(done) }
}
