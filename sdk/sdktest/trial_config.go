package sdktest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
)

// The given configuration works; an unknown key does not; each key says what it is for.
func tryConfig(t testing.TB, s subject, o Options) {
	c := s.connect(t)
	for _, d := range c.Validate(t, o.Config) {
		if d.Severity == sdk.DiagnosticError {
			t.Errorf("the sample configuration is refused: %s %s %s", d.Path, d.Summary, d.Detail)
		}
	}
	var config map[string]any
	if err := json.Unmarshal([]byte(o.Config), &config); err != nil {
		t.Fatal(err)
	}
	config["no_such_key"] = true
	odd, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(c.Validate(t, string(odd)), func(d sdk.Diagnostic) bool { return d.Severity == sdk.DiagnosticError }) {
		t.Error("an unknown key is taken")
	}
}

// Secrets are in no description, diagnostic, log or error.
func trySecrets(t testing.TB, s subject, o Options) {
	c := s.connect(t)
	i := c.Instance(t, o.Config)
	var said []string
	for _, task := range o.Tasks {
		if err := collectQuietly(t.Context(), i, task); err != nil {
			said = append(said, err.Error())
		}
	}
	for _, d := range c.Validate(t, strings.Replace(o.Config, "{", `{"no_such_key": true,`, 1)) {
		said = append(said, d.Summary, d.Detail)
	}
	described, err := json.Marshal(c.Describe(t))
	if err != nil {
		t.Fatal(err)
	}
	said = append(said, c.Log(), string(described))
	for _, secret := range o.Secrets {
		for _, text := range said {
			if strings.Contains(text, secret) {
				t.Errorf("a secret came back in %.200q", strings.ReplaceAll(text, secret, sdk.Masked))
			}
		}
	}
}
