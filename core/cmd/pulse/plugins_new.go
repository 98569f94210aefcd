package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

//go:embed scaffold/*.tmpl
var scaffold embed.FS

type pluginNewCommand struct {
	Kind    string `arg:"" help:"The plugin's short name: lower-case letters, digits and hyphens."`
	Dir     string `help:"Directory to make; pulse-plugin-KIND by default." placeholder:"DIR"`
	Module  string `help:"Path of the Go module; example.com/pulse-plugin-KIND by default." placeholder:"PATH"`
	Replace string `help:"A checkout of Pulse to build against, instead of a released version." placeholder:"DIR"`
}

var newKind = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// blueprint is what the templates are filled with.
type blueprint struct {
	Kind, Title, Package, Camel, Module string
}

// Run writes a module with a source that works: one type, one metric, tests.
func (c pluginNewCommand) Run(io streams) error {
	if !newKind.MatchString(c.Kind) || len(c.Kind) > 40 {
		return fmt.Errorf("%q is no name for a plugin: lower-case letters, digits and single hyphens, a letter first, at most 40", c.Kind)
	}
	b := blueprint{Kind: c.Kind, Module: c.Module, Package: strings.ReplaceAll(c.Kind, "-", "")}
	for i, word := range strings.Split(c.Kind, "-") {
		title := strings.ToUpper(word[:1]) + word[1:]
		b.Title = strings.TrimSpace(b.Title + " " + title)
		if i == 0 {
			title = word
		}
		b.Camel += title
	}
	if b.Module == "" {
		b.Module = "example.com/pulse-plugin-" + c.Kind
	}
	if c.Dir == "" {
		c.Dir = "pulse-plugin-" + c.Kind
	}
	if err := c.write(b); err != nil {
		return fmt.Errorf("write the plugin: %w", err)
	}
	fmt.Fprintf(io.out, "The plugin %s is in %s. Try it: cd %s && go test ./...\n", c.Kind, c.Dir, c.Dir)
	if c.Replace == "" {
		fmt.Fprintln(io.out, "Its go.mod names no version of Pulse yet: run go get github.com/pulse-platform/pulse@latest && go mod tidy first.")
	}
	return nil
}

func (c pluginNewCommand) write(b blueprint) error {
	if entries, err := os.ReadDir(c.Dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name another directory with --dir", c.Dir)
	}
	files := map[string]string{
		"plugin.go.tmpl":      b.Package + ".go",
		"plugin_test.go.tmpl": b.Package + "_test.go",
		"main.go.tmpl":        filepath.Join("cmd", "pulse-plugin-"+c.Kind, "main.go"),
		"README.md.tmpl":      "README.md",
	}
	for from, to := range files {
		content, err := fill(from, b)
		if err == nil {
			err = put(filepath.Join(c.Dir, to), content)
		}
		if err != nil {
			return err
		}
	}
	module, sums, err := c.module(b)
	if err != nil {
		return err
	}
	return errors.Join(put(filepath.Join(c.Dir, "go.mod"), module), put(filepath.Join(c.Dir, "go.sum"), sums))
}

// fill fills a template. Go code comes out formatted.
func fill(name string, b blueprint) ([]byte, error) {
	t, err := template.ParseFS(scaffold, "scaffold/"+name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, b); err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, ".go.tmpl") {
		return format.Source(out.Bytes())
	}
	return out.Bytes(), nil
}

// module returns go.mod and go.sum. With a checkout they hold what it builds with, so that nothing needs fetching.
func (c pluginNewCommand) module(b blueprint) (mod, sums []byte, err error) {
	if c.Replace == "" {
		return []byte("module " + b.Module + "\n\ngo 1.26\n"), nil, nil
	}
	checkout, err := filepath.Abs(c.Replace)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		return nil, nil, fmt.Errorf("%s is no checkout of Pulse: %w", c.Replace, err)
	}
	if sums, err = os.ReadFile(filepath.Join(checkout, "go.sum")); err != nil {
		return nil, nil, err
	}
	version := regexp.MustCompile(`(?m)^go \S+$`).Find(theirs)
	var out strings.Builder
	fmt.Fprintf(&out, "module %s\n\n%s\n\nrequire github.com/pulse-platform/pulse v0.0.0\n\n", b.Module, version)
	inside := false
	for line := range strings.Lines(string(theirs)) {
		switch word := strings.TrimSpace(line); {
		case word == "require (":
			inside = true
			out.WriteString("require (\n")
		case inside && word == ")":
			inside = false
			out.WriteString(")\n\n")
		case inside && word != "":
			requirement, _, _ := strings.Cut(word, " //")
			out.WriteString("\t" + requirement + " // indirect\n")
		}
	}
	fmt.Fprintf(&out, "replace github.com/pulse-platform/pulse => %s\n", checkout)
	return []byte(out.String()), sums, nil
}

func put(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
