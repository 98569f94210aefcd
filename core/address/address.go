// Package address reads the addresses of systems that people type.
package address

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// label is a part of a host name; underscores are in use although they should not be.
var label = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

// URL makes the address of a system of what people type: with or without scheme and port. Path, query and fragment are
// dropped, since people copy addresses from browsers. An address that is never asked is refused. Errors name the field;
// port is the usual one, empty when there is none.
func URL(field, text, port string) (string, error) {
	out, err := read(text, port)
	if err != nil {
		return "", errs.New(errs.Invalid, "%s", err).WithField(field)
	}
	return out, nil
}

func read(text, port string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", errors.New("Host is required")
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "https", text
	}
	if scheme = strings.ToLower(scheme); scheme != "https" && scheme != "http" {
		return "", errors.New("Invalid host format: it begins with https:// or http://")
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
		return "", errors.New("Invalid port number: it is from 1 to 65535")
	case err != nil || u.Hostname() == "":
		return "", errors.New("Invalid host format: write https://host:" + cmp.Or(port, "8443"))
	case u.User != nil:
		return "", errors.New("Invalid host format: user and password have fields of their own")
	}
	if u.Port() != "" {
		if port = u.Port(); !goodPort(port) {
			return "", errors.New("Invalid port number: it is from 1 to 65535")
		}
	}
	if port == "" {
		return "", errors.New("The port is missing: write it behind the host, as in host:8443")
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

// checkName judges an address or a name.
func checkName(name string) error {
	addr, err := netip.ParseAddr(name)
	switch {
	case err == nil && addr.Zone() != "":
		return errors.New("Invalid IPv6 address: it holds the name of an interface")
	case err == nil && netguard.Never(addr) != "":
		return errors.New(netguard.Never(addr))
	case err == nil:
		return nil
	case strings.Contains(name, ":"):
		return errors.New("Invalid IPv6 address")
	case strings.Trim(name, "0123456789.") == "":
		return errors.New("Invalid IP address")
	}
	name = strings.TrimSuffix(name, ".")
	if len(name) > 253 {
		return errors.New("Invalid hostname: it is longer than 253 characters")
	}
	for part := range strings.SplitSeq(name, ".") {
		if !label.MatchString(part) {
			return errors.New("Invalid hostname: it has letters, digits, dots and dashes, and begins xn-- where it has other letters")
		}
	}
	return nil
}

// Bare is an address without scheme and port.
func Bare(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Hostname()
	}
	return address
}

// Local tells whether an address is this machine.
func Local(address string) bool {
	host := Bare(address)
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}
