// Package pve is the plugin for Proxmox VE: clusters and single servers with their nodes, guests, storage, disks, Ceph,
// backups, snapshots and replication, read through the API of one node. It changes nothing there.
//
// One integration is one cluster. Its tasks are ordered by what they cost: the cheapest makes two calls every ten seconds
// for the whole cluster, the dearest ask one node at a time.
package pve

import (
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/internal/proxmox/setup"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Version of the plugin.
const Version = "1.0.0"

// The tasks.
const (
	taskResources   = "resources"
	taskNodes       = "nodes"
	taskBackups     = "backups"
	taskSnapshots   = "snapshots"
	taskReplication = "replication"
	taskDisks       = "disks"
	taskPools       = "pools"
	taskCeph        = "ceph"
	taskUpkeep      = "upkeep"
	taskAgents      = "guests"
	taskConfigs     = "configs"
)

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Unconfigured(schema.Define(sdk.Description{
		Kind:         "pve",
		Name:         "Proxmox VE",
		Summary:      "Proxmox VE clusters and servers: nodes, virtual machines, containers, storage, backups, Ceph.",
		Version:      Version,
		Capabilities: []sdk.Capability{sdk.CapSimulate},
		Types:        resourceTypes(),
		Metrics:      metrics(),
		Sections:     sections(),
		Kinds:        conditions(),
		Rows:         rowTypes(),
		Tasks: []sdk.Task{
			{Name: taskResources, Label: "Nodes, guests and storage", Interval: 10 * time.Second, Timeout: 30 * time.Second, Cost: sdk.CostLight,
				Types: []string{typeCluster, typeNode, typeVM, typeLXC, typeStorage}},
			{Name: taskNodes, Label: "Details of nodes", Interval: time.Minute, Timeout: time.Minute, Cost: sdk.CostLight},
			{Name: taskBackups, Label: "Backups", Interval: 5 * time.Minute, Timeout: 3 * time.Minute, Cost: sdk.CostHeavy,
				Rows: []string{rowsBackups, rowsTasks, rowsJobs}},
			{Name: taskSnapshots, Label: "Snapshots", Interval: time.Minute, Timeout: time.Minute, Cost: sdk.CostLight, Rows: []string{rowsSnapshots}},
			{Name: taskAgents, Label: "Inside of guests", Interval: time.Minute, Timeout: 50 * time.Second, Cost: sdk.CostHeavy, Parts: []string{"inside"}},
			{Name: taskConfigs, Label: "Configuration of guests", Interval: time.Minute, Timeout: time.Minute, Cost: sdk.CostLight},
			{Name: taskDisks, Label: "Disks", Interval: 5 * time.Minute, Timeout: 3 * time.Minute, Cost: sdk.CostHeavy, Types: []string{typeDisk}},
			{Name: taskPools, Label: "ZFS and thin pools", Interval: 15 * time.Minute, Timeout: 3 * time.Minute, Cost: sdk.CostHeavy},
			{Name: taskCeph, Label: "Ceph", Interval: time.Minute, Timeout: time.Minute, Cost: sdk.CostLight, Types: []string{typeCeph}},
			{Name: taskUpkeep, Label: "Updates, certificates, subscriptions", Interval: 30 * time.Minute, Timeout: 3 * time.Minute, Cost: sdk.CostHeavy, Rows: []string{rowsUpdates}},
			{Name: taskReplication, Label: "Replication", Interval: 5 * time.Minute, Timeout: 2 * time.Minute, Cost: sdk.CostLight, Rows: []string{rowsReplication}},
		},
		Probes: setup.Probes(proxmox.VirtualEnvironment), Scripts: setup.Scripts(),
	}, New), setup.PVE)
}

var (
	_ sdk.Collector = (*Collector)(nil)
	_ sdk.Checker   = (*Collector)(nil)
)
