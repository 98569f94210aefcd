package pve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	cephKey = "ceph"
	// cephAbsentFor is how long a cluster without Ceph is not asked for it again.
	cephAbsentFor = time.Hour
	// poolsAge is how long the pools are believed to be as they were.
	poolsAge = 5 * time.Minute
)

// cephBook is what is remembered of Ceph.
type cephBook struct {
	absent time.Time // there is none until then
	// node answers for Ceph, or did before it went away; empty for the one that is asked anyway.
	node    string
	pools   []cephPool
	poolsAt time.Time
}

// collectCeph tells of the Ceph cluster that the nodes make up. Most clusters have none, and are asked seldom.
func (c *Collector) collectCeph(ctx context.Context, sink sdk.Sink) error {
	v, err := c.recent(ctx)
	if err != nil {
		return err
	}
	now := c.deps.Now()
	c.mu.Lock()
	book := c.ceph
	c.mu.Unlock()
	if now.Before(book.absent) {
		return nil
	}
	status, err := c.askCeph(ctx, v, &book)
	if err == nil && status == nil {
		book = cephBook{absent: now.Add(cephAbsentFor)}
	}
	if err == nil && status != nil && now.Sub(book.poolsAt) >= poolsAge {
		c.askCephPools(ctx, v, &book)
	}
	c.mu.Lock()
	c.ceph = book
	c.mu.Unlock()
	if err != nil || status == nil {
		return err
	}
	return sink.Emit(c.tellCeph(status, book.pools)...)
}

// askCeph reads the status, nil when there is no Ceph. The node that is asked need not be one that has it: then those are asked
// that seem to. Only when none of them has it there is none; one that does not answer may have it.
func (c *Collector) askCeph(ctx context.Context, v *view, book *cephBook) (*cephStatus, error) {
	last := book.node
	if _, member := v.node(last); !member {
		last = ""
	}
	var failed error
	for _, name := range append([]string{last}, cephNodes(v)...) {
		call := proxmox.Path("cluster", "ceph", "status")
		if name != "" {
			call = proxmox.OnNode(name, "ceph", "status")
		}
		got, err := proxmox.Get[cephStatus](ctx, c.client, call.Within(statusPatience))
		if err == nil {
			book.node = name
			return &got, nil
		}
		switch kind := proxmox.KindOf(err); {
		case kind == proxmox.KindCephAbsent, kind == proxmox.KindUnsupported, kind == proxmox.KindForbidden:
		case name == "", kind == proxmox.KindBudget, proxmox.Away(err), ctx.Err() != nil:
			return nil, fmt.Errorf("read status of Ceph: %w", err)
		default:
			failed = fmt.Errorf("read status of Ceph: %w", err)
		}
	}
	if failed == nil {
		book.node = ""
	}
	return nil, failed
}

// cephNodes are nodes with storage in a Ceph cluster, a few of them.
func cephNodes(v *view) (out []string) {
	const enough = 5
	for _, s := range v.storages {
		name := string(s.Node)
		if n, known := v.node(name); known && n.online && (s.Plugin == "rbd" || s.Plugin == "cephfs") && !slices.Contains(out, name) && len(out) < enough {
			out = append(out, name)
		}
	}
	return out
}

// askCephPools reads the pools. Without them the rest is shown all the same.
func (c *Collector) askCephPools(ctx context.Context, v *view, book *cephBook) {
	name := book.node
	for _, n := range v.nodes {
		if name == "" && n.local {
			name = n.name
		}
	}
	if name == "" {
		return
	}
	rows, _, err := proxmox.Rows[cephPoolRow](ctx, c.client, proxmox.OnNode(name, "ceph", "pool").Slowly())
	if proxmox.KindOf(err) == proxmox.KindUnsupported { // before 7.4
		rows, _, err = proxmox.Rows[cephPoolRow](ctx, c.client, proxmox.OnNode(name, "ceph", "pools").Slowly())
	}
	if err != nil {
		return
	}
	book.pools, book.poolsAt = cephPools(rows), c.deps.Now()
}

func cephPools(rows []cephPoolRow) (out []cephPool) {
	for _, r := range rows {
		p := cephPool{ID: r.ID.V, Name: string(r.Name), Stored: r.Used.V, Percent: short(r.Percent.V * 100), Objects: r.Objects.V}
		if r.Percent.V > 0 && r.Percent.V < 1 {
			p.Available = int64(float64(r.Used.V) * (1 - r.Percent.V) / r.Percent.V)
		}
		out = append(out, p)
	}
	return out
}

// cephDoc is a Ceph cluster as the state shows it.
type cephDoc struct {
	Instance  string        `json:"instance"`
	Name      string        `json:"name"`
	FSID      string        `json:"fsid,omitempty"`
	Health    string        `json:"health"`
	Message   string        `json:"healthMessage,omitempty"`
	Total     int64         `json:"totalBytes"`
	Used      int64         `json:"usedBytes"`
	Available int64         `json:"availableBytes"`
	Percent   float64       `json:"usagePercent"`
	Mons      int64         `json:"numMons"`
	Mgrs      int64         `json:"numMgrs"`
	OSDs      int64         `json:"numOsds"`
	OSDsUp    int64         `json:"numOsdsUp"`
	OSDsIn    int64         `json:"numOsdsIn"`
	PGs       int64         `json:"numPGs"`
	Read      float64       `json:"readRate"` // bytes a second, for clients
	Write     float64       `json:"writeRate"`
	Pools     []cephPool    `json:"pools,omitempty"`
	Services  []cephService `json:"services,omitempty"`
}

type cephPool struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Stored    int64   `json:"storedBytes"`
	Available int64   `json:"availableBytes"`
	Objects   int64   `json:"objects"`
	Percent   float64 `json:"percentUsed"`
}

type cephService struct {
	Type    string `json:"type"`
	Running int64  `json:"running"`
	Total   int64  `json:"total"`
}

// mild are checks that are common and no reason to get up.
var mild = []string{"PG_NOT_SCRUBBED", "PG_NOT_DEEP_SCRUBBED", "RECENT_CRASH", "POOL_APP_NOT_ENABLED", "POOL_NO_REDUNDANCY", "TELEMETRY_CHANGED", "AUTH_INSECURE_GLOBAL_ID_RECLAIM_ALLOWED"}

func (c *Collector) tellCeph(a *cephStatus, pools []cephPool) []sdk.Observation {
	osds := a.OSDMap.osds()
	d := cephDoc{
		Instance: c.instance, Name: "Ceph", FSID: string(a.FSID), Health: string(a.Health.Status), Total: a.PGMap.Total.V, Used: a.PGMap.Used.V, Available: a.PGMap.Avail.V,
		Mons: max(a.MonMap.Num.V, int64(len(a.MonMap.Mons)), int64(len(a.Quorum))), OSDs: osds.Num.V, OSDsUp: osds.Up.V, OSDsIn: osds.In.V, PGs: a.PGMap.PGs.V, Pools: pools,
		Read: max(0, a.PGMap.Read.V), Write: max(0, a.PGMap.Write.V),
	}
	if d.Total > 0 {
		d.Percent = percent(d.Used, d.Total)
	}
	active := int64(0)
	if a.MgrMap.Active != "" || bool(a.MgrMap.Available) {
		active = 1
	}
	d.Mgrs = active + max(a.MgrMap.NumStandbys.V, int64(len(a.MgrMap.Standbys)))
	d.Services = []cephService{
		{"mon", int64(len(a.Quorum)), d.Mons}, {"mgr", active, d.Mgrs}, {"osd", d.OSDsUp, d.OSDs},
	}
	if a.FSMap.Max.V > 0 {
		d.Services = append(d.Services, cephService{"mds", a.FSMap.Up.V, a.FSMap.Max.V + a.FSMap.Standby.V})
	}
	r := sdk.Record{Type: typeCeph, Key: cephKey, Name: "Ceph", WireID: c.instance + "-" + d.FSID, Status: sdk.StatusUp, StatusWord: d.Health,
		Evidence: []sdk.Evidence{{Kind: "ceph_fsid", Value: d.FSID}}}
	if d.Health != "HEALTH_OK" {
		r.Status = sdk.StatusDegraded
	}
	verdicts, said := judgeCeph(a)
	d.Message = strings.Join(said, "; ")
	r.Doc = proxmox.Document(d)
	s := samples{kind: typeCeph, key: cephKey, out: []sdk.Observation{r}}
	s.share("usage", a.PGMap.Used, a.PGMap.Total)
	s.number("used_bytes", a.PGMap.Used)
	s.number("total_bytes", a.PGMap.Total)
	s.number("osds_up", osds.Up)
	s.number("osds_in", osds.In)
	// What is idle leaves the rates out.
	s.add("ceph_read", max(0, a.PGMap.Read.V))
	s.add("ceph_write", max(0, a.PGMap.Write.V))
	s.add("ceph_recovery", max(0, a.PGMap.Recovery.V))
	s.ratio("ceph_degraded", a.PGMap.Degraded.V, true)
	return append(s.out, verdicts...)
}

// judgeCeph makes a condition of each check that nobody has muted.
func judgeCeph(a *cephStatus) (out []sdk.Observation, said []string) {
	for _, code := range slices.Sorted(maps.Keys(a.Health.Checks)) {
		check := a.Health.Checks[code]
		if check.Muted {
			continue
		}
		text := string(orText(check.Summary.Message, proxmox.Str(code)))
		said = append(said, text)
		severity := sdk.SeverityWarning
		switch {
		case check.Severity == "HEALTH_ERR":
			severity = sdk.SeverityCritical
		case slices.Contains(mild, code):
			severity = sdk.SeverityInfo
		}
		out = append(out, sdk.Condition{Type: typeCeph, Key: cephKey, Kind: kindCeph, Instance: code, Severity: severity,
			Message: fmt.Sprintf("Ceph: %s (%s).", strings.TrimSuffix(text, "."), code), Metadata: map[string]string{"check": code}})
	}
	return out, said
}
