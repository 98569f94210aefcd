package link

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func to(server *httptest.Server) *Link {
	return New(Config{URL: server.URL + "/prefix", Version: "1", Token: func() (string, error) { return "s3cret", nil }, Now: time.Now})
}

func TestSendSaysWhoAndWhen(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"success":true,"hostId":"nas1"}`)
	}))
	defer server.Close()
	a := to(server).Send(t.Context(), "host", []byte(`{"a":1}`))
	if a.Fate != Delivered || a.HostID != "nas1" || a.Err != nil {
		t.Fatalf("answer %+v", a)
	}
	if got.Method != "POST" || got.URL.Path != "/prefix/api/agents/host/report" || string(body) != `{"a":1}` {
		t.Errorf("request %s %s %s", got.Method, got.URL, body)
	}
	for header, want := range map[string]string{"Authorization": "Bearer s3cret", "X-Api-Token": "s3cret", "Content-Type": "application/json",
		"User-Agent": "pulse-host-agent/1", "Content-Encoding": ""} {
		if v := got.Header.Get(header); v != want {
			t.Errorf("%s is %q, want %q", header, v, want)
		}
	}
	if _, err := time.Parse(time.RFC3339Nano, got.Header.Get("X-Pulse-Sent-At")); err != nil {
		t.Errorf("X-Pulse-Sent-At: %v", err)
	}
}

func TestFates(t *testing.T) {
	tests := map[string]struct {
		status  int
		body    string
		headers map[string]string
		fate    Fate
		says    string
		wait    time.Duration
	}{
		"taken":            {200, `{"success":true}`, nil, Delivered, "", 0},
		"taken, odd body":  {204, ``, nil, Delivered, "", 0},
		"taken, not JSON":  {200, `{{`, nil, Delivered, "", 0},
		"redirect":         {301, ``, map[string]string{"Location": "https://elsewhere/x?token=y"}, Keep, "https", 0},
		"unknown token":    {401, `{"error":"Authentication required"}`, nil, Keep, "token", 0},
		"scope":            {403, `{"error":"missing_scope","requiredScope":"host-agent:report"}`, nil, Drop, "host-agent:report", 0},
		"invalid report":   {400, `{"error":"blank","code":"invalid_report"}`, nil, Drop, "invalid_report", 0},
		"too large":        {413, ``, nil, Drop, "413", 0},
		"no such path":     {404, `nope`, nil, Keep, "404", 0},
		"busy":             {503, `{"message":"starting"}`, map[string]string{"Retry-After": "7"}, Keep, "starting", 7 * time.Second},
		"rate limited":     {429, ``, map[string]string{"Retry-After": "999999"}, Keep, "429", time.Hour},
		"odd retry":        {500, ``, map[string]string{"Retry-After": "soon"}, Keep, "500", 0},
		"negative retry":   {500, ``, map[string]string{"Retry-After": "-5"}, Keep, "500", 0},
		"long error texts": {500, `{"error":"` + strings.Repeat("x", 5000) + `"}`, nil, Keep, "xxx", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range tt.headers {
					w.Header().Set(k, v)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			a := to(server).Send(t.Context(), "host", []byte("{}"))
			if a.Fate != tt.fate || a.RetryAfter != tt.wait || (a.Err == nil) != (tt.says == "") {
				t.Fatalf("answer %+v", a)
			}
			if a.Err != nil && (!strings.Contains(a.Err.Error(), tt.says) || len(a.Err.Error()) > 400) {
				t.Errorf("error %q, want something about %q", a.Err, tt.says)
			}
			if a.Err != nil && (strings.Contains(a.Err.Error(), "s3cret") || strings.Contains(a.Err.Error(), "token=y")) {
				t.Errorf("the error holds a secret: %v", a.Err)
			}
		})
	}
}

// A redirect could carry the token to another server.
func TestRedirectsAreNotFollowed(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	l := to(server)
	if a := l.Send(t.Context(), "host", []byte("{}")); a.Fate != Keep || reached {
		t.Errorf("answer %+v, reached %v", a, reached)
	}
	if _, _, err := l.FetchConfig(t.Context(), "a", "b"); err == nil || reached {
		t.Errorf("error %v, reached %v", err, reached)
	}
}

func TestUnreachableIsKept(t *testing.T) {
	server := httptest.NewServer(nil)
	l := to(server)
	server.Close()
	if a := l.Send(t.Context(), "host", []byte("{}")); a.Fate != Keep || a.Err == nil || a.Status != 0 {
		t.Errorf("answer %+v", a)
	}
	l.cfg.Token = func() (string, error) { return "", errors.New("the file is gone") }
	if a := l.Send(t.Context(), "host", []byte("{}")); a.Fate != Keep || a.Err == nil {
		t.Errorf("answer without a token %+v", a)
	}
}

func TestFetchConfig(t *testing.T) {
	tests := map[string]struct {
		lookup, config string // bodies; empty is 404
		ok, fails      bool
	}{
		"unknown":      {"", "", false, false},
		"by agent id":  {"", `{"hostId":"agent 1","config":{"settings":{"interval":"60s"}}}`, true, false},
		"by name":      {`{"host":{"id":"h1"}}`, `{"hostId":"h1","config":{"commandsEnabled":false}}`, true, false},
		"another host": {`{"host":{"id":"h1"}}`, `{"hostId":"h2","config":{}}`, false, true},
		"not JSON":     {`{"host":{"id":"h1"}}`, `]`, false, true},
		"wrong types":  {`{"host":7}`, `{}`, false, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := tt.config
				if strings.HasSuffix(r.URL.Path, "/lookup") {
					body = tt.lookup
					if r.URL.Query().Get("hostname") != "my host" {
						t.Errorf("asked for %q", r.URL.RawQuery)
					}
				}
				if body == "" {
					http.NotFound(w, r)
					return
				}
				_, _ = io.WriteString(w, body)
			}))
			defer server.Close()
			_, ok, err := to(server).FetchConfig(t.Context(), "my host", "agent 1")
			if ok != tt.ok || (err != nil) != tt.fails {
				t.Errorf("ok %v, error %v", ok, err)
			}
		})
	}
}
