// Package report writes what was measured of resources over a time, and what went wrong with them, as CSV and PDF. It knows
// numbers, texts and times; where they come from is for the caller to say.
package report

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pulse-platform/pulse/core/metric"
)

// Report is about one resource or several.
type Report struct {
	Title     string
	From, To  time.Time
	Generated time.Time
	Parts     []Part
}

// Part is what the report says of one resource.
type Part struct {
	Type, ID, Name string
	// Facts are names and values that describe the resource.
	Facts  [][2]string
	Series []Series
	Alerts []Alert
}

// Series is one metric, or one instance of it, in units for people.
type Series struct {
	Name string // the column's
	// Label is what people read; the name when it is empty.
	Label string
	Unit  string // "%", "B/s"; may be empty
	// Step is the distance of the points, 0 for single samples.
	Step   time.Duration
	Points []metric.Point
}

func (s Series) title() string { return cmp.Or(s.Label, s.Name) }

// Alert is one that was there within the report's time. End is zero while it lasts.
type Alert struct {
	Severity, Message string
	Start, End        time.Time
}

// Summary is a series in short. Current is the last value.
type Summary struct {
	Count                      uint64
	Min, Max, Average, Current float64
}

// Summary sums a series up; the average is that of all samples. It is zero without points.
func (s Series) Summary() (sum Summary) {
	if len(s.Points) == 0 {
		return sum
	}
	sum.Min, sum.Max = math.Inf(1), math.Inf(-1)
	total := 0.0
	for _, p := range s.Points {
		sum.Count += uint64(p.Count)
		total += p.Value * float64(p.Count)
		sum.Min, sum.Max = min(sum.Min, p.Min), max(sum.Max, p.Max)
	}
	sum.Average, sum.Current = min(max(total/float64(sum.Count), sum.Min), sum.Max), s.Points[len(s.Points)-1].Value
	return sum
}

// pieces is into how many pieces of time a report is cut to tell how much of it was heard of a resource.
const pieces = 288

// Available returns the share of the time in which the resource was heard of, from the first that is known of it on, and
// whether anything is known.
func (p Part) Available(from, to time.Time) (share float64, known bool) {
	width := max(to.Sub(from)/pieces, time.Minute)
	for _, s := range p.Series {
		width = max(width, s.Step)
	}
	heard := map[int64]bool{}
	first := int64(math.MaxInt64)
	for _, s := range p.Series {
		for _, at := range s.Points {
			n := int64(at.Time().Sub(from) / width)
			heard[n] = true
			first = min(first, n)
		}
	}
	if len(heard) == 0 {
		return 0, false
	}
	all := int64((to.Sub(from) + width - 1) / width)
	return min(float64(len(heard))/float64(max(all-first, 1)), 1), true
}

// points returns how many points the part has.
func (p Part) points() (n int) {
	for _, s := range p.Series {
		n += len(s.Points)
	}
	return n
}

// CSV writes the report as rows: of each resource a head of comments, a summary and the data.
func (r Report) CSV(w io.Writer) error {
	for i, p := range r.Parts {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := r.csvPart(w, p); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

func (r Report) csvPart(w io.Writer, p Part) error {
	var b bytes.Buffer
	comment := func(name, value string) { fmt.Fprintf(&b, "# %s: %s\n", name, oneLine(value)) }
	fmt.Fprintf(&b, "# %s\n", oneLine(r.Title))
	comment("Resource Type", p.Type)
	comment("Resource ID", p.ID)
	comment("Resource Name", p.Name)
	comment("Period", r.From.UTC().Format(time.RFC3339)+" to "+r.To.UTC().Format(time.RFC3339))
	comment("Generated", r.Generated.UTC().Format(time.RFC3339))
	comment("Data Points", strconv.Itoa(p.points()))
	if share, known := p.Available(r.From, r.To); known {
		comment("Availability", fmt.Sprintf("%.2f%%", share*100))
	}
	b.WriteString("\n# SUMMARY\n")
	c := csv.NewWriter(&b)
	_ = c.Write([]string{"Metric", "Count", "Min", "Max", "Average", "Current", "Unit"})
	for _, s := range p.Series {
		sum := s.Summary()
		_ = c.Write([]string{Cell(s.Name), strconv.FormatUint(sum.Count, 10), decimal(sum.Min), decimal(sum.Max), decimal(sum.Average), decimal(sum.Current), s.Unit})
	}
	c.Flush()
	if len(p.Alerts) > 0 {
		b.WriteString("\n# ALERTS\n")
		_ = c.Write([]string{"Start", "End", "Severity", "Message"})
		for _, a := range p.Alerts {
			_ = c.Write([]string{a.Start.UTC().Format(time.RFC3339), moment(a.End), a.Severity, Cell(a.Message)})
		}
		c.Flush()
	}
	b.WriteString("\n# DATA\n")
	writeData(c, p.Series)
	if err := c.Error(); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// writeData writes a row for each moment of which any series has a point.
func writeData(c *csv.Writer, all []Series) {
	head := []string{"Timestamp"}
	rows := map[int64][]string{}
	for i, s := range all {
		name := s.Name
		if s.Unit != "" {
			name += " (" + s.Unit + ")"
		}
		head = append(head, Cell(name))
		for _, p := range s.Points {
			at := p.At
			if rows[at] == nil {
				rows[at] = make([]string, len(all)+1)
				rows[at][0] = p.Time().Format(time.RFC3339)
			}
			rows[at][i+1] = decimal(p.Value)
		}
	}
	_ = c.Write(head) // Error tells
	times := make([]int64, 0, len(rows))
	for at := range rows {
		times = append(times, at)
	}
	slices.Sort(times)
	for _, at := range times {
		_ = c.Write(rows[at])
	}
	c.Flush()
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Cell keeps a spreadsheet from taking a text that a stranger chose for a formula (OWASP, CSV injection).
func Cell(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}
