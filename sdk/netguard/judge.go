package netguard

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// class is what an address is, as far as the guard cares.
type class int

const (
	public class = iota
	private
	loopback
	forbidden
)

// networks is the table of addresses that are not public; the first match counts.
var networks = []struct {
	prefix netip.Prefix
	class  class
	name   string
}{
	{netip.MustParsePrefix("169.254.169.254/32"), forbidden, "a cloud metadata service"},
	{netip.MustParsePrefix("169.254.170.2/32"), forbidden, "a cloud metadata service"},
	{netip.MustParsePrefix("100.100.100.200/32"), forbidden, "a cloud metadata service"},
	{netip.MustParsePrefix("168.63.129.16/32"), forbidden, "a cloud metadata service"},
	{netip.MustParsePrefix("192.0.0.192/32"), forbidden, "a cloud metadata service"},
	{netip.MustParsePrefix("fd00:ec2::/32"), forbidden, "a cloud metadata service"},
	{netip.MustParsePrefix("fd20:ce::254/128"), forbidden, "a cloud metadata service"},
	{netip.MustParsePrefix("169.254.0.0/16"), forbidden, "a link-local address"},
	{netip.MustParsePrefix("fe80::/10"), forbidden, "a link-local address"},
	{netip.MustParsePrefix("fec0::/10"), forbidden, "a site-local address"},
	{netip.MustParsePrefix("0.0.0.0/8"), forbidden, "an unspecified address"},
	{netip.MustParsePrefix("::/128"), forbidden, "an unspecified address"},
	{netip.MustParsePrefix("224.0.0.0/4"), forbidden, "a multicast address"},
	{netip.MustParsePrefix("ff00::/8"), forbidden, "a multicast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), forbidden, "a reserved or broadcast address"},
	{netip.MustParsePrefix("127.0.0.0/8"), loopback, "a loopback address"},
	{netip.MustParsePrefix("::1/128"), loopback, "a loopback address"},
	{netip.MustParsePrefix("10.0.0.0/8"), private, "a private address"},
	{netip.MustParsePrefix("172.16.0.0/12"), private, "a private address"},
	{netip.MustParsePrefix("192.168.0.0/16"), private, "a private address"},
	{netip.MustParsePrefix("100.64.0.0/10"), private, "a private (carrier) address"},
	{netip.MustParsePrefix("192.0.0.0/24"), private, "a private address"},
	{netip.MustParsePrefix("198.18.0.0/15"), private, "a private (benchmark) address"},
	{netip.MustParsePrefix("fc00::/7"), private, "a private address"},
}

// The IPv6 networks whose addresses carry an IPv4 address, and where.
var (
	sixToFour  = netip.MustParsePrefix("2002::/16")
	teredo     = netip.MustParsePrefix("2001::/32")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48")
	compatible = netip.MustParsePrefix("::/96")
)

// embedded returns the IPv4 address that a packet to addr would end at, or addr itself.
func embedded(addr netip.Addr) netip.Addr {
	addr = addr.WithZone("").Unmap()
	if addr.Is4() {
		return addr
	}
	b := addr.As16()
	switch {
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6]))
	case teredo.Contains(addr):
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})
	case nat64.Contains(addr), nat64Local.Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case compatible.Contains(addr) && addr != netip.IPv6Unspecified() && addr != netip.IPv6Loopback():
		return netip.AddrFrom4([4]byte(b[12:16]))
	}
	return addr
}

// classify tells the class of the address that would be reached, and its name for messages.
func classify(addr netip.Addr) (class, string) {
	addr = embedded(addr)
	if !addr.IsValid() {
		return forbidden, "not an address"
	}
	for _, n := range networks {
		if n.prefix.Contains(addr) {
			return n.class, n.name
		}
	}
	return public, "a public address"
}

// Judge returns nil when the address may be dialled, else an [*sdk.Error] that says what to do. An address that
// carries an IPv4 address inside is judged by that one.
func (p Profile) Judge(addr netip.Addr) error {
	kind, name := classify(addr)
	reached := embedded(addr)
	if kind == public {
		return nil
	}
	listed := slices.ContainsFunc(p.AllowCIDRs, func(n netip.Prefix) bool { return n.Contains(reached) })
	remedy := ""
	switch kind {
	case loopback:
		if p.AllowLoopback || listed {
			return nil
		}
		remedy = "To reach this machine itself, allow loopback for this integration or channel."
	case private:
		if p.Use == Integration || listed {
			return nil
		}
		remedy = "To send to it, let an administrator allow the network " + network(reached) + "."
	default:
		remedy = "Such addresses are never reached; enter another one."
	}
	e := sdk.Errorf(sdk.KindConfig, "%s is %s. %s", addr, name, remedy)
	e.Code = CodeRefused
	return e
}

// Never says why no client reaches an address, whatever is allowed, such as that of a metadata service; empty for others.
func Never(addr netip.Addr) string {
	var refused *sdk.Error
	if errors.As(Profile{Use: Integration, AllowLoopback: true}.Judge(addr), &refused) {
		return refused.Message
	}
	return ""
}

// network names the usual network around an address.
func network(addr netip.Addr) string {
	bits := 24
	if addr.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}
