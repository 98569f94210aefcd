package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// printer is a sink that writes what it is given. The server's own puts it into the inventory and the store of series.
type printer struct{ partition string }

func (p printer) Emit(obs ...sdk.Observation) error {
	for _, o := range obs {
		switch o := o.(type) {
		case sdk.Record:
			fmt.Println(p.partition+o.Type, o.Key, o.Status)
		case sdk.Sample:
			fmt.Println(p.partition+o.Type, o.Key, o.Metric, o.Value)
		case sdk.Removed:
			fmt.Println(p.partition+o.Type, o.Key, "removed")
		case sdk.Condition:
			fmt.Println(p.partition+o.Type, o.Key, o.Kind+":", o.Message)
		}
	}
	return nil
}

func (printer) Partition(name string) sdk.Partition { return part{printer{name + ": "}} }

type part struct{ printer }

func (p part) Done(err error) error {
	if err != nil {
		fmt.Println(p.partition+"failed:", err)
	}
	return nil
}

// thermometer has one sensor that works and one whose bus hangs.
type thermometer struct{}

func (thermometer) Collect(_ context.Context, _ string, sink sdk.Sink) error {
	cellar := sink.Partition("cellar")
	err := cellar.Emit(
		sdk.Record{Type: "sensor", Key: "cellar", Name: "Cellar", Status: sdk.StatusUp},
		sdk.Sample{Type: "sensor", Key: "cellar", Metric: "temperature", Value: 11.5},
	)
	if err != nil {
		return err
	}
	if err := cellar.Done(nil); err != nil {
		return err
	}
	// What cannot be read fails alone: its record becomes stale with this reason, and the cellar stays fresh.
	return sink.Partition("attic").Done(sdk.Errorf(sdk.KindUnreachable, "The bus of the attic does not answer."))
}

// A collector runs when the server says that a task is due. Each partition commits on its own.
func ExampleCollector() {
	var c sdk.Collector = thermometer{}
	if err := c.Collect(context.Background(), "read", printer{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// cellar: sensor cellar up
	// cellar: sensor cellar temperature 11.5
	// attic: failed: unreachable: The bus of the attic does not answer.
}

// doors tells of doors that open and close, as they do.
type doors struct{ events []string }

func (d doors) Watch(ctx context.Context, sink sdk.Sink) error {
	all := sink.Partition("doors") // first everything that is there ...
	if err := all.Emit(sdk.Record{Type: "door", Key: "front", Name: "Front door", Status: sdk.StatusUp}); err != nil {
		return err
	}
	if err := all.Done(nil); err != nil {
		return err
	}
	for _, gone := range d.events { // ... then what changes, outside of partitions
		if err := sink.Emit(sdk.Removed{Type: "door", Key: gone}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// A watcher follows its source by itself: a snapshot, then changes.
func ExampleWatcher() {
	var w sdk.Watcher = doors{events: []string{"front"}}
	if err := w.Watch(context.Background(), printer{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// doors: door front up
	// door front removed
}

// meter decodes what smart meters push.
type meter struct{}

func (meter) Ingest(_ context.Context, r sdk.Report) (sdk.Ingested, error) {
	var body struct {
		Serial string   `json:"serial"`
		Watts  *float64 `json:"watts"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil || body.Serial == "" {
		return sdk.Ingested{}, &sdk.Error{Kind: sdk.KindInvalid, Code: "invalid_report", Field: "serial", Message: "A report names its serial number."}
	}
	out := sdk.Ingested{
		Claims:       sdk.Claims{IDs: []string{body.Serial}},
		Observations: []sdk.Observation{sdk.Record{Type: "meter", Key: sdk.Self, Name: body.Serial, Status: sdk.StatusUp}},
	}
	if body.Watts != nil { // what was not measured is left out: absent is not zero
		out.Observations = append(out.Observations, sdk.Sample{Type: "meter", Key: sdk.Self, Metric: "power", Value: *body.Watts})
	}
	return out, nil
}

// An ingester says who a report claims to be from and what was observed. The server decides whom to believe.
func ExampleIngester() {
	var i sdk.Ingester = meter{}
	got, err := i.Ingest(context.Background(), sdk.Report{Kind: "meter", Body: []byte(`{"serial":"A7","watts":230}`)})
	fmt.Println(got.Claims.IDs, len(got.Observations), err)
	_, err = i.Ingest(context.Background(), sdk.Report{Kind: "meter", Body: []byte(`{}`)})
	fmt.Println(err)
	// Output:
	// [A7] 2 <nil>
	// invalid: A report names its serial number.
}

// broker is tried before its configuration is saved.
type broker struct{ password sdk.Secret }

func (b broker) Check(_ context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	progress(sdk.CheckStep{Name: "Connect", Outcome: sdk.CheckPassed, Took: 3 * time.Millisecond})
	if b.password.Reveal() != "right" {
		progress(sdk.CheckStep{Name: "Log in", Outcome: sdk.CheckFailed, Message: "The broker refuses the password."})
		return sdk.CheckResult{}, sdk.Errorf(sdk.KindAuth, "The broker refuses the password.")
	}
	return sdk.CheckResult{Product: "Broker", Version: "5.0"}, nil
}

// A checker tries a configuration step by step, so that the form can show how far it came.
func ExampleChecker() {
	var c sdk.Checker = broker{password: sdk.Secret("wrong")}
	_, err := c.Check(context.Background(), func(s sdk.CheckStep) { fmt.Printf("%s: %s\n", s.Name, s.Outcome) })
	fmt.Println(err)
	// Output:
	// Connect: passed
	// Log in: failed
	// auth: The broker refuses the password.
}
