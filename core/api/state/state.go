// Package state holds the route of the state document.
package state

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// Document is the state document; it is an inventory.State.
type Document interface {
	// JSON returns the document and its revision.
	JSON() ([]byte, uint64)
}

// Area serves the document.
type Area struct {
	document Document
	epoch    string

	mu       sync.Mutex
	packed   []byte // the compressed document, nil before somebody asked for one
	revision uint64 // of packed
}

// New returns the area. Epoch tells apart the revisions of different starts of the server.
func New(document Document, epoch string) *Area { return &Area{document: document, epoch: epoch} }

// Routes returns the rows.
func (a *Area) Routes() []route.Route {
	return []route.Route{
		route.Get("/api/state", "getState", "The state of everything that is monitored", a.get).Scope(auth.ScopeMonitoringRead),
	}
}

func (a *Area) get(ctx context.Context, _ route.None) (route.Raw, error) {
	body, revision := a.document.JSON()
	out := route.Raw{
		ContentType: "application/json", ETag: a.epoch + "-" + strconv.FormatUint(revision, 10), Body: body,
		Header: http.Header{"Vary": {"Accept-Encoding"}},
	}
	// The document is compressed once for all who take it so, and not for those who have it already.
	asked := route.RequestFrom(ctx).Header
	if !acceptsGzip(asked.Get("Accept-Encoding")) || strings.Contains(asked.Get("If-None-Match"), out.ETag) {
		return out, nil
	}
	packed, err := a.compressed(body, revision)
	if err != nil {
		return out, err
	}
	out.Body = packed
	out.Header.Set("Content-Encoding", "gzip")
	return out, nil
}

// acceptsGzip reports whether an Accept-Encoding names gzip and does not refuse it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}

// compressed returns the document compressed. It is made once for each revision.
func (a *Area) compressed(body []byte, revision uint64) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.packed != nil && a.revision == revision {
		return a.packed, nil
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	a.packed, a.revision = out.Bytes(), revision
	return a.packed, nil
}
