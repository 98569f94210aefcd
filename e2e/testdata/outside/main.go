// Command pulse-plugin-brewer is a whole plugin of a stranger: kettles with their temperature. Nothing of the server knows it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
	"github.com/pulse-platform/pulse/sdk/serve"
)

type config struct {
	Kettles int `name:"kettles" default:"2" min:"1" max:"100" help:"How many kettles there are."`
}

type brewery struct {
	config
	now func() time.Time
}

func (b *brewery) Collect(_ context.Context, _ string, sink sdk.Sink) error {
	for i := range b.Kettles {
		heat := 60 + 30*math.Sin(float64(b.now().Unix()+int64(i)))
		key := fmt.Sprintf("kettle-%d", i+1)
		doc, _ := json.Marshal(map[string]any{"name": key, "heat": heat})
		if err := sink.Emit(
			sdk.Record{Type: "kettle", Key: key, WireID: key, Name: key, Status: sdk.StatusUp, Doc: doc},
			sdk.Sample{Type: "kettle", Key: key, Metric: "heat", Value: heat},
		); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	serve.Main(schema.Define(sdk.Description{
		Kind: "brewer", Name: "Brewer", Summary: "Kettles.", Version: "1.0.0",
		Types: []sdk.ResourceType{{
			Name: "kettle", Label: "Kettle", Plural: "Kettles", Icon: "beer", Family: "brewery", Metrics: []string{"heat"},
			Columns: []sdk.Column{{Name: "heat", Label: "Heat", Metric: "heat", Path: "heat", Format: sdk.FormatCelsius, Default: true}},
		}},
		Metrics: []sdk.Metric{{Name: "heat", Types: []string{"kettle"}, Unit: sdk.UnitCelsius, Kind: sdk.Gauge, Label: "Heat", Chart: "heat"}},
		Sections: []sdk.StateSection{{
			Section: "kettles", Type: "kettle", ChartGroup: "kettleData", ChartMetrics: []string{"heat"}, HistoryType: "kettle",
			Inject: []sdk.Inject{{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus}},
		}},
		Tasks: []sdk.Task{{Name: "look", Interval: time.Second, Types: []string{"kettle"}}},
	}, func(c config, d sdk.Deps) (*brewery, error) { return &brewery{c, d.Now}, nil }))
}
