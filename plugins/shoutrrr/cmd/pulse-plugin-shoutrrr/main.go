// Command pulse-plugin-shoutrrr is the shoutrrr plugin.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/shoutrrr"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(shoutrrr.Plugin()) }
