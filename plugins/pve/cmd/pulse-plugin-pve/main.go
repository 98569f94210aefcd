// Command pulse-plugin-pve is the plugin for Proxmox VE.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/pve"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() {
	serve.Main(pve.Plugin(), serve.Command{Name: "simulate", Help: "serve an invented cluster", Run: pvetest.Simulate})
}
