package e2e

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"testing"
)

var demoPassword = regexp.MustCompile(`user demo, password (\S+)\)`)

// The demo shows invented upstreams through the plugins that watch real ones, and leaves no process behind however it ends.
func TestTheDemoRunsTheRealPlugins(t *testing.T) {
	t.Parallel()
	s := &server{t: t, address: freeAddress(t), client: newClient()}
	s.url = "http://" + s.address
	s.process = launch(t, "pulse", "demo", "--listen", s.address, "--guests", "4")
	eventually(t, "the demo says how to log in", func() bool { return demoPassword.MatchString(s.output.String()) })
	password := demoPassword.FindStringSubmatch(s.output.String())[1]
	authorization := "Basic " + base64.StdEncoding.EncodeToString([]byte("demo:"+password))
	ask := func(path string) answer { return s.callAs("", "GET", path, nil, "Authorization", authorization) }
	eventually(t, "what the plugins make of invented upstreams is there", func() bool {
		state := ask("/api/state")
		for _, section := range []string{"nodes", "vms", "pbs", "pmg", "demoGuests"} {
			if rows, _ := state.member(section).([]any); len(rows) == 0 {
				return false
			}
		}
		vms, _ := state.member("vms").([]any)
		containers, _ := state.member("containers").([]any)
		guests, _ := state.member("demoGuests").([]any)
		return len(vms)+len(containers) == 4 && len(guests) == 4
	})
	if got := ask("/api/system/mock-mode"); got.member("enabled") != true {
		t.Errorf("mock mode: %v", got)
	}
	started := children(s.pid())
	if len(started) < 3 {
		t.Errorf("only %v run", started)
	}
	s.kill()
	for name, pid := range started {
		eventually(t, name+" is gone", func() bool { _, state := stat(pid); return state == "" || state == "Z" })
	}
}

// A server with real integrations is not turned into a demo.
func TestMockModeIsNotSwitched(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	if got := s.call("GET", "/api/system/mock-mode", nil); got.member("enabled") != false {
		t.Errorf("%v", got)
	}
	if got := s.call("POST", "/api/system/mock-mode", map[string]any{"enabled": true}); got.status != http.StatusConflict {
		t.Errorf("%v", got)
	}
	if got := s.call("PUT", "/api/system/mock-mode", map[string]any{"enabled": false}); got.status != http.StatusOK {
		t.Errorf("%v", got)
	}
}
