package pve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// upkeepAge is how often a node is asked about what changes within days. What it did not answer is asked for with each cycle.
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
	var all []topic
	for _, s := range []topic{{"updates", c.askUpdates}, {"subscription", c.askSubscription}, {"certificates", c.askCertificates}} {
		all = append(all, topic{s.name, c.whenDue(s)})
	}
	return c.eachNode(ctx, v, sink, all...)
}

// whenDue asks a node about something now and then.
func (c *Collector) whenDue(s topic) asker {
	return func(ctx context.Context, n node) ([]sdk.Observation, error) {
		key := upkeepKey{s.name, n.name}
		c.mu.Lock()
		at, asked := c.upkeep[key]
		c.mu.Unlock()
		if asked && c.deps.Now().Sub(at) < upkeepAge {
			return nil, errLater
		}
		found, err := c.ifThere(s.ask)(ctx, n)
		if err == nil {
			c.mu.Lock()
			c.upkeep[key] = c.deps.Now()
			c.mu.Unlock()
		}
		return found, err
	}
}

// upkeepKey is something that a node is asked about.
type upkeepKey struct{ about, node string }

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
	rows, _, err := proxmox.Rows[proxmox.Update](ctx, c.client, proxmox.OnNode(n.name, "apt", "update").Slowly())
	if proxmox.KindOf(err) == proxmox.KindForbidden {
		rows, _, err = proxmox.Rows[proxmox.Update](ctx, c.client, proxmox.OnNode(n.name, "apt", "versions").Slowly())
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
	got, err := proxmox.Get[proxmox.Subscription](ctx, c.client, proxmox.OnNode(n.name, "subscription"))
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
