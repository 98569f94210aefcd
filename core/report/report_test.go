package report

import (
	"bytes"
	"flag"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
)

var update = flag.Bool("update", false, "write the golden files anew")

var start = time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)

func point(after time.Duration, low, v, high float64, count uint32) metric.Point {
	return metric.Point{At: start.Add(after).UnixMilli(), Value: v, Min: low, Max: high, Count: count}
}

func sample() Report {
	return Report{
		Title: "node Report: pve1", From: start, To: start.Add(24 * time.Hour), Generated: start.Add(25 * time.Hour),
		Parts: []Part{{
			Type: "node", ID: "pve1", Name: "=pve1\nx", Facts: [][2]string{{"Status", "online"}},
			Series: []Series{
				{Name: "cpu", Unit: "%", Step: time.Hour, Points: []metric.Point{point(12*time.Hour, 1, 2, 9, 3), point(13*time.Hour, 4, 4, 4, 1)}},
				{Name: "used /", Unit: "B", Step: time.Hour, Points: []metric.Point{point(13*time.Hour, 1<<30, 1<<30, 1<<30, 1)}},
				{Name: "empty"},
			},
			Alerts: []Alert{{"critical", "CPU at 99 %, \"hot\"", start.Add(time.Hour), start.Add(2 * time.Hour)}, {"warning", "still", start.Add(3 * time.Hour), time.Time{}}},
		}},
	}
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := sample().CSV(&b); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/report.csv"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, b.Bytes()) {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestAvailable(t *testing.T) {
	r := sample()
	if share, known := r.Parts[0].Available(r.From, r.To); !known || math.Abs(share-2.0/12) > 1e-9 {
		t.Errorf("%v, %v", share, known)
	}
	if _, known := (Part{}).Available(r.From, r.To); known {
		t.Error("nothing is known of what was never heard of")
	}
}

// The document is whole whatever is in it: many series, none, texts that no font has.
func TestPDF(t *testing.T) {
	r := sample()
	for range 70 {
		r.Parts[0].Series = append(r.Parts[0].Series, Series{Name: strings.Repeat("long ", 40) + "✓ 日本", Points: []metric.Point{point(time.Hour, 0, 0, 0, 1), point(2*time.Hour, -5, 1e18, math.MaxFloat64, 1)}})
	}
	r.Parts = append(r.Parts, Part{Type: "vm", ID: "x", Name: "nothing"})
	var b bytes.Buffer
	if err := r.PDF(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) || !bytes.Contains(b.Bytes(), []byte("%%EOF")) || b.Len() < 10_000 {
		t.Errorf("%d bytes: %.40q", b.Len(), b.Bytes())
	}
	f := frame{r.From, r.To, -math.MaxFloat64, math.MaxFloat64, 0, 0, 100}
	for _, v := range []float64{-math.MaxFloat64, 0, math.MaxFloat64} {
		if y := f.y(v); math.IsNaN(y) || y < 0 || y > chartHeight {
			t.Errorf("%v lies at %v", v, y)
		}
	}
}
