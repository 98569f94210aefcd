package api

import (
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/pulse-platform/pulse/core/auth"
)

// maxFrom is how many connections one address may hold at a time. A browser holds seven; behind one address of a company or
// of a reverse proxy that is not trusted there are many browsers.
const maxFrom = 512

// fair is a listener on which no address takes all the connections that there are. Callers from this machine and trusted
// proxies are not counted: behind them is everybody.
type fair struct {
	net.Listener
	most   int
	exempt []netip.Prefix

	mu sync.Mutex
	by map[string]int
}

// Fair returns a listener that takes no more than so many connections from one address at a time, those of the exempt
// networks apart. It stands before TLS, so that who has too many costs no handshake.
func Fair(l net.Listener, exempt []netip.Prefix) net.Listener { return newFair(l, maxFrom, exempt) }

func newFair(l net.Listener, most int, exempt []netip.Prefix) *fair {
	return &fair{Listener: l, most: most, exempt: exempt, by: map[string]int{}}
}

// Accept returns the next connection of an address that has not too many. Others are closed at once.
func (f *fair) Accept() (net.Conn, error) {
	for {
		c, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer, err := netip.ParseAddrPort(c.RemoteAddr().String())
		addr := peer.Addr().Unmap()
		if err != nil || addr.IsLoopback() || slices.ContainsFunc(f.exempt, func(p netip.Prefix) bool { return p.Contains(addr) }) {
			return c, nil
		}
		from := auth.Network(addr.String())
		if f.enter(from) {
			return &counted{Conn: c, leave: sync.OnceFunc(func() { f.leave(from) })}, nil
		}
		_ = c.Close() // whoever holds so many knows why
	}
}

// silent closes a connection on which nobody has asked for anything, where others are answered why they are cut off. Browsers
// open connections ahead and would take the answer for that to a request which they send at that moment.
func silent(others func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(c *fasthttp.RequestCtx, err error) {
		//nolint:errorlint // An error that is wrapped tells of a request that had begun.
		if e, nothing := err.(net.Error); nothing && e.Timeout() {
			_ = c.Conn().Close()
			return
		}
		others(c, err)
	}
}

func (f *fair) enter(from string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by[from] >= f.most {
		return false
	}
	f.by[from]++
	return true
}

func (f *fair) leave(from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by[from]--; f.by[from] == 0 {
		delete(f.by, from)
	}
}

// counted is a connection that makes room when it is closed.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection, for the first time or again.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
