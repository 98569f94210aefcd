// Command pulse-plugins is every plugin of this project in one program. It is the one whose name it is called by: links named
// pulse-plugin-<kind> lie in the server's folder of plugins. Each runs as a process of its own, and the processes share the
// program's pages of memory. Called by its own name it prints the names.
//
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/apprise"
	"github.com/pulse-platform/pulse/plugins/demo"
	"github.com/pulse-platform/pulse/plugins/email"
	"github.com/pulse-platform/pulse/plugins/host"
	"github.com/pulse-platform/pulse/plugins/internal/proxmox/record"
	"github.com/pulse-platform/pulse/plugins/pbs"
	"github.com/pulse-platform/pulse/plugins/pmg"
	"github.com/pulse-platform/pulse/plugins/pve"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/plugins/shoutrrr"
	"github.com/pulse-platform/pulse/plugins/webhook"
	"github.com/pulse-platform/pulse/sdk/serve"
)

// plugins are the mains of all plugins by the names of their programs.
var plugins = map[string]func(){
	"pulse-plugin-apprise":  func() { serve.Main(apprise.Plugin()) },
	"pulse-plugin-demo":     func() { serve.Main(demo.Plugin()) },
	"pulse-plugin-email":    func() { serve.Main(email.Plugin()) },
	"pulse-plugin-host":     func() { serve.Main(host.Plugin()) },
	"pulse-plugin-pbs":      func() { serve.Main(pbs.Plugin(), pbs.Simulate(time.Now), record.Command(pbs.Plugin())) },
	"pulse-plugin-pmg":      func() { serve.Main(pmg.Plugin(), pmg.Simulate(time.Now), record.Command(pmg.Plugin())) },
	"pulse-plugin-pve":      func() { serve.Main(pve.Plugin(), pvetest.Simulate(), record.Command(pve.Plugin())) },
	"pulse-plugin-shoutrrr": func() { serve.Main(shoutrrr.Plugin()) },
	"pulse-plugin-webhook":  func() { serve.Main(webhook.Plugin()) },
}

func main() {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if run, known := plugins[name]; known {
		run()
		return
	}
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		fmt.Println(name)
	}
}
