package state

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/api/route"
)

type document struct {
	body     string
	revision uint64
}

func (d *document) JSON() ([]byte, uint64) { return []byte(d.body), d.revision }

// ask calls the row as a request with headers does.
func ask(t testing.TB, a *Area, headers ...string) route.Raw {
	t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	out, err := a.Routes()[0].Handle(route.WithRequest(t.Context(), &route.Request{Header: h}), &route.None{})
	if err != nil {
		t.Fatal(err)
	}
	return out.(route.Raw)
}

func TestStateRow(t *testing.T) {
	raw := ask(t, New(&document{`{}`, 7}, "e"))
	if raw.ETag != "e-7" || string(raw.Body) != "{}" || raw.ContentType != "application/json" || raw.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%+v", raw)
	}
}

func TestStateIsCompressedOnce(t *testing.T) {
	d := &document{`{"a":"` + strings.Repeat("x", 1000) + `"}`, 7}
	a := New(d, "e")
	for _, accepts := range []string{"", "br", "gzip;q=0", "gzip2"} {
		if raw := ask(t, a, "Accept-Encoding", accepts); string(raw.Body) != d.body {
			t.Errorf("%q: %+v", accepts, raw)
		}
	}
	if raw := ask(t, a, "Accept-Encoding", "gzip", "If-None-Match", `W/"e-7"`); string(raw.Body) != d.body || a.packed != nil {
		t.Error("it is compressed for one who has it")
	}
	first := ask(t, a, "Accept-Encoding", "deflate, gzip;q=0.5, br")
	second := ask(t, a, "Accept-Encoding", "gzip")
	if first.Header.Get("Content-Encoding") != "gzip" || first.Header.Get("Vary") != "Accept-Encoding" || &first.Body[0] != &second.Body[0] {
		t.Fatalf("%+v, %+v", first, second)
	}
	d.body, d.revision = `{"a":"new"}`, 8
	r, err := gzip.NewReader(bytes.NewReader(ask(t, a, "Accept-Encoding", "gzip").Body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != d.body {
		t.Errorf("%s, %v", got, err)
	}
}
