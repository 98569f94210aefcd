// Package link carries reports to the server over HTTP and says what the answer means for them. It keeps nothing and
// decides no time: who calls it waits.
package link

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The longest that calls may take.
const (
	reportTimeout = 15 * time.Second
	configTimeout = 10 * time.Second
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// Config says where the server is.
type Config struct {
	URL      string
	Insecure bool // accept any certificate
	Version  string
	// Token is asked before each call, so that a new token in a file is found without a restart.
	Token func() (string, error)
	Now   func() time.Time
}

// Link is the way to one server. It is safe for concurrent use.
type Link struct {
	cfg    Config
	client *http.Client
}

// New returns a link. Nothing is dialled yet.
func New(cfg Config) *Link {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 60 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		// Certificates go unchecked only when the operator asked for that by name.
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: cfg.Insecure},
		MaxIdleConns:    1, MaxConnsPerHost: 2, IdleConnTimeout: 90 * time.Second, ResponseHeaderTimeout: reportTimeout,
		// One small request at a time gains nothing from HTTP/2.
		TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
		WriteBufferSize: 4 << 10, ReadBufferSize: 4 << 10, DisableCompression: true,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Link{cfg: cfg, client: client}
}

// Close drops idle connections.
func (l *Link) Close() { l.client.CloseIdleConnections() }

// Fate is what becomes of a report after a call.
type Fate int

// The fates.
const (
	// Delivered: the server has it.
	Delivered Fate = iota
	// Keep: the server does not have it; try again later.
	Keep
	// Drop: the server will never take this report.
	Drop
)

// Answer is the outcome of sending a report.
type Answer struct {
	Fate   Fate
	Status int // of HTTP, 0 when there was no answer
	// Code is the server's machine word for an error.
	Code string
	// RetryAfter is how long the server asked to wait, 0 when it did not.
	RetryAfter time.Duration
	// HostID is who the server says the host is.
	HostID string
	// Err says what went wrong, fit for the log; nil when delivered.
	Err error
}

// Send delivers one report of a kind.
func (l *Link) Send(ctx context.Context, kind string, body []byte) Answer {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	req, err := l.request(ctx, http.MethodPost, "/api/agents/"+url.PathEscape(kind)+"/report", bytes.NewReader(body))
	if err != nil {
		return Answer{Fate: Keep, Err: err}
	}
	req.Header.Set("User-Agent", "pulse-"+kind+"-agent/"+l.cfg.Version)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Pulse-Sent-At", l.cfg.Now().UTC().Format(time.RFC3339Nano))
	resp, err := l.client.Do(req)
	if err != nil {
		return Answer{Fate: Keep, Err: fmt.Errorf("send report: %w", withoutURL(err))}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Answer{Fate: Keep, Status: resp.StatusCode, Err: fmt.Errorf("read the server's answer: %w", err)}
	}
	return judge(resp, answer, l.cfg.Now())
}

// request makes a request with both headers that carry a token.
func (l *Link) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	token, err := l.cfg.Token()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, l.cfg.URL+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("X-API-Token", token)
	return req, nil
}

// withoutURL takes the address out of an error: the log has it already.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// answerBody are the members of an answer that are read.
type answerBody struct {
	HostID  string `json:"hostId"`
	Error   string `json:"error"`
	Message string `json:"message"`
	Code    string `json:"code"`
	Scope   string `json:"requiredScope"`
}

// judge says what an answer means for the report.
func judge(resp *http.Response, body []byte, now time.Time) Answer {
	var b answerBody
	if len(body) > 0 && body[0] == '{' {
		if json.Unmarshal(body, &b) != nil {
			b = answerBody{}
		}
	}
	status := resp.StatusCode
	a := Answer{Status: status, Code: b.Code, HostID: b.HostID, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), now)}
	said := b.Message
	if said == "" {
		said = b.Error
	}
	switch {
	case status >= 200 && status < 300:
		return a
	case status >= 300 && status < 400:
		a.Fate = Keep
		a.Err = fmt.Errorf("the server redirects (status %d) to %q: redirects are not followed; use https and the final address in --url", status, location(resp))
	case status == http.StatusUnauthorized:
		a.Fate, a.Err = Keep, errors.New("the server does not know the token (status 401); reports are kept until it does")
	case status == http.StatusForbidden:
		a.Fate, a.Err = Drop, fmt.Errorf("the token may not report (status 403, scope %q is needed); the report is dropped", scope(b))
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		a.Fate, a.Err = Drop, fmt.Errorf("the server refuses the report (status %d, code %q): %s", status, b.Code, short(said))
	default:
		a.Fate, a.Err = Keep, fmt.Errorf("the server cannot take the report (status %d): %s", status, short(said))
	}
	return a
}

func scope(b answerBody) string {
	if b.Scope != "" {
		return b.Scope
	}
	return "host-agent:report"
}

// location is where a redirect leads, without anything but scheme, host and path.
func location(resp *http.Response) string {
	u, err := resp.Location()
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

func short(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "")
	if len(s) > 200 {
		return s[:200]
	}
	return s
}

// retryAfter reads the header: seconds or a date. More than an hour is taken as an hour.
func retryAfter(s string, now time.Time) time.Duration {
	d := time.Duration(0)
	if seconds, err := strconv.Atoi(s); err == nil {
		d = time.Duration(min(max(seconds, 0), 3600)) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), time.Hour)
}
