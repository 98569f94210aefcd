package integrations

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

type probeIn struct {
	Kind    string `json:"kind"`
	Address string `json:"address" help:"A host with or without scheme and port."`
	// Network is what may be dialled beyond what is usual.
	Network integration.Network `json:"network,omitzero"`
}

// Probed is who answers at an address.
type Probed struct {
	// OK tells that it is what the plugin asks.
	OK bool `json:"ok"`
	// Failure says why it is not.
	Failure string `json:"failure,omitempty"`
	// Address is host:port, and URL the same as integrations are configured with.
	Address string `json:"address"`
	URL     string `json:"url"`
	Name    string `json:"name,omitempty" help:"What the system calls itself."`
	Version string `json:"version,omitempty"`
	// CertificateSHA256 is the fingerprint of the certificate that it showed, in lower-case hex; nobody has verified it.
	CertificateSHA256 string `json:"certificateSha256,omitempty"`
}

// probe answers with what was found; that nobody answers is such a finding and no error.
func (a Area) probe(ctx context.Context, in probeIn) (Probed, error) {
	address, err := addressOf(in.Address, a.Ports(in.Kind))
	if err != nil {
		return Probed{}, err
	}
	out := Probed{Address: address, URL: "https://" + address}
	found, err := a.Probe(ctx, in.Kind, address, in.Network)
	var known *sdk.Error
	switch {
	case err == nil:
		out.OK, out.Name, out.Version, out.CertificateSHA256 = true, found.Name, found.Version, found.CertificateSHA256
	case errors.As(err, &known) && known.Kind != sdk.KindUnavailable && known.Message != "":
		out.Failure = known.Message
	default:
		return Probed{}, errs.Wrap(errs.Unavailable, err, "The plugin cannot look now: try again")
	}
	return out, nil
}

// hostName is what names and addresses are made of.
var hostName = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,253}$`)

// addressOf makes host:port of what people type. The port is the usual one where none is given.
func addressOf(text string, ports []int) (string, error) {
	text = strings.TrimSpace(text)
	wrong := errs.New(errs.Invalid, "address is a host such as pve1.example.com or 192.168.1.10, with a port where it is not the usual one").WithField("address")
	if _, rest, found := strings.Cut(text, "://"); found {
		text = rest
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Is6() {
		text = "[" + text + "]"
	}
	u, err := url.Parse("https://" + text)
	if err != nil || u.Hostname() == "" || u.User != nil || !hostName.MatchString(u.Hostname()) {
		return "", wrong
	}
	port := u.Port()
	switch {
	case port == "" && len(ports) > 0:
		port = strconv.Itoa(ports[0])
	case port == "":
		return "", errs.New(errs.Invalid, "address needs a port").WithField("address")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", wrong
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port), nil
}
