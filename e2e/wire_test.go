package e2e

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// What clients read of nodes, storage and backups is as the contract has it: every member, its type and its unit, and the order
// of lists. testdata/wire.txt is the table.
func TestTheWireIsThatOfTheContract(t *testing.T) {
	t.Parallel()
	requests := wireTable(t)
	ask := startDemo(t, "--guests", "4")
	firsts := map[string]any{}
	for _, r := range requests {
		t.Run(r.path, func(t *testing.T) {
			var found []string
			whole := func() bool {
				path := r.path
				for _, section := range []string{"storage"} {
					if strings.Contains(path, "{"+section+"}") && firsts[section] == nil {
						firsts[section] = ask("/api/state").member(section + ".0.id")
					}
					path = strings.ReplaceAll(path, "{"+section+"}", fmt.Sprint(firsts[section]))
				}
				got := ask(path)
				var value any
				if err := json.Unmarshal(got.body, &value); err != nil || got.status != http.StatusOK {
					t.Fatalf("%v, %v", got, err)
				}
				found = r.judge(value)
				return len(found) == 0
			}
			if !within(patience, whole) {
				t.Fatalf("%s", strings.Join(found, "\n"))
			}
		})
	}
}

// startDemo starts the demo and returns who asks it, as its user.
func startDemo(t *testing.T, args ...string) func(path string) answer {
	t.Helper()
	s := &server{t: t, address: freeAddress(t), client: newClient()}
	s.url = "http://" + s.address
	s.process = launch(t, "pulse", append([]string{"demo", "--listen", s.address}, args...)...)
	eventually(t, "the demo says how to log in", func() bool { return demoPassword.MatchString(s.output.String()) })
	login := "Basic " + base64.StdEncoding.EncodeToString([]byte("demo:"+demoPassword.FindStringSubmatch(s.output.String())[1]))
	return func(path string) answer { return s.callAs("", "GET", path, nil, "Authorization", login) }
}

// wireRequest is a request with what is known of its answer: members by their paths.
type wireRequest struct {
	path    string
	members map[string]wireMember
}

type wireMember struct {
	kind           string
	optional, null bool
	order          []string
}

// wireTable reads the table.
func wireTable(t *testing.T) (out []wireRequest) {
	t.Helper()
	text, err := os.ReadFile("testdata/wire.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "+ "))
		switch {
		case len(words) == 0 || words[0] == "#" || strings.HasPrefix(words[0], "#"):
			continue
		case words[0] == "GET":
			out = append(out, wireRequest{words[1], map[string]wireMember{}})
			continue
		}
		name, optional := strings.CutSuffix(words[0], "?")
		name, null := strings.CutSuffix(name, "|null")
		m := wireMember{optional: optional, null: null}
		if len(words) > 1 {
			m.kind = words[1]
		}
		if len(words) > 3 && words[2] == "by" {
			m.order = words[3:]
		}
		of := out[len(out)-1].members
		if _, twice := of[name]; twice {
			t.Fatalf("%s of %s stands there twice", name, out[len(out)-1].path)
		}
		of[name] = m
	}
	return out
}

// judge says what of an answer is not as the table has it, each once.
func (r wireRequest) judge(value any) (found []string) {
	say := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	r.walk("", value, say)
	return found
}

func (r wireRequest) walk(path string, value any, say func(string, ...any)) {
	switch of := value.(type) {
	case []any:
		r.list(path, of, say)
	case map[string]any:
		if m, known := r.members[path+"{}"]; known {
			for _, one := range of {
				r.one(path+"{}", one, m, say)
			}
			if len(of) == 0 && !m.optional {
				say("%s{} is empty", path)
			}
			return
		}
		r.object(path, of, say)
	}
}

func (r wireRequest) list(path string, of []any, say func(string, ...any)) {
	m, known := r.members[path+"[]"]
	if !known {
		if !r.free(path) {
			say("%s[] is not in the table", path)
		}
		return
	}
	if len(of) == 0 && !m.optional && !m.null {
		say("%s[] is empty", path)
	}
	for i, one := range of {
		r.one(path+"[]", one, m, say)
		if i > 0 && len(m.order) > 0 && compareBy(of[i-1], one, m.order) > 0 {
			say("%s[] is not ordered by %v", path, m.order)
		}
	}
}

// object looks whether what must be there is, and at what is there.
func (r wireRequest) object(path string, of map[string]any, say func(string, ...any)) {
	prefix := path
	if path != "" {
		prefix += "."
	}
	for name, m := range r.members {
		rest, below := strings.CutPrefix(name, prefix)
		rest, isList := strings.CutSuffix(rest, "[]")
		rest, isMap := strings.CutSuffix(rest, "{}")
		if !below || rest == "" || rest == "*" || strings.ContainsAny(rest, ".[{") {
			continue
		}
		value, there := of[rest]
		switch {
		case !there && !m.optional:
			say("%s is missing", name)
		case !there:
		case value == nil && !m.null:
			say("%s is null", name)
		case value != nil && isList != isA[[]any](value) || isMap && !isA[map[string]any](value):
			say("%s is %.60v", name, value)
		}
	}
	for name, value := range of {
		m, known := r.members[prefix+name]
		_, isList := r.members[prefix+name+"[]"]
		_, isMap := r.members[prefix+name+"{}"]
		switch {
		case isList || isMap:
			r.walk(prefix+name, value, say)
		case known && value != nil:
			r.one(prefix+name, value, m, say)
		case !known && !r.free(prefix+name):
			say("%s is not in the table, where what goes beyond the contract bears a plus: %.60v", prefix+name, value)
		}
	}
}

// free tells whether anything may stand there.
func (r wireRequest) free(path string) bool {
	for at := path; ; {
		if _, known := r.members[strings.TrimPrefix(at+".*", ".")]; known && at != path {
			return true
		}
		cut := strings.LastIndex(at, ".")
		if cut < 0 {
			_, known := r.members["*"]
			return known && !strings.Contains(path, ".")
		}
		at = at[:cut]
	}
}

func isA[T any](v any) bool { _, ok := v.(T); return ok }

// one judges a value, and what is in it.
func (r wireRequest) one(path string, value any, m wireMember, say func(string, ...any)) {
	if !fits(m.kind, value) {
		say("%s is no %s: %.60v", path, m.kind, value)
	}
	if _, anything := r.members[path+".*"]; anything && !r.hasMembers(path) {
		return
	}
	r.walk(path, value, say)
}

// hasMembers tells whether the table names any member of an object.
func (r wireRequest) hasMembers(path string) bool {
	for name := range r.members {
		if rest, below := strings.CutPrefix(name, path+"."); below && rest != "*" {
			return true
		}
	}
	return false
}

// fits tells whether a value is of a type of the table.
func fits(kind string, value any) bool {
	n, isNumber := value.(float64)
	whole := isNumber && n == math.Trunc(n)
	text, isText := value.(string)
	switch kind {
	case "", "object":
		return true
	case "text":
		return isText
	case "bool":
		return isA[bool](value)
	case "int":
		return whole
	case "number":
		return isNumber
	case "bytes":
		return whole && n >= 0
	case "percent":
		return isNumber && (n == -1 || n >= 0 && n <= 100)
	case "fraction":
		return isNumber && n >= 0 && n <= 1
	case "ms":
		return whole && n > 1e12
	case "seconds":
		return whole && n > 1e9 && n < 1e11
	case "time":
		_, err := time.Parse(time.RFC3339, text)
		return isText && err == nil
	}
	return isText && slices.Contains(strings.Split(kind, "/"), text)
}

// compareBy compares two objects by members; those with a minus count down.
func compareBy(a, b any, order []string) int {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	for _, name := range order {
		name, down := strings.CutPrefix(name, "-")
		s, t := x[name], y[name]
		n, isNumber := s.(float64)
		m, _ := t.(float64)
		by := cmp.Compare(fmt.Sprint(s), fmt.Sprint(t))
		if isNumber {
			by = cmp.Compare(n, m)
		}
		if down {
			by = -by
		}
		if by != 0 {
			return by
		}
	}
	return 0
}
