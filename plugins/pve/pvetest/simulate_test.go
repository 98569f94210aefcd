package pvetest

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
)

// commanded is a cluster as the command serves it.
type commanded struct {
	*testing.T
	base   string
	client *http.Client
}

func command(t *testing.T, args ...string) *commanded {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	said, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, args, out)
		_ = out.CloseWithError(err)
		done <- err
	}()
	t.Cleanup(func() { cancel(); <-done })
	line, err := bufio.NewReader(said).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var in simulate.Integration
	if err := json.Unmarshal(line, &in); err != nil {
		t.Fatal(err)
	}
	host, _ := in.Config["host"].(string)
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: 3 * time.Minute} //nolint:gosec // it is of this test
	t.Cleanup(c.CloseIdleConnections)
	return &commanded{t, host + "/api2/json", c}
}

// get returns the status with its reason and the body.
func (c *commanded) get(path, header, value string) (status, body string) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), http.MethodGet, c.base+path, nil)
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set(header, value)
	res, err := c.client.Do(req)
	if err != nil {
		return err.Error(), ""
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.Fatal(err)
	}
	return res.Status, string(text)
}

func (c *commanded) asToken(path string) (status, body string) {
	return c.get(path, "Authorization", "PVEAPIToken="+Token+"="+Secret)
}

func TestTheCommandLetsThingsGoWrong(t *testing.T) {
	c := command(t, "--nodes", "5", "--guests", "9", "--down", "pve2", "--stuck", "pve3", "--slow", "pve4=1ms", "--quorate=false", "--refusal", "1ms", "--clock-ahead", "1h",
		"--fault", "/nodes/pve5/status=596 Connection timed out", "--fault", "/cluster/tasks=cut")
	for path, want := range map[string]string{
		"/nodes/pve1/status": "200 OK", "/nodes/pve2/status": "595 No route to host", "/nodes/pve4/status": "200 OK", "/nodes/pve5/status": "596 Connection timed out",
		"/nodes/pve9/status": "500 hostname lookup", "/cluster/tasks": "EOF", "/nothing": "501 Method 'GET /nothing' not implemented",
	} {
		if status, _ := c.asToken(path); !strings.Contains(status, want) {
			t.Errorf("%s: %s, want %s", path, status, want)
		}
	}
	if _, body := c.asToken("/cluster/resources"); !strings.Contains(body, `"node":"pve3","status":"unknown"`) {
		t.Errorf("no node is stuck: %s", body)
	}
	if _, body := c.asToken("/cluster/status"); !strings.Contains(body, `"quorate":0`) {
		t.Errorf("there is a quorum: %s", body)
	}
	if status, _ := c.get("/version", "Authorization", "PVEAPIToken="+Token+"=wrong"); status != "401 Authentication failed!" {
		t.Errorf("a wrong secret: %s", status)
	}
	// A token without rights is let in and sees only what everybody does; one with few is told what is missing.
	if status, body := c.get("/storage", "Authorization", "PVEAPIToken=monitor@pve!blind="+Secret); status != "200 OK" || body != `{"data":[]}` {
		t.Errorf("blind: %s %s", status, body)
	}
	if status, _ := c.get("/nodes/pve1/apt/update", "Authorization", "PVEAPIToken=monitor@pve!auditor="+Secret); status != "403 Permission check failed (/nodes/pve1, Sys.Modify)" {
		t.Errorf("auditor: %s", status)
	}
}

func TestTicketsOfTheCommandEnd(t *testing.T) {
	login := func(c *commanded, user string) (ticket string, second any) {
		res, err := c.client.PostForm(c.base+"/access/ticket", url.Values{"username": {user}, "password": {Secret}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var got struct{ Data map[string]any }
		if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		ticket, _ = got.Data["ticket"].(string)
		return "PVEAuthCookie=" + url.QueryEscape(ticket), got.Data["NeedTFA"]
	}
	long, short := command(t, "--refusal", "0"), command(t, "--refusal", "0", "--ticket-life", "1ns")
	for c, want := range map[*commanded]string{long: "200 OK", short: "401 Authentication failed!"} {
		ticket, _ := login(c, User)
		if status, _ := c.get("/version", "Cookie", ticket); status != want {
			t.Errorf("%s, want %s", status, want)
		}
	}
	if ticket, second := login(long, "careful@pve"); second != 1.0 {
		t.Errorf("no second factor is asked for: %s", ticket)
	}
}

func TestTroublesThatCannotBe(t *testing.T) {
	for _, args := range [][]string{{"--down", "pve9"}, {"--slow", "pve1"}, {"--slow", "pve9=1s"}, {"--fault", "x"}, {"--fault", "/x=200"}, {"--fault", "=cut"}, {"--nodes", "-1"}, {"--guests", "-1"}} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
