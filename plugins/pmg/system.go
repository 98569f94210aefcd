package pmg

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

var (
	// atRest are services that do not run all the time.
	atRest = []string{"pmg-hourly", "pmg-daily", "pmgreport", "pmgspamreport", "fetchmail"}
	// together are those that nodes of a cluster keep in step with. On a gateway that stands alone they end at once.
	together = []string{"pmgmirror", "pmgtunnel"}
)

// collectSystem reads what changes over days.
func (c *Collector) collectSystem(ctx context.Context, sink sdk.Sink) error {
	return c.onNodes(ctx, sink, "system/", func(ctx context.Context, m member) ([]sdk.Observation, error) {
		var out []sdk.Observation
		for _, read := range []func(context.Context, string) ([]sdk.Observation, error){c.readServices, c.readSignatures, c.readUpdates, c.readCertificates, c.readSubscription} {
			found, err := read(ctx, string(m.Name))
			if proxmox.KindOf(err) == proxmox.KindUnsupported {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
		return out, nil
	})
}

// readServices finds services that are to run and do not.
func (c *Collector) readServices(ctx context.Context, node string) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[proxmox.Service](ctx, c.client, proxmox.OnNode(node, "services"))
	var out []sdk.Observation
	for _, s := range rows {
		rests := slices.Contains(atRest, string(s.Name)) || c.standsAlone() && slices.Contains(together, string(s.Name))
		if s.Down() && !rests {
			text, metadata := s.Verdict(node)
			out = append(out, sdk.Condition{Type: typeNode, Key: nodeKey(node), Kind: kindServiceDown, Instance: string(s.Name), Severity: sdk.SeverityWarning, Message: text, Metadata: metadata})
		}
	}
	return out, err
}

// madeAt reads when signatures were made. The product writes a hyphen between hours and minutes; the first nine days of a month
// may have one digit or two.
func madeAt(text string) (time.Time, error) {
	return time.Parse("2 Jan 2006 15-04 -0700", strings.Join(strings.Fields(text), " "))
}

func (c *Collector) readSignatures(ctx context.Context, node string) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[signatures](ctx, c.client, proxmox.OnNode(node, "clamav", "database"))
	if err != nil {
		return nil, err
	}
	m := proxmox.Meter{Type: typeNode, Key: nodeKey(node)}
	for _, s := range rows {
		if s.Name != "daily" {
			continue
		}
		at, err := madeAt(string(s.Built))
		m.Add("signatures_age", max(0, c.timeThere().Sub(at).Seconds()), err == nil)
		break
	}
	return m.Samples, nil
}

func (c *Collector) readUpdates(ctx context.Context, node string) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[proxmox.Update](ctx, c.client, proxmox.OnNode(node, "apt", "update").Slowly())
	if err != nil {
		return nil, err
	}
	return proxmox.TellUpdates(rows, rowsUpdates, typeNode, nodeKey(node)), nil
}

func (c *Collector) readCertificates(ctx context.Context, node string) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[certificate](ctx, c.client, proxmox.OnNode(node, "certificates", "info"))
	if err != nil {
		return nil, err
	}
	m := proxmox.Meter{Type: typeNode, Key: nodeKey(node)}
	seen := map[string]bool{}
	for _, x := range rows {
		if file := string(x.File); file != "" && !seen[file] {
			seen[file] = true
			m.AddInstance("certificate_left", file, max(0, x.Until.Time().Sub(c.deps.Now()).Seconds()), !x.Until.Time().IsZero())
		}
	}
	return m.Samples, nil
}

func (c *Collector) readSubscription(ctx context.Context, node string) ([]sdk.Observation, error) {
	s, err := proxmox.Get[proxmox.Subscription](ctx, c.client, proxmox.OnNode(node, "subscription"))
	text, severity := s.Verdict(node)
	if err != nil || text == "" {
		return nil, err
	}
	return []sdk.Observation{sdk.Condition{Type: typeGateway, Key: gatewayKey, Kind: kindNoSubscription, Instance: node, Severity: severity, Message: text}}, nil
}
