package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Config says how much to invent.
type Config struct {
	Machines int   `name:"machines" default:"3" min:"1" max:"10000" help:"How many machines to invent."`
	Guests   int   `name:"guests" default:"30" min:"0" max:"100000" help:"How many guests to invent; they spread over the machines."`
	Gadgets  int   `name:"gadgets" default:"0" min:"0" max:"100000" help:"How many things of types that only this plugin has; they spread over pumps, lamps and robots."`
	Seed     int64 `name:"seed" default:"1" help:"The same seed makes the same world."`
	Churn    int   `name:"churn" default:"100" min:"1" max:"100" help:"How many of a hundred change from one cycle to the next; the others stay as they were."`
	Turnover int   `name:"turnover" default:"0" min:"0" max:"100" help:"How many guests in a hundred are replaced by others within an hour."`
}

// Collector invents one world.
type Collector struct {
	cfg  Config
	deps sdk.Deps

	mu    sync.Mutex
	cycle int
	// machines and guests hold when each was last moved on.
	machines, guests []time.Time
}

// New returns a collector of the configured size.
func New(cfg Config, deps sdk.Deps) (*Collector, error) {
	return &Collector{cfg: cfg, deps: deps, machines: make([]time.Time, cfg.Machines), guests: make([]time.Time, cfg.Guests)}, nil
}

// move lets the clock of those go on whose turn it is: the churn is spread evenly over the cycles.
func (c *Collector) move(clocks []time.Time, now time.Time) {
	turns := max(1, 100/max(1, c.cfg.Churn))
	for i := range clocks {
		if clocks[i].IsZero() || (i+c.cycle)%turns == 0 {
			clocks[i] = now
		}
	}
}

// Collect runs one of the tasks.
func (c *Collector) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	switch task {
	case taskMachines:
		return c.collectMachines(ctx, sink)
	case taskGadgets:
		return c.collectGadgets(sink)
	case taskBackups:
		return c.collectBackups(ctx, sink)
	}
	return sdk.Errorf(sdk.KindInvalid, "there is no task %q", task)
}

// collectMachines emits every machine with its guests, a partition each, so that one may fail alone.
func (c *Collector) collectMachines(ctx context.Context, sink sdk.Sink) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.deps.Now()
	c.move(c.machines, now)
	c.move(c.guests, now)
	c.cycle++
	for i := range c.cfg.Machines {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := machineAt(c.cfg.Seed, i, c.machines[i])
		p := sink.Partition("machine/" + m.Name)
		if err := p.Emit(m.observations()...); err != nil {
			return err
		}
		for g := i; g < c.cfg.Guests; g += c.cfg.Machines {
			if err := p.Emit(guestAt(c.cfg, g, m, c.guests[g]).observations(m)...); err != nil {
				return err
			}
		}
		if err := p.Done(nil); err != nil {
			return err
		}
	}
	return nil
}

func (m machine) observations() []sdk.Observation {
	obs := []sdk.Observation{
		sdk.Record{
			Type: typeMachine, Key: "machine/" + m.Name, Name: m.Name, WireID: m.Name, Status: m.Status, StatusWord: string(m.Status),
			Evidence: []sdk.Evidence{{Kind: sdk.EvidenceHostName, Value: m.Name}},
			Doc:      document(m),
		},
		sdk.Samples{
			{Type: typeMachine, Key: "machine/" + m.Name, Metric: "cpu", Value: m.CPU},
			{Type: typeMachine, Key: "machine/" + m.Name, Metric: "memory", Value: m.Memory.Usage / 100},
			{Type: typeMachine, Key: "machine/" + m.Name, Metric: "temperature", Instance: "cpu_package", Value: m.Temperature},
		},
	}
	if m.FanFailed {
		obs = append(obs, sdk.Condition{Type: typeMachine, Key: "machine/" + m.Name, Kind: "fan_failed", Instance: "fan1",
			Severity: sdk.SeverityWarning, Message: fmt.Sprintf("Fan 1 of %s does not turn.", m.Name)})
	}
	return obs
}

func (g guest) observations(on machine) []sdk.Observation {
	key := "guest/" + g.Name // a guest that comes in the place of another has another name
	obs := []sdk.Observation{sdk.Record{
		Type: typeGuest, Key: key, Name: g.Name, WireID: g.Name, Status: g.Status, StatusWord: string(g.Status), Tags: g.Tags,
		Relations: []sdk.Relation{{Kind: sdk.RunsOn, Type: typeMachine, Key: "machine/" + on.Name}},
		Evidence:  []sdk.Evidence{{Kind: evidenceGuest, Value: g.Name}},
		Doc:       document(g),
	}}
	if g.Status != sdk.StatusUp {
		return obs // what does not run has no numbers
	}
	return append(obs, sdk.Samples{
		{Type: typeGuest, Key: key, Metric: "cpu", Value: g.CPU},
		{Type: typeGuest, Key: key, Metric: "memory", Value: g.Memory.Usage / 100},
		{Type: typeGuest, Key: key, Metric: "netin", Value: g.NetworkIn},
		{Type: typeGuest, Key: key, Metric: "netout", Value: g.NetworkOut},
	})
}

// document never fails: the types below hold finite numbers and strings only.
func document(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
