package config

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// sensitive marks what came from env() and file(): it passes through expressions and is never shown.
const sensitive = "sensitive"

// maxFile is the largest file that file() or the server reads, in bytes.
const maxFile = 1 << 20

// functions are all that an expression may call.
func functions(src *source, getenv func(string) string) map[string]function.Function {
	text := function.Parameter{Name: "name", Type: cty.String, AllowMarked: true}
	more := function.Parameter{Name: "default", Type: cty.String, AllowMarked: true}
	return map[string]function.Function{
		"env": function.New(&function.Spec{
			Params: []function.Parameter{text}, VarParam: &more, Type: function.StaticReturnType(cty.String),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return env(args, getenv) },
		}),
		"file": function.New(&function.Spec{
			Params: []function.Parameter{text}, Type: function.StaticReturnType(cty.String),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				path, marks := args[0].Unmark()
				content, err := readText(src.dir, path.AsString())
				if err != nil && len(marks) > 0 {
					err = errors.New("the file cannot be read; its name comes from env() or file() and is not shown")
				}
				if err != nil {
					return cty.NilVal, function.NewArgError(0, err)
				}
				return cty.StringVal(content).Mark(sensitive), nil
			},
		}),
	}
}

func env(args []cty.Value, getenv func(string) string) (cty.Value, error) {
	if len(args) > 2 {
		return cty.NilVal, errors.New("env takes a name and one default")
	}
	unmarked, marks := args[0].Unmark()
	name := unmarked.AsString()
	if value := getenv(name); value != "" {
		if !utf8.ValidString(value) {
			return cty.NilVal, errors.New("the value of the environment variable is not UTF-8")
		}
		return cty.StringVal(value).Mark(sensitive), nil
	}
	if len(args) == 2 {
		return args[1].Mark(sensitive), nil
	}
	if len(marks) > 0 {
		return cty.NilVal, errors.New("the environment variable is not set; its name comes from env() or file() and is not shown")
	}
	return cty.NilVal, fmt.Errorf("environment variable %s is not set; set it, or give a default: env(%q, \"...\")", name, name)
}

// readText reads a small text file; a relative path starts at dir. One newline at the end is cut off.
func readText(dir, path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("file %s cannot be read: %w", path, cause(err))
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("file %s cannot be read: %w", path, cause(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("file %s cannot be read: %w", path, cause(err))
	case len(b) > maxFile:
		return "", fmt.Errorf("file %s is larger than 1 MiB", path)
	case !utf8.Valid(b):
		return "", fmt.Errorf("file %s is not UTF-8", path)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// cause strips the operation and path that messages name themselves.
func cause(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// evaluate turns an expression into a JSON value. It notes in origins where the value and its members stand.
func (r *reader) evaluate(expr hclsyntax.Expression, path string, origins map[string]Range) (any, bool) {
	value, found := expr.Value(r.context)
	if found.HasErrors() {
		r.diags = append(r.diags, r.src.fromHCL(found)...)
		return nil, false
	}
	value, _ = value.UnmarkDeep()
	out, err := jsonValue(value)
	if err != nil {
		at := rangeOf(expr.Range())
		r.diags.report(at, path, r.src.line(at, false), "Invalid value", "%s.", capital(err.Error()))
		return nil, false
	}
	r.locate(expr, path, origins)
	return out, true
}

// locate notes where the members of a list or object were written.
func (r *reader) locate(expr hclsyntax.Expression, path string, origins map[string]Range) {
	switch x := expr.(type) {
	case *hclsyntax.TupleConsExpr:
		for i, item := range x.Exprs {
			at := path + "." + strconv.Itoa(i)
			origins[at] = rangeOf(item.Range())
			r.locate(item, at, origins)
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range x.Items {
			key, found := item.KeyExpr.Value(r.context)
			key, _ = key.Unmark()
			if found.HasErrors() || key.Type() != cty.String || key.IsNull() || !key.IsKnown() {
				continue
			}
			at := path + "." + key.AsString()
			origins[at] = rangeOf(item.KeyExpr.Range())
			r.locate(item.ValueExpr, at, origins)
		}
	}
}

// jsonValue converts a value without marks.
func jsonValue(v cty.Value) (any, error) {
	t := v.Type()
	switch {
	case v.IsNull():
		return nil, nil
	case !v.IsKnown():
		return nil, errors.New("the value is not known when the file is read")
	case t == cty.String:
		return v.AsString(), nil
	case t == cty.Bool:
		return v.True(), nil
	case t == cty.Number:
		return jsonNumber(v.AsBigFloat())
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		list := make([]any, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			_, item := it.Element()
			x, err := jsonValue(item)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	case t.IsObjectType() || t.IsMapType():
		m := make(map[string]any, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			key, item := it.Element()
			x, err := jsonValue(item)
			if err != nil {
				return nil, err
			}
			m[key.AsString()] = x
		}
		return m, nil
	}
	return nil, errors.New("the value is neither text, number, true, false, list nor object")
}

func jsonNumber(f *big.Float) (any, error) {
	if n, accuracy := f.Int64(); accuracy == big.Exact {
		return n, nil
	}
	n, _ := f.Float64()
	if math.IsInf(n, 0) {
		return nil, errors.New("the number is too large")
	}
	return n, nil
}

// newContext is what expressions see: two functions and no variables.
func newContext(src *source, getenv func(string) string) *hcl.EvalContext {
	return &hcl.EvalContext{Functions: functions(src, getenv)}
}
