// Package netguard makes HTTP clients that reach only what they may. Each address is judged after the name was
// resolved, and exactly the address that was judged is dialled, so a name that changes its mind in between gains
// nothing. The package does not know what is asked or why.
package netguard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Use is what a client is for.
type Use int

// The uses.
const (
	// Integration clients ask the systems that an operator configured. Private addresses are normal; redirects are
	// refused.
	Integration Use = iota
	// Notification clients send to the outside. Private addresses are refused unless allowed; redirects are judged
	// like the first address.
	Notification
)

// Profile says what a client may reach.
type Profile struct {
	Use Use
	// AllowLoopback lets the client reach this machine itself.
	AllowLoopback bool
	// AllowCIDRs are private or loopback networks that the operator allows. Link-local addresses and cloud metadata
	// services are refused all the same.
	AllowCIDRs []netip.Prefix
	// Timeout of a whole request, 30 s by default.
	Timeout time.Duration
	// TLS is the base of the TLS configuration, for example with roots of its own; nil for the system's.
	TLS *tls.Config
	// Pins are SHA-256 fingerprints (hex) of certificates that the operator accepted, by host:port. A pinned address must
	// show exactly that certificate; who signed it does not matter then.
	Pins map[string]string
	// Resolver resolves names; nil for the system's.
	Resolver Resolver
	// HTTP1 keeps to HTTP/1.1, for servers that refuse what came after it.
	HTTP1 bool
}

// For returns the profile of a use with what an operator allows. Networks that are none are left out: the server has checked
// them.
func For(use Use, n sdk.Network) Profile {
	p := Profile{Use: use, Pins: n.Pins, AllowLoopback: n.AllowLoopback}
	for _, text := range n.AllowNetworks {
		if network, err := netip.ParsePrefix(text); err == nil {
			p.AllowCIDRs = append(p.AllowCIDRs, network)
		}
	}
	return p
}

// Resolver finds the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// The codes of the errors.
const (
	CodeRefused    = "address_refused"
	CodeRedirect   = "redirect_refused"
	CodeUnresolved = "name_not_resolved"
	CodeNoAnswer   = "connect_failed"
	CodePin        = "certificate_changed"
	CodeUntrusted  = "certificate_unknown"
)

const (
	defaultTimeout = 30 * time.Second
	dialTimeout    = 10 * time.Second
	maxRedirects   = 5
	maxHeader      = 1 << 20
)

// Client returns a client for the profile. Proxies of the environment are not used: what they reach cannot be judged.
func Client(p Profile) *http.Client {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.TLS != nil {
		conf = p.TLS.Clone()
		conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	}
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	transport := &http.Transport{
		DialContext: p.Dial,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return p.dialTLS(ctx, network, address, conf)
		},
		TLSClientConfig:        conf,
		ForceAttemptHTTP2:      !p.HTTP1,
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    dialTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeader,
	}
	if p.HTTP1 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return &http.Client{Timeout: timeout, CheckRedirect: p.redirect, Transport: transport}
}

// Dial connects to host:port if the profile lets it. Errors are [*sdk.Error]: kind config for a refused address,
// unreachable for one that cannot be resolved or connected to.
func (p Profile) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil, sdk.Errorf(sdk.KindConfig, "Only TCP connections are allowed here.")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, sdk.Wrap(sdk.KindConfig, err, "The address is not of the form host:port.")
	}
	allowed, err := p.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var last error
	for i, addr := range allowed {
		conn, err := p.connect(ctx, network, net.JoinHostPort(addr.String(), port), len(allowed)-i)
		if err == nil {
			return conn, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	e := sdk.Wrap(sdk.KindUnreachable, last, fmt.Sprintf("No connection to %s: %s.", net.JoinHostPort(host, port), plain(last)))
	e.Code = CodeNoAnswer
	return nil, e
}

// connect dials one address that has been judged, and has the kernel's view of it judged again.
func (p Profile) connect(ctx context.Context, network, address string, left int) (net.Conn, error) {
	timeout := dialTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/time.Duration(left))
	}
	d := net.Dialer{Timeout: max(timeout, time.Millisecond), KeepAlive: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("judge %s: %w", address, err)
		}
		return p.Judge(ap.Addr())
	}}
	return d.DialContext(ctx, network, address)
}

// resolve returns the addresses of a host that may be dialled.
func (p Profile) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if err := p.Judge(addr); err != nil {
			return nil, err
		}
		return []netip.Addr{addr}, nil
	}
	resolver := p.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		e := sdk.Wrap(sdk.KindUnreachable, err, fmt.Sprintf("The name %s has no address: %s.", host, plain(err)))
		e.Code = CodeUnresolved
		return nil, e
	}
	var allowed []netip.Addr
	var refused error
	for _, addr := range found {
		if err := p.Judge(addr); err != nil {
			refused = err
			continue
		}
		allowed = append(allowed, addr.Unmap())
	}
	if len(allowed) > 0 {
		return allowed, nil
	}
	var e *sdk.Error
	if errors.As(refused, &e) {
		e.Message = fmt.Sprintf("%s resolves to a refused address. %s", host, e.Message)
	}
	return nil, refused
}

// plain says in a few words why a connection failed, without addresses of the inside.
func plain(err error) string {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return "the answer was empty"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "it does not exist"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no route"
	}
	return "network error"
}

// redirect decides whether a redirect is followed.
func (p Profile) redirect(req *http.Request, via []*http.Request) error {
	refuse := func(format string, args ...any) error {
		e := sdk.Errorf(sdk.KindConfig, format, args...)
		e.Code = CodeRedirect
		return e
	}
	first := via[0].URL
	switch {
	case p.Use == Integration:
		return refuse("The server redirects to %s://%s. Redirects are not followed here: enter the address it redirects to.", req.URL.Scheme, req.URL.Host)
	case len(via) > maxRedirects:
		return refuse("The server redirects more than %d times.", maxRedirects)
	case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
		return refuse("The server redirects from https to %s://%s, which is not encrypted.", req.URL.Scheme, req.URL.Host)
	}
	if req.URL.Host != first.Host {
		// Headers of one's own, such as API keys, are meant for the first host only.
		for name := range req.Header {
			switch name {
			case "Accept", "Content-Type", "User-Agent":
			default:
				req.Header.Del(name)
			}
		}
	}
	return nil
}
