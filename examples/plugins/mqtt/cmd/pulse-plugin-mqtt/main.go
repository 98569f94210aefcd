// Command pulse-plugin-mqtt is the plugin's program.
package main

import (
	mqtt "example.com/pulse-plugin-mqtt"

	"github.com/pulse-platform/pulse/sdk/serve"
)

func main() { serve.Main(mqtt.Plugin()) }
