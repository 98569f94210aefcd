package integrations

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/core/address"
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
	ports := a.Ports(in.Kind)
	if len(ports) == 0 {
		return Probed{}, errs.New(errs.Invalid, "kind %.80q is none that is looked for in networks: GET /api/plugins lists those that are installed", in.Kind).WithField("kind")
	}
	typed, err := address.URL("address", in.Address, strconv.Itoa(ports[0]))
	if err != nil {
		return Probed{}, err
	}
	_, at, _ := strings.Cut(typed, "://")
	out := Probed{Address: at, URL: "https://" + at}
	found, err := a.Probe(ctx, in.Kind, at, in.Network)
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
