package pbs

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// FuzzAnswers reads whatever a server may say as each of the rows that it may be. Nothing of it panics, and what comes of
// it is what the host takes: documents are JSON objects, shares lie between 0 and 1.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"store":"main","total":1000,"used":250,"avail":700,"estimated-full-date":1999999999,"gc-status":{"disk-bytes":3,"index-data-bytes":9}}`,
		`{"store":"main","total":-1,"used":"x","error":"offline maintenance","mount-status":null}`,
		`{"cpu":0.5,"loadavg":[1,"2",null],"uptime":5,"memory":{"total":9,"used":3},"root":{"total":9,"used":3,"avail":1},"info":{"fingerprint":"aa"}}`,
		`{"upid":"U","worker_type":"syncjob","worker_id":"a:b:c","starttime":5,"endtime":6,"status":"WARNINGS: 1"}`,
		`{"id":"v","store":"main","last-run-upid":"U","last-run-state":"TASK ERROR: no","last-run-endtime":1e300,"next-run":"7"}`,
		`{"backup-type":"vm","backup-id":"1","backup-time":1,"size":2,"files":["a",{"filename":"b"},{}],"comment":"é\ufffd","verification":{"state":"failed"}}`,
		`{"backup-type":"vm","backup-id":1,"last-backup":9e18,"backup-count":2,"files":null}`,
		`{"id":"v","last-run-endtime":9e17,"next-run":253402300800,"estimated-full-date":9e17,"store":"m","starttime":9e17,"endtime":9e17,"upid":"U","backup-time":9e17}`,
		`{"uuid":"u","label-text":"A1","pool":"weekly","status":"damaged","expired":"1","bytes-used":-1}`,
		`{"id":"t","store":"main","pool":"weekly","schedule":"daily","last-run-upid":"U","last-run-state":"no media"}`,
		`null`, `[]`, `{"files":3}`, `{"used":1e19,"total":1,"avail":-9e18}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &Collector{name: "lab", client: &proxmox.Client{}, conn: &connection{host: "h"}, collected: map[string]lastRun{}, stores: map[string]place{"main": {readable: true}}, verified: map[string]time.Time{}, ran: map[string]lastRun{}}
		c.deps = sdk.Deps{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(1_790_000_000, 0) }}
		var out []sdk.Observation
		var u usage
		if json.Unmarshal(raw, &u) == nil {
			out = append(out, c.datastore(u)...)
		}
		var n nodeStatus
		if json.Unmarshal(raw, &n) == nil {
			doc := serverDoc{BackupJobs: json.RawMessage("null")}
			doc.fill(n)
			out = append(out, sdk.Record{Doc: proxmox.Document(doc)})
			out = append(out, n.samples()...)
		}
		var one task
		if json.Unmarshal(raw, &one) == nil {
			out = append(out, one.row())
			out = append(out, c.judge(one)...)
		}
		var j job
		if json.Unmarshal(raw, &j) == nil {
			out = append(out, sdk.Part{Doc: proxmox.Document(jobDoc{Outcome: j.outcome(), Last: j.Ended.Time(), Next: j.NextRun.Time(), Error: trouble(string(j.State)), duty: syncing})})
		}
		var s snapshot
		if json.Unmarshal(raw, &s) == nil {
			b := &bundle{}
			b.add(c, groupKey{"main", "", s.group()}, s)
			out = append(out, b.rows...)
		}
		var m medium
		if json.Unmarshal(raw, &m) == nil {
			rows, _ := c.tellMedia([]medium{m})
			out = append(out, rows...)
		}
		var tj tapeJob
		if json.Unmarshal(raw, &tj) == nil {
			out = append(out, c.judgeTape([]tapeJob{tj}, map[string]int{})...)
		}
		var g group
		if json.Unmarshal(raw, &g) == nil {
			_ = g.mark()
		}
		for _, o := range out {
			judgeObservation(t, o)
		}
	})
}

func judgeObservation(t *testing.T, o sdk.Observation) {
	t.Helper()
	switch o := o.(type) {
	case sdk.Record:
		decode(t, o.Doc)
	case sdk.Row:
		decode(t, o.Doc)
	case sdk.Part:
		decode(t, o.Doc)
	case sdk.Sample:
		for _, m := range metrics() {
			if m.Name == o.Metric && m.Unit == sdk.UnitRatio && (o.Value < 0 || o.Value > 1) {
				t.Errorf("%s is %v", o.Metric, o.Value)
			}
		}
	}
}

// BenchmarkSweep reads 20,000 backups of 1,000 groups over TLS, as after a start, and then looks for what changed.
func BenchmarkSweep(b *testing.B) {
	bench := newBench(b)
	withBackups(bench, 1000, 20)
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c := bench.collector(b, "monitor@pbs!pulse", "")
			look(b, c, taskStatus)
			if s := look(b, c, taskBackups); len(s.rows) != 20_000 {
				b.Fatal(len(s.rows))
			}
		}
	})
	b.Run("unchanged", func(b *testing.B) {
		c := bench.collector(b, "monitor@pbs!pulse", "")
		look(b, c, taskStatus)
		look(b, c, taskBackups)
		b.ReportAllocs()
		for b.Loop() {
			if s := look(b, c, taskBackups); len(s.rows) != 0 {
				b.Fatal(len(s.rows))
			}
		}
	})
}

func BenchmarkStatus(b *testing.B) {
	bench := newBench(b)
	c := bench.collector(b, "monitor@pbs!pulse", "")
	b.ReportAllocs()
	for b.Loop() {
		if s := look(b, c, taskStatus); s.Err != nil {
			b.Fatal(s.Err)
		}
	}
}
