package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/sdk/host"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

type pluginTestCommand struct {
	Target string            `arg:"" help:"A plugin's program, or a folder with one or with its Go module."`
	Config string            `name:"with" help:"A working configuration of an integration, a JSON object." default:"{}" placeholder:"JSON"`
	Secret []string          `help:"A secret value within the configuration, which must not come back. May be repeated." placeholder:"TEXT"`
	Blind  map[string]string `help:"A configuration with which a cycle cannot see everything, by a name for what is wrong. May be repeated." placeholder:"NAME=JSON" mapsep:"none"`
}

// Run tries the program. A fault makes the command fail.
func (c pluginTestCommand) Run(ctx context.Context, io streams) error {
	binary, done, err := programOf(ctx, c.Target, io)
	if err != nil {
		return err
	}
	defer done()
	faults := 0
	o := sdktest.Options{Config: c.Config, Secrets: c.Secret, Blind: c.Blind}
	err = sdktest.TryBinary(ctx, binary, o, func(v sdktest.Verdict) {
		verdict := "ok"
		if len(v.Faults) > 0 {
			verdict = "FAULT"
		}
		fmt.Fprintf(io.out, "%-5s %s (%s)\n", verdict, v.Trial, v.Took.Round(time.Millisecond))
		for _, f := range v.Faults {
			fmt.Fprintln(io.out, "      "+strings.ReplaceAll(f, "\n", "\n      "))
		}
		faults += len(v.Faults)
	})
	if err != nil {
		return err
	}
	switch faults {
	case 0:
		fmt.Fprintln(io.out, "No faults.")
		return nil
	case 1:
		fmt.Fprintln(io.out, "One fault.")
	default:
		fmt.Fprintf(io.out, "%d faults.\n", faults)
	}
	return errSilent
}

// programOf finds the program that is meant, and builds it when a folder holds its source. What was built is removed by
// done.
func programOf(ctx context.Context, target string, io streams) (binary string, done func(), err error) {
	done = func() {}
	info, err := os.Stat(target)
	if err != nil {
		return "", done, fmt.Errorf("find the plugin: %w", err)
	}
	if !info.IsDir() {
		binary, err = filepath.Abs(target)
		return binary, done, err
	}
	sources, err := filepath.Glob(filepath.Join(target, "cmd", "pulse-plugin-*"))
	if err != nil {
		return "", done, err
	}
	if _, err := os.Stat(filepath.Join(target, "go.mod")); err == nil && len(sources) == 1 {
		return buildPlugin(ctx, target, filepath.Base(sources[0]), io)
	}
	found, err := filepath.Glob(filepath.Join(target, "pulse-plugin-*.json"))
	if err != nil || len(found) != 1 {
		return "", done, errors.Join(err, fmt.Errorf("%s holds %d plugins and no Go module with one in cmd/: name the program", target, len(found)))
	}
	binary, err = filepath.Abs(strings.TrimSuffix(found[0], ".json"))
	return binary, done, err
}

func buildPlugin(ctx context.Context, dir, name string, io streams) (binary string, done func(), err error) {
	out, err := os.MkdirTemp("", "pulse-build-")
	if err != nil {
		return "", func() {}, err
	}
	done = func() { _ = os.RemoveAll(out) }
	binary = filepath.Join(out, name)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/"+name)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, io.err, io.err
	if err := cmd.Run(); err != nil {
		done()
		return "", func() {}, fmt.Errorf("build %s: %w", name, err)
	}
	return binary, done, nil
}

type pluginPackCommand struct {
	Target string   `arg:"" help:"A plugin's program, with its manifest beside it, or a folder with one or with its Go module."`
	Out    string   `help:"The archive to write; pulse-plugin-KIND_VERSION_OS_ARCH.tar.gz by default." placeholder:"FILE"`
	Add    []string `help:"Another file to pack, for example a licence. May be repeated." placeholder:"FILE"`
}

// Run writes the archive and prints its checksum, which those who install it need.
func (c pluginPackCommand) Run(ctx context.Context, io streams) error {
	binary, done, err := programOf(ctx, c.Target, io)
	if err != nil {
		return err
	}
	defer done()
	if err := ensureManifest(ctx, binary); err != nil {
		return err
	}
	m, err := host.ReadManifest(binary + ".json")
	if err == nil {
		err = m.Verify(binary)
	}
	if err != nil {
		return err
	}
	if c.Out == "" {
		c.Out = fmt.Sprintf("pulse-plugin-%s_%s_%s_%s.tar.gz", m.Kind, m.Version, m.OS, m.Arch)
	}
	var packed archiveBuffer
	if err := pluginhost.WriteArchive(&packed, binary, c.Add...); err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, packed, 0o644); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	sum := sha256.Sum256(packed)
	fmt.Fprintf(io.out, "%s  %s\n", hex.EncodeToString(sum[:]), c.Out)
	return nil
}

// archiveBuffer takes an archive as it is written.
type archiveBuffer []byte

func (b *archiveBuffer) Write(p []byte) (int, error) { *b = append(*b, p...); return len(p), nil }

// ensureManifest has the program say its manifest when there is none beside it.
func ensureManifest(ctx context.Context, binary string) error {
	if _, err := os.Stat(binary + ".json"); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "manifest").Output()
	if err != nil {
		return fmt.Errorf("there is no manifest beside %s, and it does not say one: %w", filepath.Base(binary), err)
	}
	return os.WriteFile(binary+".json", out, 0o644)
}

type pluginInstallCommand struct {
	Archive string `arg:"" help:"The archive, made by pulse plugin pack."`
	SHA256  string `name:"sha256" required:"" help:"Checksum of the archive, from whom you trust." placeholder:"HEX"`
}

// Run puts the plugin into the data directory. A server that runs takes it over within seconds.
func (c pluginInstallCommand) Run(o *options, io streams) error {
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	dir, err := pluginsDir(cfg)
	if err != nil {
		return err
	}
	raw, err := readArchive(filepath.Dir(c.Archive), filepath.Base(c.Archive))
	if err != nil {
		return err
	}
	p, err := pluginhost.Open(pluginhost.Config{
		Dir: dir, Installed: filepath.Join(cfg.Server.Data, installedDir), Log: hclog.NewNullLogger(), Now: time.Now, Accept: acceptable,
	})
	if err != nil {
		return err
	}
	m, err := p.Install(raw, c.SHA256)
	if err != nil {
		return err
	}
	for _, e := range p.Entries() {
		if e.Kind == m.Kind && e.Problem != "" {
			return fmt.Errorf("the plugin %s was installed and cannot be used: %s", m.Kind, e.Problem)
		}
	}
	fmt.Fprintf(io.out, "The plugin %s %s is installed. A server that runs takes it over within seconds.\n", m.Kind, m.Version)
	return nil
}
