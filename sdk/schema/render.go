package schema

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/sdk"
)

// Markdown returns the table of all keys, for a README.
func (s *Schema) Markdown() string {
	var b strings.Builder
	b.WriteString("| Key | Type | Default | Description |\n|---|---|---|---|\n")
	rows(&b, s.Root, "")
	return b.String()
}

func rows(b *strings.Builder, f *Field, path string) {
	for _, m := range f.Fields {
		at := join(path, m.Name)
		standard := ""
		switch {
		case m.Required:
			standard = "required"
		case m.Default != nil:
			standard = "`" + hclValue(m.Default, "") + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", at, cell(m.describeType()), standard, cell(m.Help+m.hints()))
		inner := m
		switch m.Type {
		case Array:
			inner, at = m.Items, at+"[]"
		case Map:
			inner, at = m.Items, at+".<key>"
		}
		rows(b, inner, at)
	}
}

func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(text)
}

// describeType names the type for people.
func (f *Field) describeType() string {
	switch {
	case f.Secret:
		return "secret"
	case f.Type == Array:
		return "list of " + f.Items.describeType()
	case f.Type == Map:
		return "map of " + f.Items.describeType()
	case f.Format == FormatBytes:
		return "size"
	case f.Format == FormatCIDR:
		return "network"
	case f.Format != "" && f.Format != FormatMultiline:
		return f.Format
	case f.Type == Boolean:
		return "bool"
	}
	return string(f.Type)
}

// hints says in words what tags demand.
func (f *Field) hints() string {
	var out string
	if enum := f.scalar().Enum; len(enum) > 0 {
		out += " One of: " + strings.Join(enum, ", ") + "."
	}
	if f.Unit != "" {
		out += " In " + f.Unit + "."
	}
	what := map[Type]string{String: "Length", Array: "Entries", Map: "Entries"}[f.Type]
	if what == "" || f.Format == FormatDuration {
		what = "Range"
	}
	switch {
	case f.Min != nil && f.Max != nil:
		out += fmt.Sprintf(" %s: %s to %s.", what, bound(f, *f.Min), bound(f, *f.Max))
	case f.Min != nil:
		out += fmt.Sprintf(" %s: at least %s.", what, bound(f, *f.Min))
	case f.Max != nil:
		out += fmt.Sprintf(" %s: at most %s.", what, bound(f, *f.Max))
	}
	return out
}

// HCL returns an example block of an integration of the kind. A commented-out value is the default.
func (s *Schema) HCL(kind string) string {
	return s.Block(fmt.Sprintf("integration %q %q", kind, "example"), strings.ToUpper(kind)+"_")
}

// Block returns an example block with the header. Help stands in comments ("# text"), a commented-out value
// ("#key = value") is the default. Secrets come from environment variables whose names start with prefix.
func (s *Schema) Block(header, prefix string) string {
	var b strings.Builder
	b.WriteString(header + " {\n")
	for i, f := range s.Root.Fields {
		if i > 0 {
			b.WriteString("\n")
		}
		comment(&b, f)
		text := f.Name + " = " + f.sample(prefix, "")
		lead := "  #"
		if f.Required {
			lead = "  "
		}
		b.WriteString(lead + strings.ReplaceAll(text, "\n", "\n"+lead) + "\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// comment writes the help, wrapped.
func comment(b *strings.Builder, f *Field) {
	text := f.Help + f.hints()
	switch {
	case f.Required:
		text += " Required."
	case f.Default == nil:
		text += " Not set by default; for example:"
	}
	for _, line := range wrap(text, 96) {
		b.WriteString("  # " + line + "\n")
	}
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// sample returns a value that shows how the key is written, as HCL.
func (f *Field) sample(prefix, indent string) string {
	deeper := indent + "  "
	switch {
	case f.Default != nil:
		return hclValue(f.Default, indent)
	case f.Example != nil && !f.Secret:
		return hclValue(f.Example, indent)
	case f.Secret:
		return fmt.Sprintf("env(%q)", prefix+strings.ToUpper(f.Name))
	case len(f.Enum) > 0:
		return hclValue(f.Enum[0], indent)
	}
	switch f.Type {
	case Object:
		var b strings.Builder
		b.WriteString("{\n")
		for _, m := range f.Fields {
			for _, line := range wrap(m.Help+m.hints(), 96) {
				b.WriteString(deeper + "# " + line + "\n")
			}
			b.WriteString(deeper + m.Name + " = " + m.sample(prefix+strings.ToUpper(f.Name)+"_", deeper) + "\n")
		}
		b.WriteString(indent + "}")
		return b.String()
	case Array:
		return "[" + f.Items.named(f.Name).sample(prefix, indent) + "]"
	case Map:
		return "{\n" + deeper + "example = " + f.Items.named(f.Name).sample(prefix, deeper) + "\n" + indent + "}"
	case Boolean:
		return "false"
	case Integer, Number:
		if f.Min != nil {
			return number(max(*f.Min, 1))
		}
		return "1"
	}
	return hclValue(f.sampleText(), indent)
}

// named lends an element its list's name, for the names of environment variables.
func (f *Field) named(name string) *Field {
	g := *f
	g.Name = name
	return &g
}

func (f *Field) sampleText() string {
	switch f.Format {
	case FormatURL:
		return "https://example.com"
	case FormatDuration:
		if f.Min != nil && *f.Min > 60 {
			return bound(f, *f.Min)
		}
		return "1m"
	case FormatCIDR:
		return "192.0.2.0/24"
	case FormatIP:
		return "192.0.2.7"
	case FormatAddress:
		return "192.0.2.7:443"
	}
	return "..."
}

// hclValue writes a JSON value as HCL.
func hclValue(v any, indent string) string {
	switch x := v.(type) {
	case string:
		return hclString(x)
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return number(x)
	case []any:
		parts := make([]string, len(x))
		for i, item := range x {
			parts[i] = hclValue(item, indent)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		deeper := indent + "  "
		text := "{\n"
		for _, key := range slices.Sorted(maps.Keys(x)) {
			text += deeper + hclString(key) + " = " + hclValue(x[key], deeper) + "\n"
		}
		return text + indent + "}"
	case sdk.Secret:
		return hclString(x.String())
	}
	return "null"
}

// hclString quotes a text; "${" and "%{" would start a template.
func hclString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		case (r == '$' || r == '%') && strings.HasPrefix(text[i+1:], "{"):
			b.WriteString(string(r) + string(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
