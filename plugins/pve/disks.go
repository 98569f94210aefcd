package pve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// defaultDiskAge is how often disks are asked for their health when the configuration does not say.
const defaultDiskAge = 30 * time.Minute

// diskBook is what was last read of the disks of a node.
type diskBook struct {
	at    time.Time
	disks []knownDisk
	smart map[string]smartReading // by key
}

// knownDisk is a disk with the key that it is told by.
type knownDisk struct {
	diskRow
	key string
}

// know makes a book of a node's disks. What was read of them before stays.
func (b *diskBook) know(node string, rows []diskRow, at time.Time) diskBook {
	out := diskBook{at: at, smart: map[string]smartReading{}}
	for _, r := range rows {
		if r.DevPath == "" || r.Parent != "" {
			continue // a partition
		}
		key := "disk/" + node + "/" + string(orText(r.Serial, r.DevPath))
		if r.Serial == "unknown" || out.has(key) {
			key = "disk/" + node + "/" + string(r.DevPath)
		}
		if !out.has(key) {
			out.disks = append(out.disks, knownDisk{r, key})
			out.smart[key] = b.smart[key]
		}
	}
	return out
}

func (b *diskBook) has(key string) bool {
	return slices.ContainsFunc(b.disks, func(d knownDisk) bool { return d.key == key })
}

// diskAge is how long what disks said of their health is believed: asking wakes those that sleep.
func (c *Collector) diskAge() time.Duration {
	if c.cfg.PhysicalDiskMinutes <= 0 {
		return defaultDiskAge
	}
	return time.Duration(c.cfg.PhysicalDiskMinutes) * time.Minute
}

// collectDisks tells of the disks of each node. What is kept of a node that is away becomes stale.
func (c *Collector) collectDisks(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorPhysicalDisks {
		return nil
	}
	v, err := c.recent(ctx)
	if err != nil {
		return err
	}
	for _, n := range v.nodes {
		if n.online {
			continue
		}
		if err := sink.Partition("node/" + n.name).Done(sdk.Errorf(sdk.KindUnreachable, "The node is offline.")); err != nil {
			return err
		}
	}
	for _, name := range c.departed(taskDisks, v.isMember) {
		if err := sink.Partition("node/" + name).Done(nil); err != nil {
			return err
		}
		c.mu.Lock()
		delete(c.disks, name)
		c.mu.Unlock()
	}
	return c.eachNode(ctx, v, sink, topic{"node", c.ifThere(c.askDisks)})
}

func (c *Collector) askDisks(ctx context.Context, n node) ([]sdk.Observation, error) {
	known, there := c.knownDisks(ctx, n.name)
	fresh := !there || c.deps.Now().Sub(known.at) >= c.diskAge()
	if fresh {
		disks, _, err := proxmox.Rows[diskRow](ctx, c.client, proxmox.OnNode(n.name, "disks", "list").Slowly())
		switch {
		case err == nil:
			known = known.know(n.name, disks, c.deps.Now())
		case there && proxmox.KindOf(err) == proxmox.KindBudget:
			fresh = false // what is known stays for another cycle
		default:
			return nil, fmt.Errorf("read disks: %w", err)
		}
	}
	asked := c.askSmart(ctx, n, &known)
	found := c.tellDisks(n, &known, fresh)
	if fresh || asked {
		c.saveDisks(ctx, n.name, known)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disks[n.name] = known
	c.tellsOf(taskDisks, n.name)
	return found, nil
}

// diskDoc is a disk as the state shows it.
type diskDoc struct {
	Node        string   `json:"node"`
	Instance    string   `json:"instance"`
	DevPath     string   `json:"devPath"`
	Model       string   `json:"model"`
	Serial      string   `json:"serial"`
	WWN         string   `json:"wwn"`
	Type        string   `json:"type"`
	Size        int64    `json:"size"`
	Health      string   `json:"health"`
	Wearout     float64  `json:"wearout"`            // percent of life that is left, -1 when it is not known
	LifeLeft    *float64 `json:"lifeLeft,omitempty"` // the same, missing when it is not known
	Temperature int      `json:"temperature"`        // °C, 0 when it is not known
	Celsius     *int     `json:"celsius,omitempty"`  // the same, missing when it is not known
	RPM         int64    `json:"rpm"`
	Used        string   `json:"used"`
	LastChecked string   `json:"lastChecked"`

	Smart *smartDoc `json:"smartAttributes,omitempty"`
}

// tellDisks tells of the disks of a node; numbers only when they were read anew.
func (c *Collector) tellDisks(n node, book *diskBook, fresh bool) (out []sdk.Observation) {
	for _, d := range book.disks {
		smart := book.smart[d.key]
		out = append(out, c.tellDisk(n, d, smart, book.at, fresh)...)
		smart.fresh = false
		book.smart[d.key] = smart
	}
	return out
}

func (c *Collector) tellDisk(n node, r knownDisk, smart smartReading, at time.Time, fresh bool) []sdk.Observation {
	key := r.key
	s := samples{kind: typeDisk, key: key, out: make([]sdk.Observation, 1, 8)}
	d := diskDoc{
		Node: n.name, Instance: c.instance, DevPath: string(r.DevPath), Model: strings.TrimSpace(string(r.Model)), Serial: string(r.Serial), WWN: string(r.WWN),
		Type: string(r.Type), Size: r.Size.V, Health: string(orText(r.Health, "UNKNOWN")), Wearout: -1, RPM: max(0, r.RPM.V), Used: string(r.Used),
		LastChecked: at.UTC().Format(time.RFC3339),
	}
	if r.Wearout.OK {
		d.Wearout = min(100, max(0, r.Wearout.V))
		d.LifeLeft = &d.Wearout
	}
	smart.tellSmart(&d, &s)
	record := sdk.Record{
		Type: typeDisk, Key: key, Name: n.name + " " + d.DevPath, WireID: c.instance + "-" + n.name + "-" + strings.ReplaceAll(d.DevPath, "/", "-"),
		Status: sdk.StatusUp, StatusWord: d.Health, Doc: proxmox.Document(d),
		Relations: []sdk.Relation{{Kind: sdk.OwnedBy, Type: typeNode, Evidence: []sdk.Evidence{{Kind: sdk.EvidenceHostName, Value: n.name}}}},
	}
	for _, id := range []string{d.WWN, d.Serial} {
		if id != "" && id != "unknown" {
			record.Evidence = append(record.Evidence, sdk.Evidence{Kind: sdk.EvidenceDisk, Value: id})
		}
	}
	var verdicts []sdk.Observation
	if strings.Contains(strings.ToUpper(d.Health), "FAIL") {
		record.Status = sdk.StatusDegraded
		verdicts = append(verdicts, sdk.Condition{Type: typeDisk, Key: key, Kind: kindDisk, Severity: sdk.SeverityCritical,
			Message:  fmt.Sprintf("Disk %s (%s) of %s says that it is failing.", d.DevPath, orText(proxmox.Str(d.Model), "unknown model"), n.name),
			Metadata: map[string]string{"health": d.Health, "serial": d.Serial}})
	}
	s.out[0] = record
	if fresh && r.Wearout.OK {
		s.ratio("wearout", r.Wearout.V/100, true)
	}
	return append(s.out, verdicts...)
}
