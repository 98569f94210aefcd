package schema_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type Shared struct {
	Verbose bool `name:"verbose" help:"Says more." default:"false"`
}

type config struct {
	Shared
	URL       string            `name:"url" help:"Where it is." required:"true" format:"url" example:"https://ups.example.com"`
	Password  sdk.Secret        `name:"password" help:"The password."`
	Interval  time.Duration     `name:"interval" help:"How often to ask." default:"30s" min:"5s" max:"1h"`
	Mode      string            `name:"mode" help:"How to ask." default:"fast" enum:"fast,thorough"`
	Port      uint16            `name:"port" help:"The port." default:"3493" min:"1"`
	Ratio     *float64          `name:"ratio" help:"A ratio." min:"0" max:"1"`
	Limit     int64             `name:"limit" help:"How much to read." format:"bytes" default:"64MiB"`
	Allow     []netip.Prefix    `name:"allow" help:"Who may be asked." default:"10.0.0.0/8,192.0.2.7"`
	Tags      []string          `name:"tags" help:"Words | to carry." max:"3"`
	Labels    map[string]string `name:"labels" help:"Free words."`
	Endpoints []endpoint        `name:"endpoints" help:"More places."`
	TLS       tlsConfig         `name:"tls" help:"How to trust."`
	Proxy     *proxy            `name:"proxy" help:"What stands between."`
	Script    string            `name:"script" help:"Lines to run." format:"multiline" example:"echo ${x}"`
	_         int
	Ignored   int `name:"-"`
}

type endpoint struct {
	URL   string     `name:"url" help:"Where." required:"true" format:"url"`
	Token sdk.Secret `name:"token" help:"The token."`
}

type tlsConfig struct {
	Verify bool       `name:"verify" help:"Checks the certificate." default:"true"`
	Key    sdk.Secret `name:"key" help:"The key." format:"multiline"`
}

type proxy struct {
	Host string `name:"host" help:"Its name." required:"true"`
	Port int    `name:"port" help:"Its port." default:"3128"`
}

func (c config) Validate() []sdk.Diagnostic {
	if c.Mode == "thorough" && c.Interval < time.Minute {
		return []sdk.Diagnostic{{Severity: sdk.DiagnosticWarning, Path: "interval", Summary: "Slow", Detail: "Take a longer interval."}}
	}
	return nil
}

func mustOf[C any](t *testing.T) *schema.Schema {
	t.Helper()
	s, err := schema.Of[C]()
	if err != nil {
		t.Fatalf("Of: %v", err)
	}
	return s
}

func TestDecodeDefaults(t *testing.T) {
	got, diags := schema.Decode[config](json.RawMessage(`{"url":"http://x"}`))
	if len(diags) > 0 {
		t.Fatalf("diagnostics: %+v", diags)
	}
	want := config{
		URL: "http://x", Interval: 30 * time.Second, Mode: "fast", Port: 3493, Limit: 64 << 20,
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")},
		TLS:   tlsConfig{Verify: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestDecodeValues(t *testing.T) {
	got, diags := schema.Decode[config](json.RawMessage(`{
		"verbose": true, "url":"https://x:1/y", "password":"p", "interval":"1m30s", "mode":"thorough", "port":1, "ratio":0,
		"limit": 12, "allow": [], "tags":["a"], "labels":{"a.b":"c"}, "endpoints":[{"url":"http://e","token":"t"}],
		"tls":{"verify":false,"key":"a\nb"}, "proxy":{"host":"h"}, "script":"a\nb"}`))
	if len(diags) > 0 {
		t.Fatalf("diagnostics: %+v", diags)
	}
	zero := 0.0
	want := config{
		Shared: Shared{Verbose: true}, URL: "https://x:1/y", Password: "p", Interval: 90 * time.Second, Mode: "thorough", Port: 1,
		Ratio: &zero, Limit: 12, Allow: []netip.Prefix{}, Tags: []string{"a"}, Labels: map[string]string{"a.b": "c"},
		Endpoints: []endpoint{{"http://e", "t"}}, TLS: tlsConfig{Key: "a\nb"}, Proxy: &proxy{"h", 3128}, Script: "a\nb",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v\nwant %#v", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string]struct{ config, path, text string }{
		"no JSON":              {`{`, "", "not JSON"},
		"no object":            {`[]`, "", "not a JSON object"},
		"more than an object":  {`{} {}`, "", "follows"},
		"unknown key":          {`{"url":"http://x","intervall":"1m"}`, "intervall", `Did you mean "interval"?`},
		"other case":           {`{"URL":"http://x"}`, "URL", "no key"},
		"unknown nested key":   {`{"url":"http://x","tls":{"verfy":true}}`, "tls.verfy", `"verify"`},
		"unknown key in list":  {`{"url":"http://x","endpoints":[{"url":"http://x","tokn":""}]}`, "endpoints.0.tokn", `"token"`},
		"missing":              {`{}`, "url", "required"},
		"null":                 {`{"url":null}`, "url", "required"},
		"empty":                {`{"url":" "}`, "url", "must not be empty"},
		"missing in a group":   {`{"url":"http://x","proxy":{}}`, "proxy.host", "required"},
		"number for text":      {`{"url":5}`, "url", "Expected a text"},
		"text for number":      {`{"url":"http://x","port":"80"}`, "port", "Expected a whole number"},
		"fraction":             {`{"url":"http://x","port":1.5}`, "port", "Expected a whole number"},
		"too large for type":   {`{"url":"http://x","port":65536}`, "port", "at most 65535"},
		"too small":            {`{"url":"http://x","port":0}`, "port", "at least 1"},
		"infinite":             {`{"url":"http://x","ratio":1e999}`, "ratio", "Expected a number"},
		"text for bool":        {`{"url":"http://x","verbose":"yes"}`, "verbose", "true or false"},
		"number for duration":  {`{"url":"http://x","interval":30}`, "interval", "Expected a duration"},
		"bad duration":         {`{"url":"http://x","interval":"soon"}`, "interval", "not a duration"},
		"short duration":       {`{"url":"http://x","interval":"4s"}`, "interval", "at least 5s"},
		"long duration":        {`{"url":"http://x","interval":"61m"}`, "interval", "at most 1h"},
		"word not in the list": {`{"url":"http://x","mode":"fats"}`, "mode", `Did you mean "fast"?`},
		"bad URL":              {`{"url":"example.com"}`, "url", "not a URL"},
		"bad network":          {`{"url":"http://x","allow":["10.0.0.0/33"]}`, "allow.0", "not a network"},
		"bad size":             {`{"url":"http://x","limit":"many"}`, "limit", "not a size"},
		"too many":             {`{"url":"http://x","tags":["a","b","c","d"]}`, "tags", "at most 3"},
		"null in a list":       {`{"url":"http://x","tags":[null]}`, "tags.0", "Expected a text"},
		"object for list":      {`{"url":"http://x","tags":{}}`, "tags", "Expected a list"},
		"list for object":      {`{"url":"http://x","tls":[]}`, "tls", "Expected a group"},
		"several lines":        {`{"url":"http://x","tags":["a\nb"]}`, "tags.0", "single line"},
		"masked secret":        {`{"url":"http://x","password":"***"}`, "password", "enter the secret again"},
	}
	s := mustOf[config](t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, diags := schema.Decode[config](json.RawMessage(tt.config))
			if len(diags) == 0 {
				t.Fatal("accepted")
			}
			if d := diags[0]; d.Path != tt.path || !strings.Contains(d.Detail, tt.text) || d.Severity != sdk.DiagnosticError {
				t.Errorf("got %+v, want %q at %q", d, tt.text, tt.path)
			}
			parsed, err := schema.Parse(s.JSON())
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if again := parsed.Check(json.RawMessage(tt.config)); !reflect.DeepEqual(again, diags) {
				t.Errorf("the parsed schema says %+v, the struct %+v", again, diags)
			}
		})
	}
}

func TestDecodeRunsValidate(t *testing.T) {
	_, diags := schema.Decode[config](json.RawMessage(`{"url":"http://x","mode":"thorough"}`))
	if len(diags) != 1 || diags[0].Severity != sdk.DiagnosticWarning {
		t.Errorf("got %+v, want the warning of Validate", diags)
	}
}

// Whatever is wrong with a secret, its value stays out of messages.
func TestDiagnosticsHoldNoSecrets(t *testing.T) {
	type strict struct {
		Token sdk.Secret `name:"token" help:"T." min:"40" format:"url" enum:"https://one,https://two"`
		Count int        `name:"count" help:"C."`
	}
	for _, config := range []string{
		`{"token":"hunter2"}`, `{"token":["hunter2"]}`, `{"token":{"hunter2":"hunter2"}}`, `{"token":"hunter2\n"}`,
		`{"count":"hunter2"}`, `{"token":"hunter2`, `"hunter2"`,
	} {
		_, diags := schema.Decode[strict](json.RawMessage(config))
		if text := fmt.Sprintf("%+v %v", diags, schema.Failure(diags)); len(diags) == 0 || strings.Contains(text, "hunter2") {
			t.Errorf("%s: got %s", config, text)
		}
	}
}

func TestOfRefuses(t *testing.T) {
	type loop struct {
		Next []loop `name:"next" help:"Next."`
	}
	tests := map[string]func() (*schema.Schema, error){
		"no struct": schema.Of[int],
		"no name":   schema.Of[struct{ A string }],
		"upper-case name": schema.Of[struct {
			A string `name:"A" help:"A."`
		}],
		"no help": schema.Of[struct {
			A string `name:"a"`
		}],
		"bad default": schema.Of[struct {
			A int `name:"a" help:"A." default:"x"`
		}],
		"default outside": schema.Of[struct {
			A int `name:"a" help:"A." default:"5" max:"4"`
		}],
		"default not enum": schema.Of[struct {
			A string `name:"a" help:"A." default:"c" enum:"a,b"`
		}],
		"bad example": schema.Of[struct {
			A string `name:"a" help:"A." example:"x" format:"url"`
		}],
		"bad format": schema.Of[struct {
			A string `name:"a" help:"A." format:"colour"`
		}],
		"bad min": schema.Of[struct {
			A time.Duration `name:"a" help:"A." min:"x"`
		}],
		"bad required": schema.Of[struct {
			A string `name:"a" help:"A." required:"yes"`
		}],
		"secret default": schema.Of[struct {
			A sdk.Secret `name:"a" help:"A." default:"x"`
		}],
		"needless default": schema.Of[struct {
			A string `name:"a" help:"A." default:"x" required:"true"`
		}],
		"channel": schema.Of[struct {
			A chan int `name:"a" help:"A."`
		}],
		"map of ints": schema.Of[struct {
			A map[int]string `name:"a" help:"A."`
		}],
		"twice": schema.Of[struct {
			A, B string `name:"a" help:"A."`
		}],
		"endless":          schema.Of[loop],
		"embedded pointer": schema.Of[struct{ *tlsConfig }],
	}
	for name, of := range tests {
		t.Run(name, func(t *testing.T) {
			if s, err := of(); err == nil {
				t.Errorf("accepted: %s", s.JSON())
			}
		})
	}
}

type counted struct {
	Keep  time.Duration `name:"keep" help:"Kept."`
	Deep  deep          `name:"deep" help:"Deep."`
	Names []string      `name:"names" help:"Names."`
}

type deep struct {
	Count int `name:"count" help:"Count."`
}

func (c *counted) SetDefaults() { c.Keep, c.Names = 14*24*time.Hour, []string{"a"} }
func (d *deep) SetDefaults()    { d.Count = 3 }

func TestDefaulter(t *testing.T) {
	s := mustOf[counted](t)
	got, diags := schema.Decode[counted](nil)
	want := counted{Keep: 14 * 24 * time.Hour, Deep: deep{3}, Names: []string{"a"}}
	if len(diags) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v %+v", got, diags)
	}
	if keep := s.Field("keep").Default; keep != "14d" {
		t.Errorf("default in the schema is %v, want 14d", keep)
	}
}

func TestGolden(t *testing.T) {
	s := mustOf[config](t)
	var pretty any
	if err := json.Unmarshal(s.JSON(), &pretty); err != nil {
		t.Fatal(err)
	}
	text, _ := json.MarshalIndent(json.RawMessage(s.JSON()), "", "  ")
	for name, got := range map[string]string{"config.json": string(text) + "\n", "config.md": s.Markdown(), "config.hcl": s.HCL("ups")} {
		file := "testdata/" + name
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is out of date; run go test with -update. Got:\n%s", file, got)
		}
	}
}

func TestParseRoundTrip(t *testing.T) {
	s := mustOf[config](t)
	parsed, err := schema.Parse(s.JSON())
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	if got, want := string(parsed.JSON()), string(s.JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if parsed.Markdown() != s.Markdown() || parsed.HCL("ups") != s.HCL("ups") {
		t.Error("the parsed schema renders otherwise")
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":       `{`,
		"null":          `null`,
		"no object":     `{"type":"string"}`,
		"map root":      `{"type":"object","additionalProperties":true}`,
		"reference":     `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}}}`,
		"nested choice": `{"type":"object","properties":{"a":{"type":"array","items":{"oneOf":[{"type":"string","x-secret":true}]}}}}`,
		"two types":     `{"type":"object","properties":{"a":{"type":["string","null"]}}}`,
		"null property": `{"type":"object","properties":{"a":null}}`,
		"mixed":         `{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":true}}}`,
	} {
		if s, err := schema.Parse(json.RawMessage(text)); err == nil {
			t.Errorf("%s: accepted as %s", name, s.JSON())
		}
	}
}

func TestMask(t *testing.T) {
	s := mustOf[config](t)
	got, err := s.Mask(json.RawMessage(`{"url":"u","password":"p1","tls":{"key":"p2","verify":true},"old_password":"p3","proxy":"p4",
		"endpoints":[{"url":"e","token":"p5"},{"url":"f","token":""},"p6"],"port":7,"labels":{"a":"b"},"tags":{"p7":"p8"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"endpoints":[{"token":"***","url":"e"},{"token":"","url":"f"},"***"],"labels":{"a":"b"},"old_password":"***","password":"***",` +
		`"port":7,"proxy":"***","tags":"***","tls":{"key":"***","verify":true},"url":"u"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	paths, err := s.Secrets(json.RawMessage(`{"password":"p","tls":{"key":"k"},"endpoints":[{"token":""},{"token":"t"}]}`))
	if want := []string{"endpoints.1.token", "password", "tls.key"}; err != nil || !slices.Equal(paths, want) {
		t.Errorf("got %v %v, want %v", paths, err, want)
	}
}

func TestMergeSecrets(t *testing.T) {
	s := mustOf[config](t)
	tests := map[string]struct{ stored, config, want string }{
		"kept":            {`{"password":"p"}`, `{"password":"***"}`, `{"password":"p"}`},
		"changed":         {`{"password":"p"}`, `{"password":"q"}`, `{"password":"q"}`},
		"removed":         {`{"password":"p"}`, `{}`, `{}`},
		"never there":     {`{}`, `{"password":"***"}`, `{"password":"***"}`},
		"nested":          {`{"tls":{"key":"k"}}`, `{"tls":{"key":"***"}}`, `{"tls":{"key":"k"}}`},
		"list reordered":  {`{"endpoints":[{"url":"a","token":"1"},{"url":"b","token":"2"}]}`, `{"endpoints":[{"token":"***","url":"b"},{"token":"***","url":"a"}]}`, `{"endpoints":[{"token":"2","url":"b"},{"token":"1","url":"a"}]}`},
		"entry moved":     {`{"endpoints":[{"url":"a","token":"1"}]}`, `{"endpoints":[{"token":"***","url":"evil"}]}`, `{"endpoints":[{"token":"***","url":"evil"}]}`},
		"ambiguous":       {`{"endpoints":[{"url":"a","token":"1"},{"url":"a","token":"2"}]}`, `{"endpoints":[{"token":"***","url":"a"}]}`, `{"endpoints":[{"token":"***","url":"a"}]}`},
		"mask in a label": {`{"labels":{"a":"b"}}`, `{"labels":{"a":"***"}}`, `{"labels":{"a":"***"}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := s.MergeSecrets(json.RawMessage(tt.stored), json.RawMessage(tt.config))
			if err != nil || string(got) != tt.want {
				t.Errorf("got  %s %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

type instance struct{ cfg config }

func (*instance) Collect(context.Context, string, sdk.Sink) error { return nil }
func (*instance) Check(context.Context, func(sdk.CheckStep)) (sdk.CheckResult, error) {
	return sdk.CheckResult{}, nil
}

func TestDefine(t *testing.T) {
	fail := errors.New("no route")
	p := schema.Define(sdk.Description{Kind: "ups", Capabilities: []sdk.Capability{sdk.CapSimulate}}, func(cfg config, _ sdk.Deps) (*instance, error) {
		if cfg.URL == "http://away" {
			return nil, sdk.Wrap(sdk.KindUnreachable, fail, "It is away.")
		}
		return &instance{cfg}, nil
	})
	if got, want := p.Describe().Capabilities, []sdk.Capability{sdk.CapSimulate, sdk.CapCollect, sdk.CapCheck}; !slices.Equal(got, want) {
		t.Errorf("capabilities %v, want %v", got, want)
	}
	if diags := p.Validate(t.Context(), json.RawMessage(`{"x":1}`)); len(diags) != 2 {
		t.Errorf("diagnostics %+v, want two", diags)
	}
	_, err := p.Configure(t.Context(), sdk.Instance{Config: json.RawMessage(`{"url":1}`)}, sdk.Deps{})
	if sdk.KindOf(err) != sdk.KindConfig {
		t.Errorf("a wrong config gives %v", err)
	}
	_, err = p.Configure(t.Context(), sdk.Instance{Config: json.RawMessage(`{"url":"http://away"}`)}, sdk.Deps{})
	if !errors.Is(err, fail) || sdk.KindOf(err) != sdk.KindUnreachable {
		t.Errorf("the constructor's error became %v", err)
	}
	live, err := p.Configure(t.Context(), sdk.Instance{Config: json.RawMessage(`{"url":"http://x"}`)}, sdk.Deps{})
	if i, ok := live.(*instance); err != nil || !ok || i.cfg.Port != 3493 {
		t.Errorf("got %v %v", live, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"url":"http://x","endpoints":[{"url":"http://e","token":"t"}],"limit":"1.5GB","interval":"1d2h"}`)
	f.Add(`{"url":"http://x","port":-1,"ratio":1e400,"allow":["::1"],"proxy":null}`)
	f.Add(`{"tls":{"verify":1},"labels":{"":""}}`)
	s, err := schema.Of[config]()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		config_, diags := schema.Decode[config](json.RawMessage(text))
		if len(diags) > 0 {
			return
		}
		if config_.URL == "" || config_.Interval < 5*time.Second {
			t.Errorf("accepted %+v", config_)
		}
		masked, err := s.Mask(json.RawMessage(text))
		if err != nil {
			t.Fatalf("Mask: %v", err)
		}
		if merged, err := s.MergeSecrets(json.RawMessage(text), masked); err != nil {
			t.Errorf("MergeSecrets of %s: %v", merged, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"object","properties":{"u":{"type":"string","format":"url","x-secret":true},"l":{"type":"object","additionalProperties":{"type":"integer","maximum":9}}},"required":["u"]}`), `{"u":"http://x","l":{"a":1}}`)
	f.Add([]byte(`{"type":"object","properties":{"a":{"type":"array"},"b":{}}}`), `{"a":[1],"b":{}}`)
	f.Fuzz(func(t *testing.T, b []byte, config string) {
		s, err := schema.Parse(b)
		if err != nil {
			return
		}
		if _, err := schema.Parse(s.JSON()); err != nil {
			t.Fatalf("what was parsed does not parse again: %v\n%s", err, s.JSON())
		}
		s.Check(json.RawMessage(config))
		_, _ = s.Mask(json.RawMessage(config))
		_, _, _ = s.Markdown(), s.HCL("x"), s.Root
	})
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "90s": 90 * time.Second, "14d": 14 * 24 * time.Hour, "1w": 168 * time.Hour, "1w2d3h": 219 * time.Hour,
		"1d0.5h": 24*time.Hour + 30*time.Minute, "-1d": -24 * time.Hour, "1h30m": 90 * time.Minute, "0d": 0,
	} {
		got, err := schema.ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%q: got %v %v, want %v", text, got, err, want)
		}
		if again, err := schema.ParseDuration(schema.FormatDurationText(got)); err != nil || again != got {
			t.Errorf("%q: written %q, read %v %v", text, schema.FormatDurationText(got), again, err)
		}
	}
	for _, text := range []string{"", "-", "d", "1", "1.5d", "1d1d", "--1s", "1d-1h", "99999999999d", "200000w", "106751d24h", "1y"} {
		if got, err := schema.ParseDuration(text); err == nil {
			t.Errorf("%q: accepted as %v", text, got)
		}
	}
}
