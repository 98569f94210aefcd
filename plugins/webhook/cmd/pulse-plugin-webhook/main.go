// Command pulse-plugin-webhook is the webhook plugin.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/webhook"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(webhook.Plugin()) }
