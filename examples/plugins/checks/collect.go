package checks

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// atOnce is how many targets are asked at the same time.
const atOnce = 16

// Checks is one configured list of targets.
type Checks struct {
	cfg  Config
	door door
}

// New returns an instance.
func New(cfg Config, _ sdk.Deps) (*Checks, error) { return &Checks{cfg, newDoor(cfg)}, nil }

// Collect asks every target. One that cannot be asked is unknown, and the others are told all the same.
func (c *Checks) Collect(ctx context.Context, _ string, sink sdk.Sink) error {
	results := make([][]sdk.Observation, len(c.cfg.Targets))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, t := range c.cfg.Targets {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = observe(t, c.ask(ctx, t))
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, obs := range results {
		if err := sink.Emit(obs...); err != nil {
			return err
		}
	}
	return nil
}

// outcome is an answer, or why there is none.
type outcome struct {
	answer
	err error
}

func (c *Checks) ask(ctx context.Context, t Target) outcome {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	a, err := c.door.knock(ctx, t)
	return outcome{a, err}
}

// Check asks every target once, a step each.
func (c *Checks) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	for _, t := range c.cfg.Targets {
		o := c.ask(ctx, t)
		s := sdk.CheckStep{Name: t.Name, Outcome: sdk.CheckPassed, Message: o.detail, Took: o.took}
		switch {
		case o.err != nil:
			s.Outcome, s.Message = sdk.CheckFailed, o.err.Error()
		case !o.up:
			s.Outcome = sdk.CheckWarning
		}
		progress(s)
	}
	return sdk.CheckResult{Product: "Checks"}, ctx.Err()
}

// document is the record's own part.
type document struct {
	Target  string   `json:"target"`
	By      string   `json:"by"`
	Latency *float64 `json:"latencyMs,omitempty"`
	Detail  string   `json:"detail,omitempty"`
}

// observe turns an outcome into observations: who did not answer has no latency, and who was not asked has nothing.
func observe(t Target, o outcome) []sdk.Observation {
	doc := document{Target: t.Address, By: t.By, Detail: o.detail}
	record := sdk.Record{Type: typeCheck, Key: t.Name, Name: t.Name, Status: sdk.StatusUp}
	sample := func(metric string, v float64) sdk.Sample {
		return sdk.Sample{Type: typeCheck, Key: t.Name, Metric: metric, Value: v}
	}
	var obs []sdk.Observation
	switch {
	case o.err != nil:
		record.Status, doc.Detail = sdk.StatusUnknown, o.err.Error()
	case !o.up:
		record.Status = sdk.StatusDown
		obs = append(obs, sample("available", 0))
	default:
		ms := float64(o.took.Round(10*time.Microsecond).Microseconds()) / 1000
		doc.Latency = &ms
		obs = append(obs, sample("available", 1), sample("latency", o.took.Seconds()))
	}
	record.Doc = encode(doc)
	return append([]sdk.Observation{record}, obs...)
}

// encode never fails: the document holds text and finite numbers only.
func encode(doc document) json.RawMessage {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return b
}
