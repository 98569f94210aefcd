package pmg

import (
	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// Config says where a gateway is and what to read of it. The product has no API tokens.
type Config struct {
	Host        string     `name:"host" target:"true" required:"true" label:"Address" example:"https://mail.example.com:8006" help:"Address of the gateway, of one node when it is a cluster; the port is 8006 when none is given."`
	User        string     `name:"user" required:"true" example:"monitor@pmg" help:"User with realm. The role Auditor is enough."`
	Password    sdk.Secret `name:"password" required:"true" help:"Password of the user. The user must not have a second factor."`
	Fingerprint string     `name:"fingerprint" target:"true" advanced:"true" help:"SHA-256 fingerprint of the node's certificate. The certificate must be exactly that one then."`
	VerifySSL   bool       `name:"verify_ssl" target:"true" advanced:"true" label:"Verify certificate" default:"true" help:"Refuse a certificate that nobody has signed, unless its fingerprint is given."`
	GuestURL    string     `name:"guest_url" advanced:"true" label:"Link" format:"url" example:"https://mail.example.com:8006" help:"Where people open the gateway's own page, when that is another address."`

	MonitorMailStats   bool `name:"monitor_mail_stats" advanced:"true" label:"Mail statistics" default:"true" help:"Read sums of mail: of the last minutes, of the day, by hour and by spam score."`
	MonitorQueues      bool `name:"monitor_queues" advanced:"true" label:"Queues" default:"true" help:"Read how much mail waits on each node, and for how long."`
	MonitorQuarantine  bool `name:"monitor_quarantine" advanced:"true" label:"Quarantine" default:"true" help:"Read how much is in quarantine."`
	MonitorDomainStats bool `name:"monitor_domain_stats" advanced:"true" label:"Domains" help:"Read sums of mail of the domains that receive most."`
	MonitorBackups     bool `name:"monitor_backups" advanced:"true" label:"Backups" default:"true" help:"Read the lists of the gateway's own backups, also of those on backup servers, which the gateway asks for them."`

	TemperatureMonitoring *bool `name:"temperature_monitoring_enabled" advanced:"true" label:"Temperatures" help:"Of no effect: the product tells no temperatures. Clients of nodes may set it."`
}

// connect returns a client, and the endpoint that it asks first. It dials nothing.
func (c Config) connect(deps sdk.Deps) (client *proxmox.Client, first proxmox.Endpoint, err error) {
	first, err = proxmox.Named(proxmox.MailGateway, c.Host, c.Fingerprint, deps.Network)
	if err != nil {
		return nil, first, err
	}
	client, err = proxmox.New(proxmox.Options{
		Product: proxmox.MailGateway, Endpoints: []proxmox.Endpoint{first}, Login: proxmox.Login{User: c.User, Password: c.Password},
		Profile: netguard.For(netguard.Integration, deps.Network), Insecure: !c.VerifySSL, Now: deps.Now, Log: deps.Log,
	})
	return client, first, err
}

// Validate finds what is wrong before anybody asks the gateway.
func (c Config) Validate() []sdk.Diagnostic {
	if err := proxmox.CheckLink(c.GuestURL); err != nil {
		return proxmox.Judged(err)
	}
	_, _, err := c.connect(sdk.Deps{})
	return proxmox.Judged(err)
}

// hostName is the name in the address, without scheme and port.
func (c Config) hostName() string { return proxmox.HostName(proxmox.MailGateway, c.Host) }
