// Package serve is the plugin's end of the process boundary. The main function of a plugin is one call of [Main]:
// logging, recovery from panics, limits, mutual TLS, the manifest and the end of the process are seen to here. The
// package does not know what a plugin is for.
package serve

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/internal/rpc"
)

// version is set at build by -ldflags "-X .../sdk/serve.version=...". It wins over the version in the description.
var version string

// Command is a subcommand of a plugin's own, beside those that every plugin has. Its context ends when somebody interrupts
// the process.
type Command struct {
	Name, Help string
	Run        func(ctx context.Context, args []string, out io.Writer) error
}

// Main serves the plugin to the server that started the process, or runs the subcommand of the command line. It
// returns when the work is done, and ends the process on failure.
func Main(p sdk.Plugin, own ...Command) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if code := run(ctx, p, own, os.Args[1:], os.Stdout, os.Stderr); code != 0 {
		os.Exit(code)
	}
}

const usage = `%[1]s is a plugin of Pulse: %[2]s
It is started by the server; by hand it can only say what it is.

  %[1]s manifest    print the manifest that lies beside the binary
  %[1]s describe    print what the plugin declares, for people
  %[1]s --version   print the version
`

// printUsage tells the commands.
func printUsage(to io.Writer, name, summary string, own []Command) {
	fmt.Fprintf(to, usage, name, summary)
	for _, c := range own {
		fmt.Fprintf(to, "  %s %-11s %s\n", name, c.Name, c.Help)
	}
}

// UntilInputEnds names the variable of the environment that has a plugin's own command end with its standard input, and so
// with whoever started it.
const UntilInputEnds = "PULSE_PLUGIN_UNTIL_INPUT_ENDS"

// runOwn runs a command of the plugin's own until it ends or the process is interrupted.
func runOwn(ctx context.Context, c Command, args []string, out io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv(UntilInputEnds) != "" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	return c.Run(ctx, args, out)
}

// run returns the exit code.
func run(ctx context.Context, p sdk.Plugin, own []Command, args []string, out, errs io.Writer) int {
	d := described(p)
	name, about := "pulse-plugin-"+d.Kind, cmp.Or(d.Summary, d.Name)
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	var err error
	switch command {
	case "":
		h := rpc.Handshake()
		if os.Getenv(h.MagicCookieKey) != h.MagicCookieValue {
			fmt.Fprintf(errs, "%s is a plugin of Pulse and is started by the server; see %[1]s --help.\n", name)
			return 1
		}
		serve(ctx, p)
		return 0
	case "manifest":
		err = printManifest(out, d, own)
	case "describe":
		err = printJSON(out, d)
	case "--version", "version":
		fmt.Fprintln(out, d.Version)
	case "--help", "-h", "help":
		printUsage(out, name, about, own)
	default:
		at := slices.IndexFunc(own, func(c Command) bool { return c.Name == command })
		if at < 0 {
			fmt.Fprintf(errs, "%s: there is no command %q\n\n", name, command)
			printUsage(errs, name, about, own)
			return 2
		}
		err = runOwn(ctx, own[at], args[1:], out)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp): // a command of the plugin's own has shown its flags
		return 0
	default:
		fmt.Fprintf(errs, "%s: %v\n", name, err)
		return 1
	}
}

// described returns the description with the version of the build.
func described(p sdk.Plugin) sdk.Description {
	d := p.Describe()
	if version != "" {
		d.Version = version
	}
	return d
}

func printManifest(out io.Writer, d sdk.Description, own []Command) error {
	commands := make([]string, 0, len(own))
	for _, c := range own {
		commands = append(commands, c.Name)
	}
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own binary: %w", err)
	}
	sum, err := fileSHA256(path)
	if err != nil {
		return err
	}
	description, err := rpc.EncodeDescription(d)
	if err != nil {
		return err
	}
	return printJSON(out, rpc.Manifest{
		Manifest: rpc.ManifestVersion, Kind: d.Kind, Name: d.Name, Version: d.Version,
		Protocol: rpc.Versions{Min: rpc.Protocol, Max: rpc.Protocol},
		SHA256:   sum, OS: runtime.GOOS, Arch: runtime.GOARCH, Commands: commands, Description: description,
	})
}

func fileSHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open own binary: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read own binary: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// notifies reports whether a plugin talks to the outside rather than to what an operator configured.
func notifies(d sdk.Description) bool {
	return slices.Contains(d.Capabilities, sdk.CapNotify) && !slices.Contains(d.Capabilities, sdk.CapCollect)
}
