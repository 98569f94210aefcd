// Package errs is the short list of ways in which a request or a piece of work can fail: a code for machines
// and a message fit for people. Anything else is internal: logged, never shown.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Code is the class of an error. One table in core/api maps codes to HTTP statuses.
type Code string

// The codes.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	Outdated        Code = "outdated"
	TooLarge        Code = "too_large"
	RateLimited     Code = "rate_limited"
	Internal        Code = "internal"
	Upstream        Code = "upstream"
	Unavailable     Code = "unavailable"
	Unlicensed      Code = "license_required"
	Timeout         Code = "timeout"
)

// Error is an error with a code and a message for people.
type Error struct {
	Code Code
	// Word is the machine word of the answer where the contract fixes one ("invalid_report"); empty means
	// the code itself.
	Word string
	// Field is the path of the input at fault, if any.
	Field string
	// Message says what is wrong and what to do. It holds no secret.
	Message string
	// Extra are members that the contract adds to the error body ("requiredScope").
	Extra      map[string]any
	RetryAfter time.Duration
	// Err is the cause, for the log.
	Err error
}

// New makes an error.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error with a cause that is logged and not shown.
func Wrap(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Err: err}
}

// WithWord returns the error with a machine word.
func (e *Error) WithWord(word string) *Error { e.Word = word; return e }

// WithField returns the error with the path of the input at fault.
func (e *Error) WithField(field string) *Error { e.Field = field; return e }

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of err, [Internal] when it has none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Is reports whether err has the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
