package main

import (
	"context"
	"net"
	"slices"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/security"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/settings"
)

// frames are the sites that may show the web app in a frame.
func frames(v settings.Values) []string {
	list := v.List(compat.SettingEmbedOrigins)
	switch {
	case !v.Bool(compat.SettingEmbedding):
		return nil
	case len(list) == 0:
		return []string{"*"}
	}
	return list
}

// localURL is where the server is reached from its own machine.
func (s *server) localURL() string {
	scheme, port := "http", ""
	if s.tls != nil {
		scheme = "https"
	}
	if s.listener != nil {
		_, port, _ = net.SplitHostPort(s.listener.Addr().String())
	}
	return scheme + "://" + net.JoinHostPort("127.0.0.1", port)
}

// posture gathers how this server is protected.
func (s *server) posture(ctx context.Context) (out security.Posture, err error) {
	sites := api.Sites{}
	if at := s.sites.Load(); at != nil {
		sites = *at
	}
	out = security.Posture{
		RecoveryMode: s.recovery.On(), DataDirectory: s.base.dir.Path(), TrustedProxies: len(s.cfg.Server.TrustedProxies) > 0,
		Callers: append([]string{}, sites.Callers...), Frames: append([]string{}, sites.Frames...), AuditDays: int(s.auditRetention().Hours() / 24),
	}
	if s.tls != nil {
		if out.Certificate, err = s.tls.state(); err != nil {
			return out, err
		}
	}
	hooks, err := s.hooks.List(ctx)
	if err != nil {
		return out, err
	}
	out.AuditWebhooks = len(hooks)
	for _, h := range hooks {
		if h.Error != "" {
			out.FailingWebhooks++
		}
	}
	out.LocalURL = s.localURL()
	slices.Sort(out.Callers)
	slices.Sort(out.Frames)
	return out, nil
}
