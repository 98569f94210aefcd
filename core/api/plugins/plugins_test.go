package plugins

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

// one is a service with one plugin, which keeps what was asked for.
type one struct {
	asked []string
	lines []Line
}

var errMissing = &sdk.Error{Kind: sdk.KindUnsupported, Code: "plugin_missing"}

func (s *one) there(kind, asked string) error {
	if kind != "probe" {
		return errMissing
	}
	s.asked = append(s.asked, asked)
	return nil
}

func (s *one) List() []Plugin { return []Plugin{{Kind: "probe"}} }
func (s *one) Get(kind string) (Detail, error) {
	return Detail{Plugin: Plugin{Kind: kind}}, s.there(kind, "get")
}

func (s *one) Schema(kind string) (json.RawMessage, error) {
	return json.RawMessage(`{"type":"object"}`), s.there(kind, "schema")
}

func (s *one) Logs(kind string, after int64, limit int) ([]Line, error) {
	var out []Line
	for _, l := range s.lines {
		if l.Seq > after && l.Time <= time.Now().UnixMilli() {
			out = append(out, l)
		}
	}
	return out[max(0, len(out)-limit):], s.there(kind, "logs")
}
func (s *one) Restart(kind string) error { return s.there(kind, "restart") }
func (s *one) Enable(kind string, on bool) error {
	if on {
		return s.there(kind, "enable")
	}
	return s.there(kind, "disable")
}

func (s *one) Install(archive, sum string) (string, error) {
	return "probe", s.there("probe", "install "+archive+" "+sum)
}
func (s *one) Remove(kind string) error { return s.there(kind, "remove") }

func handler(t *testing.T, s Service, name string) func(context.Context, any) (any, error) {
	t.Helper()
	for _, r := range (Area{s}).Routes() {
		if r.Name == name {
			return r.Handle
		}
	}
	t.Fatalf("no route %s", name)
	return nil
}

func TestWhatIsAskedIsDoneAndWhatIsMissingIsNotFound(t *testing.T) {
	s := &one{}
	for name, want := range map[string]string{
		"getPlugin": "get", "getPluginSchema": "schema", "restartPlugin": "restart", "enablePlugin": "enable", "disablePlugin": "disable", "removePlugin": "remove",
	} {
		handle := handler(t, s, name)
		s.asked = nil
		if _, err := handle(t.Context(), &kindIn{"probe"}); err != nil || len(s.asked) == 0 || s.asked[0] != want {
			t.Errorf("%s asked for %v, %v", name, s.asked, err)
		}
		if _, err := handle(t.Context(), &kindIn{"nope"}); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s of a plugin that is not there: %v", name, err)
		}
	}
	out, err := handler(t, s, "installPlugin")(t.Context(), &installIn{"a.tar.gz", "ff"})
	if reply, ok := out.(route.Reply[Detail]); err != nil || !ok || reply.Status != 201 || reply.Body.Plugin.Kind != "probe" {
		t.Errorf("install: %+v, %v", out, err)
	}
	if _, err := handler(t, s, "installPlugin")(t.Context(), &installIn{}); !errs.Is(err, errs.Invalid) {
		t.Errorf("install nothing: %v", err)
	}
}

func TestLogsAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UnixMilli()
		s := &one{lines: []Line{{Seq: 1, Time: now}, {Seq: 2, Time: now}, {Seq: 3, Time: now + 5000}}}
		ask := func(in logsIn) logsOut {
			in.Kind = "probe"
			out, err := handler(t, s, "getPluginLogs")(t.Context(), &in)
			if err != nil {
				t.Fatal(err)
			}
			return out.(logsOut)
		}
		if got := ask(logsIn{Limit: 1}); len(got.Lines) != 1 || got.Next != 2 {
			t.Errorf("the newest: %+v", got)
		}
		if got := ask(logsIn{After: 2, Limit: 10}); len(got.Lines) != 0 || got.Next != 2 {
			t.Errorf("nothing new: %+v", got)
		}
		began := time.Now()
		if got := ask(logsIn{After: 2, Limit: 10, Wait: 60}); len(got.Lines) != 1 || got.Next != 3 || time.Since(began) > 6*time.Second {
			t.Errorf("after %s: %+v", time.Since(began), got)
		}
		began = time.Now()
		if got := ask(logsIn{After: 3, Limit: 10, Wait: 60}); len(got.Lines) != 0 || time.Since(began) != mostWait {
			t.Errorf("a wait of a minute took %s: %+v", time.Since(began), got)
		}
	})
}
