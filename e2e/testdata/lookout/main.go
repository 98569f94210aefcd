// Command pulse-plugin-lookout is a plugin for tests: it watches a folder. Each file is a ship, and its text its name.
package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
	"github.com/pulse-platform/pulse/sdk/serve"
)

type config struct {
	Folder string `name:"folder" required:"true" help:"The folder to watch."`
}

type lookout struct{ config }

func (l *lookout) ships() (map[string]string, error) {
	files, err := os.ReadDir(l.Folder)
	if err != nil {
		return nil, sdk.Wrap(sdk.KindUnreachable, err, "The harbour cannot be seen.")
	}
	out := map[string]string{}
	for _, f := range files {
		if text, err := os.ReadFile(filepath.Join(l.Folder, f.Name())); err == nil {
			out[f.Name()] = string(text)
		}
	}
	return out, nil
}

func ship(key, name string) sdk.Record {
	doc, _ := json.Marshal(map[string]string{"name": name})
	return sdk.Record{Type: "ship", Key: key, WireID: key, Name: name, Status: sdk.StatusUp, Doc: doc}
}

func (l *lookout) Watch(ctx context.Context, sink sdk.Sink) error {
	known, err := l.ships()
	if err != nil {
		return err
	}
	p := sink.Partition("harbour")
	for key, name := range known {
		if err := p.Emit(ship(key, name)); err != nil {
			return err
		}
	}
	if err := p.Done(nil); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		now, err := l.ships()
		if err != nil {
			return err
		}
		for key, name := range now {
			if known[key] != name {
				err = sink.Emit(ship(key, name))
			}
		}
		for key := range known {
			if _, there := now[key]; !there {
				err = sink.Emit(sdk.Removed{Type: "ship", Key: key})
			}
		}
		if err != nil {
			return err
		}
		known = now
	}
}

func main() {
	serve.Main(schema.Define(sdk.Description{
		Kind: "lookout", Name: "Lookout", Summary: "Watches a folder.", Version: "1.0.0",
		Types: []sdk.ResourceType{{Name: "ship", Label: "Ship", Plural: "Ships", Icon: "ship", Family: "infrastructure"}},
		Sections: []sdk.StateSection{{Section: "ships", Type: "ship", Inject: []sdk.Inject{
			{Member: "id", Value: sdk.InjectID}, {Member: "status", Value: sdk.InjectStatus, Words: map[string]string{"stale": "stale"}},
		}}},
	}, func(c config, _ sdk.Deps) (*lookout, error) { return &lookout{c}, nil }))
}
