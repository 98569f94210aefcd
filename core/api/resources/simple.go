package resources

import (
	"bytes"
	"context"
	"fmt"
	"html/template"

	"github.com/pulse-platform/pulse/core/api/route"
)

// simplePage is a light page for small screens and old browsers: no scripts, loaded anew each ten seconds.
var simplePage = template.Must(template.New("simple").Funcs(template.FuncMap{"percent": percentOf, "rate": rateOf}).Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="10">
<title>Simple Pulse Stats</title>
</head>
<body>
<h1>Simple Pulse Stats</h1>
<table border="1" cellpadding="4">
<tr><th>Name</th><th>Status</th><th>CPU %</th><th>Memory</th><th>Disk Read</th><th>Disk Write</th><th>Net In</th><th>Net Out</th></tr>
{{range .}}<tr><td>{{.Name}}</td><td>{{.Status}}</td><td>{{percent .CPU}}</td><td>{{percent .Memory}}</td><td>{{rate .Data "diskRead"}}</td><td>{{rate .Data "diskWrite"}}</td><td>{{rate .Data "networkIn"}}</td><td>{{rate .Data "networkOut"}}</td></tr>
{{else}}<tr><td colspan="8">Nothing is monitored yet.</td></tr>
{{end}}</table>
</body>
</html>
`))

func percentOf(m *LegacyMetric) string {
	if m == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", m.Current)
}

func rateOf(doc map[string]any, path string) string {
	n := first(doc, path)
	if n == nil {
		return "–"
	}
	value, unit := *n, 0
	units := []string{"B/s", "KiB/s", "MiB/s", "GiB/s"}
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}

// simple lists machines and what runs on them.
func (a *Area) simple(context.Context, route.None) (route.Raw, error) {
	var rows []Legacy
	for _, r := range a.view().legacy() {
		if r.family == familyWorkloads || r.family == familyInfrastructure {
			rows = append(rows, r)
		}
	}
	var page bytes.Buffer
	if err := simplePage.Execute(&page, rows); err != nil {
		return route.Raw{}, fmt.Errorf("write the page: %w", err)
	}
	return route.Raw{ContentType: "text/html; charset=utf-8", Body: page.Bytes()}, nil
}
