// Command faulty is a plugin that misbehaves as the file "mode" in its working directory says.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
	"github.com/pulse-platform/pulse/sdk/serve"
)

type config struct {
	Word string     `name:"word" default:"none" help:"A word that comes back."`
	Pass sdk.Secret `name:"pass" help:"A secret."`
	Bad  bool       `name:"bad" help:"Makes the instance fail."`
}

type instance struct {
	cfg  config
	deps sdk.Deps
}

var (
	_ sdk.Ingester  = (*instance)(nil)
	_ sdk.Collector = (*instance)(nil)
	_ sdk.Querier   = (*instance)(nil)
)

func create(cfg config, deps sdk.Deps) (*instance, error) {
	if cfg.Bad {
		return nil, &sdk.Error{Kind: sdk.KindConfig, Field: "bad", Message: "It is bad."}
	}
	deps.Log.Info("made", "word", cfg.Word, "pass", cfg.Pass)
	return &instance{cfg, deps}, nil
}

// Ingest does what the report says.
func (i *instance) Ingest(ctx context.Context, r sdk.Report) (sdk.Ingested, error) {
	switch string(r.Body) {
	case "hang":
		if err := os.WriteFile("hanging", nil, 0o600); err != nil {
			return sdk.Ingested{}, err
		}
		<-ctx.Done()
		return sdk.Ingested{}, ctx.Err()
	case "crash":
		os.Exit(7)
	case "panic":
		panic("on request")
	case "eat":
		var eaten [][]byte
		for ctx.Err() == nil {
			eaten = append(eaten, bytes.Repeat([]byte{1}, 1<<20))
		}
		return sdk.Ingested{Claims: sdk.Claims{Hostname: string(eaten[0][:1])}}, ctx.Err()
	}
	return sdk.Ingested{Claims: sdk.Claims{Hostname: i.cfg.Word}}, nil
}

// Collect takes half a second for the task "slow".
func (i *instance) Collect(ctx context.Context, task string, _ sdk.Sink) error {
	if task != "slow" {
		return nil
	}
	select {
	case <-time.After(500 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Query shows the environment, the working directory, and what the server keeps.
func (i *instance) Query(ctx context.Context, q sdk.QueryRequest, w io.Writer) (sdk.QueryResult, error) {
	if q.Query == "state" {
		err := i.deps.Host.SetState(ctx, "k", []byte("v"), 0)
		value, version, read := i.deps.Host.State(ctx, "k")
		fmt.Fprintf(w, "%s %d", value, version)
		return sdk.QueryResult{}, errors.Join(err, read)
	}
	dir, err := os.Getwd()
	fmt.Fprintf(w, "%s\n%s\n", dir, strings.Join(os.Environ(), "\n"))
	return sdk.QueryResult{MediaType: "text/plain"}, err
}

func plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind: "faulty", Name: "Faulty", Summary: "Misbehaves.", Version: "1.0.0",
		Reports: []sdk.ReportKind{{Name: "faulty"}},
		Tasks:   []sdk.Task{{Name: "all", Interval: time.Second}},
	}, create)
}

func main() {
	if len(os.Args) == 1 {
		mode, err := os.ReadFile("mode")
		if err == nil {
			switch strings.TrimSpace(string(mode)) {
			case "garbage":
				fmt.Println("good morning")
				return
			case "exit":
				fmt.Fprintln(os.Stderr, "no coffee, no work")
				os.Exit(3)
			case "mute":
				for host := os.Getppid(); os.Getppid() == host; { // until the mode is another one, or nobody is there to see it
					if mode, _ := os.ReadFile("mode"); string(mode) != "mute" {
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
		}
	}
	serve.Main(plugin())
}
