package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/pulse-platform/pulse/sdk"
)

// Range is a place in a file. Line and Column count from 1; Line is 0 for what has no line, such as an environment
// variable.
type Range struct {
	File   string
	Line   int
	Column int
}

// String returns "file:line".
func (r Range) String() string {
	if r.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}

// Diagnostic is one finding about the configuration.
type Diagnostic struct {
	Severity sdk.DiagnosticSeverity
	Summary  string
	// Detail says what is wrong and what to do. It holds no value of a secret.
	Detail string
	// Subject is what the finding is about, for example "server" or "listen in server".
	Subject string
	Range   Range
	// Line is the source line, shortened where it might show a secret.
	Line string
}

// String writes the finding over several lines.
func (d Diagnostic) String() string {
	var b strings.Builder
	word := "Error"
	if d.Severity == sdk.DiagnosticWarning {
		word = "Warning"
	}
	fmt.Fprintf(&b, "%s: %s\n\n", word, d.Summary)
	if d.Range.File != "" {
		fmt.Fprintf(&b, "  on %s", d.Range.File)
		if d.Range.Line > 0 {
			fmt.Fprintf(&b, " line %d, column %d", d.Range.Line, d.Range.Column)
		}
		if d.Subject != "" {
			fmt.Fprintf(&b, ", in %s", d.Subject)
		}
		b.WriteString(":\n")
		if d.Line != "" {
			fmt.Fprintf(&b, "  %4d: %s\n", d.Range.Line, d.Line)
		}
		b.WriteString("\n")
	}
	b.WriteString(d.Detail + "\n")
	return b.String()
}

// Diagnostics are findings in the order of the file.
type Diagnostics []Diagnostic

// String writes all findings, an empty line between them.
func (ds Diagnostics) String() string {
	parts := make([]string, len(ds))
	for i, d := range ds {
		parts[i] = d.String()
	}
	return strings.Join(parts, "\n")
}

// Err returns the errors as one error of one line each, nil when there are only warnings.
func (ds Diagnostics) Err() error {
	var all []error
	for _, d := range ds {
		if d.Severity != sdk.DiagnosticError {
			continue
		}
		text := d.Summary + ": " + d.Detail
		if place := d.Range.String(); place != "" {
			text = place + ": " + text
		}
		all = append(all, errors.New(text))
	}
	return errors.Join(all...)
}

func (ds *Diagnostics) report(at Range, subject, line, summary, format string, args ...any) {
	*ds = append(*ds, Diagnostic{
		Severity: sdk.DiagnosticError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: subject, Range: at, Line: line,
	})
}

// source is the text of a file.
type source struct {
	name  string
	dir   string
	bytes []byte
}

// rangeOf shortens a place to its start.
func rangeOf(r hcl.Range) Range {
	return Range{File: r.Filename, Line: r.Start.Line, Column: r.Start.Column}
}

const maxLine = 160

// The lines, or starts of lines, that hold no value.
var (
	keyStart   = regexp.MustCompile(`^\s*"?[A-Za-z_][A-Za-z0-9_-]*"?\s+=`)
	blockStart = regexp.MustCompile(`^(\s*[a-z_]+(\s+"[A-Za-z0-9._-]*"){0,2}\s*\{|[\s{}()\[\],]*)$`)
)

// line returns a line for showing. Unless the line is open, which means that it holds no secret, values are left out.
func (s *source) line(r Range, open bool) string {
	if s == nil || r.Line < 1 || r.File != s.name {
		return ""
	}
	lines := bytes.SplitN(s.bytes, []byte("\n"), r.Line+1)
	if r.Line > len(lines) {
		return ""
	}
	text := strings.ToValidUTF8(strings.TrimRight(string(lines[r.Line-1]), "\r"), "?")
	text = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' {
			return '?'
		}
		return c
	}, text)
	if !open {
		switch start := keyStart.FindString(text); {
		case start != "":
			text = start + " ..."
		case !blockStart.MatchString(text):
			text = "..." // it may lie inside a multi-line value
		}
	}
	if len(text) > maxLine {
		text = strings.ToValidUTF8(text[:maxLine], "") + "..."
	}
	return text
}

// diagnose places findings about a block at the lines of its keys. Prefix is put before each path to find the
// origin; block is where findings go whose path was not written.
func diagnose(findings []sdk.Diagnostic, prefix, subject string, origins map[string]Range, block Range, src *source) Diagnostics {
	var ds Diagnostics
	for _, f := range findings {
		at, path := block, strings.Trim(f.Path, ".")
		for p := path; p != ""; {
			if r, ok := origins[prefix+p]; ok {
				at = r
				break
			}
			cut := strings.LastIndexByte(p, '.')
			p = p[:max(cut, 0)]
		}
		about := subject
		if path != "" {
			about = path + " in " + subject
		}
		ds = append(ds, Diagnostic{
			Severity: f.Severity, Summary: f.Summary, Detail: f.Detail, Subject: about, Range: at, Line: src.line(at, prefix != ""),
		})
	}
	return ds
}

// fromHCL takes over the parser's findings. Their lines may lie anywhere, so what may be a secret is left out.
func (s *source) fromHCL(found hcl.Diagnostics) Diagnostics {
	var ds Diagnostics
	for _, f := range found {
		d := Diagnostic{Severity: sdk.DiagnosticError, Summary: f.Summary, Detail: f.Detail}
		if f.Severity == hcl.DiagWarning {
			d.Severity = sdk.DiagnosticWarning
		}
		if f.Subject != nil {
			d.Range = rangeOf(*f.Subject)
			d.Line = s.line(d.Range, false)
		}
		ds = append(ds, d)
	}
	return ds
}
