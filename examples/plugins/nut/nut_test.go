package nut

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// upsd is a small NUT server: real sockets, the answers of the tests.
func upsd(t *testing.T, answers map[string]string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					if lines.Text() == "LOGOUT" {
						return
					}
					answer, known := answers[lines.Text()]
					if !known {
						answer = "ERR INVALID-ARGUMENT\n"
					}
					fmt.Fprint(conn, answer)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// rack is a server with two UPS, of which one has lost its driver.
var rack = map[string]string{
	"VER":      "Network UPS Tools upsd 2.8.0\n",
	"LIST UPS": "BEGIN LIST UPS\nUPS rack \"Cellar \\\"A\\\"\"\nUPS desk \"Desk\"\nEND LIST UPS\n",
	"LIST VAR rack": "BEGIN LIST VAR rack\nVAR rack battery.charge \"42\"\nVAR rack ups.load \"17.5\"\nVAR rack battery.runtime \"1830\"\n" +
		"VAR rack device.model \"Smart \\\"1500\\\"\"\nVAR rack ups.status \"OB DISCHRG\"\nEND LIST VAR rack\n",
	"LIST VAR desk": "ERR DATA-STALE\n",
}

func config(address string) string {
	return fmt.Sprintf(`{"address":%q,"allow_loopback":true}`, address)
}

func TestReadsEveryUPS(t *testing.T) {
	c := sdktest.Conn(t, Plugin()).Instance(t, config(upsd(t, rack)))
	cycle := sdktest.Collect(t, c, "read")
	if got := cycle.Keys(); !slices.Equal(got, []string{"ups desk", "ups rack"}) {
		t.Fatalf("records %v", got)
	}
	values, conditions := map[string]float64{}, []string{}
	for _, o := range cycle.All() {
		switch o := o.(type) {
		case sdk.Record:
			if o.Key == "rack" && (o.Status != sdk.StatusDegraded || !strings.Contains(string(o.Doc), `Smart \"1500\"`)) {
				t.Errorf("rack: %+v %s", o, o.Doc)
			}
			if o.Key == "desk" && o.Status != sdk.StatusUnknown {
				t.Errorf("desk without its driver is %q", o.Status)
			}
		case sdk.Sample:
			values[o.Key+" "+o.Metric] = o.Value
		case sdk.Condition:
			conditions = append(conditions, o.Key+" "+o.Kind)
		}
	}
	if len(values) != 3 || values["rack charge"] != 0.42 || values["rack load"] != 0.175 || values["rack runtime"] != 1830 {
		t.Errorf("values %v", values)
	}
	if !slices.Equal(conditions, []string{"rack on_battery"}) {
		t.Errorf("conditions %v", conditions)
	}
}

func TestWhatIsNoNUTServerIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		kind    sdk.ErrorKind
	}{
		"another protocol": {map[string]string{"LIST UPS": "220 mail.example.com ESMTP\n"}, sdk.KindUpstream},
		"no rights":        {map[string]string{"LIST UPS": "ERR ACCESS-DENIED\n"}, sdk.KindPermission},
		"a foreign line":   {map[string]string{"LIST UPS": "BEGIN LIST UPS\nVAR x y\n"}, sdk.KindUpstream},
		"without end":      {map[string]string{"LIST UPS": "BEGIN LIST UPS\n" + strings.Repeat("UPS x \"\"\n", maxLines+1)}, sdk.KindUpstream},
	} {
		i := sdktest.Conn(t, Plugin()).Instance(t, config(upsd(t, c.answers)))
		if err := i.Collect(t.Context(), "read", sdktest.NewCycle()); sdk.KindOf(err) != c.kind {
			t.Errorf("%s: %v is %q, want %q", name, err, sdk.KindOf(err), c.kind)
		}
	}
}

func TestConformance(t *testing.T) {
	sdktest.Conformance(t, Plugin(), sdktest.Options{Config: config(upsd(t, rack))})
}

func FuzzUnquote(f *testing.F) {
	f.Add(`"a \"b\" \\ c"`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := unquote(s); len(got) > len(s) {
			t.Errorf("%q became longer: %q", s, got)
		}
	})
}
