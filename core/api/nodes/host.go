package nodes

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
)

// label is a part of a host name; underscores are in use although they should not be.
var label = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

// hostURL makes the address of a node of what people type: with or without scheme and port. Path, query and fragment
// are dropped.
func hostURL(text, port string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", wrongHost("Host is required")
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "https", text
	}
	if scheme = strings.ToLower(scheme); scheme != "https" && scheme != "http" {
		return "", wrongHost("Invalid host format: it begins with https:// or http://")
	}
	rest, _, _ = strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	if addr, err := netip.ParseAddr(rest); err == nil && addr.Is6() {
		rest = "[" + rest + "]"
	}
	u, err := url.Parse(scheme + "://" + rest)
	switch {
	case err != nil && strings.Contains(err.Error(), "port"):
		return "", wrongHost("Invalid port number: it is from 1 to 65535")
	case err != nil || u.Hostname() == "":
		return "", wrongHost("Invalid host format: write https://host:%s", port)
	case u.User != nil:
		return "", wrongHost("Invalid host format: user and password have fields of their own")
	}
	if u.Port() != "" {
		if port = u.Port(); !goodPort(port) {
			return "", wrongHost("Invalid port number: it is from 1 to 65535")
		}
	}
	if err := checkName(u.Hostname()); err != nil {
		return "", err
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port), nil
}

func goodPort(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n > 0 && n < 65536
}

func wrongHost(format string, args ...any) error {
	return errs.New(errs.Invalid, format, args...).WithField("host")
}

// checkName judges an address or a name.
func checkName(name string) error {
	if strings.Contains(name, ":") {
		if _, err := netip.ParseAddr(name); err != nil {
			return wrongHost("Invalid IPv6 address")
		}
		return nil
	}
	if strings.Trim(name, "0123456789.") == "" {
		if _, err := netip.ParseAddr(name); err != nil {
			return wrongHost("Invalid IP address")
		}
		return nil
	}
	name = strings.TrimSuffix(name, ".")
	if len(name) > 253 {
		return wrongHost("Invalid hostname: it is longer than 253 characters")
	}
	for part := range strings.SplitSeq(name, ".") {
		if !label.MatchString(part) {
			return wrongHost("Invalid hostname")
		}
	}
	return nil
}

// bareHost is an address without scheme and port.
func bareHost(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Hostname()
	}
	return address
}

// local tells whether an address is this machine.
func local(address string) bool {
	host := bareHost(address)
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}
