package proxmox

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Endpoint is one server that answers for the whole: the one that the user named, or another member of its cluster.
type Endpoint struct {
	// URL is scheme, host and port; a path is the prefix of a reverse proxy.
	URL string
	// Pin is the SHA-256 fingerprint of the certificate that was accepted for it; empty verifies the chain.
	Pin string
}

// ParseURL makes a URL of what people type: with or without scheme, port and a slash at the end. The port of the product
// is the default, except for http and https URLs that name a path, which belong to a reverse proxy.
func ParseURL(product Product, text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, fmt.Errorf("the address is empty")
	}
	if !strings.Contains(text, "://") {
		text = "https://" + bracket(text)
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is no address: write https://host:%s", text, product.Port)
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("the scheme %q is not http or https", u.Scheme)
	case u.User != nil:
		return nil, fmt.Errorf("the address holds a user: give user and password in their own fields")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the address holds more than host, port and path")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if u.Port() == "" {
		port := product.Port
		if u.Path != "" {
			port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
		}
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return u, nil
}

// HostName is the name in an address that people type, in lower case and without scheme and port.
func HostName(product Product, text string) string {
	u, err := ParseURL(product, text)
	if err != nil {
		return text
	}
	return strings.ToLower(u.Hostname())
}

// bracket puts brackets around an IPv6 address that stands alone.
func bracket(text string) string {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Is6() {
		return "[" + text + "]"
	}
	return text
}

// PassOver lets the endpoint that is asked first be asked last for a while, because of what it says. It tells whether there is
// another one to ask, and how to take it back.
func (c *Client) PassOver(d time.Duration) (back func(), ok bool) {
	order := c.order()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(order) < 2 || c.opts.Now().Before(order[1].aside) {
		return nil, false
	}
	first, before := order[0], order[0].aside
	first.aside = c.opts.Now().Add(d)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		first.aside = before
	}, true
}
