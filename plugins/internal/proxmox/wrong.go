package proxmox

import (
	"errors"
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
	if refused := neverAsked(address.Hostname()); refused != "" {
		return e, Wrong("host", "%s", refused)
	}
	if fingerprint == "" {
		e.Pin = network.Pins[address.Host]
	} else if Fingerprint(fingerprint) == "" {
		return e, Wrong("fingerprint", "That is no SHA-256 fingerprint: 64 hex digits, with or without colons.")
	}
	return e, nil
}

// neverAsked says why an address is one that no client dials, whatever is allowed, such as that of a metadata service; empty for
// others and for names.
func neverAsked(host string) string {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	var refused *sdk.Error
	if errors.As(netguard.Profile{Use: netguard.Integration, AllowLoopback: true}.Judge(addr), &refused) {
		return refused.Message
	}
	return ""
}
