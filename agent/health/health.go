// Package health tells over HTTP how the agent is: /healthz, /readyz and /metrics. It needs no authentication and
// shows nothing but counts.
package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sample is one line of /metrics.
type Sample struct {
	Name   string
	Help   string
	Kind   string // "counter" or "gauge"
	Labels string // as written between braces
	Value  float64
}

// Serve answers on the address until the context ends, and tells the log where. The error tells that the address cannot be used.
func Serve(ctx context.Context, log *slog.Logger, addr string, ready func() bool, metrics func() []Sample) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for health checks: %w", err)
	}
	log.Info("health checks are answered", "address", listener.Addr().String())
	server := &http.Server{
		Handler: handler(ready, metrics), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second,
		IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve health checks: %w", err)
	}
	return nil
}

func handler(ready func() bool, metrics func() []Sample) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = io.WriteString(w, format(metrics()))
	})
	return mux
}

// format writes the text format that Prometheus reads.
func format(samples []Sample) string {
	var b strings.Builder
	for _, s := range samples {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n%s", s.Name, s.Help, s.Name, s.Kind, s.Name)
		if s.Labels != "" {
			b.WriteString("{" + s.Labels + "}")
		}
		b.WriteString(" " + strconv.FormatFloat(s.Value, 'g', -1, 64) + "\n")
	}
	return b.String()
}

// Label writes one label with its value quoted.
func Label(name, value string) string {
	return name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value) + `"`
}
