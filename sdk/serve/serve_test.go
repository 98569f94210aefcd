package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/internal/rpc"
	"github.com/pulse-platform/pulse/sdk/schema"
)

type config struct {
	Word string `name:"word" help:"A word."`
}

func ablePlugin() sdk.Plugin {
	return schema.Define(sdk.Description{Kind: "able", Name: "Able", Summary: "Does it.", Version: "1.2.3"},
		func(config, sdk.Deps) (struct{}, error) { return struct{}{}, nil })
}

func TestTheCommandLine(t *testing.T) {
	own := []Command{
		{"sing", "sing words", func(_ context.Context, args []string, out io.Writer) error { fmt.Fprintln(out, "la", args); return nil }},
		{"shout", "shout words", func(_ context.Context, args []string, out io.Writer) error {
			flags := flag.NewFlagSet("shout", flag.ContinueOnError)
			flags.SetOutput(out)
			if err := flags.Parse(args); err != nil {
				return fmt.Errorf("read the command line: %w", err)
			}
			return nil
		}},
		{"fail", "fail", func(context.Context, []string, io.Writer) error { return errors.New("no voice") }},
	}
	for name, c := range map[string]struct {
		args      []string
		code      int
		out, errs string
	}{
		"by hand":          {nil, 1, "", "pulse-plugin-able is a plugin of Pulse and is started by the server; see pulse-plugin-able --help.\n"},
		"help":             {[]string{"--help"}, 0, "Does it.", ""},
		"version":          {[]string{"--version"}, 0, "1.2.3\n", ""},
		"unknown":          {[]string{"fly"}, 2, "", `there is no command "fly"`},
		"own":              {[]string{"sing", "twice"}, 0, "la [twice]\n", ""},
		"own help":         {[]string{"--help"}, 0, "pulse-plugin-able sing        sing words", ""},
		"flags of its own": {[]string{"shout", "--help"}, 0, "Usage of shout", ""},
		"own that fails":   {[]string{"fail"}, 1, "", "pulse-plugin-able: no voice"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(t.Context(), ablePlugin(), own, c.args, &out, &errs); code != c.code {
				t.Errorf("code %d, want %d", code, c.code)
			}
			if !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errs) {
				t.Errorf("out %q, errors %q", out.String(), errs.String())
			}
		})
	}
}

func TestTheManifestIsTheSameEveryTimeAndComplete(t *testing.T) {
	var first, second bytes.Buffer
	if run(t.Context(), ablePlugin(), nil, []string{"manifest"}, &first, &first) != 0 || run(t.Context(), ablePlugin(), nil, []string{"manifest"}, &second, &second) != 0 {
		t.Fatal(first.String(), second.String())
	}
	if first.String() != second.String() {
		t.Error("two manifests of one binary differ")
	}
	var m rpc.Manifest
	if err := json.Unmarshal(first.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	d, err := rpc.DecodeDescription(m.Description)
	if err != nil || !rpc.SameDescription(d, ablePlugin().Describe()) || len(m.SHA256) != 64 {
		t.Errorf("manifest %+v, description %+v, %v", m, d, err)
	}
}

func TestTheLogIsWhatTheHostReads(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(&out, "debug").With("integration", "x")
	log.Debug("first", "pass", sdk.Secret("hunter2"), slog.Group("g", "msg", "kept"))
	log.Error("second", "error", errors.New("no answer"))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []map[string]string{
		{"@level": "debug", "@message": "first", "pass": "***", "integration": "x"},
		{"@level": "error", "@message": "second", "error": "no answer"},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("line %d: %s is %v, want %s", i, k, got[k], v)
			}
		}
		if got["@timestamp"] == nil || got["time"] != nil {
			t.Errorf("line %d: %s", i, lines[i])
		}
	}
	out.Reset()
	newLogger(&out, "warn").Info("quiet")
	if out.Len() > 0 {
		t.Errorf("logged below the level: %s", out.String())
	}
}
