package record

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
	"github.com/pulse-platform/pulse/sdk/serve"
)

// Command is the subcommand of a plugin that records what its server answers to it: every task runs once.
func Command(p sdk.Plugin) serve.Command {
	return serve.Command{
		Name: "record", Help: "write a server's answers into a folder, anonymised, to show us what is read wrongly",
		Run: func(ctx context.Context, args []string, out io.Writer) error { return run(ctx, p, args, out) },
	}
}

const help = `Asks a server all that the plugin asks it, once, and writes each answer into a file of its own. Names, addresses, serial
numbers and whatever else is not known to be harmless are replaced. Look at the files before you send them to anybody.

`

func run(ctx context.Context, p sdk.Plugin, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("record", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { fmt.Fprint(out, help); flags.PrintDefaults() }
	config := flags.String("config", "", `file with the integration's config as a JSON object, "-" for standard input: {"host": …, "token_name": …, "token_value": …}`)
	dir := flags.String("out", "recording", "folder to write into; it must not exist yet")
	loopback := flags.Bool("allow-loopback", false, "the server may be this machine")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	if *config == "" {
		return fmt.Errorf("say with --config where the integration's config is; --help tells more")
	}
	text, err := read(*config)
	if err != nil {
		return err
	}
	r := &recording{}
	failed, err := r.take(ctx, p, text, *loopback)
	if err != nil {
		return err
	}
	if len(r.answers) == 0 {
		return fmt.Errorf("the server gave no answer: %w", failed[0])
	}
	for _, err := range failed {
		fmt.Fprintf(out, "Did not get all: %v\n", err)
	}
	n, err := r.write(*dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d answers are in %s, with everything replaced that is not known to be harmless. Look at them before you send them.\n", n, *dir)
	return nil
}

// read reads the config.
func read(name string) (json.RawMessage, error) {
	from := io.Reader(os.Stdin)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the config: %w", err)
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read the config: %w", err)
	}
	var object map[string]any
	if json.Unmarshal(text, &object) != nil {
		return nil, fmt.Errorf("the config is no JSON object") // its text holds a secret
	}
	return text, nil
}

// recording holds what was answered.
type recording struct {
	mu      sync.Mutex
	answers []proxmox.Answer
	// config is what the operator wrote: its words are somebody's own wherever they occur.
	config json.RawMessage
}

// take runs each task of the plugin once. What fails is returned beside what could be had.
func (r *recording) take(ctx context.Context, p sdk.Plugin, config json.RawMessage, loopback bool) (failed []error, err error) {
	for _, d := range p.Validate(ctx, config) {
		if d.Severity == sdk.DiagnosticError {
			return nil, fmt.Errorf("config: %s: %s", d.Path, d.Summary)
		}
	}
	r.config = config
	network := sdk.Network{AllowLoopback: loopback}
	made, err := p.Configure(ctx, sdk.Instance{Integration: "recording", Name: "recording", Revision: 1, Config: config, AllowLoopback: loopback}, sdk.Deps{
		Name: "recording", Network: network, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		HTTP: netguard.Client(netguard.For(netguard.Integration, network)), Dial: netguard.For(netguard.Integration, network).Dial,
	})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	if c, ok := made.(io.Closer); ok {
		defer func() { _ = c.Close() }()
	}
	collector, ok := made.(sdk.Collector)
	if !ok {
		return nil, fmt.Errorf("%s asks nothing by itself", p.Describe().Name)
	}
	traced := proxmox.WithTrace(ctx, r.see)
	for _, task := range p.Describe().Tasks {
		if err := collector.Collect(traced, task.Name, nowhere{}); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", task.Name, err))
		}
	}
	return failed, ctx.Err()
}

func (r *recording) see(a proxmox.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, a)
}

// write replaces what is somebody's and writes the answers.
func (r *recording) write(dir string) (files int, err error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	a := newAnonymiser(key)
	a.learn(r.config)
	for _, answer := range r.answers {
		a.learn(answer.Body)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, fmt.Errorf("make the folder: %w", err)
	}
	seen := map[string]bool{}
	for _, answer := range r.answers {
		name := fileName(a, answer)
		if seen[name] {
			continue
		}
		seen[name] = true
		body := a.answer(answer.Body)
		if reason := a.value("", answer.Reason); reason != "" {
			body = fmt.Appendf(nil, "%s\n%s", reason, body)
		}
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			return 0, fmt.Errorf("write: %w", err)
		}
	}
	return len(seen), nil
}

// fileName is the path of a call with its parameters, as a name.
func fileName(a *anonymiser, answer proxmox.Answer) string {
	parts := make([]string, 0, len(answer.Path)+1)
	for _, segment := range answer.Path {
		parts = append(parts, a.name(segment))
	}
	var query []string
	for name, values := range answer.Query {
		query = append(query, name+"="+a.value(name, strings.Join(values, ",")))
	}
	slices.Sort(query)
	name := strings.Join(append(parts, query...), "_")
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>| `, r) || r < ' ' {
			return '-'
		}
		return r
	}, name)
	if len(name) > 200 {
		name = name[:200]
	}
	if answer.Status != 200 {
		return fmt.Sprintf("%s.status%d.json", name, answer.Status)
	}
	return name + ".json"
}

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) Emit(...sdk.Observation) error  { return nil }
func (nowhere) Partition(string) sdk.Partition { return nowhere{} }
func (nowhere) Done(error) error               { return nil }
