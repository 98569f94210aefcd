package setup

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

const (
	probeTimeout = 5 * time.Second
	// maxPage is how much of a page is read; the title stands at its beginning.
	maxPage = 64 << 10
)

func front(kind, product string, deps sdk.Deps) Front {
	profile := netguard.For(netguard.Integration, deps.Network)
	profile.Timeout, profile.HTTP1 = probeTimeout, true
	profile.TLS = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // only a page is read that anyone may
	return Front{kind: kind, title: "Proxmox " + product, client: netguard.Client(profile)}
}

var (
	title   = regexp.MustCompile(`(?is)<title>\s*([^<]{1,200}?)\s*</title>`)
	release = regexp.MustCompile(`(?:manager|gui)[a-z]*\.js\?ver=([0-9][0-9.]{0,20})`)
)

// Probe reads the page that a server shows before anybody has logged in: its title names the server and the product.
func (f Front) Probe(ctx context.Context, address string) (sdk.Candidate, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/", nil)
	if err != nil {
		return sdk.Candidate{}, sdk.Wrap(sdk.KindInvalid, err, "The address is not host:port.")
	}
	res, err := f.client.Do(req)
	if err != nil {
		return sdk.Candidate{}, proxmox.NoAnswer(err, address)
	}
	defer func() { _ = res.Body.Close() }()
	page, err := io.ReadAll(io.LimitReader(res.Body, maxPage))
	if err != nil {
		return sdk.Candidate{}, sdk.Wrap(sdk.KindUnreachable, err, address+" broke off.")
	}
	c, ok := f.recognise(page)
	if !ok {
		return c, sdk.Errorf(sdk.KindUnsupported, "%s answers, but it is something else.", address)
	}
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		sum := sha256.Sum256(res.TLS.PeerCertificates[0].Raw)
		c.CertificateSHA256 = hex.EncodeToString(sum[:])
	}
	return c, nil
}

// recognise reads a page.
func (f Front) recognise(page []byte) (sdk.Candidate, bool) {
	m := title.FindSubmatch(page)
	if m == nil {
		return sdk.Candidate{}, false
	}
	name, found := strings.CutSuffix(html.UnescapeString(string(m[1])), f.title)
	if !found {
		return sdk.Candidate{}, false
	}
	c := sdk.Candidate{Kind: f.kind, Name: strings.ToValidUTF8(strings.Trim(name, " -\t\r\n"), "")}
	if v := release.FindSubmatch(page); v != nil {
		c.Version = strings.TrimRight(string(v[1]), ".")
	}
	return c, true
}
