// Command pulse-plugin-demo is the demo plugin.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/demo"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(demo.Plugin()) }
