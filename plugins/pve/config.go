package pve

import (
	"context"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// Config is one cluster, or one server that stands alone.
type Config struct {
	Host        string     `name:"host" target:"true" required:"true" help:"Address of one node, for example https://pve1.example.com:8006. The other nodes of its cluster are found, and asked when it cannot be reached."`
	User        string     `name:"user" help:"User with realm, for example monitor@pve. Without a realm it is @pam."`
	Password    sdk.Secret `name:"password" help:"Password of the user. A token is better: it can be withdrawn by itself, and works with a second factor."`
	TokenName   string     `name:"token_name" label:"Token" help:"API token, for example monitor@pve!pulse, or only its name when the user is given."`
	TokenValue  sdk.Secret `name:"token_value" label:"Token secret" help:"Secret of the token."`
	Fingerprint string     `name:"fingerprint" target:"true" advanced:"true" help:"SHA-256 fingerprint of the node's certificate. With it, who signed the certificate does not matter."`
	VerifySSL   bool       `name:"verify_ssl" target:"true" advanced:"true" label:"Verify certificates" default:"true" help:"Whether the certificate has to be signed by somebody who is trusted, unless its fingerprint is given."`

	MonitorVMs            bool   `name:"monitor_vms" advanced:"true" label:"Virtual machines" default:"true" help:"Whether to show virtual machines."`
	MonitorContainers     bool   `name:"monitor_containers" advanced:"true" label:"Containers" default:"true" help:"Whether to show containers."`
	MonitorStorage        bool   `name:"monitor_storage" advanced:"true" label:"Storage" default:"true" help:"Whether to show storage."`
	MonitorBackups        bool   `name:"monitor_backups" advanced:"true" label:"Backups" default:"true" help:"Whether to look for backups, backup tasks, snapshots and replication jobs."`
	MonitorPhysicalDisks  bool   `name:"monitor_physical_disks" advanced:"true" label:"Disks" default:"true" help:"Whether to look at physical disks and their health."`
	PhysicalDiskMinutes   int    `name:"physical_disk_polling_minutes" advanced:"true" default:"30" min:"0" max:"1440" unit:"min" help:"How often disks are asked for their health, 0 for every half an hour. Asking wakes disks that sleep."`
	SmartMinutes          int    `name:"smart_minutes" advanced:"true" label:"SMART attributes every" default:"120" min:"0" max:"10080" unit:"min" help:"How often a disk is asked for its SMART attributes and temperature, 0 for never. Asking wakes disks that sleep."`
	TemperatureMonitoring *bool  `name:"temperature_monitoring_enabled" advanced:"true" help:"Whether the nodes show temperatures; unset follows the server's setting."`
	GuestURL              string `name:"guest_url" advanced:"true" format:"url" example:"https://pve.example.com:8006" help:"Address that links to the guests of this cluster point to, when it is another than that of the node."`

	Members                []Member      `name:"members" target:"true" advanced:"true" help:"Addresses of other nodes of the cluster, where those that the cluster itself names cannot be reached from here."`
	GuestMemory            string        `name:"guest_memory" advanced:"true" label:"Memory of virtual machines" default:"auto" enum:"auto,guest,host" help:"Whose view counts. auto: the guest's own, without its page cache where its agent may be asked for a file (VM.GuestAgent.FileRead, before version 9 VM.Monitor). guest: the guest's own, page cache included. host: what it takes on its node."`
	GuestMemoryOf          []GuestMemory `name:"guest_memory_of" advanced:"true" label:"Memory of single guests" help:"Guests for which another view counts."`
	QuietGuests            []int         `name:"quiet_guests" advanced:"true" help:"Ids of guests whose guest agent is never asked."`
	AgentCallsPerMinute    int           `name:"agent_calls_per_minute" advanced:"true" default:"60" min:"0" max:"600" help:"How many calls a minute may go to guest agents in all. 0 asks none."`
	CallsPerMinute         int           `name:"calls_per_minute" advanced:"true" default:"0" min:"0" max:"6000" help:"How many calls a minute may go to the cluster in all, those to guest agents excepted. What is not urgent waits until there is room. 0 is 120, and beyond 50 nodes 12 more for each five."`
	NodeCallsPerMinute     int           `name:"node_calls_per_minute" advanced:"true" default:"60" min:"10" max:"6000" help:"How many of these calls a minute one node may have to answer."`
	SnapshotCallsPerMinute int           `name:"snapshot_calls_per_minute" advanced:"true" default:"20" min:"1" max:"600" help:"How many guests a minute are asked for their snapshots."`
}

// Member is an address of a node.
type Member struct {
	Node        string `name:"node" required:"true" help:"Name of the node."`
	Host        string `name:"host" required:"true" help:"Its address, for example https://10.0.0.2:8006."`
	Fingerprint string `name:"fingerprint" help:"SHA-256 fingerprint of its certificate; empty for the one that the cluster names."`
}

// callsAllowed is how many calls a minute may be made to a cluster of so many nodes.
func (c Config) callsAllowed(nodes int) int {
	const usual, nodesOfUsual = 120, 50
	if c.CallsPerMinute > 0 {
		return c.CallsPerMinute
	}
	return max(usual, usual*nodes/nodesOfUsual)
}

// login returns how to authenticate.
func (c Config) login() proxmox.Login {
	user := c.User
	if user != "" && !strings.Contains(user, "@") {
		user += "@pam"
	}
	token := c.TokenName
	if token != "" && !strings.Contains(token, "!") && user != "" {
		token = user + "!" + token
	}
	return proxmox.Login{Token: token, Secret: c.TokenValue, User: user, Password: c.Password}
}

// account is who asks, as the commands of the server name it, without the realm's default.
func (c Config) account() (id string, isToken bool) {
	l := c.login()
	if l.Token != "" {
		return l.Token, true
	}
	return l.User, false
}

// first is the endpoint that the operator named.
func (c Config) first(deps sdk.Deps) proxmox.Endpoint {
	return c.endpoint(deps, c.Host, c.Fingerprint)
}

// endpoint pins an address: to what the configuration says, else to what the operator accepted for it.
func (c Config) endpoint(deps sdk.Deps, host, pin string) proxmox.Endpoint {
	e := proxmox.Endpoint{URL: host, Pin: pin}
	if base, err := proxmox.ParseURL(proxmox.VirtualEnvironment, host); err == nil && e.Pin == "" {
		e.Pin = deps.Network.Pins[base.Host]
	}
	return e
}

// check finds what the schema cannot say.
func (c Config) check() error {
	if _, err := proxmox.Named(proxmox.VirtualEnvironment, c.Host, c.Fingerprint, sdk.Network{}); err != nil {
		return err
	}
	if err := c.login().Check(proxmox.VirtualEnvironment); err != nil {
		return err
	}
	if c.CallsPerMinute != 0 && c.CallsPerMinute < 30 {
		return proxmox.Wrong("calls_per_minute", "Less than 30 calls a minute are not enough. 0 is as many as the size of the cluster takes.")
	}
	if err := proxmox.CheckLink(c.GuestURL); err != nil {
		return err
	}
	for i, m := range c.Members {
		if _, err := proxmox.ParseURL(proxmox.VirtualEnvironment, m.Host); err != nil {
			return proxmox.Wrong("members."+itoa(i)+".host", "%v", err)
		}
	}
	return nil
}

// Validate finds what is wrong before anybody asks the cluster.
func (c Config) Validate() []sdk.Diagnostic { return proxmox.Judged(c.check()) }

// client returns a client for the configured address, which waits with sleep, nil for the usual way, and tells which nodes have
// answered when somebody wants to know.
func (c Config) client(deps sdk.Deps, sleep func(context.Context, time.Duration) error, answered func(node string)) (*proxmox.Client, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return proxmox.New(proxmox.Options{
		Product: proxmox.VirtualEnvironment, Endpoints: []proxmox.Endpoint{c.first(deps)}, Login: c.login(),
		Profile: netguard.For(netguard.Integration, deps.Network), Insecure: !c.VerifySSL, Now: deps.Now, Sleep: sleep,
		Budget:   proxmox.Budget{PerMinute: c.callsAllowed(0), PerNode: c.NodeCallsPerMinute, Guests: c.AgentCallsPerMinute},
		Answered: answered, Log: deps.Log,
	})
}
