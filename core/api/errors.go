package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
)

// statuses is the only table from codes to HTTP statuses.
var statuses = map[errs.Code]int{
	errs.Invalid:         http.StatusBadRequest,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Forbidden:       http.StatusForbidden,
	errs.Unlicensed:      http.StatusPaymentRequired,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.Outdated:        http.StatusConflict,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.RateLimited:     http.StatusTooManyRequests,
	errs.Internal:        http.StatusInternalServerError,
	errs.Upstream:        http.StatusBadGateway,
	errs.Unavailable:     http.StatusServiceUnavailable,
	errs.Timeout:         http.StatusGatewayTimeout,
}

// errorBody is the body of every error. Error is the contract's word where it fixes one, else human text.
type errorBody struct {
	Error      string            `json:"error"`
	Message    string            `json:"message"`
	Code       string            `json:"code"`
	StatusCode int               `json:"status_code"`
	Timestamp  int64             `json:"timestamp"`
	RequestID  string            `json:"request_id"`
	Details    map[string]string `json:"details,omitempty"`
}

// known turns any error into one of ours; what has no code is internal, and its text stays inside.
func known(err error) *errs.Error {
	var e *errs.Error
	if errors.As(err, &e) {
		return e
	}
	var f *fiber.Error
	if errors.As(err, &f) {
		switch f.Code {
		case http.StatusRequestHeaderFieldsTooLarge:
			return errs.New(errs.TooLarge, "the request's headers are too large")
		case http.StatusRequestTimeout:
			return errs.New(errs.Invalid, "the request did not arrive in time")
		case http.StatusNotFound:
			return errs.New(errs.NotFound, "there is no such endpoint")
		case http.StatusMethodNotAllowed:
			return errs.New(errs.Invalid, "the endpoint does not take this method").WithWord("method_not_allowed")
		case http.StatusRequestEntityTooLarge:
			return errs.New(errs.TooLarge, "the request is too large")
		case http.StatusBadRequest:
			return errs.New(errs.Invalid, "the request cannot be read")
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.Wrap(errs.Timeout, err, "the server took too long")
	}
	return errs.Wrap(errs.Internal, err, "something went wrong inside the server; its log says what, under this request id")
}

// fail writes the one error body and logs what is the server's own fault.
func (s *Server) fail(c fiber.Ctx, r *route.Request, err error) error {
	e := known(err)
	status := statuses[e.Code]
	if e.Word == "method_not_allowed" {
		status = http.StatusMethodNotAllowed
	}
	if status >= http.StatusInternalServerError && e.Code != errs.Unavailable {
		s.opt.Log.Error("request failed", "method", c.Method(), "path", r.Path, "request_id", r.ID, "error", err)
	}
	if e.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(max(1, (e.RetryAfter+time.Second-1)/time.Second))))
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	body, err := json.Marshal(s.errorBody(e, status, r))
	if err != nil {
		return err
	}
	return c.Status(status).Send(body)
}

func (s *Server) errorBody(e *errs.Error, status int, r *route.Request) map[string]any {
	word := e.Word
	if word == "" {
		word = string(e.Code)
	}
	text := e.Message
	if _, fixed := e.Extra["error"]; fixed {
		text = e.Extra["error"].(string)
	}
	out := map[string]any{
		"error": text, "message": e.Message, "code": word, "status_code": status,
		"timestamp": s.opt.Now().Unix(), "request_id": r.ID,
	}
	if e.Field != "" {
		out["details"] = map[string]string{"field": e.Field}
	}
	maps.Copy(out, e.Extra)
	return out
}
