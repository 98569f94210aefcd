package agent

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/pulse-platform/pulse/agent/config"
	"github.com/pulse-platform/pulse/agent/link"
	"github.com/pulse-platform/pulse/plugins/host/collect"
)

// remoteTimeout is how long the start may wait for the server's wishes.
const remoteTimeout = 5 * time.Second

// adopt asks the server for this agent's settings, which go before flags and environment, and reports whether any changed.
// Without an answer the local ones hold.
func (a *Agent) adopt(ctx context.Context, l *link.Link, host *collect.Collector) bool {
	ctx, cancel := context.WithTimeout(ctx, remoteTimeout)
	defer cancel()
	remote, ok, err := l.FetchConfig(ctx, host.Hostname(), host.AgentID())
	switch {
	case err != nil:
		a.log.Warn("the server's settings could not be fetched; the local ones hold", "error", err)
		return false
	case !ok:
		a.log.Debug("the server does not know this host yet")
		return false
	case remote.Signed:
		a.log.Warn("the server's settings are signed, which this version cannot check; the local ones hold")
		return false
	}
	if remote.CommandsEnabled != nil && *remote.CommandsEnabled {
		a.log.Warn("the server asks for remote commands, which are not available in this version")
	}
	return a.apply(remote.Settings)
}

// apply takes over the settings that this version knows. What is of a wrong type is left out with a warning.
func (a *Agent) apply(settings map[string]json.RawMessage) bool {
	changed := false
	for key, raw := range settings {
		var err error
		known := true
		switch key {
		case "interval":
			err = setInterval(&a.cfg, raw)
		case "enable_host":
			err = json.Unmarshal(raw, &a.cfg.EnableHost)
		case "report_ip":
			err = json.Unmarshal(raw, &a.cfg.ReportIP)
		default:
			known = false
		}
		switch {
		case err != nil:
			a.log.Warn("setting of the server is of no use", "setting", key)
		case known:
			changed = true
			a.log.Info("setting of the server applied", "setting", key)
		}
	}
	return changed
}

// setInterval takes a duration as text, or seconds as a number.
func setInterval(cfg *config.Config, raw json.RawMessage) error {
	var text string
	var seconds float64
	d := time.Duration(0)
	err := json.Unmarshal(raw, &text)
	if err == nil {
		d, err = time.ParseDuration(text)
	} else if err = json.Unmarshal(raw, &seconds); err == nil && seconds <= (24*time.Hour).Seconds() {
		d = time.Duration(seconds * float64(time.Second))
	}
	if err != nil {
		return err
	}
	if d <= 0 {
		return errors.New("the interval is out of range")
	}
	cfg.Interval = min(max(d, config.MinInterval), 24*time.Hour)
	return nil
}
