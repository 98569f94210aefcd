package compat

import (
	"encoding/json"
	"testing"
)

func TestStateKeysAreUniqueAndHoldJSON(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range StateKeys() {
		if seen[k.Name] {
			t.Errorf("%s is listed twice", k.Name)
		}
		seen[k.Name] = true
		if len(k.Parts) == 0 && !json.Valid([]byte(k.Empty)) {
			t.Errorf("%s: %q is not JSON", k.Name, k.Empty)
		}
	}
	for _, name := range []string{StateHealth, StateLastUpdate, StateActiveAlerts, "hosts"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}
