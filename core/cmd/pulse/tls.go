package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

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
}

// stamp tells whether a file is another than before.
type stamp struct {
	changed time.Time
	size    int64
}

// openTLS reads the certificate that the server shows, nil when it serves without TLS.
func openTLS(c config.Server, log hclog.Logger) (*tls.Config, error) {
	if c.TLSCertificate == "" {
		return nil, nil
	}
	x := &certificate{cert: c.TLSCertificate, key: c.TLSKey, every: certificateCheck, now: time.Now, log: log}
	return x.open()
}

// open reads the files for the first time: now they must fit.
func (x *certificate) open() (*tls.Config, error) {
	stamps, err := x.look()
	if err == nil {
		err = x.read()
	}
	if err != nil {
		return nil, fmt.Errorf("read the certificate of server.tls_certificate and server.tls_key: %w", err)
	}
	x.stamps, x.looked = stamps, x.now()
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: x.get}, nil
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
		return
	}
	if err == nil {
		err = x.read()
	}
	if err == nil {
		x.log.Info("the certificate was renewed", "file", x.cert, "until", x.pair.Leaf.NotAfter)
	} else if stamps != x.stamps { // said once of each change
		x.log.Error("the new certificate is of no use; that of before stays", "certificate", x.cert, "key", x.key, "error", err)
	}
	x.stamps = stamps
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
	if s.tls == nil {
		return s.listener
	}
	return tls.NewListener(s.listener, s.tls)
}
