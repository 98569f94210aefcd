package config

import (
	"fmt"
	"strings"

	"github.com/pulse-platform/pulse/sdk/schema"
)

const exampleHead = `# Configuration of the Pulse server: pulse serve --config FILE. Every block and key may be left out.
#
# A commented-out value is the default. Durations are written "90s", "12h" or "14d". A value may be taken from
# the environment, env("NAME") or env("NAME", "default"), or from a file, file("path"), so that secrets need not
# stand here. Flags win over environment variables, and those over this file; docs/configuration.md lists them.
# Check the file with: pulse config check --config FILE
`

const exampleFoot = `
# An integration is one configured use of a plugin: the plugin's kind and a name of your choice. Its keys
# are those of the plugin; its README and the form in the web page list them. What this file owns is
# read-only in the web page.
#
#   integration "ups" "cellar" {
#     address  = "192.0.2.7:3493"
#     password = env("UPS_PASSWORD")
#     network { # all may be left out
#       allow_loopback = true                      # it may reach this machine itself
#       pins           = { "nas:8006" = "AB:CD:…" } # SHA-256 of a certificate that is accepted
#     }
#   }
`

// Example returns config.example.hcl.
func Example() (string, error) {
	text := exampleHead
	for _, s := range sections {
		made, err := s.of()
		if err != nil {
			return "", err
		}
		text += "\n" + made.Block(s.name, "")
	}
	return text + exampleFoot, nil
}

// Reference returns the tables of docs/configuration.md: the keys of each block, and their flags and variables.
func Reference() (string, error) {
	var b strings.Builder
	for _, s := range sections {
		made, err := s.of()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "### `%s`\n\n%s\n", s.name, made.Markdown())
	}
	b.WriteString("### Flags and environment variables\n\n| Key | Flag | Environment variables |\n|---|---|---|\n")
	for _, s := range Settings() {
		flag, names := "", s.Env
		if s.Flag != "" {
			flag = "`--" + s.Flag + "`"
		}
		if s.Secret {
			names = nil
			for _, e := range s.Env {
				names = append(names, e, e+"_FILE")
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", s.Key, flag, strings.Join(names, "`, `"))
	}
	return b.String(), nil
}

// Schemas returns the schema of each block by its name.
func Schemas() (map[string]*schema.Schema, error) {
	all := map[string]*schema.Schema{}
	for _, s := range sections {
		made, err := s.of()
		if err != nil {
			return nil, err
		}
		all[s.name] = made
	}
	return all, nil
}
