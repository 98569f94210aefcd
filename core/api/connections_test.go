package api

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
)

// offered is a listener that hands out connections from named addresses.
type offered struct {
	net.Listener
	from []string
}

type from struct {
	net.Conn
	addr   net.Addr
	closed bool
}

func (c *from) RemoteAddr() net.Addr { return c.addr }
func (c *from) Close() error         { c.closed = true; return nil }

func (o *offered) Accept() (net.Conn, error) {
	if len(o.from) == 0 {
		return nil, io.EOF
	}
	next := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(o.from[0]))
	o.from = o.from[1:]
	return &from{addr: next}, nil
}

// One address does not take all the connections that there are, a customer's network of IPv6 counts as one, and what
// stands before everybody is not counted.
func TestNoAddressTakesAllConnections(t *testing.T) {
	for name, c := range map[string]struct {
		from []string
		let  int
	}{
		"one address":         {[]string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.1:4"}, 2},
		"written otherwise":   {[]string{"192.0.2.1:1", "[::ffff:192.0.2.1]:2", "192.0.2.1:3"}, 2},
		"several":             {[]string{"192.0.2.1:1", "192.0.2.2:2", "192.0.2.1:3", "192.0.2.2:4"}, 4},
		"a network of IPv6":   {[]string{"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "[2001:db8:0:1::1]:1"}, 3},
		"this machine":        {[]string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "[::1]:1", "[::1]:2", "[::1]:3"}, 6},
		"a proxy for others":  {[]string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"}, 3},
		"others do not count": {[]string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.9:1"}, 3},
	} {
		l := newFair(&offered{from: c.from}, 2, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
		var let []net.Conn
		for {
			conn, err := l.Accept()
			if errors.Is(err, io.EOF) {
				break
			}
			let = append(let, conn)
		}
		if len(let) != c.let {
			t.Errorf("%s: %d connections", name, len(let))
		}
		for _, conn := range let {
			_, _ = conn.Close(), conn.Close() // servers close twice
		}
		if len(l.by) != 0 {
			t.Errorf("%s: %v are counted for ever", name, l.by)
		}
		l.Listener = &offered{from: c.from[:1]}
		if _, err := l.Accept(); err != nil {
			t.Errorf("%s: no room after they left: %v", name, err)
		}
	}
}
