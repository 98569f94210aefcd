package mqtt

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// start runs a real broker that knows one user, and returns its address and what is published to "alerts".
func start(t *testing.T) (string, <-chan []byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := broker.New(&broker.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	rules := &auth.Ledger{Auth: auth.AuthRules{{Username: "pulse", Password: "secret-word", Allow: true}}}
	if err := s.AddHook(new(auth.Hook), &auth.Options{Ledger: rules}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddListener(listeners.NewNet("t", l)); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	got := make(chan []byte, 8)
	if err := s.Subscribe("alerts", 1, func(_ *broker.Client, _ packets.Subscription, p packets.Packet) { got <- p.Payload }); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), got
}

func config(address, password string) string {
	return fmt.Sprintf(`{"broker":"mqtt://%s","username":"pulse","password":%q,"allow":["127.0.0.0/8"],"timeout":"5s"}`, address, password)
}

var message = sdk.Message{ID: "m1", Kind: "firing", Severity: sdk.SeverityWarning, Title: "CPU of atlas is high", Time: time.Unix(1_800_000_000, 0)}

func TestPublishesWithAReceipt(t *testing.T) {
	address, got := start(t)
	i := sdktest.Conn(t, Plugin()).Instance(t, config(address, "secret-word"))
	receipts, err := i.Send(t.Context(), message, json.RawMessage(`{"topic":"alerts"}`))
	if err != nil || len(receipts) != 1 || !receipts[0].OK || receipts[0].Target != "alerts" {
		t.Fatalf("%+v, %v", receipts, err)
	}
	select {
	case body := <-got:
		var p payload
		if err := json.Unmarshal(body, &p); err != nil || p.ID != "m1" || p.Title != message.Title || p.Severity != "warning" {
			t.Errorf("%s, %v", body, err)
		}
	case <-time.After(3 * time.Minute):
		t.Fatal("nothing was published")
	}
}

func TestReceiptsTellWhetherToTryAgain(t *testing.T) {
	address, _ := start(t)
	for name, c := range map[string]struct {
		config    string
		permanent bool
	}{
		"a wrong password": {config(address, "wrong-word"), true},
		"nobody there":     {config("127.0.0.1:1", "secret-word"), false},
		"not allowed":      {strings.Replace(config(address, "secret-word"), "127.0.0.0/8", "10.0.0.0/8", 1), false},
	} {
		i := sdktest.Conn(t, Plugin()).Instance(t, c.config)
		receipts, err := i.Send(t.Context(), message, json.RawMessage(`{"topic":"alerts"}`))
		if err != nil || len(receipts) != 1 || receipts[0].OK || receipts[0].Permanent != c.permanent || strings.Contains(receipts[0].Excerpt, "-word") {
			t.Errorf("%s: %+v, %v", name, receipts, err)
		}
	}
	i := sdktest.Conn(t, Plugin()).Instance(t, config(address, "secret-word"))
	if _, err := i.Send(t.Context(), message, json.RawMessage(`{"qos":7}`)); sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("a channel without topic: %v", err)
	}
}

func TestConformance(t *testing.T) {
	address, _ := start(t)
	sdktest.Conformance(t, Plugin(), sdktest.Options{Config: config(address, "secret-word"), Secrets: []string{"secret-word"}})
}
