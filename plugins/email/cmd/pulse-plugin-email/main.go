// Command pulse-plugin-email is the email plugin.
//
// SPDX-License-Identifier: MIT
package main

import (
	"github.com/pulse-platform/pulse/plugins/email"
	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(email.Plugin()) }
