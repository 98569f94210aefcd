package schema

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
)

// targeted has targets of each shape: text, a flag with a default, a number, a secret, and a list of objects.
type targeted struct {
	Host    string                `name:"host" help:"." target:"true"`
	Port    int                   `name:"port" help:"." default:"587" target:"true"`
	Verify  bool                  `name:"verify" help:"." default:"true" target:"true"`
	Hook    sdk.Secret            `name:"hook" help:"." target:"true"`
	Token   sdk.Secret            `name:"token" help:"."`
	Headers map[string]sdk.Secret `name:"headers" help:"."`
	Pace    int                   `name:"pace" help:"."`
	Via     struct {
		Proxy string `name:"proxy" help:"." target:"true"`
	} `name:"via" help:"."`
	Members []struct {
		Node string     `name:"node" help:"." key:"true"`
		Host string     `name:"host" help:"." target:"true"`
		Key  sdk.Secret `name:"key" help:"."`
	} `name:"members" help:"."`
}

func TestKeptSecretsAndWhereTheyGo(t *testing.T) {
	const stored = `{"host":"a","hook":"https://a/x","token":"t","headers":{"A":"1"},"members":[{"node":"n","host":"m","key":"k"}]}`
	for name, c := range map[string]struct {
		stored, config string
		kept           []string
		redirects      bool
	}{
		"the same":                        {stored, `{"host":"a","hook":"***","token":"***","headers":{"A":"***"},"members":[{"node":"n","host":"m","key":"***"}]}`, []string{"headers.A", "hook", "members.0.key", "token"}, false},
		"defaults are told":               {stored, `{"host":"a","hook":"***","token":"***","port":587,"verify":true,"via":{"proxy":""},"members":[{"node":"n","host":"m"}]}`, []string{"hook", "token"}, false},
		"another pace":                    {stored, `{"host":"a","hook":"***","pace":9,"members":[{"node":"n","host":"m"}]}`, []string{"hook"}, false},
		"another host":                    {stored, `{"host":"b","hook":"***","token":"***","members":[{"node":"n","host":"m"}]}`, []string{"hook", "token"}, true},
		"another port":                    {stored, `{"host":"a","port":25,"hook":"***","members":[{"node":"n","host":"m"}]}`, []string{"hook"}, true},
		"no check":                        {stored, `{"host":"a","verify":false,"hook":"***","members":[{"node":"n","host":"m"}]}`, []string{"hook"}, true},
		"an address that is a secret":     {stored, `{"host":"a","hook":"https://b/x","headers":{"A":"***"},"members":[{"node":"n","host":"m"}]}`, []string{"headers.A"}, true},
		"the same address, sent anew":     {stored, `{"host":"a","hook":"https://a/x","token":"***","members":[{"node":"n","host":"m"}]}`, []string{"token"}, false},
		"a proxy":                         {stored, `{"host":"a","hook":"***","via":{"proxy":"p"},"members":[{"node":"n","host":"m"}]}`, []string{"hook"}, true},
		"one more member":                 {stored, `{"host":"a","hook":"***","token":"***","members":[{"node":"n","host":"m"},{"node":"o","host":"e"}]}`, []string{"hook", "token"}, true},
		"a member's address":              {stored, `{"host":"a","hook":"***","members":[{"node":"n","host":"e","key":"***"}]}`, []string{"hook", "members.0.key"}, true},
		"a mask with nothing stored":      {`{"host":"a"}`, `{"host":"b","token":"***","headers":{"B":"***"}}`, nil, true},
		"everything anew":                 {stored, `{"host":"b","hook":"https://b","token":"u"}`, nil, true},
		"nothing stored":                  {`{}`, `{"host":"b","token":"u"}`, nil, true},
		"a host of the wrong type counts": {stored, `{"host":["a"],"hook":"***","members":[{"node":"n","host":"m"}]}`, []string{"hook"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			of, err := Of[targeted]()
			if err != nil {
				t.Fatal(err)
			}
			read, err := Parse(of.JSON()) // the server has the JSON Schema only
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []*Schema{of, read} {
				kept, err := s.Kept(json.RawMessage(c.stored), json.RawMessage(c.config))
				if err != nil || !slices.Equal(kept, c.kept) {
					t.Errorf("kept %q, %v, want %q", kept, err, c.kept)
				}
				if got, err := s.Redirects(json.RawMessage(c.stored), json.RawMessage(c.config)); err != nil || got != c.redirects {
					t.Errorf("redirects: %v, %v", got, err)
				}
			}
		})
	}
}

// A schema that says nothing of targets is on the safe side.
func TestWithoutTargetsEveryKeyThatIsNotSecretCounts(t *testing.T) {
	s, err := Of[struct {
		Broker string     `name:"broker" help:"."`
		Token  sdk.Secret `name:"token" help:"."`
		Pace   int        `name:"pace" help:"."`
	}]()
	if err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]bool{
		`{"broker":"a","token":"***"}`: false, `{"broker":"a","token":"new"}`: false, `{"broker":"a","token":"***","pace":0}`: false,
		`{"broker":"b","token":"***"}`: true, `{"broker":"a","token":"***","pace":1}`: true,
	} {
		if got, err := s.Redirects(json.RawMessage(`{"broker":"a","token":"t"}`), json.RawMessage(config)); err != nil || got != want {
			t.Errorf("%s: %v, %v", config, got, err)
		}
	}
}

func FuzzRedirects(f *testing.F) {
	s, err := Of[targeted]()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"host":"a","token":"t"}`, `{"host":"b","token":"***"}`)
	f.Add(`{"members":[{"node":"n","key":"k"}]}`, `{"members":[{"node":"n","key":"***"},7,null],"via":3,"headers":[]}`)
	f.Fuzz(func(t *testing.T, stored, config string) {
		redirects, err := s.Redirects(json.RawMessage(stored), json.RawMessage(config))
		kept, failed := s.Kept(json.RawMessage(stored), json.RawMessage(config))
		if (err == nil) != (failed == nil) {
			t.Fatalf("%v, %v", err, failed)
		}
		if err == nil && stored == config && (redirects || len(kept) > 0) {
			t.Errorf("%s sends itself elsewhere: %v, %v", stored, redirects, kept)
		}
	})
}
