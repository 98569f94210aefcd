package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
)

// counter is a sink that only counts, so that what is measured is the plugin and the way to it.
type counter struct{ records, unchanged, samples int }

func (c *counter) Emit(obs ...sdk.Observation) error {
	for _, o := range obs {
		switch o := o.(type) {
		case sdk.Record:
			c.records++
		case sdk.Unchanged:
			c.unchanged++
		case sdk.Samples:
			c.samples += len(o)
		}
	}
	return nil
}
func (c *counter) Partition(string) sdk.Partition { return counted{c} }

type counted struct{ *counter }

func (counted) Done(err error) error { return err }

// BenchmarkCycle is a cycle of 10,000 records through the demo plugin's process: all of them changed, and one in a
// hundred. Memory is that of the plugin's process.
func BenchmarkCycle(b *testing.B) {
	for _, churn := range []int{100, 1} {
		b.Run(fmt.Sprintf("changed=%d%%", churn), func(b *testing.B) {
			instance, plugin := demo(b, map[string]any{"machines": 100, "guests": 9900, "churn": churn})
			var c counter
			if err := instance.Collect(b.Context(), "all", &c); err != nil { // the first sends everything
				b.Fatal(err)
			}
			c = counter{}
			for b.Loop() {
				if err := instance.Collect(b.Context(), "all", &c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.records)/float64(b.N), "records/op")
			b.ReportMetric(float64(c.unchanged)/float64(b.N), "unchanged/op")
			b.ReportMetric(float64(c.samples)/float64(b.N), "samples/op")
			b.ReportMetric(pss(b, plugin.Status().PID), "plugin-MiB")
		})
	}
}

// demo starts the demo plugin with a world of the given size.
func demo(b *testing.B, config map[string]any) (sdk.Collector, *host.Plugin) {
	b.Helper()
	binary := filepath.Join(bin, "plugins", "pulse-plugin-demo")
	manifest, err := host.ReadManifest(binary + ".json")
	if err != nil {
		b.Fatal(err)
	}
	raw, err := json.Marshal(config)
	if err != nil {
		b.Fatal(err)
	}
	p := host.New(host.Config{Binary: binary, Manifest: manifest, Dir: b.TempDir(), Log: hclog.NewNullLogger()})
	p.Start(b.Context())
	b.Cleanup(p.Stop)
	p.Want([]host.Wanted{{Instance: sdk.Instance{Integration: "demo/bench", Name: "bench", Revision: 1, Config: raw}}})
	p.Need()
	limited, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	i, err := p.Instance(limited, "demo/bench")
	if err != nil {
		b.Fatal(err)
	}
	return i, p
}
