package host

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/sdk"
)

// The kinds of condition.
const (
	raidDegraded   = "raid"
	diskFailing    = "disk_failing"
	poolDegraded   = "zfs_pool_state"
	poolHasErrors  = "zfs_pool_errors"
	categoryDrives = "storage"
)

// conditions declares the verdicts that are not numbers.
func conditions() []sdk.EventKind {
	return []sdk.EventKind{
		{Name: raidDegraded, Condition: true, Label: "RAID array degraded", Template: "{message}", WireType: "raid", IDTemplate: "host-{id}-raid-{instance}", Category: categoryDrives, Severity: sdk.SeverityCritical},
		{Name: diskFailing, Condition: true, Label: "Disk failing", Template: "{message}", WireType: "disk-health", IDTemplate: "host-{id}-disk-{instance}", Category: categoryDrives, Severity: sdk.SeverityCritical},
		{Name: poolDegraded, Condition: true, Label: "ZFS pool not online", Template: "{message}", WireType: "zfs-pool-state", IDTemplate: "zfs-pool-state-{id}-{instance}", Category: categoryDrives, Severity: sdk.SeverityWarning},
		{Name: poolHasErrors, Condition: true, Label: "ZFS pool with errors", Template: "{message}", WireType: "zfs-pool-errors", IDTemplate: "zfs-pool-errors-{id}-{instance}", Category: categoryDrives, Severity: sdk.SeverityWarning},
	}
}

func conditionNames() []string {
	var names []string
	for _, c := range conditions() {
		names = append(names, c.Name)
	}
	return names
}

// verdicts returns what is wrong with the host's drives.
func verdicts(r *wire.Report) []sdk.Observation {
	var out []sdk.Observation
	add := func(c sdk.Condition) {
		c.Type, c.Key = kind, sdk.Self
		out = append(out, c)
	}
	for _, a := range r.RAID {
		if c, bad := judgeArray(r.Host, a); bad {
			add(c)
		}
	}
	for _, d := range r.Sensors.SMART {
		if strings.EqualFold(d.Health, wire.HealthFailed) && !d.Standby && usable(d.Device) {
			add(sdk.Condition{Kind: diskFailing, Instance: d.Device, Severity: sdk.SeverityCritical,
				Message:  fmt.Sprintf("Disk %s (%s) of %s says that it is failing.", d.Device, name(d.Model, "unknown model"), r.Host.Hostname),
				Metadata: map[string]string{"device": d.Device, "model": d.Model, "serial": d.Serial}})
		}
	}
	for _, p := range r.Pools {
		out = append(out, judgePool(r.Host.Hostname, p)...)
	}
	return out
}

// judgeArray tells whether an array has lost devices or is being rebuilt. A scrub ("check") is no trouble.
func judgeArray(h wire.Host, a wire.Array) (sdk.Condition, bool) {
	device := strings.TrimPrefix(a.Device, "/dev/")
	if !usable(device) || systemArray(h, device) {
		return sdk.Condition{}, false
	}
	state := strings.ToLower(a.State)
	broken := a.FailedDevices > 0 || strings.Contains(state, "degraded") || strings.Contains(state, "failed") || strings.Contains(state, "inactive")
	rebuilding := strings.Contains(state, "recover") || strings.Contains(state, "resync") || strings.Contains(state, "rebuild") || strings.Contains(state, "reshap")
	c := sdk.Condition{Kind: raidDegraded, Instance: device, Severity: sdk.SeverityCritical, Metadata: map[string]string{
		"metric": "raid", "raidDevice": a.Device, "raidLevel": a.Level, "raidState": a.State, "raidUUID": a.UUID,
		"raidTotalDevices": strconv.Itoa(a.TotalDevices), "raidActiveDevices": strconv.Itoa(a.ActiveDevices),
		"raidFailedDevices": strconv.Itoa(a.FailedDevices), "raidSpareDevices": strconv.Itoa(a.SpareDevices),
	}}
	if a.UUID == "" {
		delete(c.Metadata, "raidUUID")
	}
	switch {
	case broken:
		c.Message = fmt.Sprintf("RAID array %s of %s is %s: %d of %d devices active, %d failed.", device, h.Hostname, name(a.State, "degraded"), a.ActiveDevices, a.TotalDevices, a.FailedDevices)
		return c, true
	case rebuilding:
		c.Severity = sdk.SeverityWarning
		c.Metadata["raidRebuildPercent"] = strconv.FormatFloat(a.RebuildPercent, 'f', 1, 64)
		// The percentage stays out of the text, which would change with every report.
		c.Message = fmt.Sprintf("RAID array %s of %s is %s.", device, h.Hostname, a.State)
		return c, true
	}
	return sdk.Condition{}, false
}

// systemArray reports whether an array is one that an appliance spreads over all its bays, full or empty: it is
// degraded for ever and means nothing.
func systemArray(h wire.Host, device string) bool {
	system := strings.ToLower(h.Platform + " " + h.OSName + " " + h.KernelVersion)
	return (device == "md0" || device == "md1") && (strings.Contains(system, "synology") || strings.Contains(system, "dsm"))
}

// judgePool tells whether a ZFS pool is not online, or counted errors.
func judgePool(host string, p wire.Pool) []sdk.Observation {
	if !usable(p.Name) {
		return nil
	}
	var out []sdk.Observation
	if health := strings.ToUpper(p.Health); health != "" && health != "ONLINE" {
		severity := sdk.SeverityWarning
		if slices.Contains([]string{"FAULTED", "UNAVAIL", "SUSPENDED", "REMOVED"}, health) {
			severity = sdk.SeverityCritical
		}
		out = append(out, sdk.Condition{Type: kind, Key: sdk.Self, Kind: poolDegraded, Instance: p.Name, Severity: severity,
			Message:  fmt.Sprintf("ZFS pool %s of %s is %s.", p.Name, host, health),
			Metadata: map[string]string{"pool_name": p.Name, "pool_state": health}})
	}
	var read, write, checksum int64
	for _, d := range p.Devices {
		read, write, checksum = max(read, d.ReadErrors), max(write, d.WriteErrors), max(checksum, d.ChecksumErrors)
	}
	if read > 0 || write > 0 || checksum > 0 {
		out = append(out, sdk.Condition{Type: kind, Key: sdk.Self, Kind: poolHasErrors, Instance: p.Name, Severity: sdk.SeverityWarning,
			Message: fmt.Sprintf("ZFS pool %s of %s has counted errors: %d reading, %d writing, %d in checksums.", p.Name, host, read, write, checksum),
			Metadata: map[string]string{"pool_name": p.Name, "read_errors": strconv.FormatInt(read, 10),
				"write_errors": strconv.FormatInt(write, 10), "checksum_errors": strconv.FormatInt(checksum, 10)}})
	}
	return out
}

func name(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
