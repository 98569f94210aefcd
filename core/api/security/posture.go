package security

import (
	"context"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
)

// Posture is how the server is protected, as far as those may know who administer its users.
type Posture struct {
	Certificate     *Certificate `json:"certificate,omitempty" help:"Of the server itself; absent while it serves without TLS."`
	TrustedProxies  bool         `json:"trustedProxies" help:"Whether reverse proxies are believed, who may speak TLS in its place."`
	RecoveryMode    bool         `json:"recoveryMode"`
	DataDirectory   string       `json:"dataDirectory"`
	LocalURL        string       `json:"localUrl" help:"Where the server is reached from its own machine, which recovery asks for."`
	Callers         []string     `json:"callers" help:"Other sites whose pages may call the API, * for all."`
	Frames          []string     `json:"frames" help:"Sites that may show the page in a frame, * for all."`
	AuditDays       int          `json:"auditDays" help:"For how many days events of the audit log are kept."`
	AuditWebhooks   int          `json:"auditWebhooks"`
	FailingWebhooks int          `json:"failingWebhooks"`
}

// Certificate is the one that the server shows.
type Certificate struct {
	File        string    `json:"file"`
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	SelfSigned  bool      `json:"selfSigned"`
	Names       []string  `json:"names" help:"Host names and addresses that it is for."`
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"`
	Fingerprint string    `json:"fingerprint" help:"SHA-256, hex."`
	Problem     string    `json:"problem,omitempty" help:"Why what lies in the files now is not in use."`
}

func (a Area) postureRoutes() []route.Route {
	return []route.Route{
		route.Get("/api/security/posture", "getPosture", "How the server is protected: certificate, other sites, recovery mode, audit log", func(ctx context.Context, _ route.None) (Posture, error) {
			return a.Posture(ctx)
		}).Admin(auth.ScopeSettingsRead).Needs(auth.ActAdmin, "users"),
	}
}
