package report

import (
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/pulse-platform/pulse/core/metric"
)

// Sizes of a page of A4, in millimetres.
const (
	margin      = 15.0
	width       = 210 - 2*margin
	chartHeight = 38.0
	axisWidth   = 18.0
	// maxCharts is the most charts of one resource; the table names all series.
	maxCharts = 60
)

// page writes a report on pages.
type page struct {
	*fpdf.Fpdf
	report Report
	text   func(string) string
}

// PDF writes the report as a document: of each resource its facts, a table of the numbers, the alerts and a chart for each
// series.
func (r Report) PDF(w io.Writer) error {
	d := page{Fpdf: fpdf.New("P", "mm", "A4", ""), report: r}
	d.text = d.UnicodeTranslatorFromDescriptor("")
	d.SetTitle(r.Title, true)
	d.SetCreator("Pulse", true)
	d.SetCreationDate(r.Generated)
	d.SetModificationDate(r.Generated)
	d.SetMargins(margin, margin, margin)
	d.SetAutoPageBreak(true, margin)
	d.AliasNbPages("")
	d.SetFooterFunc(d.footer)
	d.AddPage()
	d.heading(r.Title, 16)
	d.gray()
	d.line(fmt.Sprintf("%s to %s, made %s", date(r.From), date(r.To), date(r.Generated)))
	if len(r.Parts) > 1 {
		d.overview()
	}
	for i, p := range r.Parts {
		if len(r.Parts) > 1 || i > 0 {
			d.AddPage()
			d.heading(p.Name, 13)
		}
		d.part(p)
	}
	if err := d.Output(w); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (d page) footer() {
	d.SetY(-margin + 3)
	d.font("", 8)
	d.gray()
	d.CellFormat(width, 5, fmt.Sprintf("Page %d of {nb}", d.PageNo()), "", 0, "R", false, 0, "")
}

func (d page) font(style string, size float64) { d.SetFont("Helvetica", style, size) }
func (d page) gray()                           { d.SetTextColor(100, 100, 100) }
func (d page) black()                          { d.SetTextColor(20, 20, 20) }

func (d page) heading(text string, size float64) {
	d.font("B", size)
	d.black()
	d.MultiCell(width, size*0.5, d.text(text), "", "L", false)
	d.Ln(1.5)
	d.font("", 9)
}

func (d page) line(text string) {
	d.MultiCell(width, 5, d.text(text), "", "L", false)
}

// overview lists the resources of a report about several.
func (d page) overview() {
	d.Ln(3)
	rows := make([][]string, 0, len(d.report.Parts))
	for _, p := range d.report.Parts {
		rows = append(rows, []string{p.Name, p.Type, d.available(p), fmt.Sprint(len(p.Alerts))})
	}
	d.table([]string{"Resource", "Type", "Available", "Alerts"}, []float64{90, 40, 25, 25}, rows)
}

func (d page) available(p Part) string {
	if share, known := p.Available(d.report.From, d.report.To); known {
		return fmt.Sprintf("%.2f %%", share*100)
	}
	return "unknown"
}

func (d page) part(p Part) {
	d.black()
	for _, f := range append([][2]string{{"Type", p.Type}, {"ID", p.ID}, {"Available", d.available(p)}}, p.Facts...) {
		d.font("B", 9)
		d.CellFormat(30, 5, d.text(f[0]), "", 0, "L", false, 0, "")
		d.font("", 9)
		d.MultiCell(width-30, 5, d.text(f[1]), "", "L", false)
	}
	d.Ln(3)
	if len(p.Series) == 0 {
		d.gray()
		d.line("Nothing was measured in this time.")
	} else {
		d.numbers(p.Series)
	}
	d.alerts(p.Alerts)
	for i, s := range p.Series {
		if i == maxCharts {
			d.gray()
			d.line(fmt.Sprintf("%d more series have no chart here; the CSV report has their numbers.", len(p.Series)-maxCharts))
			break
		}
		d.chart(s)
	}
}

func (d page) numbers(all []Series) {
	rows := make([][]string, 0, len(all))
	for _, s := range all {
		sum := s.Summary()
		rows = append(rows, []string{s.title(), short(sum.Min, s.Unit), short(sum.Average, s.Unit), short(sum.Max, s.Unit), short(sum.Current, s.Unit)})
	}
	d.heading("Numbers", 11)
	d.table([]string{"Metric", "Least", "Average", "Most", "Last"}, []float64{72, 27, 27, 27, 27}, rows)
}

func (d page) alerts(all []Alert) {
	d.Ln(3)
	d.heading("Alerts", 11)
	if len(all) == 0 {
		d.gray()
		d.line("None in this time.")
		d.Ln(2)
		return
	}
	rows := make([][]string, 0, len(all))
	for _, a := range all {
		lasted := "still there"
		if !a.End.IsZero() {
			lasted = a.End.Sub(a.Start).Round(time.Second).String()
		}
		rows = append(rows, []string{date(a.Start), lasted, a.Severity, a.Message})
	}
	d.table([]string{"Began", "Lasted", "Severity", "What"}, []float64{34, 24, 20, 102}, rows)
	d.Ln(2)
}

// table writes rows of cells, each in one line, cut where it is too long.
func (d page) table(head []string, widths []float64, rows [][]string) {
	d.SetFillColor(235, 238, 242)
	d.SetDrawColor(215, 218, 222)
	d.black()
	write := func(cells []string, fill bool) {
		for i, c := range cells {
			align := "L"
			if len(head) == 5 && i > 0 {
				align = "R"
			}
			d.CellFormat(widths[i], 5.5, d.fit(c, widths[i]-2), "B", 0, align, fill, 0, "")
		}
		d.Ln(-1)
	}
	d.font("B", 8)
	write(head, true)
	d.font("", 8)
	for _, r := range rows {
		write(r, false)
	}
}

// fit cuts a text to a width.
func (d page) fit(text string, most float64) string {
	out := d.text(text)
	if d.GetStringWidth(out) <= most {
		return out
	}
	for len(out) > 0 && d.GetStringWidth(out+"...") > most {
		out = out[:len(out)-1]
	}
	return out + "..."
}

// chart draws a series: a line through the averages over a band from the least to the most. Where nothing was measured, there
// is nothing.
func (d page) chart(s Series) {
	if d.GetY()+chartHeight+16 > 297-margin {
		d.AddPage()
	}
	d.Ln(2)
	d.font("B", 9)
	d.black()
	d.CellFormat(width, 5, d.fit(s.title(), width), "", 1, "L", false, 0, "")
	top := d.GetY() + 1
	sum := s.Summary()
	low, high := min(sum.Min, 0), ceiling(sum.Max, s.Unit)
	if s.Unit == "%" && sum.Max <= 100 && low == 0 {
		high = 100
	}
	if high <= low {
		high = low + 1
	}
	f := frame{d.report.From, d.report.To, low, high, margin + axisWidth, top, width - axisWidth}
	d.grid(f, s.Unit)
	for _, run := range runs(s, d.report.To.Sub(d.report.From)) {
		d.run(f, run)
	}
	d.SetY(top + chartHeight + 6)
}

// frame maps times and values to places on the page.
type frame struct {
	from, to           time.Time
	low, high          float64
	left, top, breadth float64
}

func (f frame) x(t time.Time) float64 {
	return f.left + f.breadth*min(max(float64(t.Sub(f.from))/float64(f.to.Sub(f.from)), 0), 1)
}

func (f frame) y(v float64) float64 {
	return f.top + chartHeight*(1-min(max((v/2-f.low/2)/(f.high/2-f.low/2), 0), 1))
}

func (d page) grid(f frame, unit string) {
	d.font("", 7)
	d.gray()
	d.SetDrawColor(225, 228, 232)
	d.SetLineWidth(0.1)
	for i := range 5 {
		v := f.low*(1-float64(i)/4) + f.high*float64(i)/4
		d.Line(f.left, f.y(v), f.left+f.breadth, f.y(v))
		d.SetXY(margin, f.y(v)-2)
		d.CellFormat(axisWidth-1.5, 4, d.text(short(v, unit)), "", 0, "R", false, 0, "")
	}
	format := "15:04"
	if f.to.Sub(f.from) > 48*time.Hour {
		format = "2 Jan"
	}
	for i := range 7 {
		t := f.from.Add(f.to.Sub(f.from) * time.Duration(i) / 6)
		d.SetXY(f.x(t)-10, f.top+chartHeight+0.5)
		d.CellFormat(20, 4, t.UTC().Format(format), "", 0, "C", false, 0, "")
	}
}

// runs cuts points where there is a gap.
func runs(s Series, span time.Duration) (out [][]metric.Point) {
	gap := max(s.Step*5/2, span/100)
	for i, p := range s.Points {
		if i == 0 || p.Time().Sub(s.Points[i-1].Time()) > gap {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], p)
	}
	return out
}

func (d page) run(f frame, points []metric.Point) {
	band := make([]fpdf.PointType, 0, 2*len(points))
	for _, p := range points {
		band = append(band, fpdf.PointType{X: f.x(p.Time()), Y: f.y(p.Max)})
	}
	for i := range points {
		p := points[len(points)-1-i]
		band = append(band, fpdf.PointType{X: f.x(p.Time()), Y: f.y(p.Min)})
	}
	d.SetFillColor(205, 222, 246)
	if len(points) > 1 {
		d.Polygon(band, "F")
	}
	d.SetDrawColor(37, 99, 200)
	d.SetFillColor(37, 99, 200)
	d.SetLineWidth(0.3)
	for i, p := range points {
		if len(points) == 1 {
			d.Circle(f.x(p.Time()), f.y(p.Value), 0.4, "F")
		} else if i > 0 {
			d.Line(f.x(points[i-1].Time()), f.y(points[i-1].Value), f.x(p.Time()), f.y(p.Value))
		}
	}
}
