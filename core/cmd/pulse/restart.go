package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/config"
)

// errRestart ends a run that is to be followed by another one in the same process.
var errRestart = errors.New("restart")

// serve builds and runs the server, again each time it asks for it. The listener stays open in between: who calls
// meanwhile waits.
func serve(ctx context.Context, cfg *config.Config, log hclog.Logger, started time.Time, ready func(*server) error) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Server.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --listen", cfg.Server.Listen, err)
	}
	defer l.Close()
	address, err := newLender(l)
	if err != nil {
		return err
	}
	for {
		s, err := build(ctx, cfg, log, started)
		if err != nil {
			return err
		}
		if s.listener, err = address.lend(); err != nil {
			return errors.Join(err, s.close())
		}
		if err := ready(s); err != nil {
			return errors.Join(err, s.close())
		}
		if err = s.run(ctx); !errors.Is(err, errRestart) {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		log.Info("beginning anew")
	}
}

// again asks for another run of the server. Who calls from now on is answered by that one.
func (s *server) again() {
	s.restart.Store(true)
	if err := s.listener.Close(); err != nil {
		s.log.Error("the server cannot begin anew: restart it", "error", err)
	}
}

// ended says why serving ended.
func (s *server) ended(err error) error {
	if s.restart.Load() {
		s.log.Info("stopping, to begin anew")
		return errRestart
	}
	return fmt.Errorf("serve: %w", err)
}

// lender keeps a listener open while runs of the server come and go.
type lender struct {
	net.Listener
	timed interface{ SetDeadline(time.Time) error }
	// late is a connection that came while a run was closing its listener; the next one answers it.
	late chan net.Conn
}

func newLender(l net.Listener) (*lender, error) {
	timed, ok := l.(interface{ SetDeadline(time.Time) error })
	if !ok {
		return nil, fmt.Errorf("the listener %T cannot be lent", l)
	}
	return &lender{Listener: l, timed: timed, late: make(chan net.Conn, 1)}, nil
}

// lend returns the listener of one run.
func (l *lender) lend() (net.Listener, error) {
	return &lent{lender: l}, l.timed.SetDeadline(time.Time{})
}

// lent is a listener that one run of the server closes without closing the one below.
type lent struct {
	*lender
	closed atomic.Bool
}

func (l *lent) Accept() (net.Conn, error) {
	select {
	case c := <-l.late:
		return c, nil
	default:
	}
	c, err := l.Listener.Accept()
	if !l.closed.Load() {
		return c, err
	}
	// The deadline wakes who waits here, and a connection may have come since.
	if err == nil {
		l.late <- c
	}
	return nil, net.ErrClosed
}

func (l *lent) Close() error {
	l.closed.Store(true)
	return l.timed.SetDeadline(time.Now())
}
