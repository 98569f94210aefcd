// Command pulse-plugin-pbs is the plugin for Proxmox Backup Server.
//
// SPDX-License-Identifier: MIT
package main

import (
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox/record"
	"github.com/pulse-platform/pulse/plugins/pbs"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(pbs.Plugin(), pbs.Simulate(time.Now), record.Command(pbs.Plugin())) }
