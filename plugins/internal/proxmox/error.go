package proxmox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"github.com/pulse-platform/pulse/sdk"
)

// Kind says what an error means to somebody who monitors.
type Kind string

// The kinds.
const (
	// KindAuth: the credentials were refused. The servers do not say whether they are wrong, expired or disabled.
	KindAuth Kind = "auth"
	// KindForbidden: a privilege is missing; see Path and Privilege of the error.
	KindForbidden Kind = "forbidden"
	// KindUnsupported: this release has no such call.
	KindUnsupported Kind = "unsupported"
	// KindInvalid: the server did not accept a parameter.
	KindInvalid Kind = "invalid"
	// KindNodeUnreachable: the server that was asked could not reach the node in the path.
	KindNodeUnreachable Kind = "node_unreachable"
	// KindNodeTimeout: the node in the path did not answer the server that was asked in time.
	KindNodeTimeout Kind = "node_timeout"
	// KindAgentOff: the guest has no guest agent configured. Not a fault.
	KindAgentOff Kind = "agent_off"
	// KindAgentSilent: a guest agent is configured and does not answer.
	KindAgentSilent Kind = "agent_silent"
	// KindGuestStopped: the guest does not run. Not a fault.
	KindGuestStopped Kind = "guest_stopped"
	// KindGuestGone: the guest was moved or removed between two calls.
	KindGuestGone Kind = "guest_gone"
	// KindCephAbsent: Ceph is not installed or not set up. Not a fault.
	KindCephAbsent Kind = "ceph_absent"
	// KindBusy: a command of the server took too long.
	KindBusy Kind = "busy"
	// KindSecondFactor: the user has a second factor, which nobody is there to give.
	KindSecondFactor Kind = "second_factor"
	// KindForeign: what answered is not such an API, for example a login page in front of it.
	KindForeign Kind = "not_proxmox"
	// KindBudget: the call was not made, because the budget has none left for it in time. Not a fault.
	KindBudget Kind = "budget"
	// KindUnreachable: no connection.
	KindUnreachable Kind = "unreachable"
	// KindCertificate: the certificate is not trusted, or not the one that was accepted.
	KindCertificate Kind = "certificate"
	// KindOther is any other failure of the call.
	KindOther Kind = "other"
)

// Error is a call that failed.
type Error struct {
	Kind   Kind
	Status int
	// Message is what the server said, in one line.
	Message string
	// Params holds what the server said about single parameters.
	Params map[string]string
	// Path and Privilege are set for KindForbidden when the server named them.
	Path      string
	Privilege string
	// Call is the path that was asked for, Endpoint the server.
	Call     string
	Endpoint string
	Err      error
}

func (e *Error) Error() string {
	text := e.Message
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	return fmt.Sprintf("%s: %s: %s", e.Endpoint+e.Call, e.Kind, text)
}

// Unwrap returns the error as it crosses to the server, with a text for users.
func (e *Error) Unwrap() error {
	out := sdk.Wrap(e.sdkKind(), e.Err, e.forUsers())
	out.Code = "proxmox_" + string(e.Kind)
	var cause *sdk.Error
	if e.Kind == KindCertificate && errors.As(e.Err, &cause) {
		out.Code, out.Message, out.Certificate = cause.Code, cause.Message, cause.Certificate
	}
	return out
}

func (e *Error) sdkKind() sdk.ErrorKind {
	switch e.Kind {
	case KindAuth, KindSecondFactor:
		return sdk.KindAuth
	case KindForbidden:
		return sdk.KindPermission
	case KindUnsupported:
		return sdk.KindUnsupported
	case KindNodeUnreachable, KindNodeTimeout, KindUnreachable:
		return sdk.KindUnreachable
	case KindCertificate:
		return sdk.KindConfig
	case KindBudget:
		return sdk.KindRateLimited
	}
	return sdk.KindUpstream
}

func (e *Error) forUsers() string {
	switch e.Kind {
	case KindAuth:
		return fmt.Sprintf("%s refuses the credentials. Check user, realm and token or password, and that they have not expired.", e.Endpoint)
	case KindForbidden:
		if e.Privilege != "" {
			return fmt.Sprintf("The account lacks the privilege %s on %s.", e.Privilege, e.Path)
		}
		return fmt.Sprintf("The account may not read %s.", e.Call)
	case KindNodeUnreachable:
		return "The node cannot be reached from the server that was asked."
	case KindNodeTimeout:
		return "The node did not answer the server that was asked in time."
	case KindForeign:
		return fmt.Sprintf("%s answers, but not as this API does. Is the address right, or is there a login page in front of it?", e.Endpoint)
	case KindCertificate:
		return fmt.Sprintf("The certificate of %s is not trusted: %s", e.Endpoint, e.Message)
	case KindUnreachable, KindSecondFactor:
		return e.Message
	case KindBudget:
		return "The calls that may be made within a minute are used up. It is asked with the next cycle."
	}
	if e.Message == "" {
		return fmt.Sprintf("%s answers %d.", e.Endpoint, e.Status)
	}
	return fmt.Sprintf("%s answers: %s", e.Endpoint, e.Message)
}

// limits of what is kept of an answer that is an error.
const (
	maxErrorBody = 64 << 10
	maxErrorText = 300
)

// failure reads an answer whose status is an error.
func failure(product Product, res *http.Response) *Error {
	e := &Error{Status: res.StatusCode, Message: reason(res)}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	if err != nil {
		e.Err = fmt.Errorf("read error body: %w", err)
	}
	e.read(body)
	e.Message = line(e.Message)
	e.Kind = e.judge(product)
	if e.Kind == KindForbidden {
		if m := privilege.FindStringSubmatch(e.Message); m != nil {
			e.Path, e.Privilege = m[1], m[2]
		}
	}
	return e
}

// reason returns the text after the status code, unless it is the standard one, which says nothing.
func reason(res *http.Response) string {
	_, text, _ := strings.Cut(res.Status, " ")
	if text == http.StatusText(res.StatusCode) {
		return ""
	}
	return text
}

// read takes what the body says. It is JSON in newer releases of two products, plain text in the third, and a page of
// HTML when something in front of the server answers.
func (e *Error) read(body []byte) {
	var said struct {
		Message Str            `json:"message"`
		Errors  map[string]Str `json:"errors"`
	}
	if json.Unmarshal(body, &said) == nil {
		if said.Message != "" {
			e.Message = string(said.Message)
		}
		for name, text := range said.Errors {
			if e.Params == nil {
				e.Params = map[string]string{}
			}
			e.Params[name] = line(string(text))
		}
		return
	}
	text := strings.TrimSpace(string(body))
	if e.Message == "" && text != "" && text[0] != '<' && text[0] != '{' {
		e.Message = text
	}
}

// privilege finds path and privilege in "Permission check failed (/nodes/a, Sys.Modify)".
var privilege = regexp.MustCompile(`\((/[^,()]*),\s*([A-Za-z.|, ]+)\)`)

// says maps what the servers say to what it means; the first match counts.
var says = []struct {
	text string
	kind Kind
}{
	{"No QEMU guest agent configured", KindAgentOff},
	{"QEMU guest agent is not running", KindAgentSilent},
	{"qmp command 'guest-", KindAgentSilent},
	{"Agent error", KindUnsupported},
	{"is not running", KindGuestStopped},
	{"Configuration file 'nodes/", KindGuestGone},
	{"binary not installed: /usr/bin/ceph", KindCephAbsent},
	{"pveceph configuration not", KindCephAbsent},
	{"ceph configuration not", KindCephAbsent},
	{"got timeout", KindBusy},
	{"hostname lookup", KindNodeUnreachable},
	{"No route to host", KindNodeUnreachable},
	{"Connection refused", KindNodeUnreachable},
}

func (e *Error) judge(product Product) Kind {
	switch e.Status {
	case http.StatusUnauthorized:
		return KindAuth
	case http.StatusForbidden:
		return KindForbidden
	case http.StatusNotImplemented:
		return KindUnsupported
	case http.StatusNotFound:
		if product == Backup {
			return KindUnsupported
		}
		return KindForeign
	case 595:
		return KindNodeUnreachable
	case 596, 597, 598, 599:
		return KindNodeTimeout
	}
	for _, s := range says {
		if strings.Contains(e.Message, s.text) {
			return s.kind
		}
	}
	if e.Status == http.StatusBadRequest {
		return KindInvalid
	}
	return KindOther
}

// behindProxy judges an answer of what stands in front of the server. Where the call was for a node, the server's own word
// for one that does not answer may have become this one on its way.
func (e *Error) behindProxy(call Call) {
	e.Kind = KindUnreachable
	if call.Node != "" {
		e.Kind = KindNodeTimeout
	}
	e.Message = fmt.Sprintf("What stands in front of %s gets no answer from it (%d).", e.Endpoint, e.Status)
}

// line makes one short printable line of a text.
func line(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + "…"
	}
	return text
}

// Judged turns the error of a client that cannot be made into what is said of a configuration that nobody has used yet.
func Judged(err error) []sdk.Diagnostic {
	if err == nil {
		return nil
	}
	d := sdk.Diagnostic{Severity: sdk.DiagnosticError, Summary: "Invalid value", Detail: err.Error()}
	var e *sdk.Error
	if errors.As(err, &e) {
		d.Path, d.Detail = e.Field, e.Message
	}
	return []sdk.Diagnostic{d}
}
