package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/plugins/pbs"
	"github.com/pulse-platform/pulse/plugins/pmg"
	"github.com/pulse-platform/pulse/plugins/pve"
	"github.com/pulse-platform/pulse/sdk"
)

// unaudited are the rows whose method is one that changes something, and which change nothing that lasts.
var unaudited = []string{"beginPasskey", "beginPasskeyLogin", "beginSecondStep", "getSparklines", "oidcLoginAddress", "pollLive", "querySeries", "simulateRule", "testOIDC", "validateToken"}

// Each row that changes something has an event in the audit log; reports of agents are what is watched.
func TestEveryChangeHasAnEvent(t *testing.T) {
	words := map[string]string{}
	for _, r := range routes(t) {
		word := api.EventOf(r)
		if word != "" && !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(word) {
			t.Errorf("%s %s: the event %q is no word", r.Method, r.Path, word)
		}
		words[r.Name] = word
		if r.Method == "GET" || r.Socket != nil || r.Limits.Class == "reports" || word != "" {
			continue
		}
		if !slices.Contains(unaudited, r.Name) {
			t.Errorf("%s %s (%s) changes something and has no event", r.Method, r.Path, r.Name)
		}
	}
	for _, name := range unaudited {
		if word, there := words[name]; !there || word != "" {
			t.Errorf("%s has an event: take it from the list", name)
		}
	}
	for name, want := range map[string]string{
		"login": "login", "logout": "logout", "changePassword": "password_change", "createToken": "token_created", "revokeToken": "token_revoked", "quickSetup": "quick_setup",
		"recover": "recovery", "exportConfig": "export_config", "importConfig": "import_config", "exportAuditLog": "audit_log_exported", "resetLockout": "lockout_reset",
		"updateSystemSettings": "update_system_settings", "addNode": "add_node", "updateNode": "update_node", "deleteNode": "delete_node", "activateLicense": "license_activated",
	} {
		if got, there := words[name]; got != want || !there {
			t.Errorf("%s is kept as %q, want %q", name, got, want)
		}
	}
}

// Weakness 14: no row takes a configuration of SSH, and none about SSH is for strangers.
func TestNobodyWritesSSHConfiguration(t *testing.T) {
	for _, r := range routes(t) {
		if strings.Contains(strings.ToLower(r.Path), "ssh") && r.Access.Level == route.Public {
			t.Errorf("%s %s is public", r.Method, r.Path)
		}
		if r.Path == "/api/system/ssh-config" && r.Method != "GET" {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
}

// Weakness 16: certificates of nodes are verified unless their configuration says otherwise.
func TestCertificatesAreVerifiedUnlessToldOtherwise(t *testing.T) {
	for _, p := range []sdk.Plugin{pve.Plugin(), pbs.Plugin(), pmg.Plugin()} {
		var schema struct {
			Properties map[string]struct {
				Default any `json:"default"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(p.Describe().Config, &schema); err != nil || schema.Properties["verify_ssl"].Default != true {
			t.Errorf("%s: %v %v", p.Describe().Kind, schema.Properties["verify_ssl"], err)
		}
	}
}

// The page of security names a test for each weakness of the reference, and each test that it names is there.
func TestSecurityPageNamesTests(t *testing.T) {
	page, err := os.ReadFile("../../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## Weaknesses of the reference")
	sources := map[string]string{}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| [^|]+ \| ([^|]+) \|$`).FindAllStringSubmatch(table, -1)
	if len(rows) != 20 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		dir := ""
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
			if !strings.HasPrefix(name[1], "Test") && !strings.HasPrefix(name[1], "Fuzz") {
				dir = name[1]
				continue
			}
			if sources[dir] == "" {
				files, err := filepath.Glob(filepath.Join("../../..", dir, "*_test.go"))
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range files {
					text, err := os.ReadFile(f)
					if err != nil {
						t.Fatal(err)
					}
					sources[dir] += string(text)
				}
			}
			if text := sources[dir]; !strings.Contains(text, "func "+name[1]+"(t *testing.T)") && !strings.Contains(text, "func "+name[1]+"(f *testing.F)") {
				t.Errorf("weakness %s: there is no %s in %q", row[1], name[1], dir)
			}
		}
	}
}
