package netguard

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
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
		return nil, untrusted(err, address)
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
	if len(state.PeerCertificates) > 0 {
		e.Certificate = certificateOf(address, state.PeerCertificates[0])
		e.Message += fmt.Sprintf(" It shows SHA-256 %s, and %s was accepted.", e.Certificate.SHA256, hex.EncodeToString(want))
	}
	return e
}

// untrusted names the certificate that could not be verified, so that an operator can accept it.
func untrusted(err error, address string) error {
	var chain *tls.CertificateVerificationError
	if !errors.As(err, &chain) || len(chain.UnverifiedCertificates) == 0 {
		return err
	}
	cert := certificateOf(address, chain.UnverifiedCertificates[0])
	e := sdk.Wrap(sdk.KindConfig, err, fmt.Sprintf("The certificate of %s is not trusted: %s. If it is the right one (SHA-256 %s), accept it in the test of the integration, or in config.hcl by pins in its block network.", address, plainly(chain.Err), cert.SHA256))
	e.Code, e.Certificate = CodeUntrusted, cert
	return e
}

func certificateOf(address string, c *x509.Certificate) *sdk.Certificate {
	sum := sha256.Sum256(c.Raw)
	return &sdk.Certificate{Address: address, SHA256: hex.EncodeToString(sum[:])}
}

// plainly says in a few words why a chain is not trusted.
func plainly(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "nobody known has signed it"
	case errors.As(err, &host):
		return "it is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired or is not valid yet"
	}
	return "it is not valid"
}
