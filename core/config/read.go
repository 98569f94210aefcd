package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// Load reads the file at path, none when path is empty, and the environment, which wins over the file. The Config is
// nil when there are errors.
func Load(path string, getenv func(string) string) (*Config, Diagnostics) {
	return LoadWith(path, getenv, nil)
}

// LoadWith is Load with the values of flags by their names ("listen"), which win over the environment. A flag that was
// not given is not in the map.
func LoadWith(path string, getenv func(string) string, flags map[string]string) (*Config, Diagnostics) {
	r := &reader{sections: map[string]*section{}, src: &source{}, getenv: getenv}
	for _, s := range sections {
		r.sections[s.name] = &section{values: map[string]any{}}
	}
	r.origins = map[string]Range{}
	if path != "" {
		r.file(path)
	}
	r.override(flags)
	c := &Config{origins: r.origins, Integrations: r.integrations}
	for _, s := range sections {
		r.decode(s.name, s.decode, c)
	}
	slices.SortStableFunc(r.diags, func(a, b Diagnostic) int { return a.Range.Line - b.Range.Line })
	if r.diags.Err() != nil {
		return nil, r.diags
	}
	return c, r.diags
}

// sections are the blocks without labels.
var sections = []struct {
	name   string
	of     func() (*schema.Schema, error)
	decode func(c *Config, values json.RawMessage) []sdk.Diagnostic
}{
	{"server", schema.Of[Server], func(c *Config, v json.RawMessage) (d []sdk.Diagnostic) {
		c.Server, d = schema.Decode[Server](v)
		return
	}},
	{"metrics", schema.Of[Metrics], func(c *Config, v json.RawMessage) (d []sdk.Diagnostic) {
		c.metrics = v
		c.Metrics, d = schema.Decode[Metrics](v)
		return
	}},
	{"plugins", schema.Of[Plugins], func(c *Config, v json.RawMessage) (d []sdk.Diagnostic) {
		c.Plugins, d = schema.Decode[Plugins](v)
		return
	}},
	{"proxy_auth", schema.Of[ProxyAuth], func(c *Config, v json.RawMessage) (d []sdk.Diagnostic) {
		c.ProxyAuth, d = schema.Decode[ProxyAuth](v)
		return
	}},
	{"license", schema.Of[License], func(c *Config, v json.RawMessage) (d []sdk.Diagnostic) {
		c.License, d = schema.Decode[License](v)
		return
	}},
	{"audit", schema.Of[Audit], func(c *Config, v json.RawMessage) (d []sdk.Diagnostic) {
		c.Audit, d = schema.Decode[Audit](v)
		return
	}},
	{"oidc", schema.Of[OIDC], func(c *Config, v json.RawMessage) (d []sdk.Diagnostic) {
		c.OIDC, d = schema.Decode[OIDC](v)
		return
	}},
}

const integrationBlock = "integration"

// reader gathers what the sources say.
type reader struct {
	src          *source
	getenv       func(string) string
	context      *hcl.EvalContext
	sections     map[string]*section
	integrations []Integration
	origins      map[string]Range
	diags        Diagnostics
}

type section struct {
	seen   bool
	at     Range
	values map[string]any
}

func (r *reader) decode(name string, into func(*Config, json.RawMessage) []sdk.Diagnostic, c *Config) {
	s := r.sections[name]
	values, err := json.Marshal(s.values)
	if err != nil {
		r.diags.report(s.at, name, "", "Invalid value", "The block cannot be written as JSON.")
		return
	}
	r.diags = append(r.diags, diagnose(into(c, values), name+".", name, r.origins, s.at, r.src)...)
}

// file reads the blocks of a file.
func (r *reader) file(path string) {
	at := Range{File: path}
	text, err := readText("", path)
	if err != nil {
		r.diags.report(at, "", "", "Configuration file not read", "%s. Check the path and the permissions.", capital(err.Error()))
		return
	}
	r.src = &source{name: path, dir: filepath.Dir(path), bytes: []byte(text)}
	r.context = newContext(r.src, r.getenv)
	if deep := tooDeep(r.src); deep.Line > 0 {
		r.diags.report(deep, "", "", "Nested too deeply", "Brackets may be nested %d deep.", maxNesting)
		return
	}
	file, found := hclsyntax.ParseConfig(r.src.bytes, path, hcl.InitialPos)
	r.diags = append(r.diags, r.src.fromHCL(found)...)
	if found.HasErrors() {
		return
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	for _, a := range inOrder(body.Attributes) {
		at := rangeOf(a.SrcRange)
		r.diags.report(at, "", r.src.line(at, false), "Key outside a block", "%q stands outside a block. The blocks are %s.", a.Name, known())
	}
	for _, b := range body.Blocks {
		r.block(b)
	}
}

const maxNesting = 64

// tooDeep returns where brackets nest so deeply that parsing would use up the stack.
func tooDeep(src *source) Range {
	// What is wrong with the tokens is reported by the parser, with better words.
	tokens, _ := hclsyntax.LexConfig(src.bytes, src.name, hcl.InitialPos)
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl, hclsyntax.TokenOQuote:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCQuote:
			depth--
		}
		if depth > maxNesting {
			return rangeOf(t.Range)
		}
	}
	return Range{}
}

func known() string {
	names := make([]string, 0, len(sections)+1)
	for _, s := range sections {
		names = append(names, s.name)
	}
	return strings.Join(append(names, integrationBlock), ", ")
}

func (r *reader) block(b *hclsyntax.Block) {
	at := rangeOf(b.TypeRange)
	if b.Type == integrationBlock {
		r.integration(b)
		return
	}
	s, ok := r.sections[b.Type]
	if !ok {
		detail := "The blocks are " + known() + "."
		if near := schema.Suggest(b.Type, strings.Split(known(), ", ")); near != "" {
			detail = fmt.Sprintf("Did you mean %q?", near)
		}
		r.diags.report(at, "", r.src.line(at, true), "Unknown block", "There is no block %q. %s", b.Type, detail)
		return
	}
	if len(b.Labels) > 0 {
		r.diags.report(at, b.Type, r.src.line(at, true), "Label not allowed", "Write it without a label: %s { ... }", b.Type)
		return
	}
	if s.seen {
		r.diags.report(at, b.Type, r.src.line(at, true), "Block given twice", "There is a block %s at %s already. Put the keys into one.", b.Type, s.at)
		return
	}
	s.seen, s.at = true, at
	r.attributes(b.Body, b.Type, s.values, r.origins, b.Type+".")
}

// attributes evaluates the keys of a block into values.
func (r *reader) attributes(body *hclsyntax.Body, subject string, values map[string]any, origins map[string]Range, prefix string) {
	for _, a := range inOrder(body.Attributes) {
		path := prefix + a.Name
		origins[path] = rangeOf(a.SrcRange)
		if v, ok := r.evaluate(a.Expr, path, origins); ok {
			values[a.Name] = v
		}
	}
	for _, b := range body.Blocks {
		at := rangeOf(b.TypeRange)
		r.diags.report(at, subject, r.src.line(at, true), "Block not allowed here",
			"Write it as a key: %s = { ... }, or %s = [{ ... }] for a list.", b.Type, b.Type)
	}
}

// The words allowed as labels.
var (
	kindPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
)

func (r *reader) integration(b *hclsyntax.Block) {
	at := rangeOf(b.TypeRange)
	line := r.src.line(at, true)
	switch {
	case len(b.Labels) != 2:
		r.diags.report(at, integrationBlock, line, "Labels missing", `Write the plugin's kind and a name: integration "kind" "name" { ... }`)
		return
	case !kindPattern.MatchString(b.Labels[0]):
		r.diags.report(at, integrationBlock, line, "Invalid kind", "A kind has up to 63 lower-case letters, digits, dashes and underscores, a letter first.")
		return
	case !namePattern.MatchString(b.Labels[1]):
		r.diags.report(at, integrationBlock, line, "Invalid name", "A name has up to 63 lower-case letters, digits, dots, dashes and underscores, a letter or digit first.")
		return
	}
	i := Integration{Kind: b.Labels[0], Name: b.Labels[1], Origin: map[string]Range{}, Range: at, source: r.src}
	for _, other := range r.integrations {
		if other.Kind == i.Kind && other.Name == i.Name {
			r.diags.report(at, integrationBlock, line, "Integration given twice",
				"There is an integration %q %q at %s already. Give one of them another name.", i.Kind, i.Name, other.Range)
			return
		}
	}
	values := map[string]any{}
	subject := fmt.Sprintf("integration %q %q", i.Kind, i.Name)
	b.Body.Blocks = r.network(&i, subject, b.Body.Blocks)
	r.attributes(b.Body, subject, values, i.Origin, "")
	config, err := json.Marshal(values)
	if err != nil {
		r.diags.report(at, integrationBlock, line, "Invalid value", "The block cannot be written as JSON.")
		return
	}
	i.Config = config
	r.integrations = append(r.integrations, i)
}

const networkBlock = "network"

// network reads the block network of an integration and returns the others.
func (r *reader) network(i *Integration, subject string, blocks hclsyntax.Blocks) (others hclsyntax.Blocks) {
	seen := false
	for _, b := range blocks {
		if b.Type != networkBlock {
			others = append(others, b)
			continue
		}
		at := rangeOf(b.TypeRange)
		if seen {
			r.diags.report(at, subject, r.src.line(at, true), "Block given twice", "There is a block network already. Put the keys into one.")
			continue
		}
		seen = true
		values, origins := map[string]any{}, map[string]Range{}
		r.attributes(b.Body, subject, values, origins, networkBlock+".")
		raw, err := json.Marshal(values)
		if err != nil {
			r.diags.report(at, subject, "", "Invalid value", "The block cannot be written as JSON.")
			continue
		}
		var found []sdk.Diagnostic
		i.Network, found = schema.Decode[Network](raw)
		r.diags = append(r.diags, diagnose(found, networkBlock+".", subject, origins, at, r.src)...)
		maps.Copy(i.Origin, origins)
	}
	return others
}

// inOrder returns attributes as they stand in the file.
func inOrder(m hclsyntax.Attributes) []*hclsyntax.Attribute {
	return slices.SortedFunc(maps.Values(m), func(a, b *hclsyntax.Attribute) int {
		return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte
	})
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
