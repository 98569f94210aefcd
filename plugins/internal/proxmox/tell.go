package proxmox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Meter gathers the samples of one record. What is not known is left out.
type Meter struct {
	Type, Key string
	Samples   []sdk.Observation
}

// Add adds a number when it is known.
func (m *Meter) Add(metric string, value float64, known bool) {
	m.AddInstance(metric, "", value, known)
}

// AddInstance adds a number of one of several instances.
func (m *Meter) AddInstance(metric, instance string, value float64, known bool) {
	if known && !math.IsNaN(value) && !math.IsInf(value, 0) {
		m.Samples = append(m.Samples, sdk.Sample{Type: m.Type, Key: m.Key, Metric: metric, Instance: instance, Value: value})
	}
}

// Ratio keeps a share within 0 and 1, which measuring in steps may overshoot.
func Ratio(v float64) float64 { return min(1, max(0, v)) }

// Percent is a share of 0 to 1 in percent, with two decimals.
func Percent(v float64) float64 { return Round(Ratio(v)*100, 2) }

// Round keeps some decimals.
func Round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

// Document encodes what holds finite numbers, texts and times that JSON has; anything else is a fault of the program.
func Document(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode document: %v", err))
	}
	return b
}

// lastSecond is the last one of the year 9999; JSON has no time beyond.
const lastSecond = 253402300799

// Time is the number as a time in Unix seconds; the zero time when there is none.
func (n Int) Time() time.Time {
	if n.V <= 0 || n.V > lastSecond {
		return time.Time{}
	}
	return time.Unix(n.V, 0).UTC()
}

// KindOf returns what a failed call means, empty for what is no failed call.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// Away tells that no other call will be answered either.
func Away(err error) bool {
	return slices.Contains([]Kind{KindUnreachable, KindAuth, KindSecondFactor, KindCertificate, KindForeign}, KindOf(err))
}

// Forbidden tells that a call failed because the account lacks a right.
func Forbidden(err error) bool { return sdk.KindOf(err) == sdk.KindPermission }

// Step is a part of a task that is read on its own and fails on its own.
type Step struct {
	Name string
	// Skip leaves it out.
	Skip bool
	Read func(context.Context) ([]sdk.Observation, error)
}

// Run reads one step after the other, each into a partition of its name, until the server answers no more. What the account
// may not read fails alone; the first other error is the task's.
func Run(ctx context.Context, sink sdk.Sink, steps ...Step) error {
	var first error
	for _, s := range steps {
		if s.Skip {
			continue
		}
		p := sink.Partition(s.Name)
		found, err := s.Read(ctx)
		if err == nil {
			err = p.Emit(found...)
		}
		if err := errors.Join(p.Done(err), ctx.Err()); err != nil {
			return err
		}
		if Away(err) {
			return err
		}
		if first == nil && !Forbidden(err) {
			first = err
		}
	}
	return first
}
