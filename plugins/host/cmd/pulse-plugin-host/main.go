// Command pulse-plugin-host is the host plugin.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/host"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(host.Plugin()) }
