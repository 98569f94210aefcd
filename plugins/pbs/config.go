package pbs

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// Config says where a backup server is and what to read of it.
type Config struct {
	Host        string     `name:"host" target:"true" required:"true" label:"Address" example:"https://pbs.example.com:8007" help:"Address of the server; the port is 8007 when none is given."`
	TokenName   string     `name:"token_name" label:"Token" example:"monitor@pbs!pulse" help:"API token: user@realm!name. With a user given apart, its name alone is enough."`
	TokenValue  sdk.Secret `name:"token_value" label:"Token secret" help:"Secret of the API token."`
	User        string     `name:"user" example:"monitor@pbs" help:"User with realm, when there is no token."`
	Password    sdk.Secret `name:"password" help:"Password of the user. A token is better: it has rights of its own and no login."`
	Fingerprint string     `name:"fingerprint" target:"true" advanced:"true" help:"SHA-256 fingerprint of the server's certificate, as its dashboard shows it. The certificate must be exactly that one then."`
	VerifySSL   bool       `name:"verify_ssl" target:"true" advanced:"true" label:"Verify certificate" default:"true" help:"Refuse a certificate that nobody has signed, unless its fingerprint is given."`
	GuestURL    string     `name:"guest_url" advanced:"true" label:"Link" format:"url" example:"https://pbs.example.com:8007" help:"Where people open the server's own page, when that is another address."`

	MonitorDatastores  bool     `name:"monitor_datastores" advanced:"true" label:"Datastores" default:"true" help:"Read space and state of the datastores. Without them there are no backups either."`
	ExcludeDatastores  []string `name:"exclude_datastores" advanced:"true" label:"Left out" example:"[\"scratch\", \"usb-*\"]" help:"Names of datastores that are left out, with their jobs and backups; * stands for any text."`
	MonitorBackups     bool     `name:"monitor_backups" advanced:"true" label:"Backups" default:"true" help:"Read the list of backups."`
	MonitorSyncJobs    bool     `name:"monitor_sync_jobs" advanced:"true" label:"Sync jobs" default:"true" help:"Read sync jobs and how they ended."`
	MonitorVerifyJobs  bool     `name:"monitor_verify_jobs" advanced:"true" label:"Verify jobs" default:"true" help:"Read verify jobs and how they ended."`
	MonitorPruneJobs   bool     `name:"monitor_prune_jobs" advanced:"true" label:"Prune jobs" default:"true" help:"Read prune jobs and how they ended."`
	MonitorGarbageJobs bool     `name:"monitor_garbage_jobs" advanced:"true" label:"Garbage collection" default:"true" help:"Read when garbage was collected and how that ended."`
	MonitorTape        bool     `name:"monitor_tape" advanced:"true" label:"Tapes" help:"Read tapes and the jobs that write to them; takes the role TapeAudit on /tape. Drives are not asked."`

	TemperatureMonitoring *bool `name:"temperature_monitoring_enabled" advanced:"true" label:"Temperatures" help:"Of no effect: the product tells no temperatures. Clients of nodes may set it."`
}

// leavesOut tells whether a datastore is not wanted.
func (c Config) leavesOut(store string) bool {
	return slices.ContainsFunc(c.ExcludeDatastores, func(pattern string) bool {
		match, err := path.Match(pattern, store)
		return match || err != nil && pattern == store
	})
}

// connection is a client for the server and what is known of how the server proves itself.
type connection struct {
	client *proxmox.Client
	host   string // name, without the port
	// trusted says that the certificate is verified by who signed it and not by a fingerprint that somebody accepted.
	trusted bool
	pin     string
}

// connect returns a client for the server. It dials nothing.
func (c Config) connect(deps sdk.Deps) (*connection, error) {
	end, err := proxmox.Named(proxmox.Backup, c.Host, c.Fingerprint, deps.Network)
	if err != nil {
		return nil, err
	}
	client, err := proxmox.New(proxmox.Options{
		Product: proxmox.Backup, Endpoints: []proxmox.Endpoint{end}, Login: c.login(), Profile: netguard.For(netguard.Integration, deps.Network), Insecure: !c.VerifySSL, Now: deps.Now, Log: deps.Log,
	})
	if err != nil {
		return nil, err
	}
	return &connection{client: client, host: proxmox.HostName(proxmox.Backup, c.Host), trusted: end.Pin == "" && c.VerifySSL, pin: end.Pin}, nil
}

// Validate finds what is wrong before anybody asks the server.
func (c Config) Validate() []sdk.Diagnostic {
	if err := proxmox.CheckLink(c.GuestURL); err != nil {
		return proxmox.Judged(err)
	}
	_, err := c.connect(sdk.Deps{})
	return proxmox.Judged(err)
}

// login is how to sign in. The name of a token may leave out its user where that stands beside it.
func (c Config) login() proxmox.Login {
	name := c.TokenName
	if name != "" && !strings.Contains(name, "!") && c.User != "" {
		name = c.User + "!" + name
	}
	return proxmox.Login{Token: name, Secret: c.TokenValue, User: c.User, Password: c.Password}
}

// account is who asks, as the server's access control names it.
func (c Config) account() string {
	l := c.login()
	return cmp.Or(l.Token, l.User)
}
