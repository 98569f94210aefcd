package state

import (
	"testing"

	"github.com/pulse-platform/pulse/core/api/route"
)

type document struct{}

func (document) JSON() ([]byte, uint64) { return []byte(`{}`), 7 }

func TestStateRow(t *testing.T) {
	out, err := New(document{}, "e").Routes()[0].Handle(t.Context(), &route.None{})
	if raw := out.(route.Raw); err != nil || raw.ETag != "e-7" || string(raw.Body) != "{}" || raw.ContentType != "application/json" {
		t.Fatalf("%+v, %v", out, err)
	}
}
