package proxmox

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pulse-platform/pulse/sdk/netguard"
)

// How long calls may take. A server gives up on a node that it forwards to after 30 s.
const (
	fastTimeout = 10 * time.Second
	nodeTimeout = 35 * time.Second
	slowTimeout = 90 * time.Second
)

const (
	// defaultMaxBody is the largest answer; the status of a large Ceph cluster is about 0.7 MiB.
	defaultMaxBody = 8 << 20
	// idleTimeout is below the five seconds after which the servers close a connection that is not used.
	idleTimeout = 4 * time.Second
	// maxConns and maxForwarded keep worker processes on the other side free for people. Calls that a server forwards have
	// connections of their own: nodes that hang must not hold up what it answers by itself.
	maxConns     = 2
	maxForwarded = 4
	// aside is how long an endpoint that could not be reached is asked last.
	aside = 30 * time.Second
)

// Options of a [Client].
type Options struct {
	Product Product
	// Endpoints are asked in this order; all but the first only while those before them cannot be reached.
	Endpoints []Endpoint
	// Login is how to authenticate.
	Login Login
	// Profile says which addresses may be dialled. Its pins are taken from the endpoints.
	Profile netguard.Profile
	// Insecure accepts any certificate of endpoints without a pin.
	Insecure bool
	// Budget is how many calls may be made; none is limited when it is not given.
	Budget Budget
	Now    func() time.Time
	// Sleep waits; nil is by the machine's own clock, whatever Now says.
	Sleep func(context.Context, time.Duration) error
	// MaxBody limits an answer, 8 MiB by default.
	MaxBody int64
	// Answered is told of each node that has answered a call that is for it; it may be nil.
	Answered func(node string)
	// Log is told of lists with rows that cannot be read, once as long as there are as many; it may be nil.
	Log *slog.Logger
}

// Client asks one server, or one cluster through whichever of its members answers. It is safe for concurrent use.
type Client struct {
	opts   Options
	auth   authenticator
	ledger *ledger
	skew   atomic.Int64
	// refusals are the calls that are not made again for a while.
	refusals refusals

	mu     sync.Mutex
	direct *http.Client
	onward *http.Client // for calls that a server forwards to a node
	ends   []*endpoint
	slowly map[string]chan struct{} // by node: one slow call at a time
	until  time.Time                // when the certificate ends of who answered last
	odd    map[string]int           // by path: how many rows of a list could not be read when it was last
}

type endpoint struct {
	base  *url.URL
	aside time.Time // asked last until then
}

// New returns a client. It dials nothing yet.
func New(o Options) (*Client, error) {
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	auth, err := o.Login.authenticator(o.Product, o.Now)
	if err != nil {
		return nil, err
	}
	c := &Client{opts: o, auth: auth, ledger: newLedger(o), refusals: refusals{deniedFor: o.Product.deniedFor()}, slowly: map[string]chan struct{}{}, odd: map[string]int{}}
	if err := c.SetEndpoints(o.Endpoints); err != nil {
		return nil, err
	}
	return c, nil
}

// SetEndpoints replaces the servers, for example when members of the cluster came or went.
func (c *Client) SetEndpoints(list []Endpoint) error {
	if len(list) == 0 {
		return errors.New("there is no address")
	}
	profile := c.opts.Profile
	profile.Timeout = slowTimeout
	profile.HTTP1 = true
	profile.Pins = map[string]string{}
	if c.opts.Insecure {
		profile.TLS = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // what the operator chose, pins excepted
	}
	ends := make([]*endpoint, 0, len(list))
	for _, e := range list {
		base, err := ParseURL(c.opts.Product, e.URL)
		if err != nil {
			return err
		}
		if pin := Fingerprint(e.Pin); pin != "" {
			profile.Pins[base.Host] = pin
		}
		ends = append(ends, &endpoint{base: base})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeIdle()
	c.direct, c.onward, c.ends = transport(profile, maxConns), transport(profile, maxForwarded), ends
	return nil
}

func transport(profile netguard.Profile, conns int) *http.Client {
	client := netguard.Client(profile)
	if t, ok := client.Transport.(*http.Transport); ok {
		t.IdleConnTimeout = idleTimeout
		t.MaxConnsPerHost = conns
		t.ResponseHeaderTimeout = slowTimeout
	}
	return client
}

func (c *Client) closeIdle() {
	for _, client := range []*http.Client{c.direct, c.onward} {
		if client != nil {
			client.CloseIdleConnections()
		}
	}
}

// Close lets go of idle connections.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeIdle()
}

// get makes a call, unless it was refused not long ago.
func (c *Client) get(ctx context.Context, call Call, read func(io.Reader) error) error {
	if err := c.refusals.find(call, c.opts.Now()); err != nil {
		return err
	}
	err := c.inTurn(ctx, call, read)
	c.refusals.note(call, err, c.opts.Now())
	return err
}

// inTurn waits for the call's turn, and asks the endpoints in their order until one can be reached.
func (c *Client) inTurn(ctx context.Context, call Call, read func(io.Reader) error) error {
	if err := c.ledger.admit(ctx, call.Node); errors.Is(err, errBudget) {
		return &Error{Kind: KindBudget, Call: call.path(), Err: err}
	} else if err != nil {
		return fmt.Errorf("wait for the budget of calls: %w", err)
	}
	call.admitted = new(bool)
	*call.admitted = true
	if call.Slow {
		release, err := c.takeTurn(ctx, call.Node)
		if err != nil {
			return err
		}
		defer release()
	}
	var first error // of who is asked first as configured, which is whom people know
	for _, end := range c.order() {
		err := c.getIn(ctx, call.timeout(), end, call, read)
		if err == nil && call.Node != "" && c.opts.Answered != nil {
			c.opts.Answered(call.Node)
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindUnreachable || ctx.Err() != nil {
			return err
		}
		c.setAside(end)
		if first == nil || end == c.configured() {
			first = err
		}
	}
	return first
}

// getIn asks one endpoint and gives up after the timeout. A call that is forwarded and gets no answer says something
// about the node that it is for, not about the endpoint.
func (c *Client) getIn(ctx context.Context, timeout time.Duration, end *endpoint, call Call, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := c.getFrom(ctx, end, call, read)
	var e *Error
	if call.Node != "" && errors.As(err, &e) && e.Kind == KindUnreachable && errors.Is(err, context.DeadlineExceeded) {
		e.Kind = KindNodeTimeout
	}
	return err
}

func (c *Client) noteCertificate(state *tls.ConnectionState) {
	if state == nil || len(state.PeerCertificates) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = state.PeerCertificates[0].NotAfter
}

// CertificateUntil is when the certificate ends of the server that answered last; zero before one did.
func (c *Client) CertificateUntil() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until
}

// takeTurn waits until no other slow call runs on the node.
func (c *Client) takeTurn(ctx context.Context, node string) (release func(), err error) {
	c.mu.Lock()
	turn := c.slowly[node]
	if turn == nil {
		turn = make(chan struct{}, 1)
		c.slowly[node] = turn
	}
	c.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another call on %s: %w", node, ctx.Err())
	}
}

// order returns the endpoints, those that could not be reached lately at the end.
func (c *Client) order() []*endpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.opts.Now()
	var good, bad []*endpoint
	for _, e := range c.ends {
		if now.Before(e.aside) {
			bad = append(bad, e)
		} else {
			good = append(good, e)
		}
	}
	return append(good, bad...)
}

// configured is the endpoint that is asked before all others.
func (c *Client) configured() *endpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ends[0]
}

func (c *Client) setAside(e *endpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.aside = c.opts.Now().Add(aside)
}

// getFrom asks one endpoint; once more with new credentials when those that it knew have become old.
func (c *Client) getFrom(ctx context.Context, end *endpoint, call Call, read func(io.Reader) error) error {
	for again := true; ; again = false {
		used, err := c.auth.credentials(ctx, func(ctx context.Context, form url.Values) (login, error) {
			return c.login(ctx, end, form)
		})
		if err != nil {
			return err
		}
		err = c.once(ctx, end, call, used, read)
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindAuth {
			return err
		}
		if !c.auth.refused(used, e) || !again {
			return err
		}
	}
}

func (c *Client) once(ctx context.Context, end *endpoint, call Call, used credentials, read func(io.Reader) error) error {
	target := end.base.String() + "/api2/json" + call.path()
	if len(call.Query) > 0 {
		target += "?" + call.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set(used.header, used.value)
	return c.do(req, end, call, read)
}

// login asks for a ticket.
func (c *Client) login(ctx context.Context, end *endpoint, form url.Values) (got login, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, end.base.String()+"/api2/json/access/ticket", strings.NewReader(form.Encode()))
	if err != nil {
		return got, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	err = c.do(req, end, Path("access", "ticket"), func(body io.Reader) error { return readObject(body, &got) })
	return got, err
}

func (c *Client) do(req *http.Request, end *endpoint, call Call, read func(io.Reader) error) error {
	path := call.path()
	c.ledger.spend(classOf(req.Context()), call)
	req.Header.Set("Accept", "application/json")
	c.mu.Lock()
	client := c.direct
	if call.Node != "" {
		client = c.onward
	}
	c.mu.Unlock()
	res, err := client.Do(req)
	if err != nil {
		return noAnswer(err, end.base.Host, path)
	}
	defer func() { _ = res.Body.Close() }()
	c.noteCertificate(res.TLS)
	c.readClock(res)
	limit := cmp.Or(call.MaxBody, c.opts.MaxBody)
	if err := c.traced(req, call, res); err != nil {
		return badAnswer(err, end.base.Host, path, limit)
	}
	if res.StatusCode != http.StatusOK {
		e := failure(c.opts.Product, res)
		e.Call, e.Endpoint = path, end.base.Host
		if res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusGatewayTimeout {
			e.behindProxy(call)
		}
		return e
	}
	if err := read(&capped{r: res.Body, left: limit}); err != nil {
		return badAnswer(err, end.base.Host, path, limit)
	}
	return nil
}

// badAnswer says what is wrong with an answer that came.
func badAnswer(err error, host, path string, limit int64) error {
	e := &Error{Kind: KindForeign, Status: http.StatusOK, Call: path, Endpoint: host, Err: err}
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errTooLarge):
		e.Kind, e.Message = KindOther, fmt.Sprintf("more than %d MiB for %s", limit>>20, path)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, errForeign) || errors.As(err, &syntax):
	default:
		e.Kind, e.Message = KindUnreachable, fmt.Sprintf("%s breaks off in the middle of an answer.", host)
	}
	return e
}
