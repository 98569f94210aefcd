// Command pulse-plugin-apprise is the apprise plugin.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/apprise"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(apprise.Plugin()) }
