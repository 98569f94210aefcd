package config_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// plugged is a plugin's config with one key of each shape.
type plugged struct {
	Address  string            `name:"address" help:"Where it is." required:"true" format:"address"`
	Password sdk.Secret        `name:"password" help:"The password." required:"true"`
	Interval time.Duration     `name:"interval" help:"How often to ask." default:"30s" min:"5s"`
	Ratio    *float64          `name:"ratio" help:"A ratio." min:"0" max:"1"`
	Limit    int64             `name:"limit" help:"How much to read." format:"bytes" default:"64MiB"`
	Mode     string            `name:"mode" help:"How to ask." enum:"fast,thorough"`
	Script   string            `name:"script" help:"Lines to run." format:"multiline" default:"echo \"${x}\" %{y}\n\t\\ ü\u0001"`
	Labels   map[string]string `name:"labels" help:"Free words." default:"{\"a b\": \"c\"}"`
	Outlets  []outlet          `name:"outlets" help:"What is switched."`
	TLS      struct {
		Verify bool       `name:"verify" help:"Checks the certificate." default:"true"`
		Key    sdk.Secret `name:"key" help:"The key."`
	} `name:"tls" help:"How to trust."`
}

type outlet struct {
	Name  string       `name:"name" help:"Its name." required:"true"`
	Codes []sdk.Secret `name:"codes" help:"What opens it."`
}

// The block that a plugin's schema renders is a file that loads and decodes, also with every default uncommented, and
// the defaults written there are the defaults.
func TestRenderedBlockLoads(t *testing.T) {
	s, err := schema.Of[plugged]()
	if err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) string {
		if strings.HasPrefix(name, "UPS_") {
			return "value of " + name
		}
		return ""
	}
	short := s.HCL("ups")
	full := regexp.MustCompile(`(?m)^( *)#(\S| {2,})`).ReplaceAllString(short, "$1$2")
	for name, text := range map[string]string{"as it is": short, "uncommented": full} {
		i := mustLoad(t, text, getenv).Integrations[0]
		got, diags := schema.Decode[plugged](i.Config)
		if len(diags) > 0 {
			t.Fatalf("%s:\n%s\n%s", name, text, i.Diagnose(diags))
		}
		if got.Interval != 30*time.Second || got.Limit != 64<<20 || got.Script != "echo \"${x}\" %{y}\n\t\\ ü\x01" || got.Labels["a b"] != "c" {
			t.Errorf("%s: the defaults became %+v", name, got)
		}
		if got.Password.Reveal() != "value of UPS_PASSWORD" {
			t.Errorf("%s: the password became %q", name, got.Password.Reveal())
		}
		if name == "uncommented" && (len(got.Outlets) != 1 || got.TLS.Key.Reveal() != "value of UPS_TLS_KEY" || got.Ratio == nil) {
			t.Errorf("not all was uncommented: %+v in\n%s", got, text)
		}
	}
}
