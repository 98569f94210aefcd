package sqlite

import (
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// So many new series that they fill a frame, and then their samples: these go into the next frame.
func TestAFrameThatDefinitionsFilledTakesNoSamples(t *testing.T) {
	for _, samples := range []int{1, packFrom} {
		var w frameWriter
		w.reset()
		long := strings.Repeat("m", 200)
		for n := uint32(1); len(w.buf) <= fillFrame+frameHeader; n++ {
			w.define(n, metric.Key{Record: id.UID("r"), Metric: long})
		}
		for n := range samples {
			w.sample(uint32(n+1), point{at: 1, value: 2})
		}
		full := len(w.buf)
		w.close()
		if len(w.buf) <= full+frameHeader || w.start != -1 || len(w.batch) != 0 {
			t.Errorf("%d samples: %d bytes after %d", samples, len(w.buf), full)
		}
	}
}
