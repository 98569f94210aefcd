// Package simulate serves invented upstreams: what a plugin's command "simulate" needs around its handler.
package simulate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"time"
)

// What invented upstreams say of one another: clusters write their backups into this datastore of the server whose dashboard
// shows this fingerprint.
const (
	BackupDatastore   = "main"
	BackupFingerprint = "5e:a1:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01"
)

// Integration is what to post to /api/integrations to have the simulator monitored.
type Integration struct {
	Kind    string         `json:"kind"`
	Name    string         `json:"name"`
	Config  map[string]any `json:"config"`
	Network Network        `json:"network"`
}

// Network is what the integration may reach and believe: this machine, and the certificate that was just made.
type Network struct {
	AllowLoopback bool              `json:"allowLoopback"`
	Pins          map[string]string `json:"pins,omitempty"`
}

// Serve serves h over TLS until the context ends. It prints one line of JSON first: the integration that monitors what is
// served, whose config gets the member "host".
func Serve(ctx context.Context, address string, h http.Handler, in Integration, now time.Time, out io.Writer) error {
	certificate, print, err := SelfSigned(now)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	at := listener.Addr().String()
	in.Config["host"] = "https://" + at
	in.Network = Network{AllowLoopback: true, Pins: map[string]string{at: print}}
	if err := json.NewEncoder(out).Encode(in); err != nil {
		return fmt.Errorf("say where it listens: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// SelfSigned makes a certificate as a fresh installation has it, and its SHA-256 in hex.
func SelfSigned(now time.Time) (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "simulator"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(2, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, DNSNames: []string{"localhost"},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", fmt.Errorf("make a certificate: %w", err)
	}
	sum := sha256.Sum256(raw)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, hex.EncodeToString(sum[:]), nil
}

// Address is where the node of a number, from 0 on, says that it is: an address of this machine at which nobody listens. Who
// falls back on a member that is not served is refused at once, and calls nobody beyond this machine.
func Address(node int) string { return fmt.Sprintf("127.0.%d.%d", 1+node/250, node%250+1) }
