// Command pulse-plugin-checks is the plugin's program.
package main

import (
	checks "example.com/pulse-plugin-checks"

	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(checks.Plugin()) }
