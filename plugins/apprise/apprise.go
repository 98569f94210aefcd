// Package apprise sends messages through Apprise: its API server, or its command on this machine.
package apprise

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// command is the program of the CLI mode. Which one it is cannot be configured: that would be a way to run anything.
const command = "apprise"

// Config is one way through Apprise.
type Config struct {
	Mode         string        `name:"mode" help:"http asks an Apprise API server; cli runs the command apprise on the server's machine, which then connects to the services by itself." default:"http" enum:"http,cli"`
	ServerURL    string        `name:"server_url" target:"true" label:"Server URL" help:"Address of the Apprise API server, for http." format:"url" example:"https://apprise.example.com"`
	ConfigKey    string        `name:"config_key" help:"Key of a configuration that the API server keeps; without one the targets are sent along."`
	APIKey       sdk.Secret    `name:"api_key" label:"API key" help:"Key that a proxy before the API server wants."`
	APIKeyHeader string        `name:"api_key_header" label:"API key header" help:"Header for the API key." default:"X-API-KEY"`
	Targets      []sdk.Secret  `name:"targets" help:"Apprise URLs, for example mailto://… or tgram://…"`
	Timeout      time.Duration `name:"timeout" help:"How long a message may take." default:"15s" min:"5s" max:"2m"`
}

// Validate judges what the schema cannot say.
func (c Config) Validate() []sdk.Diagnostic {
	var out []sdk.Diagnostic
	wrong := func(path, detail string) {
		out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: path, Summary: "Something is missing", Detail: detail})
	}
	switch {
	case c.Mode == "cli" && len(c.Targets) == 0:
		wrong("targets", "The command needs at least one target.")
	case c.Mode != "cli" && c.ServerURL == "":
		wrong("server_url", "Name the address of the Apprise API server.")
	case c.Mode != "cli" && c.ConfigKey == "" && len(c.Targets) == 0:
		wrong("targets", "Name targets, or the key of a configuration that the server keeps.")
	}
	for i, t := range c.Targets {
		if !strings.Contains(t.Reveal(), "://") || strings.ContainsAny(t.Reveal(), "\r\n") {
			out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: fmt.Sprintf("targets.%d", i), Summary: "Invalid target", Detail: "A target is an Apprise URL such as mailto://user:password@example.com."})
		}
	}
	return out
}

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind: "apprise", Name: "Apprise", Summary: "Sends alerts through Apprise, by its API server or its command.", Version: "1.0.0",
	}, New)
}

// Notifier is one live way.
type Notifier struct {
	cfg    Config
	client *http.Client
	now    func() time.Time
	look   func(string) (string, error)
}

var (
	_ sdk.Notifier = (*Notifier)(nil)
	_ sdk.Checker  = (*Notifier)(nil)
)

// New makes one.
func New(cfg Config, deps sdk.Deps) (*Notifier, error) {
	return &Notifier{cfg: cfg, client: deps.HTTP, now: deps.Now, look: find}, nil
}

// find looks for a program where systems have theirs: the plugin's environment is empty.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// kind is Apprise's word for what a message is.
func kind(m sdk.Message) string {
	switch {
	case m.Kind == "resolved", m.Severity == sdk.SeverityInfo:
		return "info"
	case m.Severity == sdk.SeverityCritical:
		return "failure"
	}
	return "warning"
}

func body(m sdk.Message) string {
	text := m.Text
	if m.URL != "" {
		text += "\n" + m.URL
	}
	return text
}

// Send delivers a message.
func (n *Notifier) Send(ctx context.Context, m sdk.Message, _ json.RawMessage) ([]sdk.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Timeout)
	defer cancel()
	if n.cfg.Mode == "cli" {
		return n.run(ctx, m)
	}
	return n.post(ctx, m)
}

// post asks the API server: https://github.com/caronc/apprise-api#api-details
func (n *Notifier) post(ctx context.Context, m sdk.Message) ([]sdk.Receipt, error) {
	payload := map[string]any{"title": m.Title, "body": body(m), "type": kind(m), "format": "text"}
	if len(n.cfg.Targets) > 0 {
		var urls []string
		for _, t := range n.cfg.Targets {
			urls = append(urls, t.Reveal())
		}
		payload["urls"] = strings.Join(urls, ",")
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	address := strings.TrimRight(n.cfg.ServerURL, "/") + "/notify"
	if n.cfg.ConfigKey != "" {
		address += "/" + url.PathEscape(n.cfg.ConfigKey)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(raw))
	if err != nil {
		return nil, sdk.Errorf(sdk.KindConfig, "The address of the Apprise server is not valid.")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Pulse")
	if n.cfg.APIKey != "" {
		req.Header.Set(n.cfg.APIKeyHeader, n.cfg.APIKey.Reveal())
	}
	res, err := n.client.Do(req)
	if err != nil {
		return nil, failure(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return []sdk.Receipt{{
		Target: req.URL.Host, Status: res.StatusCode, OK: res.StatusCode >= 200 && res.StatusCode < 300, Excerpt: n.clean(answer),
		Permanent: res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusNotFound,
	}}, nil
}

func failure(err error) error {
	var known *sdk.Error
	if errors.As(err, &known) {
		return known
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return sdk.Wrap(sdk.KindUnreachable, err, "The Apprise server cannot be reached: "+err.Error())
}

// run starts the command. Targets hold passwords: they go through a file that only this user reads, never through the
// command line, and the text comes through standard input.
func (n *Notifier) run(ctx context.Context, m sdk.Message) ([]sdk.Receipt, error) {
	path, err := n.look(command)
	if err != nil {
		return nil, sdk.Errorf(sdk.KindConfig, "The command apprise is not installed on the server's machine.")
	}
	dir, err := os.MkdirTemp("", "apprise-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is in the plugin's own directory
	var lines strings.Builder
	for _, t := range n.cfg.Targets {
		lines.WriteString(t.Reveal() + "\n")
	}
	file := filepath.Join(dir, "targets.conf")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		return nil, err
	}
	// A title that begins with a dash is no option behind "=".
	cmd := exec.CommandContext(ctx, path, "--config="+file, "--title="+m.Title, "--notification-type="+kind(m)) //nolint:gosec // the program is fixed, the rest are values
	cmd.Env = []string{"HOME=" + dir, "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin"}
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Stdin = strings.NewReader(body(m))
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return nil, sdk.Errorf(sdk.KindUnreachable, "Apprise did not end in time.")
	case err != nil:
		return []sdk.Receipt{{Target: command, Excerpt: strings.TrimSpace(n.clean(out) + " (" + err.Error() + ")")}}, nil
	}
	return []sdk.Receipt{{Target: command, OK: true}}, nil
}

// clean shortens an answer and hides targets in it.
func (n *Notifier) clean(raw []byte) string {
	text := strings.ToValidUTF8(strings.Join(strings.Fields(string(raw)), " "), "")
	for _, t := range append(append([]sdk.Secret(nil), n.cfg.Targets...), n.cfg.APIKey) {
		if len(t) >= 4 {
			text = strings.ReplaceAll(text, t.Reveal(), sdk.Masked)
		}
	}
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// Check sends a test message.
func (n *Notifier) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	started := n.now()
	receipts, err := n.Send(ctx, sdk.Message{ID: "test", Kind: "test", Severity: sdk.SeverityInfo, Title: "Test message of Pulse", Text: "If you can read this, alerts will reach you here.", Time: started}, nil)
	step := sdk.CheckStep{Name: "Send a test message", Outcome: sdk.CheckPassed, Message: "Apprise took it.", Took: n.now().Sub(started)}
	var known *sdk.Error
	switch {
	case errors.As(err, &known):
		step.Outcome, step.Message = sdk.CheckFailed, known.Message
	case err != nil:
		step.Outcome, step.Message = sdk.CheckFailed, "The message could not be sent."
	case !receipts[0].OK:
		step.Outcome, step.Message = sdk.CheckFailed, "Apprise did not deliver it: "+receipts[0].Excerpt
	}
	progress(step)
	return sdk.CheckResult{}, nil
}
