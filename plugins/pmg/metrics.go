package pmg

import (
	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// metrics is the table of all metrics.
func metrics() []sdk.Metric {
	gateway, node := []string{typeGateway}, []string{typeNode}
	return proxmox.Metrics([]sdk.Metric{
		{Name: "cpu", Types: node, Unit: sdk.UnitRatio, Precision: 10, Label: "CPU", Help: "Busy share of all processors.", Chart: "cpu"},
		{Name: "iowait", Types: node, Unit: sdk.UnitRatio, Precision: 10, Label: "Waiting for disks", Help: "Share of time in which processors waited for disks.", Chart: "cpu"},
		{Name: "memory", Types: node, Unit: sdk.UnitRatio, Precision: 12, Label: "Memory", Help: "Used share of memory.", Chart: "memory"},
		{Name: "swap", Types: node, Unit: sdk.UnitRatio, Precision: 12, Label: "Swap", Help: "Used share of swap space.", Chart: "memory"},
		{Name: "disk", Types: node, Unit: sdk.UnitRatio, Precision: 14, Label: "Disk", Help: "Used share of the root file system.", Chart: "disk"},
		{Name: "load1", Types: node, Unit: sdk.UnitCount, Precision: 12, Label: "Load 1 min", Help: "Load average over a minute.", Chart: "load"},
		{Name: "uptime", Types: node, Unit: sdk.UnitSeconds, Label: "Uptime", Help: "Time since the machine started.", Chart: "uptime"},
		{Name: "node_queue_total", Types: node, Unit: sdk.UnitCount, Label: "Queue", Help: "Messages that wait on the node of a cluster, in all queues; those of a gateway that stands alone are the gateway's.", Chart: "queue"},
		{Name: "node_queue_deferred", Types: node, Unit: sdk.UnitCount, Label: "Queue, deferred", Help: "Messages that the node of a cluster could not deliver and tries again.", Chart: "queue"},
		{Name: "node_queue_hold", Types: node, Unit: sdk.UnitCount, Label: "Queue, on hold", Help: "Messages that somebody holds back on the node of a cluster.", Chart: "queue"},
		{Name: "node_queue_oldest", Types: node, Unit: sdk.UnitSeconds, Label: "Oldest message", Help: "At least how long the oldest message waits on the node; 0 when none does for five minutes.", Chart: "queue_age"},
		{Name: "updates_pending", Types: node, Unit: sdk.UnitCount, Label: "Packages that wait", Help: "How many packages of the system have a newer version.", Chart: "updates"},
		{Name: "signatures_age", Types: node, Unit: sdk.UnitSeconds, Precision: 12, Label: "Age of virus signatures", Help: "Time since the daily virus signatures were made.", Chart: "signatures"},
		{Name: "certificate_left", Types: node, Unit: sdk.UnitSeconds, Instance: "certificate", Precision: 16, Label: "Certificate", Help: "Time until a certificate ends.", Chart: "certificates"},
		{Name: "backup_age", Types: node, Unit: sdk.UnitSeconds, Precision: 12, Label: "Age of the newest backup", Help: "Time since the newest backup of the node's configuration, on the node or on a backup server that it writes to; missing while one of these was never read.", Chart: "backup_age"},

		{Name: "mail_in", Types: gateway, Unit: sdk.UnitPerSecond, Precision: 12, Label: "Received", Help: "Messages received a second, over five minutes; without those refused at the door.", Chart: "mail"},
		{Name: "mail_out", Types: gateway, Unit: sdk.UnitPerSecond, Precision: 12, Label: "Sent", Help: "Messages sent a second, over five minutes.", Chart: "mail"},
		{Name: "spam_in", Types: gateway, Unit: sdk.UnitPerSecond, Precision: 12, Label: "Spam received", Help: "Spam received a second, over five minutes.", Chart: "spam"},
		{Name: "spam_out", Types: gateway, Unit: sdk.UnitPerSecond, Precision: 12, Label: "Spam sent", Help: "Spam sent a second, over five minutes.", Chart: "spam"},
		{Name: "virus_in", Types: gateway, Unit: sdk.UnitPerSecond, Precision: 12, Label: "Viruses received", Help: "Viruses received a second, over five minutes.", Chart: "viruses"},
		{Name: "virus_out", Types: gateway, Unit: sdk.UnitPerSecond, Precision: 12, Label: "Viruses sent", Help: "Viruses sent a second, over five minutes.", Chart: "viruses"},
		{Name: "bytes_in", Types: gateway, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Bytes received", Help: "Bytes of mail received a second, over five minutes.", Chart: "bytes"},
		{Name: "bytes_out", Types: gateway, Unit: sdk.UnitBytesPerSecond, Precision: 12, Label: "Bytes sent", Help: "Bytes of mail sent a second, over five minutes.", Chart: "bytes"},
		{Name: "processing", Types: gateway, Unit: sdk.UnitSeconds, Precision: 12, Label: "Time to filter", Help: "Mean time that a message of today took.", Chart: "processing"},
		{Name: "queue_total", Types: gateway, Unit: sdk.UnitCount, Label: "Queue", Help: "Messages that wait, on all nodes.", Chart: "queue"},
		{Name: "queue_active", Types: gateway, Unit: sdk.UnitCount, Label: "Queue, active", Help: "Messages that are being delivered.", Chart: "queue"},
		{Name: "queue_incoming", Types: gateway, Unit: sdk.UnitCount, Label: "Queue, incoming", Help: "Messages that are being taken in.", Chart: "queue"},
		{Name: "queue_deferred", Types: gateway, Unit: sdk.UnitCount, Label: "Queue, deferred", Help: "Messages that could not be delivered and are tried again.", Chart: "queue"},
		{Name: "queue_hold", Types: gateway, Unit: sdk.UnitCount, Label: "Queue, on hold", Help: "Messages that somebody holds back.", Chart: "queue"},
		{Name: "queue_oldest", Types: gateway, Unit: sdk.UnitSeconds, Label: "Oldest message", Help: "At least how long the oldest message waits; 0 when none does for five minutes.", Chart: "queue_age"},
		{Name: "quarantine_spam", Types: gateway, Unit: sdk.UnitCount, Label: "Spam in quarantine", Help: "Messages in the spam quarantine.", Chart: "quarantine"},
		{Name: "quarantine_growth", Types: gateway, Unit: sdk.UnitRatio, Instance: "quarantine", Precision: 12, Label: "Growth of the quarantine", Help: "Share by which a quarantine grew in two hours, when that is at least 250 messages; below half unless it is at least 500.", Chart: "quarantine_growth"},
		{Name: "quarantine_virus", Types: gateway, Unit: sdk.UnitCount, Label: "Viruses in quarantine", Help: "Messages in the virus quarantine.", Chart: "quarantine"},
	})
}

func metricNames(kind string) []string { return proxmox.MetricsOf(kind, metrics()) }
