package proxmox

import (
	"net/url"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Product is which of the three products is asked.
type Product struct {
	// Name as people know it.
	Name string
	// Port that the API listens on.
	Port string
	// cookie holds a ticket.
	cookie string
	// scheme and separator make the header of an API token; scheme is empty where tokens do not exist.
	scheme, separator string
}

// The products.
var (
	VirtualEnvironment = Product{Name: "Proxmox VE", Port: "8006", cookie: "PVEAuthCookie", scheme: "PVEAPIToken", separator: "="}
	Backup             = Product{Name: "Proxmox Backup Server", Port: "8007", cookie: "PBSAuthCookie", scheme: "PBSAPIToken", separator: ":"}
	MailGateway        = Product{Name: "Proxmox Mail Gateway", Port: "8006", cookie: "PMGAuthCookie"}
)

// tokens tells whether the product has API tokens, and with them a list of what an account may do.
func (p Product) tokens() bool { return p.scheme != "" }

// withoutFactor says what to do about a user with a second factor.
func (p Product) withoutFactor() string {
	if p.tokens() {
		return "The user has a second factor. Use an API token instead of a password."
	}
	return "The user has a second factor. Use one that has none."
}

// deniedFor is how long a call is not made again that was denied. Where rights are listed, they are looked at.
func (p Product) deniedFor() time.Duration {
	if p.tokens() {
		return deniedFor
	}
	return deniedBriefly
}

// Fingerprint returns a SHA-256 fingerprint as the products write it: upper-case hex with colons. Blanks, colons and
// case of the given one do not matter; the answer is empty when it is no such fingerprint.
func Fingerprint(text string) string {
	var hex strings.Builder
	for _, r := range strings.ToUpper(text) {
		switch {
		case r == ':' || r == ' ':
		case r >= '0' && r <= '9' || r >= 'A' && r <= 'F':
			hex.WriteRune(r)
		default:
			return ""
		}
	}
	digits := hex.String()
	if len(digits) != 64 {
		return ""
	}
	pairs := make([]string, 0, 32)
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// CheckLink judges an address that pages link to: one of the web, or none. Other schemes would run what stands in them.
func CheckLink(text string) error {
	u, err := url.Parse(text)
	if text == "" || err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
		return nil
	}
	return &sdk.Error{Kind: sdk.KindConfig, Code: "invalid_config", Field: "guest_url", Message: "Links begin with https:// or http:// and name a host."}
}
