package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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
	for {
		s, err := build(ctx, cfg, log, started)
		if err != nil {
			return err
		}
		if s.listener, err = lend(l); err != nil {
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

// again asks for another run of the server.
func (s *server) again() {
	select {
	case s.restart <- struct{}{}:
	default:
	}
}

// lent is a listener that one run of the server closes without closing the one below.
type lent struct {
	net.Listener
	timed  interface{ SetDeadline(time.Time) error }
	closed atomic.Bool
}

// lend returns a listener on l for one run.
func lend(l net.Listener) (net.Listener, error) {
	timed, ok := l.(interface{ SetDeadline(time.Time) error })
	if !ok {
		return nil, fmt.Errorf("the listener %T cannot be lent", l)
	}
	return &lent{Listener: l, timed: timed}, timed.SetDeadline(time.Time{})
}

func (l *lent) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if l.closed.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, net.ErrClosed
	}
	return c, err
}

func (l *lent) Close() error {
	l.closed.Store(true)
	return l.timed.SetDeadline(time.Now())
}
