package pve

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// configFor returns a configuration for a simulated cluster, with changes.
func configFor(s *pvetest.Server, changes ...map[string]any) string {
	config := map[string]any{"host": s.URL, "token_name": pvetest.Token, "token_value": pvetest.Secret, "fingerprint": s.Pin}
	for _, c := range changes {
		for k, v := range c {
			config[k] = v
		}
	}
	b, err := json.Marshal(config)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestConformance(t *testing.T) {
	s := pvetest.Start(t, pvetest.New(3, 20, time.Now))
	nothing := pvetest.New(3, 20, time.Now)
	nothing.Accounts[0].Rights = nil
	away := pvetest.Start(t, pvetest.New(1, 1, time.Now))
	sdktest.Conformance(t, Plugin(), sdktest.Options{
		// Cycles follow each other without a pause.
		Config:  configFor(s, map[string]any{"calls_per_minute": 6000, "node_calls_per_minute": 6000, "agent_calls_per_minute": 600}),
		Secrets: []string{pvetest.Secret},
		Blind: map[string]string{
			"a token without rights": configFor(pvetest.Start(t, nothing)),
			"a wrong secret":         configFor(s, map[string]any{"token_value": "wrong"}),
			"another certificate":    configFor(s, map[string]any{"fingerprint": fmt.Sprintf("%064d", 1)}),
			"nobody answers":         configFor(away, map[string]any{"host": "https://127.0.0.1:1"}),
		},
	})
}
