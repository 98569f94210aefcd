package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api/alerts"
	"github.com/pulse-platform/pulse/core/api/notifications"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/notify"
	"github.com/pulse-platform/pulse/core/settings"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
)

// Names of settings that messages depend on.
const (
	settingPublicURL = "publicURL"
	settingNetworks  = "webhookAllowedPrivateCIDRs"
)

// openNotify makes what carries the word about alerts to people.
func (s *server) openNotify(ctx context.Context) (err error) {
	if s.routing, err = notify.OpenRouting(ctx, sqlite.NewSettings(s.base.state)); err != nil {
		return err
	}
	s.notify, err = notify.Open(ctx, notify.Config{
		Store: sqlite.NewNotify(s.base.state), Alerts: s.alerts, Sender: s, Channels: s.channels, Base: s.publicURL, Log: s.log.Named("notify"), Now: time.Now,
	})
	return err
}

// Send sends a message through a channel.
func (s *server) Send(ctx context.Context, channel id.Integration, m sdk.Message) ([]sdk.Receipt, error) {
	n, err := s.plugins.Notifier(ctx, channel)
	if err != nil {
		return nil, err
	}
	return n.Send(ctx, m, nil)
}

// notifies tells whether a kind of plugin sends messages.
func (s *server) notifies(kind string) bool {
	d, _ := s.plugins.Description(kind)
	return slices.Contains(d.Capabilities, sdk.CapNotify)
}

// channels are the integrations that notify. Those whose plugin is gone cannot be told anything.
func (s *server) channels() []notify.Channel {
	var out []notify.Channel
	for _, x := range s.integrations.Desired() {
		if s.notifies(x.Kind) {
			out = append(out, notify.Channel{ID: x.ID, Kind: x.Kind, Name: x.Name, Enabled: x.Enabled, Route: s.routing.Of(x.ID)})
		}
	}
	return out
}

// publicURL is the address under which people reach the server, empty when nobody said.
func (s *server) publicURL() string {
	if text, _ := s.settings.Document(nil)[settingPublicURL].(string); text != "" {
		return text
	}
	return s.baseURL()
}

// messageNetworks are private networks that messages may be sent to.
func (s *server) messageNetworks() []string { return networksOf(s.settings.Document(nil)) }

func networksOf(v settings.Values) []string {
	text, _ := v[settingNetworks].(string)
	var out []string
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// reach is what an integration may dial: what is allowed for it and, if it notifies, what is for all that do.
func (s *server) reach(kind string, n integration.Network) integration.Network {
	if s.notifies(kind) {
		n.AllowNetworks = append(slices.Clone(n.AllowNetworks), s.messageNetworks()...)
	}
	return n
}

// notifications are the routes about channels.
func (s *server) notifications() notifications.Area {
	return notifications.Area{
		Channels: managed{s.integrations, s}, Dispatcher: s.notify, Routing: s.routing, Notifies: s.notifies, Base: s.publicURL, Networks: s.messageNetworks, Now: time.Now,
		Wire: func(a alert.Alert) any { return alerts.Wire(a) },
		Presets: func(kind string) []sdk.ChannelPreset {
			d, _ := s.plugins.Description(kind)
			var out []sdk.ChannelPreset
			for _, c := range d.Channels {
				out = append(out, c.Presets...)
			}
			return out
		},
		Try: func(ctx context.Context, x integration.Integration, m sdk.Message) ([]sdk.Receipt, error) {
			config, err := s.integrations.Complete(ctx, x)
			if err != nil {
				return nil, err
			}
			return s.plugins.TrySend(ctx, x.Kind, config, s.reach(x.Kind, x.Network), m)
		},
	}
}
