package proxmox

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A call that the account may not make, or that the release does not have, is not made with each cycle: each refusal costs
// the server a connection.
func TestRefusedCallsAreNotMadeAgainForAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		product Product
		status  int
		body    string
		lasts   time.Duration
	}{
		"a right is missing":           {Backup, http.StatusForbidden, `{"message":"Permission check failed (/, Sys.Audit)"}`, deniedFor},
		"where no rights are listed":   {MailGateway, http.StatusForbidden, `{"message":"Permission check failed"}`, deniedBriefly},
		"not in this release":          {Backup, http.StatusNotImplemented, `{"message":"Method 'GET /x' not implemented"}`, absentFor},
		"not in this release of PBS":   {Backup, http.StatusNotFound, "Path '/api2/json/x' not found.", absentFor},
		"a thing that is not there":    {Backup, http.StatusNotFound, "no such datastore 'a'", 0},
		"a failure that may be passed": {Backup, http.StatusInternalServerError, `{"message":"got timeout"}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			end, _ := serving(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					fmt.Fprint(w, `{"data":{"ticket":"t"}}`)
					return
				}
				asked.Add(1)
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			now := newClock()
			client := newClient(t, Options{Product: c.product, Endpoints: []Endpoint{end}, Now: now.Now, Login: Login{User: "a@b", Password: "p"}})
			call := func(want int64) {
				t.Helper()
				_, first := Get[any](t.Context(), client, Path("x"))
				_, second := Get[any](t.Context(), client, Path("x"))
				if first == nil || second == nil || first.Error() != second.Error() || kindOf(first) != kindOf(second) {
					t.Errorf("%v, then %v", first, second)
				}
				if n := asked.Swap(0); n != want {
					t.Errorf("asked %d times, not %d", n, want)
				}
			}
			if c.lasts == 0 {
				call(2)
				return
			}
			call(1)
			now.Move(c.lasts - time.Second)
			call(0)
			now.Move(time.Second)
			call(1)
			client.TryAgain()
			call(1)
			Tested() // by another client
			call(1)
			// Another call, or the same with other parameters, is another one.
			_, _ = Get[any](t.Context(), client, Path("x").With("a", "1"))
			_, _ = Get[any](t.Context(), client, Path("y"))
			if n := asked.Load(); n != 2 {
				t.Errorf("others were asked for %d times", n)
			}
		})
	}
}

func TestRefusalsThatAreRememberedHaveALimit(t *testing.T) {
	r, now := &refusals{}, newClock().Now()
	for i := range 2*maxRefusals + 1 {
		r.note(Path(fmt.Sprint(i)), &Error{Kind: KindForbidden}, now)
		if len(r.of) > maxRefusals {
			t.Fatalf("%d are remembered", len(r.of))
		}
	}
}

// What stands in front of a server says that it is away, in words of its own.
func TestAProxyWithoutItsServer(t *testing.T) {
	for _, status := range []int{http.StatusBadGateway, http.StatusGatewayTimeout} {
		proxy, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, "<html><h1>nginx</h1></html>")
		})
		other, _ := serving(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":{}}`) })
		_, err := Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{proxy}}), Path("version"))
		if kindOf(err) != KindUnreachable || !strings.Contains(err.Error(), "in front of") {
			t.Errorf("%v", err)
		}
		if _, err := Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{proxy, other}}), Path("version")); err != nil {
			t.Errorf("another member is not asked: %v", err)
		}
		if _, err := Get[any](t.Context(), newClient(t, Options{Endpoints: []Endpoint{proxy}}), OnNode("a", "status")); kindOf(err) != KindNodeTimeout {
			t.Errorf("for a node: %v", err)
		}
	}
}
