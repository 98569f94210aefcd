package integration

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/pulse-platform/pulse/sdk"
)

// Network is what the operator allows an integration to dial and to believe, beside its configuration.
type Network struct {
	// Pins are SHA-256 fingerprints of certificates that were accepted, in hex, by host:port.
	Pins map[string]string `json:"pins,omitempty"`
	// AllowLoopback lets it reach the server's own machine.
	AllowLoopback bool `json:"allowLoopback,omitempty"`
	// AllowNetworks are private or loopback networks in CIDR notation that it may reach although it usually may not.
	AllowNetworks []string `json:"allowNetworks,omitempty"`
}

// maxNetwork is how many pins or networks an integration may have.
const maxNetwork = 256

// check returns what is wrong, and the same with fingerprints in lower-case hex without colons.
func (n Network) check() (Network, []sdk.Diagnostic) {
	var found []sdk.Diagnostic
	wrong := func(path, summary, detail string) {
		found = append(found, sdk.Diagnostic{Severity: sdk.DiagnosticError, Path: path, Summary: summary, Detail: detail})
	}
	if len(n.Pins) > maxNetwork || len(n.AllowNetworks) > maxNetwork {
		wrong("network", "Too many", fmt.Sprintf("Up to %d pins and %d networks.", maxNetwork, maxNetwork))
		return n, found
	}
	pins := map[string]string{}
	for address, print := range n.Pins {
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			wrong("network.pins", "Invalid address", fmt.Sprintf("%q is not of the form host:port.", address))
			continue
		}
		digits := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(print))
		if raw, err := hex.DecodeString(digits); err != nil || len(raw) != 32 {
			wrong("network.pins", "Invalid fingerprint", fmt.Sprintf("The fingerprint for %s is not the SHA-256 of a certificate: 64 hexadecimal digits, with or without colons.", address))
			continue
		}
		pins[address] = digits
	}
	for _, text := range n.AllowNetworks {
		if _, err := netip.ParsePrefix(text); err != nil {
			wrong("network.allowNetworks", "Invalid network", fmt.Sprintf("%q is not a network such as 192.168.1.0/24.", text))
		}
	}
	if n.Pins != nil {
		n.Pins = pins
	}
	return n, found
}
