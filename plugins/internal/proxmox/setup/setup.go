// Package setup is what the plugins of Proxmox products can do before anybody has configured them: recognise a server in
// the network, and write the script that makes an account for Pulse on one.
package setup

import (
	"context"
	_ "embed"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

//go:embed common.sh
var common string

//go:embed pve.sh
var pveScript string

//go:embed pbs.sh
var pbsScript string

// Script is the name of the setup script.
const Script = "setup"

// Scripts declares the setup script.
func Scripts() []sdk.ScriptKind {
	return []sdk.ScriptKind{{Name: Script, Label: "Make an account for Pulse", MediaType: "text/x-shellscript"}}
}

// Probes declares where a product listens.
func Probes(p proxmox.Product) []sdk.ProbePort {
	port := 0
	for _, digit := range p.Port {
		port = 10*port + int(digit-'0')
	}
	return []sdk.ProbePort{{Port: port, TLS: true, Path: "/"}}
}

// Front is a product before it is configured. Its client dials what the operator's network lets it, and believes any
// certificate, since it sends nothing that is secret.
type Front struct {
	kind   string
	title  string
	client *http.Client
}

// Writer is a [Front] that also writes a setup script.
type Writer struct {
	Front
	script string
}

var (
	_ sdk.Prober    = Front{}
	_ sdk.Prober    = Writer{}
	_ sdk.Onboarder = Writer{}
)

// PVE is that of the virtual environment.
func PVE(deps sdk.Deps) (Writer, error) {
	return Writer{front("pve", "Virtual Environment", deps), pveScript}, nil
}

// PBS is that of the backup server.
func PBS(deps sdk.Deps) (Writer, error) {
	return Writer{front("pbs", "Backup Server", deps), pbsScript}, nil
}

// PMG is that of the mail gateway. There is no script: it has no API tokens.
func PMG(deps sdk.Deps) (Front, error) { return front("pmg", "Mail Gateway", deps), nil }

// oneTime is the form of a setup token.
var oneTime = regexp.MustCompile(`^[0-9A-Fa-f]{32,128}$`)

// Script writes the setup script. Its parameters are url (that of Pulse), host (that of the server, empty for the address
// by which it reaches Pulse) and backup_perms (true for the right to list backups).
func (w Writer) Script(_ context.Context, r sdk.ScriptRequest) (string, error) {
	pulse, err := baseURL("url", r.Params["url"])
	if err != nil {
		return "", err
	}
	if r.Name != Script {
		return "", sdk.Errorf(sdk.KindUnsupported, "There is no script %q.", r.Name)
	}
	if !oneTime.MatchString(r.Token) {
		return "", wrong("token", "The token has 32 to 128 hex digits.")
	}
	host := ""
	if r.Params["host"] != "" {
		u, err := baseURL("host", r.Params["host"])
		if err != nil {
			return "", err
		}
		host = u.Scheme + "://" + u.Host
	}
	perms := ""
	if r.Params["backup_perms"] == "true" {
		perms = "true"
	}
	var out strings.Builder
	out.WriteString("#!/usr/bin/env bash\n# Makes an account for Pulse. It says what it will do before it does it.\nset -uo pipefail\n\n")
	for _, v := range [][2]string{
		{"PULSE_URL", strings.TrimRight(pulse.String(), "/")}, {"HOST", host}, {"SETUP_TOKEN", r.Token},
		{"TOKEN_PREFIX", "pulse-" + tokenPart(pulse.Hostname())}, {"BACKUP_PERMS", perms},
	} {
		out.WriteString(v[0] + "=" + quote(v[1]) + "\n")
	}
	out.WriteString(w.script)
	out.WriteString(common)
	return out.String(), nil
}

// quote makes one word of the shell, in which nothing means anything but itself.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// notToken is what cannot stand in the name of a token.
var notToken = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// maxTokenPart leaves room for the rest of a token's name, which has up to 64 characters.
const maxTokenPart = 40

func tokenPart(host string) string {
	part := notToken.ReplaceAllString(host, "-")
	return strings.Trim(part[:min(len(part), maxTokenPart)], "-")
}

// baseURL reads an http or https address.
func baseURL(field, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, wrong(field, "The address is http:// or https:// with a host, and nothing behind it.")
	}
	return u, nil
}

func wrong(field, text string) error {
	e := sdk.Errorf(sdk.KindInvalid, "%s", text)
	e.Field = field
	return e
}
