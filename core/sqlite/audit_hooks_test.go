package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/errs"
)

// receiver is a server that hears of events and answers what the test says.
type receiver struct {
	url   string
	heard chan string // id of an event, and whether the signature is right
	say   chan int
}

func listen(t *testing.T, secret *string) *receiver {
	t.Helper()
	r := &receiver{heard: make(chan string, 100), say: make(chan int, 100)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		line := req.Header.Get("X-Pulse-Event")
		given := req.Header.Get("X-Pulse-Signature")
		if *secret != "" && given != audit.Signature(*secret, time.UnixMilli(1_780_000_000_000), body) {
			line += " with a wrong signature " + given
		}
		if !strings.Contains(string(body), req.Header.Get("X-Pulse-Event-ID")) {
			line += " with another body"
		}
		status := http.StatusNoContent
		select {
		case status = <-r.say:
		default:
		}
		w.WriteHeader(status)
		r.heard <- line
	}))
	t.Cleanup(s.Close)
	r.url = s.URL + "/hook?token=geheim"
	return r
}

func (r *receiver) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-r.heard:
			if got != w {
				t.Errorf("heard %q, want %q", got, w)
			}
		case <-time.After(3 * time.Minute):
			t.Fatalf("%q never came", w)
		}
	}
}

func post(ctx context.Context, to string, header map[string]string, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	for key, value := range header {
		req.Header.Set(key, value)
	}
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirects
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func hooksOf(t *testing.T, db *DB, l *audit.Log) *audit.Hooks {
	t.Helper()
	return audit.NewHooks(audit.HookConfig{
		Log: l, Store: NewAuditHooks(db, sealer(t, 1)), Post: post,
		Check: func(_ context.Context, u *url.URL) error {
			if u.Hostname() == "169.254.169.254" {
				return errors.New("never")
			}
			return nil
		},
		Encode: func(e audit.Event) any { return map[string]string{"id": e.ID} },
		Wait:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Now:    func() time.Time { return time.UnixMilli(1_780_000_000_000) }, Logger: hclog.NewNullLogger(),
	})
}

// A test goes to an address that need not be stored, signed like a delivery, and tells what became of it.
func TestAuditHooksAreTried(t *testing.T) {
	db, l, _ := auditOf(t, 1)
	h := hooksOf(t, db, l)
	if signed, err := h.Signed(t.Context()); signed || err != nil {
		t.Errorf("signed before there is a secret: %v %v", signed, err)
	}
	secret, err := h.NewSecret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := listen(t, &secret)
	if err := h.Test(t.Context(), r.url); err != nil {
		t.Error(err)
	}
	r.expect(t, "webhook_test")
	r.say <- http.StatusForbidden
	if err := h.Test(t.Context(), r.url); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("refused: %v", err)
	}
	for _, bad := range []string{"http://169.254.169.254/", "ftp://example.com/", "words"} {
		if err := h.Test(t.Context(), bad); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if signed, err := h.Signed(t.Context()); !signed || err != nil {
		t.Errorf("signed: %v %v", signed, err)
	}
	if last := l.Last(); last != 2 { // the log's own event and one of the test's
		t.Errorf("a test is in the log: %d events", last)
	}
}

func TestAuditHooksTellOfEachEventInOrder(t *testing.T) {
	db, l, _ := auditOf(t, 2)
	h := hooksOf(t, db, l)
	secret, err := h.NewSecret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := listen(t, &secret)
	if err := h.Set(t.Context(), []string{r.url}); err != nil {
		t.Fatal(err)
	}
	say := func(events ...string) {
		for _, e := range events {
			if err := l.Add(t.Context(), audit.Event{Event: e}); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := func(h *audit.Hooks) (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { h.Run(ctx); close(done) }()
		return func() { cancel(); <-done }
	}
	for _, status := range []int{500, 429, 302, 204} { // two that pass, one that does not, and well
		r.say <- status
	}
	stop := run(h)
	say("one", "two")
	r.expect(t, "one", "one", "one", "one", "two")
	for range 4 {
		r.say <- 410
	}
	say("refused for good", "three")
	r.expect(t, "refused for good", "refused for good", "refused for good", "refused for good", "three")
	stop()
	say("while the server was away")
	again := hooksOf(t, db, l)
	defer run(again)()
	got := <-r.heard
	if got == "three" { // it was stopped before it could store that the receiver has it: at least once, not at most once
		got = <-r.heard
	}
	if got != "while the server was away" {
		t.Errorf("heard %q", got)
	}
	list, err := again.List(t.Context())
	if err != nil || len(list) != 1 || list[0].URL != r.url {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAuditHooksAreCheckedAndSealed(t *testing.T) {
	db, l, _ := auditOf(t, 0)
	h := hooksOf(t, db, l)
	for _, bad := range []string{"ftp://example.com", "example.com", "http://", "http://169.254.169.254/latest", "https://example.com/" + strings.Repeat("a", 3000), "%zz"} {
		var e *errs.Error
		if err := h.Set(t.Context(), []string{"https://siem.example.com/in", bad}); !errors.As(err, &e) || e.Word != "invalid_url" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := h.Set(t.Context(), make([]string, 11)); !errs.Is(err, errs.Invalid) {
		t.Errorf("too many: %v", err)
	}
	if err := h.Set(t.Context(), []string{"https://a.example/?token=geheim", "https://b.example/"}); err != nil {
		t.Fatal(err)
	}
	store := NewAuditHooks(db, sealer(t, 1))
	before, err := store.Hooks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Set(t.Context(), []string{"https://b.example/", "https://c.example/"}); err != nil {
		t.Fatal(err)
	}
	after, err := store.Hooks(t.Context())
	if err != nil || len(after) != 2 || !reflect.DeepEqual(after[0], before[1]) {
		t.Errorf("one that stays keeps its place: %+v, %+v, %v", before, after, err)
	}
	var raw []byte
	if err := db.Read.QueryRowContext(t.Context(), `SELECT url FROM audit_webhooks`).Scan(&raw); err != nil || strings.Contains(string(raw), "example") {
		t.Errorf("the address lies in clear: %q, %v", raw, err)
	}
	if n, err := db.Reseal(t.Context(), sealer(t, 1), sealer(t, 2)); err != nil || n < 3 {
		t.Errorf("rotation of the key: %d, %v", n, err)
	}
	if _, err := NewAuditHooks(db, sealer(t, 2)).Hooks(t.Context()); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
}
