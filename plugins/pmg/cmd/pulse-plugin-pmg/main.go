// Command pulse-plugin-pmg is the plugin for Proxmox Mail Gateway.
//
// SPDX-License-Identifier: MIT
package main

import (
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox/record"
	"github.com/pulse-platform/pulse/plugins/pmg"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() {
	serve.Main(pmg.Plugin(), pmg.Simulate(time.Now), record.Command(pmg.Plugin()))
}
