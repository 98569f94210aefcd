package pbs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

func storeKey(store string) string { return "datastore/" + store }

// datastoreDoc is the document of a datastore: one of the storages, and one of its server's datastores. Numbers that are
// not known are 0 here, as clients of both lists expect them; they make no sample.
type datastoreDoc struct {
	Storage       string     `json:"storage"`
	Name          string     `json:"name"`
	Node          string     `json:"node"`
	Instance      string     `json:"instance"`
	Type          string     `json:"type"`
	Total         int64      `json:"total"`
	Used          int64      `json:"used"`
	Avail         int64      `json:"avail"`
	Free          int64      `json:"free"`
	Usage         float64    `json:"usage"` // percent
	Content       string     `json:"content"`
	Shared        bool       `json:"shared"`
	Enabled       bool       `json:"enabled"`
	Active        bool       `json:"active"`
	Error         string     `json:"error,omitempty"`
	Deduplication float64    `json:"deduplicationFactor,omitempty"`
	Backend       string     `json:"backend,omitempty"`
	MountStatus   string     `json:"mountStatus,omitempty"`
	EstimatedFull *time.Time `json:"estimatedFull,omitempty"`
	FullIn        int64      `json:"fullInSeconds,omitempty"`
}

// readDatastores returns every datastore that the account sees. An account without rights gets an empty list and no error,
// so what is missing is only believed of an account that may see it.
func (c *Collector) readDatastores(ctx context.Context) ([]sdk.Observation, error) {
	rows, skipped, err := proxmox.Rows[usage](ctx, c.client, proxmox.Path("status", "datastore-usage"))
	if err != nil {
		return nil, err
	}
	present := map[string]place{}
	var out []sdk.Observation
	for _, u := range rows {
		if c.cfg.leavesOut(string(u.Store)) {
			continue
		}
		if _, twice := present[string(u.Store)]; twice || u.Store == "" {
			skipped++
			continue
		}
		present[string(u.Store)] = place{readable: u.status() == sdk.StatusUp, removable: u.MountStatus == "mounted"}
		out = append(out, c.datastore(u)...)
	}
	if skipped > 0 {
		c.deps.Log.Warn("datastores that could not be read were left out", "count", skipped)
	}
	if err := c.believe(ctx, present, skipped); err != nil {
		return nil, err
	}
	return out, nil
}

// findStores looks which datastores there are, unless that is known.
func (c *Collector) findStores(ctx context.Context) error {
	c.mu.Lock()
	known := c.stores != nil
	c.mu.Unlock()
	if known {
		return nil
	}
	_, err := c.readDatastores(ctx)
	return err
}

// believe judges whether datastores that are missing are gone or only hidden.
func (c *Collector) believe(ctx context.Context, present map[string]place, skipped int) error {
	c.mu.Lock()
	before := c.stores
	c.mu.Unlock()
	if len(present) == 0 {
		if err := c.rights.need(ctx, len(before) > 0, "/datastore", seesDatastores...); err != nil {
			return err
		}
	}
	for store := range before {
		if _, there := present[store]; there {
			continue
		}
		if skipped > 0 {
			return sdk.Errorf(sdk.KindUpstream, "Datastore %s is missing from an answer of which a part cannot be read.", store)
		}
		if err := c.rights.need(ctx, true, "/datastore/"+store, seesDatastores...); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stores = present
	return nil
}

// datastore turns one row into observations.
func (c *Collector) datastore(u usage) []sdk.Observation {
	store := string(u.Store)
	key := storeKey(store)
	doc := datastoreDoc{
		Storage: store, Name: store, Node: c.name, Instance: c.wireID(), Type: "pbs", Content: "backup", Shared: true, Enabled: true,
		Error: string(u.Error), Backend: string(u.Backend), MountStatus: string(u.MountStatus),
	}
	record := sdk.Record{
		Type: typeDatastore, Key: key, Name: store, WireID: c.wireID() + "-" + store, Status: u.status(),
		Evidence:  []sdk.Evidence{proxmox.BackupStore(c.identity(), store)},
		Relations: []sdk.Relation{{Kind: sdk.OwnedBy, Type: typeServer, Key: serverKey}},
	}
	m := proxmox.Meter{Type: typeDatastore, Key: key}
	doc.Active = record.Status == sdk.StatusUp
	doc.Enabled = record.Status != sdk.StatusOff
	if doc.Active && u.known() {
		free := max(0, u.Avail.Or(u.Total.V-u.Used.V))
		doc.Total, doc.Used, doc.Avail, doc.Free, doc.Usage = u.Total.V, u.Used.V, free, free, proxmox.Percent(u.ratio())
		m.Add("usage", u.ratio(), !u.cached())
		m.Add("used", float64(u.Used.V), true)
		m.Add("avail", float64(free), true)
		m.Add("total", float64(u.Total.V), true)
	}
	if doc.Active {
		c.addTrends(u, &doc, &m)
	}
	record.Doc = proxmox.Document(doc)
	return append([]sdk.Observation{record}, m.Samples...)
}

// addTrends adds what the server computes of its history.
func (c *Collector) addTrends(u usage, doc *datastoreDoc, m *proxmox.Meter) {
	if factor, ok := u.GC.deduplication(); ok {
		doc.Deduplication = proxmox.Round(factor, 2)
		m.Add("deduplication", factor, true)
	}
	full := u.EstimatedFull.Time()
	if left := full.Sub(c.timeThere()); left > 0 && !u.cached() {
		doc.EstimatedFull, doc.FullIn = &full, int64(left/time.Hour)*3600 // the hour is as exact as an estimate of days is
		m.Add("full_in", left.Seconds(), true)
	}
}

// cached tells whether the numbers are those of a local cache, which is meant to be full: what lies behind it has no size.
func (u usage) cached() bool { return u.Backend == "s3" }

// place is what is remembered of a datastore: whether it can be read, and whether it lies on a disk that people take out.
type place struct{ readable, removable bool }

// onPurpose are what the server says of datastores that somebody has put out of use.
var onPurpose = []string{" maintenance mode", "datastore is being deleted", "datastore is being unmounted", " is not mounted"}

// status tells how a datastore is. Maintenance and a disk that was taken out are on purpose; any other error is not.
func (u usage) status() sdk.Status {
	says := func(text string) bool { return strings.Contains(string(u.Error), text) }
	switch {
	case u.MountStatus == "notmounted", slices.ContainsFunc(onPurpose, says):
		return sdk.StatusOff
	case u.Error != "":
		return sdk.StatusDown
	}
	return sdk.StatusUp
}
