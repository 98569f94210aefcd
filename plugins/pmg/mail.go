package pmg

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// span is the width of the buckets that rates are made of, in seconds.
	span = 300
	// domainsShown is how many domains are shown: those that receive most.
	domainsShown = 20
)

// collectMail reads one thing after the other: the gateway answers from a database that it shares with the filter.
func (c *Collector) collectMail(ctx context.Context, sink sdk.Sink) error {
	return proxmox.Run(ctx, sink,
		proxmox.Step{Name: "recent", Skip: !c.cfg.MonitorMailStats, Read: c.readRecent},
		proxmox.Step{Name: partQuarantine, Skip: !c.cfg.MonitorQuarantine, Read: c.readQuarantine})
}

func gatewayPart(name string, doc any) sdk.Part {
	return sdk.Part{Type: typeGateway, Key: gatewayKey, Name: name, Doc: proxmox.Document(doc)}
}

// readRecent makes rates of the last five minutes that are over. The bucket that is still being filled says too little.
func (c *Collector) readRecent(ctx context.Context) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[recent](ctx, c.client, proxmox.Path("statistics", "recent").With("hours", "1").With("timespan", strconv.Itoa(span)))
	if err != nil {
		return nil, err
	}
	last, ok := lastWhole(rows)
	if !ok {
		return nil, nil
	}
	m := proxmox.Meter{Type: typeGateway, Key: gatewayKey}
	seconds := float64(max(1, cmp.Or(last.Span.V, span)))
	for name, n := range map[string]proxmox.Num{
		"mail_in": last.In, "mail_out": last.Out, "spam_in": last.SpamIn, "spam_out": last.SpamOut, "virus_in": last.VirusIn, "virus_out": last.VirusOut,
		"bytes_in": last.BytesIn, "bytes_out": last.BytesOut,
	} {
		m.Add(name, n.V/seconds, n.OK && n.V >= 0)
	}
	minutes := seconds / 60
	rates := map[string]float64{"in": proxmox.Round(whole(last.In)/minutes, 2), "out": proxmox.Round(whole(last.Out)/minutes, 2), "spamIn": proxmox.Round(whole(last.SpamIn)/minutes, 2), "virusIn": proxmox.Round(whole(last.VirusIn)/minutes, 2)}
	return append(m.Samples, gatewayPart(partRates, map[string]any{"mailRates": rates})), nil
}

// lastWhole is the newest bucket but the one that is being filled.
func lastWhole(rows []recent) (recent, bool) {
	rows = slices.DeleteFunc(rows, func(r recent) bool { return !r.Time.OK })
	slices.SortFunc(rows, func(a, b recent) int { return cmp.Compare(a.Time.V, b.Time.V) })
	if len(rows) < 2 {
		return recent{}, false
	}
	return rows[len(rows)-2], true
}

// readQuarantine counts what is in quarantine.
func (c *Collector) readQuarantine(ctx context.Context) ([]sdk.Observation, error) {
	m := proxmox.Meter{Type: typeGateway, Key: gatewayKey}
	doc := map[string]int64{"attachment": 0, "blacklisted": 0}
	for kind, call := range map[string]string{"spam": "spamstatus", "virus": "virusstatus"} {
		q, err := proxmox.Get[quarantined](ctx, c.client, proxmox.Path("quarantine", call))
		if err != nil {
			return nil, err
		}
		// An empty quarantine has no count.
		doc[kind] = int64(whole(q.Count))
		m.Add("quarantine_"+kind, whole(q.Count), true)
		growth, known := c.growth(kind, whole(q.Count))
		m.AddInstance("quarantine_growth", kind, growth, known)
	}
	return append(m.Samples, gatewayPart(partQuarantine, map[string]any{"quarantine": doc})), nil
}

// whole is a count as a number that JSON and clients take; what is missing or negative is none.
func whole(n proxmox.Num) float64 { return math.Round(min(max(0, n.V), 1<<53)) }

// sumsDoc is the mail of a day as the state shows it.
type sumsDoc struct {
	Timeframe        string    `json:"timeframe"`
	Count            float64   `json:"countTotal"`
	In               float64   `json:"countIn"`
	Out              float64   `json:"countOut"`
	SpamIn           float64   `json:"spamIn"`
	SpamOut          float64   `json:"spamOut"`
	VirusIn          float64   `json:"virusIn"`
	VirusOut         float64   `json:"virusOut"`
	BouncesIn        float64   `json:"bouncesIn"`
	BouncesOut       float64   `json:"bouncesOut"`
	BytesIn          float64   `json:"bytesIn"`
	BytesOut         float64   `json:"bytesOut"`
	Greylisted       float64   `json:"greylistCount"`
	JunkIn           float64   `json:"junkIn"`
	ProcessingMillis float64   `json:"averageProcessTimeMs"`
	RBL              float64   `json:"rblRejects"`
	Pregreet         float64   `json:"pregreetRejects"`
	UpdatedAt        time.Time `json:"updatedAt"`
}

func (c *Collector) collectStatistics(ctx context.Context, sink sdk.Sink) error {
	stats := c.cfg.MonitorMailStats
	return proxmox.Run(ctx, sink,
		proxmox.Step{Name: partStatistics, Skip: !stats, Read: c.readToday},
		proxmox.Step{Name: partCounts, Skip: !stats, Read: c.readHours},
		proxmox.Step{Name: partScores, Skip: !stats, Read: c.readScores},
		proxmox.Step{Name: partDomains, Skip: !c.cfg.MonitorDomainStats, Read: c.readDomains})
}

// today limits statistics to the day that the server has now. Without it they would be those of yesterday.
func (c *Collector) today(name string) proxmox.Call {
	return proxmox.Path("statistics", name).With("starttime", strconv.FormatInt(c.timeThere().Unix(), 10)).Slowly()
}

func (c *Collector) readToday(ctx context.Context) ([]sdk.Observation, error) {
	s, err := proxmox.Get[mailSums](ctx, c.client, c.today("mail"))
	if err != nil {
		return nil, err
	}
	m := proxmox.Meter{Type: typeGateway, Key: gatewayKey}
	m.Add("processing", s.Seconds.V, s.Seconds.OK && s.Seconds.V >= 0 && s.Count.V > 0)
	doc := sumsDoc{
		Timeframe: "day", Count: whole(s.Count), In: whole(s.In), Out: whole(s.Out), SpamIn: whole(s.SpamIn), SpamOut: whole(s.SpamOut), VirusIn: whole(s.VirusIn), VirusOut: whole(s.VirusOut),
		BouncesIn: whole(s.BouncesIn), BouncesOut: whole(s.BouncesOut), BytesIn: whole(s.BytesIn), BytesOut: whole(s.BytesOut), Greylisted: whole(s.Greylisted), JunkIn: whole(s.JunkIn),
		ProcessingMillis: proxmox.Round(min(max(0, s.Seconds.V), 1e9)*1000, 1), RBL: whole(s.RBL), Pregreet: whole(s.Pregreet), UpdatedAt: c.deps.Now().UTC().Truncate(time.Second),
	}
	return append(m.Samples, gatewayPart(partStatistics, map[string]any{"mailStats": doc})), nil
}

// hourDoc is the mail of an hour as the state shows it.
type hourDoc struct {
	Timestamp  time.Time `json:"timestamp"`
	Count      float64   `json:"count"`
	In         float64   `json:"countIn"`
	Out        float64   `json:"countOut"`
	SpamIn     float64   `json:"spamIn"`
	SpamOut    float64   `json:"spamOut"`
	VirusIn    float64   `json:"virusIn"`
	VirusOut   float64   `json:"virusOut"`
	RBL        float64   `json:"rblRejects"`
	Pregreet   float64   `json:"pregreet"`
	BouncesIn  float64   `json:"bouncesIn"`
	BouncesOut float64   `json:"bouncesOut"`
	Greylisted float64   `json:"greylist"`
	Index      int64     `json:"index"`
	Timeframe  string    `json:"timeframe"`
	Start      time.Time `json:"windowStart"`
	End        time.Time `json:"windowEnd"`
}

// readHours reads the mail of the last 24 hours by hour.
func (c *Collector) readHours(ctx context.Context) ([]sdk.Observation, error) {
	now := c.timeThere()
	call := proxmox.Path("statistics", "mailcount").With("timespan", "3600").Slowly().
		With("starttime", strconv.FormatInt(now.Add(-24*time.Hour).Unix(), 10)).With("endtime", strconv.FormatInt(now.Unix(), 10))
	rows, _, err := proxmox.Rows[hourSums](ctx, c.client, call)
	if err != nil {
		return nil, err
	}
	out := []hourDoc{}
	for _, h := range rows[:min(len(rows), 48)] {
		at := h.Time.Time()
		if at.IsZero() {
			continue
		}
		out = append(out, hourDoc{
			Timestamp: at, Count: whole(h.Count), In: whole(h.In), Out: whole(h.Out), SpamIn: whole(h.SpamIn), SpamOut: whole(h.SpamOut), VirusIn: whole(h.VirusIn), VirusOut: whole(h.VirusOut),
			RBL: whole(h.RBL), Pregreet: whole(h.Pregreet), BouncesIn: whole(h.BouncesIn), BouncesOut: whole(h.BouncesOut), Greylisted: whole(h.Greylisted), Index: h.Index.V,
			Timeframe: "hour", Start: at, End: at.Add(time.Hour),
		})
	}
	return []sdk.Observation{gatewayPart(partCounts, map[string]any{"mailCount": out})}, nil
}

// scoreDoc is how many messages had a spam score.
type scoreDoc struct {
	Score string  `json:"score"`
	Count float64 `json:"count"`
}

func (c *Collector) readScores(ctx context.Context) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[score](ctx, c.client, c.today("spamscores"))
	if err != nil {
		return nil, err
	}
	out := []scoreDoc{}
	for _, s := range rows[:min(len(rows), 32)] {
		out = append(out, scoreDoc{string(s.Level), whole(s.Count)})
	}
	return []sdk.Observation{gatewayPart(partScores, map[string]any{"spamDistribution": out})}, nil
}

// domainDoc is the mail of a domain today.
type domainDoc struct {
	Domain  string  `json:"domain"`
	In      float64 `json:"countIn"`
	Out     float64 `json:"countOut"`
	SpamIn  float64 `json:"spamIn"`
	VirusIn float64 `json:"virusIn"`
	BytesIn float64 `json:"bytesIn"`
}

// readDomains reads the domains that receive most. Those that receive nothing are partners that were written to.
func (c *Collector) readDomains(ctx context.Context) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[domainSums](ctx, c.client, c.today("domains"))
	if err != nil {
		return nil, err
	}
	out := []domainDoc{}
	for _, d := range rows {
		if d.In.V > 0 && d.Domain != "" {
			out = append(out, domainDoc{string(d.Domain), whole(d.In), whole(d.Out), whole(d.SpamIn), whole(d.VirusIn), whole(d.BytesIn)})
		}
	}
	slices.SortFunc(out, func(a, b domainDoc) int { return cmp.Or(cmp.Compare(b.In, a.In), cmp.Compare(a.Domain, b.Domain)) })
	return []sdk.Observation{gatewayPart(partDomains, map[string]any{"domainStats": out[:min(len(out), domainsShown)]})}, nil
}
