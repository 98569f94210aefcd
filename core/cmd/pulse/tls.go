package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/security"
	"github.com/pulse-platform/pulse/core/config"
)

// certificateCheck is how often a handshake looks whether the files of the certificate have changed.
const certificateCheck = 10 * time.Second

// certificate is a certificate and its key in two files, read anew when they change. Files that do not fit leave the pair
// of before in use.
type certificate struct {
	cert, key string
	every     time.Duration
	now       func() time.Time
	log       hclog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	looked time.Time
	stamps [2]stamp // of the files that were read last, also when they did not fit
	failed error    // why the files as they are now are of no use, nil when they are in use
}

// stamp tells whether a file is another than before.
type stamp struct {
	changed time.Time
	size    int64
}

// openTLS reads the certificate that the server shows, nil when it serves without TLS.
func openTLS(c config.Server, log hclog.Logger) (*certificate, error) {
	if c.TLSCertificate == "" {
		return nil, nil
	}
	x := &certificate{cert: c.TLSCertificate, key: c.TLSKey, every: certificateCheck, now: time.Now, log: log}
	return x, x.open()
}

// open reads the files for the first time: now they must fit.
func (x *certificate) open() error {
	stamps, err := x.look()
	if err == nil {
		err = x.read()
	}
	if err != nil {
		return fmt.Errorf("read the certificate of server.tls_certificate and server.tls_key: %w", err)
	}
	x.stamps, x.looked = stamps, x.now()
	return nil
}

// config is what handshakes need.
func (x *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: x.get}
}

// state tells which certificate is in use, after a look at the files.
func (x *certificate) state() (*security.Certificate, error) {
	pair, err := x.get(nil)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	leaf := pair.Leaf
	sum := sha256.Sum256(leaf.Raw)
	out := &security.Certificate{
		File: x.cert, Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(), SelfSigned: bytes.Equal(leaf.RawSubject, leaf.RawIssuer),
		Names: slices.Clone(leaf.DNSNames), From: leaf.NotBefore.UTC(), Until: leaf.NotAfter.UTC(), Fingerprint: hex.EncodeToString(sum[:]),
	}
	for _, ip := range leaf.IPAddresses {
		out.Names = append(out.Names, ip.String())
	}
	if x.failed != nil {
		out.Problem = x.failed.Error()
	}
	return out, nil
}

// get returns the pair for a handshake.
func (x *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now := x.now(); now.Sub(x.looked) >= x.every {
		x.looked = now
		x.renew()
	}
	return x.pair, nil
}

// renew reads the files when they have changed. The stamps are taken before: what is written meanwhile is read at the next
// look, as a certificate is whose key comes a moment later.
func (x *certificate) renew() {
	stamps, err := x.look()
	if err == nil && stamps == x.stamps {
		return // as it was: in use, or still of no use
	}
	if err == nil {
		err = x.read()
	}
	if err == nil {
		x.log.Info("the certificate was renewed", "file", x.cert, "until", x.pair.Leaf.NotAfter)
	} else if stamps != x.stamps { // said once of each change
		x.log.Error("the new certificate is of no use; that of before stays", "certificate", x.cert, "key", x.key, "error", err)
	}
	x.stamps, x.failed = stamps, err
}

func (x *certificate) look() (stamps [2]stamp, err error) {
	for i, name := range []string{x.cert, x.key} {
		info, err := os.Stat(name)
		if err != nil {
			return [2]stamp{}, err
		}
		stamps[i] = stamp{info.ModTime(), info.Size()}
	}
	return stamps, nil
}

func (x *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(x.cert, x.key)
	if err == nil {
		x.pair = &pair
	}
	return err
}

// encrypted is the listener of this run, with TLS when there is a certificate. Closing the one below ends both.
func (s *server) encrypted() net.Listener {
	l := api.Fair(s.listener, s.cfg.Server.TrustedProxies)
	if s.tls == nil {
		return l
	}
	return tls.NewListener(l, s.tls.config())
}
