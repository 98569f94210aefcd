package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Remote is what the server wants of this agent.
type Remote struct {
	HostID          string
	CommandsEnabled *bool
	Settings        map[string]json.RawMessage
	// Signed is set when the answer has a signature, which this version cannot check.
	Signed bool
}

// FetchConfig asks the server for this agent's configuration: who am I by host name, then the configuration of that host. ok is
// false when the server does not know the host yet.
func (l *Link) FetchConfig(ctx context.Context, hostname, agentID string) (r Remote, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, configTimeout)
	defer cancel()
	var lookup struct {
		Host struct {
			ID string `json:"id"`
		} `json:"host"`
	}
	id := agentID
	status, err := l.get(ctx, "/api/agents/host/lookup?hostname="+url.QueryEscape(hostname), &lookup)
	switch {
	case err != nil:
		return r, false, err
	case status == http.StatusOK && lookup.Host.ID != "":
		id = lookup.Host.ID
	case status != http.StatusNotFound && status != http.StatusOK:
		return r, false, fmt.Errorf("look up this host: status %d", status)
	}
	var answer struct {
		HostID string `json:"hostId"`
		Config struct {
			CommandsEnabled *bool                      `json:"commandsEnabled"`
			Settings        map[string]json.RawMessage `json:"settings"`
			Signature       string                     `json:"signature"`
		} `json:"config"`
	}
	status, err = l.get(ctx, "/api/agents/host/"+url.PathEscape(id)+"/config", &answer)
	switch {
	case err != nil:
		return r, false, err
	case status == http.StatusNotFound:
		return r, false, nil
	case status == http.StatusForbidden:
		return r, false, errors.New("fetch configuration: the token may not read it; that is the scope host-agent:config:read")
	case status != http.StatusOK:
		return r, false, fmt.Errorf("fetch configuration: status %d", status)
	}
	if answer.HostID != "" && answer.HostID != id {
		// Servers that look at the token alone hand out another host's configuration when hosts share one.
		return r, false, fmt.Errorf("fetch configuration: the server answered for another host, %q", short(answer.HostID))
	}
	return Remote{HostID: answer.HostID, CommandsEnabled: answer.Config.CommandsEnabled, Settings: answer.Config.Settings, Signed: answer.Config.Signature != ""}, true, nil
}

// get reads a JSON answer; the status is returned as it is, the body read only when it is 200.
func (l *Link) get(ctx context.Context, path string, into any) (int, error) {
	req, err := l.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("User-Agent", "pulse-agent-config-client")
	resp, err := l.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask the server: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, fmt.Errorf("read the server's answer: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, into); err != nil {
			return 0, fmt.Errorf("decode the server's answer: %w", err)
		}
	}
	return resp.StatusCode, nil
}
