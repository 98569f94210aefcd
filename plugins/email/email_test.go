package email_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pulse-platform/pulse/plugins/email"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

// post is a real SMTP server that keeps what it takes.
type post struct {
	mu     sync.Mutex
	mails  []string
	to     []string
	logins []string
	ways   []string
	deny   error
}

func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{p}, nil }

type session struct{ *post }

func (s *session) AuthMechanisms() []string { return s.ways }

func (s *session) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.logins = append(s.logins, mech+" "+user)
		if user != "ann" || password != "s3cret-word" {
			return smtp.ErrAuthFailed
		}
		return nil
	}
	if mech == "LOGIN" {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// login is the LOGIN mechanism, of which the library has the client only.
type login struct {
	user  string
	step  int
	check func(user, password string) error
}

func (l *login) Next(answer []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(answer)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(answer))
}

func (s *session) Mail(string, *smtp.MailOptions) error { return s.deny }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, string(raw))
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// serve starts the server; secure is "", "starttls" or "tls".
func serve(t *testing.T, p *post, secure string) int {
	t.Helper()
	server := smtp.NewServer(p)
	server.Domain, server.AllowInsecureAuth = "localhost", true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if secure != "" {
		server.TLSConfig = certificate(t)
		server.AllowInsecureAuth = false
	}
	port := l.Addr().(*net.TCPAddr).Port
	if secure == "tls" {
		l = tls.NewListener(l, server.TLSConfig)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return port
}

func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

func config(port int) email.Config {
	return email.Config{Server: "127.0.0.1", Port: port, Security: "none", Auth: "auto", From: "Pulse <pulse@example.com>", To: []string{"a@example.com", "b@example.com"}}
}

func notifier(t *testing.T, c email.Config) *email.Notifier {
	t.Helper()
	n, err := email.New(c, sdk.Deps{Now: time.Now, Dial: (&net.Dialer{}).DialContext})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func message() sdk.Message {
	value, threshold := 91.25, 80.0
	return sdk.Message{
		ID: "m1", Kind: "firing", Severity: sdk.SeverityCritical, Title: "Critical: box\r\nBcc: x@evil.example", Text: "CPU of box is at 91.3 %", Time: time.Unix(1_800_000_000, 0), URL: "https://pulse.example.com/alerts",
		Alerts: []sdk.MessageAlert{{ID: "host:box-cpu", Kind: "cpu", Severity: sdk.SeverityCritical, ResourceType: "Host", ResourceName: "<b>bøx</b>", Node: "box", Text: "CPU of <b>bøx</b> is at 91.3 %",
			Value: &value, Threshold: &threshold, Unit: "%", Started: time.Unix(1_799_999_000, 0), URL: "https://pulse.example.com/alerts/incident?id=1"}},
	}
}

func TestAMailArrives(t *testing.T) {
	p := &post{}
	n := notifier(t, config(serve(t, p, "")))
	receipts, err := n.Send(t.Context(), message(), nil)
	if err != nil || len(receipts) != 2 || !receipts[0].OK {
		t.Fatal(receipts, err)
	}
	if len(p.mails) != 1 || strings.Join(p.to, " ") != "a@example.com b@example.com" {
		t.Fatalf("%d mails to %v", len(p.mails), p.to)
	}
	m, err := mail.ReadMessage(strings.NewReader(p.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("Message-Id") != "<m1@example.com>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Fatalf("header %v", m.Header)
	}
	for _, want := range []string{"multipart/alternative", "&lt;b&gt;", "91.", "Limit"} {
		if !strings.Contains(p.mails[0], want) {
			t.Errorf("the mail lacks %q:\n%s", want, p.mails[0])
		}
	}
}

// Some mailboxes show only one of two mails with the same id, so a second test would seem to be lost.
func TestEachTestIsAMailOfItsOwn(t *testing.T) {
	p := &post{}
	n := notifier(t, config(serve(t, p, "")))
	seen := map[string]bool{}
	for range 2 {
		if _, err := n.Send(t.Context(), sdk.Message{Kind: "test", Title: "Test message", Text: "Hello.", Alerts: message().Alerts}, nil); err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(p.mails[len(p.mails)-1]))
		if err != nil {
			t.Fatal(err)
		}
		id := m.Header.Get("Message-Id")
		if seen[id] || !strings.HasSuffix(id, "@example.com>") || m.Header.Get("Subject") != "[Pulse] Test message" {
			t.Errorf("%v", m.Header)
		}
		seen[id] = true
	}
}

func TestSubjectsSayWhatIsWrong(t *testing.T) {
	one := message()
	one.Alerts[0].Text = "CPU of box is at 91.3 %, over the limit of 80 %."
	two := message()
	two.Title, two.Alerts = "2 alerts, 1 critical", []sdk.MessageAlert{{ResourceName: "box"}, {ResourceName: "nas"}, {ResourceName: "box"}}
	over := message()
	over.Kind, over.Title = "resolved", "Resolved: box: cpu"
	long := message()
	long.Alerts[0].Text = strings.Repeat("é", 500)
	for want, m := range map[string]sdk.Message{
		"[Pulse] Critical: CPU of box is at 91.3 %, over the limit of 80 %": one,
		"[Pulse] 2 alerts, 1 critical: box, nas":                            two,
		"[Pulse] Resolved: box: cpu":                                        over,
		"[Pulse] Critical: " + strings.Repeat("é", 131) + "…":               long,
	} {
		shown, err := notifier(t, config(25)).Preview(t.Context(), m, nil)
		if err != nil || shown.Headers["Subject"] != want {
			t.Errorf("%q, want %q: %v", shown.Headers["Subject"], want, err)
		}
	}
}

func TestLogins(t *testing.T) {
	for name, x := range map[string]struct {
		secure   string
		ways     []string
		security string
	}{
		"PLAIN after STARTTLS":     {"starttls", []string{"PLAIN"}, "starttls"},
		"LOGIN after STARTTLS":     {"starttls", []string{"LOGIN"}, "starttls"},
		"STARTTLS where offered":   {"starttls", []string{"PLAIN"}, "opportunistic"},
		"PLAIN, TLS at the start":  {"tls", []string{"PLAIN"}, "tls"},
		"LOGIN, TLS at the start":  {"tls", []string{"LOGIN"}, "tls"},
		"either, TLS at the start": {"tls", []string{"LOGIN", "PLAIN"}, "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &post{ways: x.ways}
			c := config(serve(t, p, x.secure))
			c.Security, c.Username, c.Password, c.Verify = x.security, "ann", "s3cret-word", false
			if _, err := notifier(t, c).Send(t.Context(), message(), nil); err != nil || len(p.mails) != 1 {
				t.Fatalf("%d mails, logins %v: %v", len(p.mails), p.logins, err)
			}
			c.Password = "wrong-word"
			_, err := notifier(t, c).Send(t.Context(), message(), nil)
			if sdk.KindOf(err) != sdk.KindAuth || strings.Contains(err.Error(), "wrong-word") {
				t.Fatalf("wrong password: %v", err)
			}
		})
	}
}

func TestWhatTheServerDoesNotOfferIsAnError(t *testing.T) {
	p := &post{}
	c := config(serve(t, p, ""))
	c.Security = "starttls"
	if _, err := notifier(t, c).Send(t.Context(), message(), nil); sdk.KindOf(err) != sdk.KindConfig {
		t.Fatalf("no STARTTLS: %v", err)
	}
	p.deny = &smtp.SMTPError{Code: 550, Message: "not from you"}
	c.Security = "none"
	if _, err := notifier(t, c).Send(t.Context(), message(), nil); sdk.KindOf(err) != sdk.KindConfig || !strings.Contains(err.Error(), "not from you") {
		t.Fatalf("refused for good: %v", err)
	}
	p.deny = &smtp.SMTPError{Code: 451, Message: "come back later"}
	if _, err := notifier(t, c).Send(t.Context(), message(), nil); sdk.KindOf(err) != sdk.KindUnreachable {
		t.Fatalf("refused for now: %v", err)
	}
	c.Port = 1
	if _, err := notifier(t, c).Send(t.Context(), message(), nil); sdk.KindOf(err) != sdk.KindUnreachable {
		t.Fatalf("nobody there: %v", err)
	}
	secure := config(serve(t, &post{}, "tls"))
	secure.Security, secure.Verify = "tls", true
	if _, err := notifier(t, secure).Send(t.Context(), message(), nil); err == nil || !strings.Contains(err.Error(), "ertificate") {
		t.Fatalf("unknown authority: %v", err)
	}
}

func TestConfigurations(t *testing.T) {
	for text, want := range map[string]string{
		`{"server":"mail.example.com","from":"a@example.com"}`:                       "",
		`{"server":"https://mail.example.com","from":"a@example.com"}`:               "server",
		`{"server":"mail.example.com:25","from":"a@example.com"}`:                    "server",
		`{"server":"mail.example.com","from":"nobody"}`:                              "from",
		`{"server":"mail.example.com","from":"a@example.com","to":["x","b@c.de"]}`:   "to.0",
		`{"server":"mail.example.com","from":"a@example.com","security":"whatever"}`: "security",
	} {
		var paths []string
		for _, d := range email.Plugin().Validate(t.Context(), json.RawMessage(text)) {
			if d.Severity == sdk.DiagnosticError {
				paths = append(paths, d.Path)
			}
		}
		if strings.Join(paths, " ") != want {
			t.Errorf("%s: %v", text, paths)
		}
	}
}

func TestCheckTellsEachStep(t *testing.T) {
	p := &post{}
	var steps []string
	_, err := notifier(t, config(serve(t, p, ""))).Check(t.Context(), func(s sdk.CheckStep) { steps = append(steps, s.Name+": "+string(s.Outcome)) })
	if err != nil || len(p.mails) != 1 || strings.Join(steps, ", ") != "Connect and log in: passed, Send a test message: passed" {
		t.Fatal(steps, err)
	}
	var failed []string
	c := config(1)
	if _, err := notifier(t, c).Check(t.Context(), func(s sdk.CheckStep) { failed = append(failed, string(s.Outcome)) }); err != nil || len(failed) != 1 || failed[0] != "failed" {
		t.Fatal(failed, err)
	}
}

func TestConformance(t *testing.T) {
	sdktest.Conformance(t, email.Plugin(), sdktest.Options{Config: `{"server":"127.0.0.1","port":` + strconv.Itoa(serve(t, &post{}, "")) + `,"security":"none","from":"a@example.com"}`})
}
