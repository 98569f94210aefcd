// Command pulse-plugin-nut is the plugin's program.
package main

import (
	nut "example.com/pulse-plugin-nut"

	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(nut.Plugin()) }
