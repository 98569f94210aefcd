package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// The client of an instance believes the certificate that the operator accepted for it, and only that one.
func TestPinsAreThoseOfTheInstance(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	sum := sha256.Sum256(s.Certificate().Raw)
	host := strings.TrimPrefix(s.URL, "https://")
	deps := depsFor(sdk.Description{}, slog.New(slog.DiscardHandler))
	get := func(pins map[string]string) error {
		client := deps(sdk.Instance{Integration: "x", Pins: pins, AllowNetworks: []string{"127.0.0.0/8"}}).HTTP
		defer client.CloseIdleConnections()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := get(map[string]string{host: hex.EncodeToString(sum[:])}); err != nil {
		t.Errorf("the accepted certificate: %v", err)
	}
	var e *sdk.Error
	if err := get(map[string]string{host: strings.Repeat("0", 64)}); !errors.As(err, &e) || e.Code != netguard.CodePin {
		t.Errorf("another one was accepted: %v", err)
	}
	if err := get(nil); err == nil {
		t.Error("a certificate that nobody accepted is believed")
	}
}
