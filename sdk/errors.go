package sdk

import (
	"errors"
	"fmt"
	"time"
)

// ErrorKind says whose fault an error is and what to do about it: it decides retry, wording and whom to tell.
type ErrorKind string

// The kinds of error.
const (
	// KindInvalid: the caller sent something wrong (a report, parameters). Retrying is useless.
	KindInvalid ErrorKind = "invalid"
	// KindConfig: the integration's configuration is wrong.
	KindConfig ErrorKind = "config"
	// KindAuth: the upstream refused the credentials.
	KindAuth ErrorKind = "auth"
	// KindPermission: the credentials are right and lack a privilege.
	KindPermission ErrorKind = "permission"
	// KindUnreachable: no connection: DNS, TCP, TLS, timeout.
	KindUnreachable ErrorKind = "unreachable"
	// KindRateLimited: the upstream asks to wait; see RetryAfter.
	KindRateLimited ErrorKind = "rate_limited"
	// KindUpstream: the upstream answered with an error or with nonsense.
	KindUpstream ErrorKind = "upstream"
	// KindUnsupported: the plugin or instance lacks the power.
	KindUnsupported ErrorKind = "unsupported"
	// KindUnavailable: the plugin is not ready or died; what was asked did not happen or its outcome is unknown.
	KindUnavailable ErrorKind = "unavailable"
	// KindInternal: a bug.
	KindInternal ErrorKind = "internal"
)

// CodeOutdated is the code of the error of [Host.SetState] when the stored version is another one.
const CodeOutdated = "outdated"

// Error is an error that keeps its meaning across the process boundary.
type Error struct {
	Kind ErrorKind
	// Code is a stable machine word, for example "invalid_report".
	Code string
	// Field is the path of the config field or report member at fault, if any.
	Field string
	// Message is fit for users: no secret, no internal text.
	Message    string
	RetryAfter time.Duration
	// Certificate is the one that is not trusted, when that is the error: an operator may accept it.
	Certificate *Certificate
	// Err is the cause. It is logged on the plugin's side and does not cross.
	Err error
}

// Certificate is what a server showed.
type Certificate struct {
	// Address is host:port.
	Address string
	// SHA256 is the fingerprint of the certificate in lower-case hex.
	SHA256 string
}

// Errorf makes an error of a kind with a message for users.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap gives err a kind and a message for users.
func Wrap(kind ErrorKind, err error, message string) *Error {
	return &Error{Kind: kind, Message: message, Err: err}
}

func (e *Error) Error() string {
	switch {
	case e.Message == "" && e.Err != nil:
		return string(e.Kind) + ": " + e.Err.Error()
	case e.Err != nil:
		return string(e.Kind) + ": " + e.Message + ": " + e.Err.Error()
	}
	return string(e.Kind) + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err, [KindInternal] when it has none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// Diagnostic is a finding about a configuration, shown beside the field at Path.
type Diagnostic struct {
	Severity DiagnosticSeverity
	// Path is the dotted path of the field, for example "endpoints.0.url"; empty means the whole.
	Path    string
	Summary string
	Detail  string
}

// DiagnosticSeverity of a [Diagnostic].
type DiagnosticSeverity string

// The severities of a diagnostic.
const (
	DiagnosticError   DiagnosticSeverity = "error"
	DiagnosticWarning DiagnosticSeverity = "warning"
)

// Secret is a string that does not print: every formatting verb and encoder shows "***".
type Secret string

// Masked is what a set [Secret] shows instead of its value.
const Masked = "***"

func (s Secret) mask() string {
	if s == "" {
		return ""
	}
	return Masked
}

// String masks the value.
func (s Secret) String() string { return s.mask() }

// GoString masks the value.
func (s Secret) GoString() string { return `sdk.Secret("` + s.mask() + `")` }

// Format masks the value for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.mask())) }

// MarshalText masks the value in every encoder that knows text marshalers.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.mask()), nil }

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }
