package pbs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pulse-platform/pulse/plugins/pbs/pbstest"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// memory is what the server keeps for an integration.
type memory struct {
	mu    sync.Mutex
	state map[string][]byte
	at    map[string]int64
}

func (m *memory) State(_ context.Context, key string) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state[key], m.at[key], nil
}

func (m *memory) SetState(_ context.Context, key string, value []byte, version int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at[key] != version {
		return sdk.Errorf(sdk.KindInvalid, "changed meanwhile")
	}
	if m.state == nil {
		m.state, m.at = map[string][]byte{}, map[string]int64{}
	}
	m.state[key] = value
	m.at[key]++
	return nil
}

func (m *memory) Secret(context.Context, string) (string, error)               { return "", nil }
func (m *memory) SetSecret(context.Context, string, string) error              { return nil }
func (m *memory) ProposeConfig(context.Context, json.RawMessage, string) error { return nil }

func asError(err error, to **sdk.Error) bool { return errors.As(err, to) }

func answering(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

func TestConformance(t *testing.T) {
	b := newBench(t)
	b.world.Change(func(w *pbstest.World) { w.Accounts["monitor@pbs!pulse"].Roles["/tape"] = "TapeAudit" })
	const tape = `,"monitor_tape":true`
	sdktest.Conformance(t, Plugin(), sdktest.Options{
		Config: b.config("monitor@pbs!pulse", tape), Secrets: []string{"t0ken-s3cret"},
		Blind: map[string]string{
			"nobody answers": strings.Replace(b.config("monitor@pbs!pulse", tape), b.http.URL, "https://127.0.0.1:1", 1),
			"a wrong secret": strings.Replace(b.config("monitor@pbs!pulse", tape), "t0ken-s3cret", "wrong", 1),
			"no rights":      b.config("nobody@pbs!none", tape),
			"another's pin":  strings.Replace(b.config("monitor@pbs!pulse", tape), b.pin(), strings.Repeat("ab", 32), 1),
		},
	})
}
