package integrations

import (
	"context"
	"errors"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

func TestProbeTellsWhoAnswers(t *testing.T) {
	var asked string
	var fails error
	a := Area{
		Ports: func(kind string) []int { return map[string][]int{"pot": {8006}}[kind] },
		Probe: func(_ context.Context, _, address string, _ integration.Network) (sdk.Candidate, error) {
			asked = address
			return sdk.Candidate{Name: "kitchen", Version: "2", CertificateSHA256: "ab"}, fails
		},
	}
	for text, want := range map[string]string{
		"kitchen": "kitchen:8006", " https://Kitchen:9000/x?y ": "kitchen:9000", "::1": "[::1]:8006", "[fd00::1]:7": "[fd00::1]:7", "http://10.0.0.1": "10.0.0.1:8006",
	} {
		got, err := a.probe(t.Context(), probeIn{Kind: "pot", Address: text})
		if err != nil || asked != want || !got.OK || got.Address != want || got.URL != "https://"+want || got.Name != "kitchen" || got.CertificateSHA256 != "ab" {
			t.Errorf("%q: asked %q, %+v, %v", text, asked, got, err)
		}
	}
	for _, text := range []string{"", "a b", "a:0", "a:99999", "me@a", "$(id)", "169.254.169.254", "[fe80::1]"} {
		if _, err := a.probe(t.Context(), probeIn{Kind: "pot", Address: text}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := a.probe(t.Context(), probeIn{Kind: "pan", Address: "a"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a kind without a usual port: %v", err)
	}
	fails = sdk.Errorf(sdk.KindUnreachable, "Nobody is at home.")
	if got, err := a.probe(t.Context(), probeIn{Kind: "pot", Address: "a"}); err != nil || got.OK || got.Failure != "Nobody is at home." || got.CertificateSHA256 != "" {
		t.Errorf("%+v, %v", got, err)
	}
	fails = errors.New("secret internals")
	if _, err := a.probe(t.Context(), probeIn{Kind: "pot", Address: "a"}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("%v", err)
	}
}
