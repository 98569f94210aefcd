// Package config reads config.hcl: blocks to Go values with defaults, env() and file(), and diagnostics that
// show file, line and remedy. The keys are declared once, in the structs of this file; the example file and the
// reference table are made from them. The package knows no service: what an integration's keys mean is for its
// plugin to say.
package config

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/settings"
	"github.com/pulse-platform/pulse/sdk"
)

// Config is all that the file, the environment and flags say.
type Config struct {
	Server       Server
	Metrics      Metrics
	Plugins      Plugins
	ProxyAuth    ProxyAuth
	License      License
	Audit        Audit
	OIDC         OIDC
	Integrations []Integration
	// Demo tells that all integrations watch invented upstreams; the file cannot say it.
	Demo bool

	origins map[string]Range
	metrics json.RawMessage
}

// MetricsValues are the keys of the metrics block that the file gives, as JSON, with secrets in the clear.
func (c *Config) MetricsValues() json.RawMessage { return c.metrics }

// Server is the server block.
type Server struct {
	Listen         string         `name:"listen" help:"Address of the web page and the API as host:port. Without a host it is every interface." default:":7655" format:"address"`
	Data           string         `name:"data" help:"Directory of all state. Only one server may use it at a time; back it up as a whole." default:"/var/lib/pulse"`
	BaseURL        string         `name:"base_url" help:"Address under which people and agents reach the server, for links and install commands. Without it, it is taken from each request. Its path is where a reverse proxy shows the server." format:"url" example:"https://pulse.example.com"`
	TrustedProxies []netip.Prefix `name:"trusted_proxies" help:"Networks of reverse proxies whose X-Forwarded headers are believed. Without any, the headers are ignored." example:"10.0.0.0/24,192.0.2.7"`
	AllowedOrigins []string       `name:"allowed_origins" help:"Other sites whose pages may call the API from a browser; \"*\" is any, without cookies. With it the web page does not decide." example:"https://dashboard.example.com"`
	AllowEmbedding bool           `name:"allow_embedding" help:"Lets other sites show Pulse in a frame. Allow it only when you need it: frames make click-jacking possible." default:"false"`
	EmbedOrigins   []string       `name:"embed_origins" help:"The sites that may show Pulse in a frame while allow_embedding is on. Without any, all may." example:"https://home.example.com"`
	TLSCertificate string         `name:"tls_certificate" label:"TLS certificate" help:"PEM file of the certificate, with those between it and its root. With it and tls_key the server speaks HTTPS only. Both are read anew when they change; what does not fit leaves the pair of before." example:"/etc/pulse/tls/fullchain.pem"`
	TLSKey         string         `name:"tls_key" label:"TLS key" help:"PEM file of the certificate's key." example:"/etc/pulse/tls/privkey.pem"`
	LogLevel       string         `name:"log_level" help:"Least severe level that is logged." default:"info" enum:"trace,debug,info,warn,error"`
	LogFormat      string         `name:"log_format" help:"Format of the log; auto is text on a terminal and JSON elsewhere." default:"auto" enum:"auto,text,json"`
}

// BasePath is the path of the base URL, without a slash at its end: where a reverse proxy shows the server.
func (s Server) BasePath() string {
	u, err := url.Parse(s.BaseURL)
	if err != nil || s.BaseURL == "" {
		return ""
	}
	return strings.TrimRight(path.Clean("/"+u.Path), "/")
}

// Validate refuses origins that are more than scheme and host, since browsers never send such.
func (s Server) Validate() []sdk.Diagnostic {
	var diags []sdk.Diagnostic
	report := func(path, detail string) {
		diags = append(diags, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: path, Summary: "Invalid value", Detail: detail})
	}
	for key, list := range map[string][]string{"allowed_origins": s.AllowedOrigins, "embed_origins": s.EmbedOrigins} {
		for i, origin := range list {
			if err := settings.CheckOrigin(origin); err != nil && (origin != "*" || key == "embed_origins") {
				report(fmt.Sprintf("%s.%d", key, i), err.Error())
			}
		}
	}
	if (s.TLSCertificate == "") != (s.TLSKey == "") {
		missing := "tls_certificate"
		if s.TLSKey == "" {
			missing = "tls_key"
		}
		report(missing, "A certificate and its key go together: server."+missing+" is missing.")
	}
	if s.BaseURL != "" {
		if u, err := url.Parse(s.BaseURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			report("base_url", `The address is http or https, without user, query and fragment, for example "https://pulse.example.com".`)
		}
	}
	return diags
}

// ProxyAuth is the proxy_auth block.
type ProxyAuth struct {
	Secret        sdk.Secret `name:"secret" help:"What the proxy sends in the header X-Proxy-Secret, at least 16 characters. Without it nobody comes in this way. The proxy must be in server.trusted_proxies."`
	UserHeader    string     `name:"user_header" help:"Header in which the proxy names the user. The proxy must replace what a client sends in it." default:"X-Remote-User"`
	RoleHeader    string     `name:"role_header" help:"Header in which the proxy lists the user's roles, ids of roles here. Without it roles are given here; a user who comes for the first time has none." example:"X-Remote-Roles"`
	RoleSeparator string     `name:"role_separator" help:"What stands between roles in that header." default:"|"`
	AdminRole     string     `name:"admin_role" help:"Role in that header that administers here." default:"admin"`
	LogoutURL     string     `name:"logout_url" help:"Where the web page leads after logging out." format:"url" example:"https://login.example.com/logout"`
}

// minProxySecret is the least number of bytes of the proxy's secret.
const minProxySecret = 16

// Validate refuses a secret that can be guessed.
func (p ProxyAuth) Validate() []sdk.Diagnostic {
	if n := len(p.Secret.Reveal()); n > 0 && n < minProxySecret {
		return []sdk.Diagnostic{{Severity: sdk.DiagnosticError, Path: "secret", Summary: "Invalid value", Detail: fmt.Sprintf("The secret has at least %d characters: whoever knows it is whoever they like.", minProxySecret)}}
	}
	return nil
}

// License is the license block.
type License struct {
	Enforce    bool   `name:"enforce" help:"Whether features ask for a licence, for people who run Pulse as a service. Without it every feature is open." default:"false"`
	PublicKey  string `name:"public_key" help:"Ed25519 public key of who issues licences, as the base64 of its 32 bytes. A licence is a JSON Web Token that the other half signs." example:"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="`
	UpgradeURL string `name:"upgrade_url" help:"Where one gets a licence; whoever lacks one is told." format:"url" example:"https://pulse.example.com/licences"`
}

// Validate refuses what would open nothing to anybody.
func (l License) Validate() []sdk.Diagnostic {
	if raw, err := base64.StdEncoding.DecodeString(l.PublicKey); err == nil && len(raw) == ed25519.PublicKeySize || l.PublicKey == "" && !l.Enforce {
		return nil
	}
	return []sdk.Diagnostic{{Severity: sdk.DiagnosticError, Path: "public_key", Summary: "Invalid value", Detail: "It is the base64 of the 32 bytes of an Ed25519 public key: openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | base64"}}
}

// Audit is the audit block.
type Audit struct {
	Retention time.Duration `name:"retention" help:"How long events of the audit log are kept. Without it the web page decides, 90 days at first." min:"1d" example:"365d"`
}

// Metrics is the metrics block.
type Metrics struct {
	Store           string        `name:"store" help:"Where samples are kept: embedded is a file in the data directory, memory keeps nothing over a restart, influxdb is an InfluxDB, mirror writes to embedded and InfluxDB and reads from embedded." default:"embedded" enum:"embedded,memory,influxdb,mirror"`
	RawRetention    time.Duration `name:"raw_retention" label:"Keep samples for" help:"How long samples are kept as they came." min:"1h"`
	MinuteRetention time.Duration `name:"minute_retention" label:"Keep minutes for" help:"How long minimum, maximum and average per minute are kept." min:"1h"`
	HourRetention   time.Duration `name:"hour_retention" label:"Keep hours for" help:"How long minimum, maximum and average per hour are kept." min:"1d"`
	DayRetention    time.Duration `name:"day_retention" label:"Keep days for" help:"How long minimum, maximum and average per day are kept." min:"1d"`
	Sync            time.Duration `name:"sync" label:"Force to the disk every" help:"How often samples are forced to the disk. A crash of the server loses nothing; a power cut may lose this much." default:"10s" min:"1s" max:"10m"`
	PackEvery       time.Duration `name:"pack_every" label:"Pack into the file every" help:"How long samples wait in the log before they are packed into the file. Rarely spares SD cards and SSDs and takes more memory." default:"30m" min:"1m" max:"1d"`
	MaxSize         int64         `name:"max_size" label:"Largest size of the file" help:"How large the file may grow. Past it the oldest is deleted before its time. Without it, time alone decides." format:"bytes" example:"4GiB" min:"16777216"`
	Expose          bool          `name:"expose" label:"Show numbers to Prometheus" help:"Whether /metrics/resources tells the present value of everything to who has a token with metrics:read." default:"false"`
	RemoteWrite     bool          `name:"remote_write" label:"Take remote write of Prometheus" help:"Whether /api/v1/write takes samples by Prometheus' remote write from who has a token with metrics:write." default:"false"`
	InfluxDB        InfluxDB      `name:"influxdb" label:"InfluxDB" help:"The InfluxDB of the stores influxdb and mirror."`
}

// InfluxDB says where an InfluxDB is and how it is used.
type InfluxDB struct {
	URL       string        `name:"url" target:"true" label:"URL" help:"Its address." format:"url" example:"https://influx.example.com:8086"`
	Org       string        `name:"org" label:"Organisation" help:"The organisation of an InfluxDB 2. Without one the server is taken for an InfluxDB 1.8." example:"home"`
	Bucket    string        `name:"bucket" help:"The bucket of samples and the beginning of the names of those of rollups; the database of a 1.8." default:"pulse"`
	Token     sdk.Secret    `name:"token" help:"The token; of a 1.8 user:password. Best taken from a file or the environment." example:"secret"`
	SpoolSize int64         `name:"spool_size" help:"How much may wait on the disk while InfluxDB is away. Past it samples are refused, and agents keep them." format:"bytes" default:"1GiB" min:"1048576"`
	SpoolAge  time.Duration `name:"spool_age" help:"How long samples may wait before more are refused." default:"7d" min:"1m"`
	WriteOnly bool          `name:"write_only" label:"Only written to" help:"Whether it is only written to, for servers that do not answer Flux. The store must be mirror then."`
}

// SetDefaults takes the retentions from the metric store's default tiers.
func (m *Metrics) SetDefaults() {
	for _, t := range metric.DefaultTiers() {
		if field := m.retention(t.Name); field != nil {
			*field = t.Retention
		}
	}
}

// retention returns the field for a tier.
func (m *Metrics) retention(tier string) *time.Duration {
	switch tier {
	case "raw":
		return &m.RawRetention
	case "minute":
		return &m.MinuteRetention
	case "hour":
		return &m.HourRetention
	case "day":
		return &m.DayRetention
	}
	return nil
}

// Tiers returns the metric store's tiers with the configured retentions.
func (m Metrics) Tiers() []metric.Tier {
	tiers := metric.DefaultTiers()
	for i, t := range tiers {
		if field := m.retention(t.Name); field != nil {
			tiers[i].Retention = *field
		}
	}
	return tiers
}

// Validate refuses a coarse tier that ends before a finer one: charts would lose their tail.
func (m Metrics) Validate() []sdk.Diagnostic {
	diags := m.validateInfluxDB()
	tiers := m.Tiers()
	for i := 1; i < len(tiers); i++ {
		if tiers[i].Retention < tiers[i-1].Retention {
			diags = append(diags, sdk.Diagnostic{
				Severity: sdk.DiagnosticError, Path: tiers[i].Name + "_retention", Summary: "Retention too short",
				Detail: fmt.Sprintf("It must be at least %s_retention, which is finer.", tiers[i-1].Name),
			})
		}
	}
	return diags
}

func (m Metrics) validateInfluxDB() (diags []sdk.Diagnostic) {
	report := func(path, summary, detail string) {
		diags = append(diags, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: path, Summary: summary, Detail: detail})
	}
	if m.Store != "influxdb" && m.Store != "mirror" {
		return nil
	}
	if m.InfluxDB.URL == "" {
		report("influxdb.url", "Value missing", "The store "+m.Store+" needs the address of an InfluxDB.")
	}
	if m.InfluxDB.WriteOnly && m.Store == "influxdb" {
		report("influxdb.write_only", "Store cannot be read", "What is only written to cannot be the only store: choose mirror.")
	}
	return diags
}

// Plugins is the plugins block.
type Plugins struct {
	Dir string `name:"dir" help:"Directory of the plugins and their manifests. Without it, it is the folder plugins beside the server's binary." example:"/usr/lib/pulse/plugins"`
}

// Integration is one integration block.
type Integration struct {
	Kind string
	Name string
	// Config is a JSON object with secrets in the clear, not yet checked by the plugin.
	Config json.RawMessage
	// Network is the block network: what the integration may dial and believe beyond what is usual.
	Network Network
	// Origin says where each key was written, by dotted path.
	Origin map[string]Range
	// Range is where the block starts.
	Range Range

	source *source
}

// Network is the block network of an integration.
type Network struct {
	AllowLoopback bool              `name:"allow_loopback" help:"Whether it may reach the server's own machine."`
	AllowNetworks []string          `name:"allow_networks" help:"Networks that it may reach although they are private." example:"192.168.1.0/24"`
	Pins          map[string]string `name:"pins" help:"SHA-256 fingerprints of certificates that are accepted, by host:port."`
}

// Format writes kind, name and place whatever the verb, so that no secret of Config is printed.
func (i Integration) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("integration %q %q (%s)", i.Kind, i.Name, i.Range))
}

// MarshalJSON leaves the configuration out, for the same reason.
func (i Integration) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"kind": i.Kind, "name": i.Name, "origin": i.Range.String()})
}

// Diagnose turns a plugin's findings about the configuration into diagnostics at the lines they are about.
func (i Integration) Diagnose(findings []sdk.Diagnostic) Diagnostics {
	findings = slices.Clone(findings)
	for n, f := range findings {
		if f.Path == networkBlock { // the one part of an integration that is no value
			findings[n].Detail += " What an integration may reach is a block, without =: network { ... }."
		}
	}
	return diagnose(findings, "", fmt.Sprintf("integration %q %q", i.Kind, i.Name), i.Origin, i.Range, i.source)
}

// Origin says where the value of a key such as "server.listen" came from: a place in the file, an environment
// variable or a flag. It is the zero Range for a default.
func (c *Config) Origin(key string) Range { return c.origins[key] }
