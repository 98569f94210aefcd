package charts

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/report"
)

type exportIn struct {
	// Type is the resources' type; with an id it is that of the one.
	Type   string `query:"resourceType"`
	ID     string `query:"resourceId"`
	Metric string `query:"metric"`
	Range  string `query:"range"`
	// End is where the range ends, in Unix milliseconds; without it, or in the future, it ends now.
	End       int64  `query:"end"`
	MaxPoints int    `query:"maxPoints"`
	Format    string `query:"format" enum:"csv,openmetrics,line" default:"csv"`
}

// export writes samples with their resources, in canonical units, as other programs read them.
func (a *Area) export(ctx context.Context, in exportIn) (route.Raw, error) {
	records, err := a.chosen(in)
	if err != nil {
		return route.Raw{}, err
	}
	width, _ := lookBack(in.Range)
	if err := a.longTerm(width); err != nil {
		return route.Raw{}, err
	}
	end := a.now()
	if in.End > 0 && in.End < end.UnixMilli() {
		end = time.UnixMilli(in.End)
	}
	q := metric.Query{From: end.Add(-width), To: end.Add(time.Millisecond), MaxPoints: max(in.MaxPoints, 0)}
	if in.Metric != "" {
		q.Metrics = a.namesOf(records, in.Metric)
	}
	byUID := map[id.UID]*inventory.Record{}
	for _, r := range records {
		byUID[r.UID] = r
		q.Records = append(q.Records, r.UID)
	}
	series, err := a.store.Query(ctx, q)
	if err != nil {
		return route.Raw{}, fmt.Errorf("query export: %w", err)
	}
	var b bytes.Buffer
	kind, suffix := "text/csv; charset=utf-8", "csv"
	switch in.Format {
	case "openmetrics":
		kind, suffix = "application/openmetrics-text; version=1.0.0; charset=utf-8", "txt"
		openMetrics(&b, series, byUID, true)
	case "line":
		kind, suffix = "text/plain; charset=utf-8", "lp"
		lineProtocol(&b, series, byUID)
	default:
		if err := exportCSV(&b, series, byUID); err != nil {
			return route.Raw{}, err
		}
	}
	return attachment("metrics-"+cmp.Or(in.ID, in.Type), a.now(), suffix, kind, b.Bytes()), nil
}

// chosen returns the resources that are asked for: one, or all of a type.
func (a *Area) chosen(in exportIn) ([]*inventory.Record, error) {
	if in.ID == "" {
		if in.Type == "" {
			return nil, errs.New(errs.Invalid, "say which resources: resourceType for all of a type, with resourceId for one").WithField("resourceType")
		}
		return a.ofType(in.Type), nil
	}
	r, err := a.find(in.Type, in.ID)
	if err == nil && r == nil {
		err = errs.New(errs.NotFound, "there is no such resource").WithField("resourceId")
	}
	return []*inventory.Record{r}, err
}

// ofType returns all resources of a type, by its name in history queries or its own.
func (a *Area) ofType(kind string) (all []*inventory.Record) {
	snap := a.inv.Snapshot()
	for _, section := range a.inv.Catalog().Sections() {
		if section.HistoryType == kind && section.Type != kind {
			all = append(all, snap.Type(section.Type)...)
		}
	}
	return append(all, snap.Type(kind)...)
}

// namesOf returns the names that a metric has with each type among records.
func (a *Area) namesOf(records []*inventory.Record, name string) []string {
	names := []string{name}
	for _, r := range records {
		if m, ok := a.metric(r.Type, name); ok {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func exportCSV(b *bytes.Buffer, series []metric.Series, of map[id.UID]*inventory.Record) error {
	w, cell := csv.NewWriter(b), report.Cell // names come from machines
	_ = w.Write([]string{"time", "resource", "type", "id", "name", "metric", "instance", "value", "min", "max", "count"})
	for _, s := range series {
		r := of[s.Record]
		for _, p := range s.Points {
			_ = w.Write([]string{
				p.Time().Format(time.RFC3339Nano), string(r.UID), r.Type, cell(r.WireID), cell(r.Name), cell(s.Metric), cell(s.Instance),
				number(p.Value), number(p.Min), number(p.Max), strconv.FormatUint(uint64(p.Count), 10),
			})
		}
	}
	w.Flush()
	return w.Error()
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// openMetrics writes series in the text format of OpenMetrics: each metric once, all its series behind it.
func openMetrics(b *bytes.Buffer, series []metric.Series, of map[id.UID]*inventory.Record, times bool) {
	series = slices.Clone(series)
	slices.SortStableFunc(series, func(x, y metric.Series) int { return strings.Compare(metricName(x.Metric), metricName(y.Metric)) })
	for i, s := range series {
		name, r := metricName(s.Metric), of[s.Record]
		if i == 0 || name != metricName(series[i-1].Metric) {
			fmt.Fprintf(b, "# TYPE %s gauge\n", name)
		}
		labels := fmt.Sprintf(`{resource="%s",type="%s",id="%s",name="%s"`, quoted(string(r.UID)), quoted(r.Type), quoted(r.WireID), quoted(r.Name))
		if s.Instance != "" {
			labels += fmt.Sprintf(`,instance_name="%s"`, quoted(s.Instance))
		}
		for _, p := range s.Points {
			fmt.Fprintf(b, "%s%s} %s", name, labels, number(p.Value))
			if times {
				fmt.Fprintf(b, " %d.%03d", p.Time().Unix(), p.At%1000)
			}
			b.WriteByte('\n')
		}
	}
	b.WriteString("# EOF\n")
}

// metricName makes a name of Prometheus.
func metricName(name string) string {
	return "pulse_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, name)
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func quoted(text string) string { return labelEscapes.Replace(text) }

var tagEscapes = strings.NewReplacer(`\`, `\\`, ",", `\,`, "=", `\=`, " ", `\ `, "\n", " ", "\r", " ")

// lineProtocol writes series as InfluxDB reads them, times in nanoseconds.
func lineProtocol(b *bytes.Buffer, series []metric.Series, of map[id.UID]*inventory.Record) {
	for _, s := range series {
		r := of[s.Record]
		head := tagEscapes.Replace(s.Metric)
		for _, tag := range [][2]string{{"resource", string(r.UID)}, {"type", r.Type}, {"id", r.WireID}, {"name", r.Name}, {"instance", s.Instance}} {
			if tag[1] != "" {
				head += "," + tag[0] + "=" + tagEscapes.Replace(tag[1])
			}
		}
		for _, p := range s.Points {
			fmt.Fprintf(b, "%s value=%s,min=%s,max=%s,count=%di %d\n", head, number(p.Value), number(p.Min), number(p.Max), p.Count, p.Time().UnixNano())
		}
	}
}
