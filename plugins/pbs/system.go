package pbs

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// collectSystem reads what changes over days: packages, disks, services, subscription. Disks are asked for their health,
// which may wake them.
func (c *Collector) collectSystem(ctx context.Context, sink sdk.Sink) error {
	step := func(name string, read func(context.Context) ([]sdk.Observation, error)) proxmox.Step {
		return proxmox.Step{Name: name, Read: func(ctx context.Context) ([]sdk.Observation, error) {
			found, err := read(ctx)
			if unsupported(err) { // an older release
				return nil, nil
			}
			return found, err
		}}
	}
	return proxmox.Run(ctx, sink, step("subscription", c.readSubscription), step("services", c.readServices), step("updates", c.readUpdates),
		step("disks", c.readDisks), step("pools", c.readPools), step("certificate", c.readCertificate))
}

func onNode(segments ...string) proxmox.Call {
	return proxmox.Path(append([]string{"nodes", "localhost"}, segments...)...)
}

func serverCondition(kind, instance string, severity sdk.Severity, format string, args ...any) sdk.Condition {
	return sdk.Condition{Type: typeServer, Key: serverKey, Kind: kind, Instance: instance, Severity: severity, Message: fmt.Sprintf(format, args...)}
}

func (c *Collector) readSubscription(ctx context.Context) ([]sdk.Observation, error) {
	s, err := proxmox.Get[proxmox.Subscription](ctx, c.client, onNode("subscription"))
	text, severity := s.Verdict(c.name)
	if err != nil || text == "" {
		return nil, err
	}
	return []sdk.Observation{serverCondition(noSubscription, "", severity, "%s", text)}, nil
}

// readServices finds services that are to run and do not.
func (c *Collector) readServices(ctx context.Context) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[proxmox.Service](ctx, c.client, onNode("services"))
	var out []sdk.Observation
	for _, s := range rows {
		if s.Down() {
			text, metadata := s.Verdict(c.name)
			x := serverCondition(serviceDown, string(s.Name), sdk.SeverityWarning, "%s", text)
			x.Metadata = metadata
			out = append(out, x)
		}
	}
	return out, err
}

// readCertificate tells how long the certificate is good that the server has just shown. The API tells it only to those who
// may change it.
func (c *Collector) readCertificate(context.Context) ([]sdk.Observation, error) {
	until := c.client.CertificateUntil()
	if until.IsZero() {
		return nil, nil
	}
	return []sdk.Observation{sdk.Sample{Type: typeServer, Key: serverKey, Metric: "certificate_left", Value: max(0, until.Sub(c.deps.Now()).Seconds())}}, nil
}

// readUpdates reads the packages that the server knows to wait. It looks for new ones by itself, once a day.
func (c *Collector) readUpdates(ctx context.Context) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[proxmox.Update](ctx, c.client, onNode("apt", "update").Slowly())
	if err != nil {
		return nil, err
	}
	return proxmox.TellUpdates(rows, rowsUpdates, typeServer, serverKey), nil
}

func (c *Collector) readDisks(ctx context.Context) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[disk](ctx, c.client, onNode("disks", "list").Slowly())
	if err != nil {
		return nil, err
	}
	m := proxmox.Meter{Type: typeServer, Key: serverKey}
	var out []sdk.Observation
	for _, d := range rows {
		if d.Name == "" {
			continue
		}
		m.AddInstance("disk_wear", string(d.Name), proxmox.Ratio(1-d.Wearout.V/100), d.Wearout.OK)
		if d.Status == "failed" {
			x := serverCondition(diskFailing, string(d.Name), sdk.SeverityCritical, "Disk %s (%s) of %s says that it is failing.", d.Name, d.Model, c.name)
			x.Metadata = map[string]string{"device": string(d.Name), "model": string(d.Model), "serial": string(d.Serial)}
			out = append(out, x)
		}
	}
	return append(out, m.Samples...), nil
}

func (c *Collector) readPools(ctx context.Context) ([]sdk.Observation, error) {
	rows, _, err := proxmox.Rows[pool](ctx, c.client, onNode("disks", "zfs").Slowly())
	if err != nil {
		return nil, err
	}
	var out []sdk.Observation
	for _, p := range rows {
		if p.Name == "" || p.Health == "" || p.Health == "ONLINE" {
			continue
		}
		severity := sdk.SeverityWarning
		if slices.Contains([]string{"FAULTED", "UNAVAIL", "SUSPENDED", "REMOVED"}, string(p.Health)) {
			severity = sdk.SeverityCritical
		}
		out = append(out, serverCondition(poolDegraded, string(p.Name), severity, "ZFS pool %s of %s is %s: zpool status tells why.", p.Name, c.name, p.Health))
	}
	return out, nil
}
