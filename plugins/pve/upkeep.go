package pve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// upkeepAge is how often a node is asked for what changes within days. One that could not be asked is tried with each cycle.
const upkeepAge = 6 * time.Hour

// collectUpkeep looks at what somebody has to do one day: updates, certificates, subscriptions, the token that ends.
func (c *Collector) collectUpkeep(ctx context.Context, sink sdk.Sink) error {
	v, err := c.told(ctx)
	if v == nil {
		return err
	}
	if err := c.askToken(ctx, sink); err != nil {
		return err
	}
	due := &view{at: v.at, cluster: v.cluster}
	c.mu.Lock()
	for _, n := range v.nodes {
		if at, asked := c.upkeep[n.name]; n.online && (!asked || c.deps.Now().Sub(at) >= upkeepAge) {
			due.nodes = append(due.nodes, n)
		}
	}
	c.mu.Unlock()
	return c.eachNode(ctx, due, sink, c.ifThere(c.askUpkeep))
}

// askToken tells how long the token of this integration is good, when it ends at all.
func (c *Collector) askToken(ctx context.Context, sink sdk.Sink) error {
	id, isToken := c.cfg.account()
	if !isToken {
		return nil
	}
	user, name, _ := strings.Cut(id, "!")
	got, err := proxmox.Get[tokenAnswer](ctx, c.client, proxmox.Path("access", "users", user, "token", name))
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden, proxmox.KindUnsupported, proxmox.KindOther, proxmox.KindInvalid:
		return nil
	}
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	if got.Expire.V <= 0 {
		return nil
	}
	left := time.Unix(got.Expire.V, 0).Sub(c.deps.Now())
	return sink.Emit(sdk.Sample{Type: typeCluster, Key: clusterKey, Metric: "token_left", Value: max(0, left.Seconds())})
}

func (c *Collector) askUpkeep(ctx context.Context, n node) (out []sdk.Observation, err error) {
	for _, ask := range []asker{c.askUpdates, c.askSubscription, c.askCertificates} {
		found, err := ask(ctx, n)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	c.mu.Lock()
	c.upkeep[n.name] = c.deps.Now()
	c.mu.Unlock()
	return out, nil
}

// updateDoc is a pending update.
type updateDoc struct {
	Package string `json:"package"`
	Title   string `json:"title,omitempty"`
	Current string `json:"current,omitempty"`
	Version string `json:"version"`
	Origin  string `json:"origin,omitempty"`
	Node    string `json:"node"`
}

// askUpdates reads the pending updates. The list of all takes a right that is more than reading; the products' own
// packages can be seen without.
func (c *Collector) askUpdates(ctx context.Context, n node) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[updateRow](ctx, c.client, proxmox.OnNode(n.name, "apt", "update").Slowly())
	if proxmox.KindOf(err) == proxmox.KindForbidden {
		rows, _, err = proxmox.Rows[updateRow](ctx, c.client, proxmox.OnNode(n.name, "apt", "versions").Slowly())
		if proxmox.KindOf(err) == proxmox.KindForbidden {
			return nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read updates: %w", err)
	}
	key := nodeKey(n.name)
	var out []sdk.Observation
	count := 0
	for _, r := range rows {
		if r.Package == "" || r.Version == "" || r.Version == r.Old {
			continue
		}
		count++
		d := updateDoc{Package: string(r.Package), Title: clip(string(r.Title)), Current: string(r.Old), Version: string(r.Version), Origin: string(r.Origin), Node: n.name}
		out = append(out, sdk.Row{Rows: rowsUpdates, Key: d.Package, OwnerType: typeNode, OwnerKey: key, Doc: proxmox.Document(d)})
	}
	return append(out, sdk.RowsEnd{Rows: rowsUpdates, OwnerType: typeNode, OwnerKey: key},
		sdk.Sample{Type: typeNode, Key: key, Metric: "pending_updates", Value: float64(count)}), nil
}

func (c *Collector) askSubscription(ctx context.Context, n node) ([]sdk.Observation, error) {
	got, err := proxmox.Get[subscriptionAnswer](ctx, c.client, proxmox.OnNode(n.name, "subscription"))
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden, proxmox.KindUnsupported:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read subscription: %w", err)
	}
	say := func(severity sdk.Severity, text string) []sdk.Observation {
		return []sdk.Observation{sdk.Condition{Type: typeNode, Key: nodeKey(n.name), Kind: kindSubscription, Severity: severity, Message: text,
			Metadata: map[string]string{"status": string(got.Status)}}}
	}
	switch strings.ToLower(string(got.Status)) {
	case "notfound", "new":
		return say(sdk.SeverityInfo, fmt.Sprintf("Node %s has no subscription: the enterprise repository gives it no updates.", n.name)), nil
	case "expired", "invalid", "suspended":
		return say(sdk.SeverityWarning, fmt.Sprintf("The subscription of node %s is %s.", n.name, strings.ToLower(string(got.Status)))), nil
	}
	return nil, nil
}

// askCertificates tells how long the certificate that a node shows is good: its own one if it has one, else that of the
// cluster's authority.
func (c *Collector) askCertificates(ctx context.Context, n node) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[certificateRow](ctx, c.client, proxmox.OnNode(n.name, "certificates", "info"))
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden, proxmox.KindUnsupported:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	ends := map[proxmox.Str]int64{}
	for _, r := range rows {
		if r.NotAfter.OK {
			ends[r.File] = r.NotAfter.V
		}
	}
	end, own := ends["pveproxy-ssl.pem"]
	if !own {
		end = ends["pve-ssl.pem"]
	}
	if end == 0 {
		return nil, nil
	}
	left := time.Unix(end, 0).Sub(c.deps.Now())
	return []sdk.Observation{sdk.Sample{Type: typeNode, Key: nodeKey(n.name), Metric: "certificate_left", Value: max(0, left.Seconds())}}, nil
}
