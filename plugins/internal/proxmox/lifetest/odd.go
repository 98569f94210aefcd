package lifetest

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
)

// oddRows are what no list should hold: rows of other types, without members, and with members of other types.
const oddRows = `5,null,"text",[],[[]],{},true,1e999,{"id":[],"type":{},"node":7,"vmid":{"a":1},"upid":[],"store":null,"name":[{}],"volid":{},"storage":[1]},`

// Odd serves what another server answers, with odd rows before those of every list. It returns its address, and the SHA-256
// fingerprint of its certificate in hex.
func Odd(t testing.TB, upstream string) (host, pin string) {
	t.Helper()
	to, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Header.Del("Accept-Encoding") },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, //nolint:gosec // a simulator on this machine
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			_ = r.Body.Close()
			body = bytes.Replace(body, []byte(`"data":[]`), []byte(`"data":[`+oddRows[:len(oddRows)-1]+`]`), 1)
			body = bytes.Replace(body, []byte(`"data":[{`), []byte(`"data":[`+oddRows+`{`), 1)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
	}
	s := httptest.NewTLSServer(proxy)
	t.Cleanup(s.Close)
	sum := sha256.Sum256(s.Certificate().Raw)
	return s.URL, hex.EncodeToString(sum[:])
}

// OddRows lets a first life tell all that its plugin does, and checks that another one that is served by [Odd] tells the same:
// rows that are odd cost themselves and nothing else. Numbers of some metrics are not compared.
func OddRows(t *testing.T, p sdk.Plugin, first, odd Life, moves ...string) {
	t.Helper()
	known := New(moves...)
	tasks := Orders(p, 0)[0]
	for range 2 {
		for _, task := range tasks {
			known.Hear(task, first(task))
		}
	}
	for _, task := range tasks {
		c := odd(task)
		known.Check(t, task, c)
		if c.Err != nil {
			t.Errorf("%s: %v", task, c.Err)
		}
		for _, name := range c.Partitions() {
			if err := c.Part(name).Err; err != nil {
				t.Errorf("%s, partition %q: %v", task, name, err)
			}
		}
	}
}
