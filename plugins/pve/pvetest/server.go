package pvetest

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/simulate"
)

// API is the HTTP interface of a world as one of its nodes gives it.
type API struct {
	world *World
	local string
	mux   *http.ServeMux

	mu     sync.Mutex
	calls  []string
	pin    string
	closed chan struct{}
}

// NewAPI returns the API of the world that the node called local answers; the first one when local is empty.
func NewAPI(w *World, local string) *API {
	if local == "" && len(w.Nodes) > 0 {
		local = w.Nodes[0].Name
	}
	a := &API{world: w, local: local, mux: http.NewServeMux(), closed: make(chan struct{})}
	a.routes()
	return a
}

// Calls returns the paths of all requests so far, in their order.
func (a *API) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.calls...)
}

// Count returns how many requests there were whose path contains a text.
func (a *API) Count(text string) (n int) {
	for _, c := range a.Calls() {
		if strings.Contains(c, text) {
			n++
		}
	}
	return n
}

// Forget forgets the requests so far.
func (a *API) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = nil
}

// Fault makes requests fail.
type Fault struct {
	// Path is a text within the path of the requests that it hits.
	Path string
	// Status and Reason are the answer; Body replaces its usual body.
	Status int
	Reason string
	Body   string
	// Cut closes the connection without an answer; Hang gives none until the client goes.
	Cut, Hang bool
	// Times is how often it hits; 0 is always.
	Times int
	hits  int
}

func (w *World) fault(path string) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.Faults {
		if strings.Contains(path, f.Path) && (f.Times == 0 || f.hits < f.Times) {
			f.hits++
			return f
		}
	}
	return nil
}

// failure is an answer that is an error.
type failure struct {
	status int
	reason string
	params map[string]string
}

func (f *failure) Error() string { return f.reason }

func fail(status int, format string, args ...any) error {
	return &failure{status: status, reason: fmt.Sprintf(format, args...)}
}

func denied(path, privilege string) error {
	return fail(http.StatusForbidden, "Permission check failed (%s, %s)", path, privilege)
}

// node is the name of the one that answers.
func (a *API) node() string {
	if a.local == "" && len(a.world.Nodes) > 0 {
		return a.world.Nodes[0].Name
	}
	return a.local
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api2/json")
	if !ok {
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(rw, `<html><title>%s - Proxmox Virtual Environment</title><script src="/pve2/js/pvemanagerlib.js?ver=%s"></script></html>`, a.node(), a.world.Version)
		return
	}
	a.mu.Lock()
	a.calls = append(a.calls, path)
	a.mu.Unlock()
	if !a.pause(r.Context(), a.world.Latency) {
		return
	}
	rw.Header().Set("Date", a.world.Now().UTC().Add(a.world.Ahead).Format(http.TimeFormat))
	if f := a.world.fault(path); f != nil {
		a.fault(rw, r, f)
		return
	}
	a.mux.ServeHTTP(rw, r)
}

// pause waits; false means that the client or the test has gone.
func (a *API) pause(ctx context.Context, d time.Duration) bool {
	return simulate.Pause(ctx, a.closed, d)
}

func (a *API) fault(rw http.ResponseWriter, r *http.Request, f *Fault) {
	switch {
	case f.Hang:
		a.hang(r.Context())
		panic(http.ErrAbortHandler)
	case f.Cut:
		panic(http.ErrAbortHandler)
	}
	simulate.Raw(rw, f.Status, f.Reason, f.Body)
}

// hang waits until the client or the test has gone.
func (a *API) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-a.closed:
	}
}

// call is one request of somebody who is known.
type call struct {
	*http.Request
	w   *World
	who *Account
	now time.Time
}

func (c call) may(path, privilege string) bool { return c.who.may(path, privilege) }

// need fails for who lacks the privilege.
func (c call) need(path, privilege string) error {
	if c.may(path, privilege) {
		return nil
	}
	return denied(path, privilege)
}

// handler answers a call with what stands under "data". The world is locked while it runs.
type handler func(c call) (any, error)

func (a *API) handle(pattern string, h handler) {
	a.mux.HandleFunc("GET /api2/json"+pattern, func(rw http.ResponseWriter, r *http.Request) { a.answer(rw, r, h) })
}

// onNode answers a call that is forwarded to the node in its path.
func (a *API) onNode(pattern string, h func(c call, n *Node) (any, error)) {
	a.mux.HandleFunc("GET /api2/json/nodes/{node}"+pattern, func(rw http.ResponseWriter, r *http.Request) {
		a.world.mu.Lock()
		n := a.world.Node(r.PathValue("node"))
		var is Node
		if n != nil {
			is = *n
		}
		a.world.mu.Unlock()
		switch {
		case n == nil:
			simulate.Raw(rw, http.StatusInternalServerError, fmt.Sprintf("hostname lookup '%s' failed - failed to get address info", r.PathValue("node")), `{"data":null}`)
		case !is.Online:
			simulate.Raw(rw, 595, "No route to host", "")
		case is.Hanging:
			a.hang(r.Context())
			panic(http.ErrAbortHandler)
		case a.pause(r.Context(), is.Slow):
			a.answer(rw, r, func(c call) (any, error) { return h(c, n) })
		}
	})
}

func (a *API) answer(rw http.ResponseWriter, r *http.Request, h handler) {
	who := a.account(r)
	if who == nil {
		if a.pause(r.Context(), a.world.Refusal) {
			simulate.Raw(rw, http.StatusUnauthorized, "Authentication failed!", `{"data":null}`)
		}
		return
	}
	a.world.mu.Lock()
	data, err := h(call{r, a.world, who, a.world.Now()})
	var body []byte
	if err == nil {
		body, err = json.Marshal(map[string]any{"data": data})
	}
	newer := a.world.major() >= 9
	a.world.mu.Unlock()
	if err != nil {
		refuse(rw, err, newer)
		return
	}
	rw.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = rw.Write(body)
}

// refuse writes an error as the release does: the text is the reason phrase, and in newer ones in the body too.
func refuse(rw http.ResponseWriter, err error, newer bool) {
	f, ok := err.(*failure) //nolint:errorlint // it is made here and never wrapped
	if !ok {
		f = &failure{status: 500, reason: err.Error()}
	}
	body := map[string]any{"data": nil}
	if newer {
		body["message"] = f.reason + "\n"
	}
	if f.params != nil {
		body["errors"] = f.params
	}
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(`{"data":null}`)
	}
	simulate.Raw(rw, f.status, f.reason, string(text))
}

// account returns who asks, nil when nobody known does.
func (a *API) account(r *http.Request) *Account {
	a.world.mu.Lock()
	defer a.world.mu.Unlock()
	if cookie, err := r.Cookie("PVEAuthCookie"); err == nil {
		return a.world.holder(cookie.Value)
	}
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "PVEAPIToken=")
	if !ok {
		return nil
	}
	for _, account := range a.world.Accounts {
		if strings.Contains(account.ID, "!") && given == account.ID+"="+account.Secret {
			return account
		}
	}
	return nil
}

// usualTicketLife is how long a ticket is good.
const usualTicketLife = 2 * time.Hour

// ticket returns a ticket as the servers write it, with a signature that is none.
func (w *World) ticket(a *Account) string {
	return fmt.Sprintf("PVE:%s:%08X::%s", a.ID, w.Now().Unix(), hex.EncodeToString([]byte(a.Secret)))
}

// holder returns whose ticket it is, nil for one that is too old.
func (w *World) holder(cookie string) *Account {
	text, err := url.QueryUnescape(cookie)
	if err != nil {
		return nil
	}
	life := cmp.Or(w.TicketLife, usualTicketLife)
	for _, a := range w.Accounts {
		rest, ok := strings.CutPrefix(text, "PVE:"+a.ID+":")
		if !ok || !strings.HasSuffix(rest, "::"+hex.EncodeToString([]byte(a.Secret))) {
			continue
		}
		stamp, _, _ := strings.Cut(rest, ":")
		at, err := strconv.ParseInt(stamp, 16, 64)
		if err == nil && w.Now().Sub(time.Unix(at, 0)) < life {
			return a
		}
	}
	return nil
}

// login gives a ticket for a password, or for a ticket that is still good.
func (a *API) login(rw http.ResponseWriter, r *http.Request) {
	user, password := r.PostFormValue("username"), r.PostFormValue("password")
	a.world.mu.Lock()
	var found *Account
	for _, account := range a.world.Accounts {
		if account.ID == user && (account.Secret == password || a.world.holder(url.QueryEscape(password)) == account) {
			found = account
		}
	}
	var data map[string]any
	switch {
	case found == nil:
	case found.SecondFactor:
		data = map[string]any{"username": user, "NeedTFA": 1, "ticket": "PVE:!tfa!" + user}
	default:
		data = map[string]any{"username": user, "ticket": a.world.ticket(found), "CSRFPreventionToken": "none"}
	}
	wait := a.world.Refusal
	a.world.mu.Unlock()
	if data == nil {
		if a.pause(r.Context(), wait) {
			simulate.Raw(rw, http.StatusUnauthorized, "authentication failure", `{"data":null}`)
		}
		return
	}
	rw.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_ = json.NewEncoder(rw).Encode(map[string]any{"data": data})
}
