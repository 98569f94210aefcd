package pluginhost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/sdk/host"
)

// prefix of the names of plugin binaries and their manifests.
const prefix = "pulse-plugin-"

// Entry is one plugin of the catalogue: a manifest with the binary beside it.
type Entry struct {
	// Kind is taken from the file's name when the manifest cannot be read.
	Kind     string
	Manifest host.Manifest
	// Binary is the path of the program.
	Binary string
	// Problem says in one sentence why the plugin cannot be used, or, when an earlier version of it is, why that one goes
	// on; empty when all is well.
	Problem string
	// Installed is set for a plugin that an operator installed; it can be removed.
	Installed bool

	mark string // changes when a file of the plugin does
	runs bool   // Manifest is that of an earlier version, which is used
}

func (e Entry) usable() bool { return e.Problem == "" || e.runs }

// Scan reads the manifests of a directory, by kind. Programs are not run or read for it. A directory that is not there
// holds no plugins.
func Scan(dir string) ([]Entry, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("scan plugins: %w", err)
	}
	var out []Entry
	for _, f := range files {
		name := f.Name()
		if !strings.HasPrefix(name, prefix) || !strings.HasSuffix(name, ".json") {
			continue
		}
		out = append(out, read(dir, name))
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Kind, b.Kind) })
	return out, nil
}

func read(dir, name string) Entry {
	binary := strings.TrimSuffix(name, ".json")
	kind := strings.TrimSuffix(strings.TrimPrefix(binary, prefix), ".exe")
	e := Entry{Kind: kind, Binary: filepath.Join(dir, binary)}
	m, err := host.ReadManifest(filepath.Join(dir, name))
	if err == nil && m.Kind != kind {
		err = fmt.Errorf("the file %s holds the manifest of plugin %s", name, m.Kind)
	}
	if err == nil {
		e.Manifest = m
		err = m.Compatible()
	}
	if err == nil {
		_, err = os.Stat(e.Binary)
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("its program %s is missing: install the plugin again", binary)
		}
	}
	if err != nil {
		e.Problem = err.Error()
	}
	e.mark = mark(filepath.Join(dir, name)) + mark(e.Binary)
	return e
}

// mark tells one state of a file from another.
func mark(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "-"
	}
	return fmt.Sprintf("%d.%d.%o;", info.Size(), info.ModTime().UnixNano(), info.Mode().Perm())
}
