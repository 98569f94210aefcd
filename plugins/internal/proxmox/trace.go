package proxmox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Answer is what a server said to one call.
type Answer struct {
	// Path is what was asked for, below /api2/json, unescaped.
	Path   []string
	Query  url.Values
	Status int
	// Reason is the phrase beside the status, where it says more than the status does.
	Reason string
	Body   []byte
}

type traceKey struct{}

// WithTrace returns a context whose calls hand every answer to see, failures included, before it is read. Logins are left
// out. See may be called from several goroutines.
func WithTrace(ctx context.Context, see func(Answer)) context.Context {
	return context.WithValue(ctx, traceKey{}, see)
}

// traced shows the answer to whoever wants to see it.
func (c *Client) traced(req *http.Request, call Call, res *http.Response) error {
	see, ok := req.Context().Value(traceKey{}).(func(Answer))
	if !ok || req.Method != http.MethodGet {
		return nil
	}
	body, err := io.ReadAll(&capped{r: res.Body, left: c.opts.MaxBody})
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	see(Answer{Path: call.Path, Query: call.Query, Status: res.StatusCode, Reason: reason(res), Body: body})
	return nil
}
