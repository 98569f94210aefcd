package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// gzipped compresses a body.
func gzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// with replaces one text of a good report.
func with(report []byte, old, replacement string) []byte {
	return bytes.Replace(report, []byte(old), []byte(replacement), 1)
}

// padded brings a report to a size with a member that nobody knows.
func padded(report []byte, size int) []byte {
	return with(report, `"disks":[]`, `"disks":[],"x":"`+strings.Repeat("x", size-len(report)-len(`,"x":""`))+`"`)
}

// What is wrong with a report is told to its sender, costs the server nothing and leaves no trace in the state.
func TestBadReports(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	s.must(token, hostReport("good", 10))
	plugin := s.plugin()

	good := hostReport("bad", 10)
	tests := map[string]struct {
		body    []byte
		headers []string
		want    []int
	}{
		"empty":             {body: []byte{}, want: []int{400}},
		"truncated":         {body: good[:len(good)/2], want: []int{400}},
		"not JSON":          {body: []byte("hello"), want: []int{400}},
		"an array":          {body: []byte("[]"), want: []int{400}},
		"null":              {body: []byte("null"), want: []int{400}},
		"no host name":      {body: with(good, `"hostname":"bad","id":"bad"`, `"id":"bad"`), want: []int{400}},
		"blank host name":   {body: []byte(`{"host":{"hostname":"   "}}`), want: []int{400}},
		"wrong type":        {body: with(good, `"cpuCount":4`, `"cpuCount":"four"`), want: []int{400}},
		"number too large":  {body: with(good, `"cpuCount":4`, `"cpuCount":1e999`), want: []int{400}},
		"too large":         {body: padded(good, 256<<10+512), want: []int{400, 413}},
		"deeply nested":     {body: with(good, `"disks":[]`, `"disks":[],"x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)), want: []int{400, 413}},
		"gzip bomb":         {body: gzipped(t, make([]byte, 64<<20)), headers: []string{"Content-Encoding", "gzip"}, want: []int{400, 413}},
		"not gzip":          {body: good, headers: []string{"Content-Encoding", "gzip"}, want: []int{400}},
		"truncated gzip":    {body: gzipped(t, good)[:40], headers: []string{"Content-Encoding", "gzip"}, want: []int{400}},
		"unknown encoding":  {body: good, headers: []string{"Content-Encoding", "rot13"}, want: []int{400, 415}},
		"control character": {body: with(good, `"platform":"debian"`, "\"platform\":\"deb\x00ian\""), want: []int{400}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := s.reported(token, tt.body, tt.headers...)
			if err != nil {
				t.Fatalf("the server hung up: %v", err)
			}
			if !slices.Contains(tt.want, got.status) {
				t.Errorf("status %v, want %v", got, tt.want)
			}
			if text, ok := got.member("error").(string); !ok || text == "" {
				t.Errorf("no error text: %v", got)
			}
		})
	}
	// What no agent would ever send may meet a closed door instead of an answer.
	gigantic := padded(good, 32<<20)
	if got, err := s.reported(token, gigantic); err == nil && got.status != http.StatusBadRequest && got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("32 MiB: %v", got)
	}
	if s.plugin() != plugin {
		t.Error("a bad report killed the plugin")
	}
	s.must(token, hostReport("last", 20))
	if hosts := s.settled("last"); len(hosts) != 2 || hosts["good"] == nil {
		t.Errorf("hosts %v, want the two good ones", hosts)
	}
}

// A host that invents sensors without end gets a bounded part of the state and of the series, and harms no other.
func TestReportWithThousandsOfSensors(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	const bound = 256
	for round := range 3 {
		sensors := map[string]float64{}
		for n := range 3000 {
			sensors[fmt.Sprintf("sensor-%d-%d", round, n)] = 40
		}
		text, err := json.Marshal(map[string]any{"temperatureCelsius": sensors})
		if err != nil {
			t.Fatal(err)
		}
		s.must(token, with(hostReport("flood", 10), `"disks":[]`, `"disks":[],"sensors":`+string(text)))
	}
	s.must(token, hostReport("quiet", 20))
	hosts := s.settled("quiet")
	sensors, _ := hosts["flood"]["sensors"].(map[string]any)
	if shown, _ := sensors["temperatureCelsius"].(map[string]any); len(shown) == 0 || len(shown) > bound {
		t.Errorf("%d sensors are shown", len(shown))
	}
	got := s.call("GET", "/api/metrics-store/history?resourceType=host&resourceId=flood&metric=temperature&range=1h", nil)
	if all, _ := got.member("instances.temperature").(map[string]any); len(all) == 0 || len(all) > 3*bound {
		t.Errorf("%d series of sensors after three reports: %v", len(all), got)
	}
	if points := s.history("quiet", "cpu"); len(points) != 1 {
		t.Errorf("another host has %v", points)
	}
}

// Text that is not UTF-8 is either refused or mended, and never reaches a client as it came.
func TestReportThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	got, err := s.reported(token, with(hostReport("latin", 10), `"platform":"debian"`, "\"platform\":\"d\xe9bian\""))
	if err != nil || got.status != http.StatusOK && got.status != http.StatusBadRequest {
		t.Fatalf("answer %v %v", got, err)
	}
	s.must(token, hostReport("last", 10))
	s.settled("last")
	if state := s.call("GET", "/api/state", nil); bytes.Contains(state.body, []byte("d\xe9bian")) {
		t.Error("the state holds bytes that are not UTF-8")
	}
}

// A compressed report is a report.
func TestCompressedReport(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, token := s.mint("host-agent:report")
	got, err := s.reported(token, gzipped(t, hostReport("small", 10)), "Content-Encoding", "gzip")
	if err != nil || got.status != http.StatusOK {
		t.Fatalf("answer %v %v", got, err)
	}
	s.settled("small")
}

// Who may report is decided by the token alone.
func TestReportTokens(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, good := s.mint("host-agent:report")
	revokedID, revoked := s.mint("host-agent:report")
	_, readOnly := s.mint("monitoring:read")
	s.must(revoked, hostReport("early", 10))
	if got := s.call("DELETE", "/api/security/tokens/"+revokedID, nil); got.status != http.StatusNoContent {
		t.Fatalf("revoke a token: %v", got)
	}

	tests := map[string]struct {
		token string
		want  int
	}{
		"none":      {"", 401},
		"foreign":   {strings.Repeat("ab", 32), 401},
		"not hex":   {"let me in", 401},
		"revoked":   {revoked, 401},
		"read only": {readOnly, 403},
		"good":      {good, 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := s.reported(tt.token, hostReport("late-"+strings.ReplaceAll(name, " ", "-"), 10))
			if err != nil || got.status != tt.want {
				t.Fatalf("answer %v %v, want status %d", got, err, tt.want)
			}
			if tt.want == 403 && got.member("requiredScope") != "host-agent:report" {
				t.Errorf("the answer does not name the scope: %v", got)
			}
		})
	}
	hosts := s.settled("late-good")
	if len(hosts) != 2 || hosts["early"] == nil {
		t.Errorf("hosts %v, want the two that were allowed", hosts)
	}
	// The token of an agent reads nothing.
	if got := s.callAs(good, "GET", "/api/state", nil); got.status != http.StatusForbidden {
		t.Errorf("state with a report token: %v", got)
	}
}

// A new server answers nobody but its own agent and whoever claims it.
func TestUnclaimedServer(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for _, path := range []string{"/api/state", "/api/charts", "/api/security/tokens"} {
		if got := s.callAs("", "GET", path, nil); got.status != http.StatusUnauthorized && got.status != http.StatusForbidden {
			t.Errorf("GET %s before the server is claimed: %v", path, got)
		}
	}
	if got, err := s.reported("", hostReport("stranger", 10)); err != nil || got.status != http.StatusUnauthorized {
		t.Errorf("a stranger's report: %v %v", got, err)
	}
	if got := s.callAs("", "POST", "/api/security/quick-setup", map[string]any{
		"username": adminName, "password": adminPassword, "apiToken": adminToken,
	}, "X-Setup-Token", strings.Repeat("0", 48)); got.status != http.StatusUnauthorized {
		t.Errorf("a claim with a wrong token: %v", got)
	}

	startAgent(t, s)
	// The host survives the claim: quick setup replaces the users' tokens only.
	s.claim()
	eventually(t, "the local agent's host is there", func() bool { return len(s.hosts()) == 1 })
	if code, _ := once(t, "pulse", "bootstrap-token", "--data", s.data); code == 0 {
		t.Error("the bootstrap token outlived the claim")
	}
}

// Two reporters with one identity are kept apart; a clock that is wrong moves neither liveness nor history.
func TestForeignClocksAndDuplicateIds(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	_, first := s.mint("host-agent:report")
	_, second := s.mint("host-agent:report")

	s.must(first, hostReport("twin", 10))
	s.must(second, with(hostReport("twin", 20), `"hostname":"twin","id":"twin"`, `"hostname":"other","id":"twin"`))
	eventually(t, "two machines that claim one id are two hosts", func() bool { return len(s.hosts()) == 2 })

	for name, skew := range map[string]time.Duration{"ahead": 26 * time.Hour, "behind": -26 * time.Hour} {
		at := time.Now().Add(skew).UTC().Format(time.RFC3339Nano)
		body := []byte(`{"agent":{"id":"` + name + `","intervalSeconds":30},"host":{"id":"` + name + `","hostname":"` + name + `"},` +
			`"metrics":{"cpuUsagePercent":10,"memory":{"totalBytes":2,"usedBytes":1,"freeBytes":1,"usage":50}},"timestamp":"` + at + `"}`)
		got, err := s.reported(first, body, "X-Pulse-Sent-At", at)
		if err != nil || got.status != http.StatusOK {
			t.Fatalf("report of a clock that is %s: %v %v", name, got, err)
		}
		if status := s.settled(name)[name]["status"]; status != "online" {
			t.Errorf("a host whose clock is %s is %v, want online", name, status)
		}
		points := s.history(name, "cpu")
		if len(points) != 1 || time.Since(time.UnixMilli(points[0].Timestamp)).Abs() > 5*time.Minute {
			t.Errorf("a clock that is %s: points %v, want one of now", name, points)
		}
	}
}

// A plugin that is installed while the server runs brings a kind of reports with a scope of its own: they are taken at once.
func TestReportsOfAPluginThatCameLater(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	send := func(token string, body string) int {
		t.Helper()
		got, err := s.try("POST", "/api/agents/reading/report", token, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return got.status
	}
	_, token := s.mint("meter:report")
	if got := send(token, "good"); got != 404 {
		t.Errorf("before there is a plugin: %d", got)
	}
	code := readFile(t, "../core/pluginhost/testdata/meter/main.go")
	code = strings.Replace(code, `{Name: "reading"}`, `{Name: "reading", Type: "meter", Scope: "meter:report", Limit: 100}`, 1)
	s.install("meter", "1.0.0", code)
	eventually(t, "a report is taken", func() bool { return send(token, "good") == 200 })
	_, other := s.mint("host-agent:report")
	for name, c := range map[string]struct {
		token, body string
		want        int
	}{
		"without a token": {"", "good", 401}, "another scope": {other, "good", 403}, "too large": {token, strings.Repeat("x", 101), 413}, "wrong": {token, "bad", 400},
	} {
		if got := send(c.token, c.body); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
