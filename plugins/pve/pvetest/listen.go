package pvetest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
)

// Server is an [API] that listens.
type Server struct {
	*API
	// URL is https://host:port.
	URL string
	// Pin is the SHA-256 fingerprint of its certificate, in hex.
	Pin string

	http *http.Server
	once sync.Once
}

// TB is what [Start] needs of a test.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(args ...any)
}

// Start serves the world on this machine until the test ends, as its first node.
func Start(t TB, w *World) *Server {
	t.Helper()
	return StartAs(t, w, "")
}

// StartAs is [Start] for what another node answers.
func StartAs(t TB, w *World, node string) *Server {
	t.Helper()
	s, err := Listen(context.Background(), w, node, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Listen serves the world at an address as one of its nodes, the first one when node is empty, with a certificate that it
// makes for that.
func Listen(ctx context.Context, w *World, node, address string) (*Server, error) {
	certificate, pin, err := simulate.SelfSigned(w.Now())
	if err != nil {
		return nil, err
	}
	var conf net.ListenConfig
	l, err := conf.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Server{API: NewAPI(w, node), URL: "https://" + l.Addr().String(), Pin: pin}
	s.pin = s.Pin
	s.http = &http.Server{
		Handler: simulate.Standing(s.API, w.Still, func(edits map[string]json.RawMessage) (err error) {
			w.Edit(func(w *World) { err = simulate.Edit(w, edits) })
			return err
		}),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		// What the clients of tests do to connections is no news.
		ErrorLog: quiet,
	}
	go func() {
		// Its end is that of Close.
		_ = s.http.ServeTLS(l, "", "")
	}()
	return s, nil
}

// Close ends the server and all its connections.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.closed)
		_ = s.http.Close()
	})
}

var quiet = log.New(io.Discard, "", 0)
