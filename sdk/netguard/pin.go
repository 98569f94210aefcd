package netguard

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"net"
	"strings"

	"github.com/pulse-platform/pulse/sdk"
)

// dialTLS connects and shakes hands; at a pinned address the certificate is compared instead of its chain verified.
func (p Profile) dialTLS(ctx context.Context, network, address string, base *tls.Config) (net.Conn, error) {
	plain, err := p.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conf := base.Clone()
	conf.NextProtos = []string{"h2", "http/1.1"}
	if p.HTTP1 {
		conf.NextProtos = []string{"http/1.1"}
	}
	if host, _, err := net.SplitHostPort(address); err == nil && conf.ServerName == "" {
		conf.ServerName = host
	}
	if pin, ok := p.Pins[address]; ok {
		conf.InsecureSkipVerify = true //nolint:gosec // VerifyConnection compares the certificate itself
		conf.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pin, address, state) }
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn := tls.Client(plain, conf)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, err
	}
	return conn, nil
}

func checkPin(pin, address string, state tls.ConnectionState) error {
	want, err := hex.DecodeString(strings.ReplaceAll(pin, ":", ""))
	if err == nil && len(state.PeerCertificates) > 0 {
		sum := sha256.Sum256(state.PeerCertificates[0].Raw)
		if subtle.ConstantTimeCompare(sum[:], want) == 1 {
			return nil
		}
	}
	e := sdk.Errorf(sdk.KindConfig, "%s does not show the certificate that was accepted. If it was renewed, check and accept the new one.", address)
	e.Code = CodePin
	return e
}
