package proxmox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"

	"github.com/pulse-platform/pulse/sdk"
)

// NoAnswer says in words for people why an address gave no answer to a request that failed with err.
func NoAnswer(err error, host string) error { return noAnswer(err, host, "/") }

// noAnswer says why there was no answer.
func noAnswer(err error, host, path string) error {
	e := &Error{Kind: KindUnreachable, Call: path, Endpoint: host, Err: err}
	var guard *sdk.Error
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &guard):
		e.Message = guard.Message
		if guard.Certificate != nil {
			e.Kind = KindCertificate
		} else if guard.Kind != sdk.KindUnreachable {
			return guard // the guard refuses the address: no other endpoint makes that good
		}
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("%s does not answer in time.", host)
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &plain) || errors.Is(err, http.ErrSchemeMismatch):
		e.Message = fmt.Sprintf("%s answers, but speaks no TLS. Is it the right port?", host)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET):
		e.Message = fmt.Sprintf("%s closes the connection without an answer. Is this machine allowed to ask it?", host)
	default:
		e.Message = fmt.Sprintf("The connection to %s failed.", host)
	}
	return e
}
