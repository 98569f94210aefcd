// Package email sends messages as e-mail through an SMTP server (RFC 5321), as text and as HTML.
package email

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// timeout is how long one conversation with the mail server may take.
const timeout = 30 * time.Second

// Config is one way of mail.
type Config struct {
	Server   string     `name:"server" target:"true" help:"Name or address of the SMTP server." required:"true" example:"smtp.example.com"`
	Port     int        `name:"port" target:"true" help:"Port of the SMTP server: 587 for STARTTLS, 465 for TLS from the start, 25 between servers." default:"587" min:"1" max:"65535"`
	Security string     `name:"security" target:"true" help:"starttls insists on TLS after the greeting, tls speaks it from the start, opportunistic uses TLS where the server offers it, none does without." default:"starttls" enum:"starttls,tls,opportunistic,none"`
	Verify   bool       `name:"verify" target:"true" label:"Verify the certificate" advanced:"true" help:"Checks the server's certificate. Turn it off only for a server of your own that has none from a known authority." default:"true"`
	Auth     string     `name:"auth" label:"Login method" advanced:"true" help:"How to log in; auto takes the safest that the server offers." default:"auto" enum:"auto,plain,login,cram-md5,xoauth2"`
	Username string     `name:"username" label:"User name" help:"Without one there is no login."`
	Password sdk.Secret `name:"password" help:"Password, API key or, for xoauth2, an access token."`
	From     string     `name:"from" help:"Sender, for example Pulse <pulse@example.com>." required:"true" example:"pulse@example.com"`
	To       []string   `name:"to" help:"Recipients; without any, the sender." example:"admin@example.com"`
	Provider string     `name:"provider" advanced:"true" help:"Name of the mail provider, for people."`
}

// Validate judges what the schema cannot say.
func (c Config) Validate() []sdk.Diagnostic {
	var out []sdk.Diagnostic
	wrong := func(path, text string) {
		out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: path, Summary: "Invalid address", Detail: fmt.Sprintf("%q is not a mail address such as admin@example.com.", text)})
	}
	if _, err := mail.ParseAddress(c.From); c.From != "" && err != nil {
		wrong("from", c.From)
	}
	for i, to := range c.To {
		if _, err := mail.ParseAddress(to); err != nil {
			wrong("to."+strconv.Itoa(i), to)
		}
	}
	if strings.ContainsAny(c.Server, " /\\@:") && net.ParseIP(c.Server) == nil {
		out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: "server", Summary: "Invalid server", Detail: "Write the name of the server only, without a port or a scheme."})
	}
	if c.Username != "" && c.Security == "none" {
		out = append(out, sdk.Diagnostic{Severity: sdk.DiagnosticWarning, Path: "security", Summary: "Password without encryption", Detail: "A login is refused on an unencrypted connection, except to this machine itself."})
	}
	return out
}

// Plugin returns the plugin.
func Plugin() sdk.Plugin {
	return schema.Define(sdk.Description{
		Kind: "email", Name: "E-mail", Summary: "Sends alerts as e-mail.", Version: "1.0.0", Channels: []sdk.Channel{{Name: "email", Label: "E-mail", Presets: presets()}},
	}, New)
}

// Notifier is one live way of mail.
type Notifier struct {
	cfg  Config
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	now  func() time.Time
}

var (
	_ sdk.Notifier  = (*Notifier)(nil)
	_ sdk.Previewer = (*Notifier)(nil)
	_ sdk.Checker   = (*Notifier)(nil)
)

// New makes one.
func New(cfg Config, deps sdk.Deps) (*Notifier, error) {
	return &Notifier{cfg: cfg, dial: deps.Dial, now: deps.Now}, nil
}

// recipients are whom it goes to.
func (n *Notifier) recipients() []string {
	if len(n.cfg.To) > 0 {
		return n.cfg.To
	}
	return []string{n.cfg.From}
}

// Send delivers a message to all recipients in one conversation.
func (n *Notifier) Send(ctx context.Context, m sdk.Message, _ json.RawMessage) ([]sdk.Receipt, error) {
	msg, err := n.compose(m)
	if err != nil {
		return nil, sdk.Wrap(sdk.KindConfig, err, "The mail cannot be written: "+err.Error())
	}
	if err := n.deliver(ctx, msg); err != nil {
		return nil, err
	}
	var out []sdk.Receipt
	for _, to := range n.recipients() {
		out = append(out, sdk.Receipt{Target: to, OK: true})
	}
	return out, nil
}

func (n *Notifier) deliver(ctx context.Context, msg ...*gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client, err := n.open(ctx)
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // what was accepted is accepted
	if len(msg) == 0 {
		return nil
	}
	if err := client.Send(msg...); err != nil {
		return n.failure("send", err)
	}
	return nil
}

// open connects and logs in. The library finds out by itself how to log in, except on a connection that is encrypted from
// the start, which it does not know to be safe.
func (n *Notifier) open(ctx context.Context) (*gomail.Client, error) {
	ways := []gomail.SMTPAuthType{gomail.SMTPAuthAutoDiscover}
	if named, ok := map[string]gomail.SMTPAuthType{"plain": gomail.SMTPAuthPlain, "login": gomail.SMTPAuthLogin, "cram-md5": gomail.SMTPAuthCramMD5, "xoauth2": gomail.SMTPAuthXOAUTH2}[n.cfg.Auth]; ok {
		ways[0] = named
	} else if n.cfg.Security == "tls" {
		ways = []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	}
	var err error
	for _, way := range ways {
		var client *gomail.Client
		if client, err = n.client(way); err != nil {
			return nil, sdk.Wrap(sdk.KindConfig, err, "The mail server's settings are not valid: "+err.Error())
		}
		if err = client.DialWithContext(ctx); err == nil {
			return client, nil
		}
		if !errors.Is(err, gomail.ErrPlainAuthNotSupported) {
			break
		}
	}
	return nil, n.failure("connect", err)
}

func (n *Notifier) client(way gomail.SMTPAuthType) (*gomail.Client, error) {
	c := n.cfg
	opts := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(timeout), gomail.WithDialContextFunc(n.connect),
		gomail.WithTLSConfig(&tls.Config{ServerName: c.Server, MinVersion: tls.VersionTLS12, InsecureSkipVerify: !c.Verify}), //nolint:gosec // the operator decides
	}
	switch c.Security {
	case "none", "tls":
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	case "opportunistic":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case "starttls":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if user := c.user(); user != "" {
		opts = append(opts, gomail.WithSMTPAuth(way), gomail.WithUsername(user), gomail.WithPassword(c.Password.Reveal()))
	}
	return gomail.NewClient(c.Server, opts...)
}

// user is the name to log in with: some providers have one for everybody.
func (c Config) user() string {
	switch {
	case c.Username != "" || c.Password == "":
		return c.Username
	case c.Provider == "SendGrid":
		return "apikey"
	case c.Provider == "Postmark":
		return c.Password.Reveal()
	case c.Provider == "SparkPost":
		return "SMTP_Injection"
	case c.Provider == "Resend":
		return "resend"
	}
	return ""
}

// connect dials what may be dialled, with TLS from the start where that is wanted.
func (n *Notifier) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := n.dial(ctx, network, address)
	if err != nil || n.cfg.Security != "tls" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: n.cfg.Server, MinVersion: tls.VersionTLS12, InsecureSkipVerify: !n.cfg.Verify}) //nolint:gosec // the operator decides
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// failure puts an error of the mail server into words; it holds no password.
func (n *Notifier) failure(doing string, err error) error {
	var known *sdk.Error
	if errors.As(err, &known) {
		return known
	}
	text := err.Error()
	if secret := n.cfg.Password.Reveal(); len(secret) >= 3 {
		text = strings.ReplaceAll(text, secret, sdk.Masked)
	}
	where := net.JoinHostPort(n.cfg.Server, strconv.Itoa(n.cfg.Port))
	var send *gomail.SendError
	switch {
	case errors.As(err, &send) && !send.IsTemp():
		return sdk.Errorf(sdk.KindConfig, "%s refuses the mail: %s", where, text)
	case errors.Is(err, context.DeadlineExceeded):
		return sdk.Errorf(sdk.KindUnreachable, "%s did not answer in time.", where)
	case strings.Contains(text, "535") || strings.Contains(strings.ToLower(text), "auth"):
		return sdk.Errorf(sdk.KindAuth, "%s refuses the login: %s", where, text)
	case strings.Contains(text, "certificate"):
		return sdk.Errorf(sdk.KindUnreachable, "The certificate of %s is not trusted: %s. For a server of your own turn the check off.", where, text)
	case strings.Contains(text, "STARTTLS"):
		return sdk.Errorf(sdk.KindConfig, "%s does not offer STARTTLS: choose tls (port 465), opportunistic or none.", where)
	}
	return sdk.Wrap(sdk.KindUnreachable, err, fmt.Sprintf("Could not %s through %s: %s", doing, where, text))
}

// Check logs in, then sends a test message.
func (n *Notifier) Check(ctx context.Context, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	step := func(name, fine string, do func() error) bool {
		started := n.now()
		s := sdk.CheckStep{Name: name, Outcome: sdk.CheckPassed, Message: fine}
		if err := do(); err != nil {
			s.Outcome, s.Message = sdk.CheckFailed, err.Error()
			var known *sdk.Error
			if errors.As(err, &known) {
				s.Message = known.Message
			}
		}
		s.Took = n.now().Sub(started)
		progress(s)
		return s.Outcome == sdk.CheckPassed
	}
	if !step("Connect and log in", "The mail server answers.", func() error { return n.deliver(ctx) }) {
		return sdk.CheckResult{}, nil
	}
	step("Send a test message", "Sent to "+strings.Join(n.recipients(), ", ")+".", func() error {
		_, err := n.Send(ctx, sdk.Message{
			Kind: kindTest, Severity: sdk.SeverityInfo, Title: "Test message", Text: "If you can read this, alerts will reach you here.", Time: n.now(),
		}, nil)
		return err
	})
	return sdk.CheckResult{}, nil
}

// Preview shows the text of a mail.
func (n *Notifier) Preview(_ context.Context, m sdk.Message, _ json.RawMessage) (sdk.Preview, error) {
	return sdk.Preview{Method: "SMTP", Target: strings.Join(n.recipients(), ", "), MediaType: "text/plain", Headers: map[string]string{"Subject": subject(m)}, Body: []byte(text(m))}, nil
}

// presets are providers by name, with where their servers are.
func presets() []sdk.ChannelPreset {
	var out []sdk.ChannelPreset
	for _, p := range [][3]string{
		{"gmail", "Gmail / Google Workspace", "smtp.gmail.com"}, {"sendgrid", "SendGrid", "smtp.sendgrid.net"}, {"mailgun", "Mailgun", "smtp.mailgun.org"},
		{"ses", "Amazon SES (US East)", "email-smtp.us-east-1.amazonaws.com"}, {"microsoft365", "Microsoft 365 / Outlook", "smtp.office365.com"},
		{"brevo", "Brevo (formerly Sendinblue)", "smtp-relay.brevo.com"}, {"postmark", "Postmark", "smtp.postmarkapp.com"},
		{"sparkpost", "SparkPost", "smtp.sparkpostmail.com"}, {"resend", "Resend", "smtp.resend.com"}, {"smtp2go", "SMTP2GO", "mail.smtp2go.com"},
	} {
		config, err := json.Marshal(map[string]any{"server": p[2], "port": 587, "security": "starttls", "provider": p[1]})
		if err != nil {
			continue
		}
		out = append(out, sdk.ChannelPreset{Name: p[0], Label: p[1], Config: config})
	}
	return slices.Clip(out)
}
