package proxmox

import (
	"net/netip"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// Wrong is the error of a configuration that has something in a field that cannot be.
func Wrong(field, format string, args ...any) error {
	e := sdk.Errorf(sdk.KindConfig, format, args...)
	e.Code, e.Field = "invalid_config", field
	return e
}

// Named is the endpoint that an operator names in the fields host and fingerprint. Without a fingerprint it is pinned to what was
// accepted for its address, if anything was.
func Named(product Product, host, fingerprint string, network sdk.Network) (Endpoint, error) {
	e := Endpoint{URL: host, Pin: fingerprint}
	address, err := ParseURL(product, host)
	if err != nil {
		return e, Wrong("host", "%v", err)
	}
	if addr, err := netip.ParseAddr(address.Hostname()); err == nil && netguard.Never(addr) != "" {
		return e, Wrong("host", "%s", netguard.Never(addr))
	}
	if fingerprint == "" {
		e.Pin = network.Pins[address.Host]
	} else if Fingerprint(fingerprint) == "" {
		return e, Wrong("fingerprint", "That is no SHA-256 fingerprint: 64 hex digits, with or without colons.")
	}
	return e, nil
}
