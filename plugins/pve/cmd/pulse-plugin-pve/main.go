// Command pulse-plugin-pve is the plugin for Proxmox VE.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/internal/proxmox/record"
	"github.com/pulse-platform/pulse/plugins/pve"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() {
	simulate := serve.Command{Name: "simulate", Help: "serve an invented cluster; prints the integration that monitors it", Run: pvetest.Simulate}
	serve.Main(pve.Plugin(), simulate, record.Command(pve.Plugin()))
}
