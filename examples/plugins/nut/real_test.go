//go:build deep

package nut

import (
	"os"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// A real upsd, named by NUT_ADDRESS, is read like the one of the other tests.
func TestRealServer(t *testing.T) {
	address := os.Getenv("NUT_ADDRESS")
	if address == "" {
		t.Skip("NUT_ADDRESS names no server")
	}
	i := sdktest.Conn(t, Plugin()).Instance(t, config(address))
	result, err := i.Check(t.Context(), func(s sdk.CheckStep) { t.Logf("%s: %s %s", s.Name, s.Outcome, s.Message) })
	if err != nil || result.Version == "" {
		t.Fatalf("check: %+v, %v", result, err)
	}
	if got := sdktest.Collect(t, i, "read").Keys(); len(got) == 0 {
		t.Errorf("%s has no UPS", result.Version)
	}
}
