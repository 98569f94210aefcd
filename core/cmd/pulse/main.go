// Command pulse is the server and its operator's command line. It is the one place that knows every package:
// it wires them, runs them and stops them in order.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/hashicorp/go-hclog"
	"golang.org/x/term"

	"github.com/pulse-platform/pulse/core/config"
)

// version is set at build by -ldflags "-X main.version=...".
var version = "dev"

// options are the settings that every command may need. The flags win over environment variables (PULSE_DATA for
// --data), those over the configuration file.
type options struct {
	Config         string `help:"Configuration file (HCL)." placeholder:"FILE" env:"PULSE_CONFIG"`
	Data           string `help:"Data directory (default /var/lib/pulse)." placeholder:"DIR"`
	Listen         string `help:"Address to serve on, host:port (default :7655)." placeholder:"ADDR"`
	Plugins        string `help:"Directory of the plugins (default: plugins beside the binary)." placeholder:"DIR"`
	BaseURL        string `name:"base-url" help:"Address under which people and agents reach the server." placeholder:"URL"`
	TrustedProxies string `help:"Networks of reverse proxies whose X-Forwarded headers are believed, separated by commas." placeholder:"CIDRS"`
	AllowedOrigins string `help:"Other sites whose pages may call the API, separated by commas." placeholder:"URLS"`
	AllowEmbedding string `help:"Whether other sites may show Pulse in a frame." placeholder:"BOOL"`
	EmbedOrigins   string `help:"The sites that may, separated by commas (default all)." placeholder:"URLS"`
	TLSCertificate string `name:"tls-certificate" help:"PEM file of the certificate; the server speaks HTTPS only." placeholder:"FILE"`
	TLSKey         string `name:"tls-key" help:"PEM file of the certificate's key." placeholder:"FILE"`
	MetricsStore   string `help:"Where samples are kept: embedded, memory, influxdb or mirror (default embedded)." placeholder:"STORE"`
	InfluxDBURL    string `name:"influxdb-url" help:"Address of the InfluxDB; its token comes from PULSE_INFLUXDB_TOKEN or, in a file, PULSE_INFLUXDB_TOKEN_FILE." placeholder:"URL"`
	InfluxDBOrg    string `name:"influxdb-org" help:"Organisation of an InfluxDB 2." placeholder:"NAME"`
	InfluxDBBucket string `name:"influxdb-bucket" help:"Its bucket, or the database of a 1.8 (default pulse)." placeholder:"NAME"`
	LogLevel       string `help:"Least severe log level: trace, debug, info, warn, error (default info)." placeholder:"LEVEL"`
	LogFormat      string `help:"Log format: text, json or auto (text on a terminal)." placeholder:"FORMAT"`
}

// flags returns the flags that were given, by name.
func (o *options) flags() map[string]string {
	return map[string]string{
		"data": o.Data, "listen": o.Listen, "plugins": o.Plugins, "base-url": o.BaseURL,
		"trusted-proxies": o.TrustedProxies, "allowed-origins": o.AllowedOrigins, "allow-embedding": o.AllowEmbedding, "embed-origins": o.EmbedOrigins,
		"tls-certificate": o.TLSCertificate, "tls-key": o.TLSKey,
		"metrics-store": o.MetricsStore, "influxdb-url": o.InfluxDBURL, "influxdb-org": o.InfluxDBOrg, "influxdb-bucket": o.InfluxDBBucket,
		"log-level": o.LogLevel, "log-format": o.LogFormat,
	}
}

// load reads the configuration. Diagnostics are printed; an error among them is errSilent.
func (o *options) load(io streams) (*config.Config, error) {
	cfg, diags := config.LoadWith(o.Config, os.Getenv, o.flags())
	if len(diags) > 0 {
		fmt.Fprintln(io.err, diags.String())
	}
	if cfg == nil {
		return nil, errSilent
	}
	return cfg, nil
}

// loadUsed is load for what needs a data directory that a server has used.
func (o *options) loadUsed(io streams) (*config.Config, error) {
	cfg, err := o.load(io)
	if err != nil {
		return nil, err
	}
	return cfg, checkUsed(cfg.Server.Data)
}

type commands struct {
	options        `group:"Settings, which are also keys of the configuration file:"`
	ShowVersion    versionFlag            `name:"version" help:"Print the version."`
	Serve          serveCommand           `cmd:"" help:"Run the server."`
	Backup         backupCommand          `cmd:"" help:"Write the data directory to a file, also while the server runs."`
	BootstrapToken bootstrapCommand       `cmd:"" name:"bootstrap-token" help:"Print the token that claims a new server."`
	Completion     completionCommand      `cmd:"" help:"Print what makes a shell complete the commands and flags of this program."`
	ConfigFile     configCommand          `cmd:"" name:"config" help:"Work with the configuration file."`
	Demo           demoCommand            `cmd:"" help:"Serve an invented world from a data directory that is thrown away."`
	Metrics        metricsCommand         `cmd:"" help:"Look after the store of samples."`
	ImportRef      importReferenceCommand `cmd:"" name:"import-reference" help:"Bring in the configuration from a data directory of the reference. The server must be stopped."`
	Key            keyCommand             `cmd:"" help:"Work with the key that secrets are sealed under."`
	License        licenseCommand         `cmd:"" help:"Issue licences, for people who run Pulse as a service."`
	Plugin         pluginCommand          `cmd:"" help:"Look at the installed plugins, and make new ones."`
	Record         recordCommand          `cmd:"" passthrough:"partial" help:"Write a server's answers into a folder, anonymised, to show us what is read wrongly."`
	Restore        restoreCommand         `cmd:"" help:"Put a backup in the place of the data directory. The server must be stopped."`
	User           userCommand            `cmd:"" help:"Manage local users."`
	Version        versionCommand         `cmd:"" help:"Print the version."`
	OpenAPI        openapiCommand         `cmd:"" name:"openapi" help:"Print the OpenAPI 3.1 document of the HTTP API."`
}

// streams are where a command writes.
type streams struct {
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// exit ends the command line early with a code, as --help does.
type exit int

// run runs one command and returns the exit code: 0 fine, 1 failed, 2 used wrongly.
func run(ctx context.Context, args []string, io streams) (code int) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var c commands
	parser, err := kong.New(&c,
		kong.Name("pulse"),
		kong.Description("Monitors hosts, hypervisors, containers and backups through plugins. Each flag may also be an environment variable, PULSE_DATA for --data, or a key of the configuration file; the flag wins."),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io, &c.options),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(io.err, "pulse:", err)
		return 1
	}
	if line, asked := os.LookupEnv(lineVariable); asked {
		for _, word := range complete(parser.Model.Node, line) {
			fmt.Fprintln(io.out, word)
		}
		return 0
	}
	k, err := parser.Parse(args)
	if err != nil {
		parser.Errorf("%s", err)
		fmt.Fprintln(io.err, `Run "pulse --help" for the commands and flags.`)
		return 2
	}
	if err := k.Run(); err != nil {
		if !errors.Is(err, errSilent) {
			fmt.Fprintln(io.err, "pulse:", err)
		}
		return 1
	}
	return 0
}

// errSilent ends a command with code 1 when it has said itself what is wrong.
var errSilent = errors.New("failed")

// newLogger returns the logger that everything below main gets.
func newLogger(w io.Writer, level, format string) hclog.Logger {
	file, ok := w.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	color := hclog.ColorOff
	if terminal {
		color = hclog.AutoColor
	}
	return hclog.New(&hclog.LoggerOptions{
		Name: "pulse", Output: w, Level: hclog.LevelFromString(level),
		JSONFormat: format == "json" || format != "text" && !terminal,
		Color:      color, ColorHeaderOnly: true,
	})
}
