package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

var update = flag.Bool("update", false, "write golden files anew")

var noon = time.Date(2026, 2, 22, 12, 0, 0, 0, time.UTC)

func ingester(t testing.TB, cfg Config) *Ingester {
	t.Helper()
	in, err := New(cfg, sdk.Deps{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func ingest(t testing.TB, in *Ingester, body []byte) sdk.Ingested {
	t.Helper()
	got, err := in.Ingest(t.Context(), sdk.Report{Kind: kind, Format: "json", TokenID: "t1", ReceivedAt: noon, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// later returns the report as it would be ten seconds on, with counters grown by the given bytes.
func later(t testing.TB, body []byte, bytes uint64) []byte {
	t.Helper()
	r, err := wire.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	if r.Timestamp.IsZero() {
		r.Timestamp = noon
	}
	r.Timestamp = r.Timestamp.Add(10 * time.Second)
	for i := range r.Network {
		r.Network[i].RXBytes += bytes
		r.Network[i].TXBytes += 2 * bytes
	}
	for i := range r.DiskIO {
		r.DiskIO[i].ReadBytes += 3 * bytes
		r.DiskIO[i].WriteBytes += 4 * bytes
	}
	out, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// golden writes what was ingested as text, one line an observation, and compares it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
}

func render(t *testing.T, got sdk.Ingested) string {
	t.Helper()
	var lines []string
	for _, o := range sdk.Single(got.Observations) {
		switch o := o.(type) {
		case sdk.Record:
			var doc bytes.Buffer
			if err := json.Indent(&doc, o.Doc, "", "  "); err != nil {
				t.Fatal(err)
			}
			o.Doc = nil
			lines = append(lines, fmt.Sprintf("record %s %s %q %s %s tags %v", o.Type, o.Key, o.Name, o.Status, o.StatusWord, o.Tags))
			for _, e := range o.Evidence {
				lines = append(lines, "evidence "+e.Kind+" "+e.Value)
			}
			lines = append(lines, "document "+doc.String())
		case sdk.Sample:
			lines = append(lines, fmt.Sprintf("sample %s %s %g", o.Metric, o.Instance, o.Value))
		case sdk.Condition:
			lines = append(lines, fmt.Sprintf("condition %s %s %s %q", o.Kind, o.Instance, o.Severity, o.Message))
		}
	}
	head, rest := lines[:1], lines[1:]
	slices.SortStableFunc(rest, func(a, b string) int {
		if strings.HasPrefix(a, "sample") && strings.HasPrefix(b, "sample") {
			return strings.Compare(a, b)
		}
		return 0
	})
	c := got.Claims
	return fmt.Sprintf("claims %v machine %q agent %q %q %q host %q shown %q every %v at %v\n%s\n%s\n",
		c.IDs, c.MachineID, c.AgentID, c.AgentVersion, c.AgentType, c.Hostname, c.DisplayName, c.Interval, c.ReportedAt,
		strings.Join(head, "\n"), strings.Join(rest, "\n"))
}

func TestReports(t *testing.T) {
	for _, name := range []string{"nas", "hypervisor", "desktop"} {
		t.Run(name, func(t *testing.T) {
			in := ingester(t, Config{})
			first := fixture(t, name+".json")
			ingest(t, in, first)
			golden(t, name+".golden", render(t, ingest(t, in, later(t, first, 1000))))
		})
	}
}

// sample returns the value of a metric, and whether there is one.
func sample(got sdk.Ingested, metric, instance string) (float64, bool) {
	for _, o := range sdk.Single(got.Observations) {
		if s, ok := o.(sdk.Sample); ok && s.Metric == metric && s.Instance == instance {
			return s.Value, true
		}
	}
	return 0, false
}

func TestRatesAreHonest(t *testing.T) {
	in := ingester(t, Config{})
	body := fixture(t, "nas.json")
	if _, ok := sample(ingest(t, in, body), "netin", ""); ok {
		t.Error("a first report has a rate")
	}
	second := later(t, body, 5000)
	got := ingest(t, in, second)
	for metric, want := range map[string]float64{"netin": 500, "netout": 1000, "diskread": 1500, "diskwrite": 2000} {
		if v, ok := sample(got, metric, ""); !ok || v != want {
			t.Errorf("%s is %v (%v), want %v: bridges, partitions and arrays do not count", metric, v, ok, want)
		}
	}
	if v, _ := sample(got, "io_read", "md0"); v != 1500 {
		t.Errorf("the array's own rate is %v, want 1500", v)
	}
	// A machine that restarted counts from zero.
	restarted := bytes.ReplaceAll(later(t, second, 0), []byte("128456"), []byte("10"))
	if v, ok := sample(ingest(t, in, restarted), "netin", ""); ok {
		t.Errorf("a rate of %v over a restart", v)
	}
	// Another machine with the same id has counters of its own.
	other := bytes.ReplaceAll(later(t, body, 1<<30), []byte(`"nas1"`), []byte(`"nas1-clone"`))
	if v, ok := sample(ingest(t, in, other), "netin", ""); ok {
		t.Errorf("a clone's rate is %v, measured from the original", v)
	}
}

func TestRefusals(t *testing.T) {
	in := ingester(t, Config{})
	for name, tt := range map[string]struct{ kind, body, code string }{
		"no JSON":    {kind, "{", wire.CodeInvalidJSON},
		"no host":    {kind, "{}", wire.CodeInvalidReport},
		"not a host": {"toaster", "{}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := in.Ingest(t.Context(), sdk.Report{Kind: tt.kind, Body: []byte(tt.body)})
			var e *sdk.Error
			if !errors.As(err, &e) || e.Kind != sdk.KindInvalid || e.Code != tt.code || e.Message == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestExcludedByTheOperator(t *testing.T) {
	got := ingest(t, ingester(t, Config{DiskExclude: []string{"*tank*", "sda"}}), fixture(t, "nas.json"))
	if _, ok := sample(got, "fs_used", "/tank"); ok {
		t.Error("an excluded file system has samples")
	}
	if bytes.Contains(got.Observations[0].(sdk.Record).Doc, []byte(`"device":"sda","readBytes"`)) {
		t.Error("an excluded disk is in the document")
	}
}

func TestAppliancesSystemArraysAreQuiet(t *testing.T) {
	body := bytes.Replace(fixture(t, "nas.json"), []byte(`"osName": "debian"`), []byte(`"osName": "Synology DSM"`), 1)
	for _, o := range sdk.Single(ingest(t, ingester(t, Config{}), body).Observations) {
		if c, ok := o.(sdk.Condition); ok && c.Kind == raidDegraded {
			t.Errorf("condition %+v", c)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	var disks, nets, temps []string
	for i := range 400 {
		disks = append(disks, fmt.Sprintf(`{"device":"d%d","mountpoint":"/m%d","type":"ext4","totalBytes":%d,"usedBytes":1}`, i, i, i+1))
		nets = append(nets, fmt.Sprintf(`{"name":"eth%d","rxBytes":1}`, i))
		temps = append(temps, fmt.Sprintf(`"s%d":20`, i))
	}
	body := fmt.Sprintf(`{"host":{"hostname":"a"},"disks":[%s],"network":[%s],"sensors":{"additional":{%s}}}`,
		strings.Join(disks, ","), strings.Join(nets, ","), strings.Join(temps, ","))
	got := ingest(t, ingester(t, Config{}), []byte(body))
	if n := len(sdk.Single(got.Observations)); n > 1+1+3*maxInstances+maxInstances {
		t.Errorf("%d observations of a host that lies", n)
	}
}

// The document leaves out what the section says the server adds.
func TestDocumentHasNoInjectedMembers(t *testing.T) {
	var doc map[string]any
	got := ingest(t, ingester(t, Config{}), fixture(t, "nas.json"))
	if err := json.Unmarshal(got.Observations[0].(sdk.Record).Doc, &doc); err != nil {
		t.Fatal(err)
	}
	for _, inject := range hostSection().Inject {
		if _, ok := doc[inject.Member]; ok {
			t.Errorf("the document has %s, which the server adds", inject.Member)
		}
	}
}

func TestDescriptionIsWhole(t *testing.T) {
	d := Plugin().Describe()
	names := metricNames()
	for _, c := range d.Types[0].Columns {
		if c.Metric != "" && !slices.Contains(names, c.Metric) {
			t.Errorf("column %s names an unknown metric", c.Name)
		}
	}
	for _, m := range d.Sections[0].ChartMetrics {
		if !slices.Contains(names, m) {
			t.Errorf("the chart group names an unknown metric %s", m)
		}
	}
	if !slices.Contains(d.Capabilities, sdk.CapIngest) || len(d.Capabilities) != 1 {
		t.Errorf("capabilities %v", d.Capabilities)
	}
	for _, s := range d.Types[0].Thresholds {
		if !slices.Contains(names, s.Metric) {
			t.Errorf("a threshold names an unknown metric %s", s.Metric)
		}
	}
}

// Every sample that a report makes is declared, with an instance when the metric has that dimension.
func TestSamplesAreDeclared(t *testing.T) {
	dimension := map[string]string{}
	for _, m := range metrics() {
		dimension[m.Name] = m.Instance
	}
	in := ingester(t, Config{})
	body := fixture(t, "nas.json")
	ingest(t, in, body)
	seen := map[string]bool{}
	for _, o := range sdk.Single(ingest(t, in, later(t, body, 10)).Observations) {
		s, ok := o.(sdk.Sample)
		if !ok {
			continue
		}
		seen[s.Metric] = true
		if d, ok := dimension[s.Metric]; !ok || (d == "") != (s.Instance == "") {
			t.Errorf("sample %+v is not as declared", s)
		}
	}
	for name := range dimension {
		if !seen[name] {
			t.Errorf("metric %s is declared and never sent", name)
		}
	}
}

func TestReadme(t *testing.T) {
	s, err := schema.Of[Config]()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| Metric | Unit | By | On the wire | Meaning |\n|---|---|---|---|---|\n")
	for _, m := range metrics() {
		fmt.Fprintf(&table, "| `%s` | %s | %s | × %g | %s |\n", m.Name, m.Unit, m.Instance, m.WireScale, m.Help)
	}
	var kinds strings.Builder
	kinds.WriteString("| Condition | Severity | Meaning |\n|---|---|---|\n")
	for _, c := range conditions() {
		fmt.Fprintf(&kinds, "| `%s` | %s | %s |\n", c.Name, c.Severity, c.Label)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := string(readme)
	for name, text := range map[string]string{"config": s.Markdown(), "metrics": table.String(), "conditions": kinds.String()} {
		want = replaceBetween(t, want, name, text)
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(readme) {
		t.Error("the tables of README.md are not those of the program; run go test -update")
	}
}

func replaceBetween(t *testing.T, text, name, table string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("README.md lacks the marks of %s", name)
	}
	return head + begin + table + end + tail
}

func FuzzIngest(f *testing.F) {
	for _, name := range []string{"nas.json", "hypervisor.json", "desktop.json"} {
		f.Add(fixture(f, name))
	}
	in := ingester(f, Config{})
	dimension := map[string]bool{}
	for _, m := range metrics() {
		dimension[m.Name] = true
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := in.Ingest(t.Context(), sdk.Report{Kind: kind, TokenID: "t", ReceivedAt: noon, Body: body})
		if err != nil {
			if sdk.KindOf(err) != sdk.KindInvalid {
				t.Fatalf("error of kind %s: %v", sdk.KindOf(err), err)
			}
			return
		}
		if len(got.Claims.IDs) == 0 {
			t.Fatal("no identity")
		}
		for _, o := range sdk.Single(got.Observations) {
			switch o := o.(type) {
			case sdk.Record:
				if !json.Valid(o.Doc) {
					t.Fatalf("document %s", o.Doc)
				}
			case sdk.Sample:
				if !dimension[o.Metric] || o.Value != o.Value {
					t.Fatalf("sample %+v", o)
				}
			}
		}
	})
}

func BenchmarkIngest(b *testing.B) {
	in := ingester(b, Config{})
	body := fixture(b, "nas.json")
	b.ReportAllocs()
	for b.Loop() {
		ingest(b, in, body)
	}
}

func BenchmarkDecode(b *testing.B) {
	body := fixture(b, "nas.json")
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := wire.Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
