package config

import "github.com/pulse-platform/pulse/sdk"

// OIDC is the oidc block.
type OIDC struct {
	Enabled        bool              `name:"enabled" help:"Whether people may log in by the provider." default:"true"`
	IssuerURL      string            `name:"issuer_url" label:"Issuer URL" help:"Address of the provider of single sign-on. When it is set, this block decides about single sign-on, and the page of the settings only shows it." format:"url" example:"https://id.example.com/realms/home"`
	ClientID       string            `name:"client_id" label:"Client ID" help:"How the provider calls this server." example:"pulse"`
	ClientSecret   sdk.Secret        `name:"client_secret" help:"The secret that the provider gave with it; without one the client is a public one, which PKCE protects."`
	RedirectURL    string            `name:"redirect_url" label:"Redirect URL" help:"Where the provider sends users back. Without it, it is the server's address and /api/oidc/callback." format:"url" example:"https://pulse.example.com/api/oidc/callback"`
	LogoutURL      string            `name:"logout_url" label:"Logout URL" help:"Where the web page leads users of single sign-on after logging out." format:"url" example:"https://id.example.com/logout"`
	Scopes         []string          `name:"scopes" help:"What the provider is asked for: openid, profile and email when it is not set." example:"openid,profile,email,groups"`
	UsernameClaim  string            `name:"username_claim" help:"Claim with the name of the user. It should be one that users cannot choose at the provider." default:"preferred_username"`
	EmailClaim     string            `name:"email_claim" help:"Claim with the mail address." default:"email"`
	GroupsClaim    string            `name:"groups_claim" help:"Claim with the groups. Without it nobody is in one." example:"groups"`
	AllowedGroups  []string          `name:"allowed_groups" help:"Groups whose members may log in. Without any, membership does not matter." example:"pulse"`
	AllowedDomains []string          `name:"allowed_domains" help:"Domains of verified mail addresses that may log in." example:"example.com"`
	AllowedEmails  []string          `name:"allowed_emails" help:"Verified mail addresses that may log in." example:"ann@example.com"`
	GroupRoles     map[string]string `name:"group_roles" help:"Roles by the names of groups. When there are any, they decide all roles of users of single sign-on."`
	CABundle       string            `name:"ca_bundle" label:"CA bundle" help:"Certificates in PEM that are trusted beside the system's; best taken from a file."`
	AllowLoopback  bool              `name:"allow_loopback" help:"Whether the provider may run on the server's own machine." default:"false"`
}

// Validate refuses a provider without the name that this server has there.
func (o OIDC) Validate() []sdk.Diagnostic {
	if o.IssuerURL != "" && o.ClientID == "" {
		return []sdk.Diagnostic{{Severity: sdk.DiagnosticError, Path: "client_id", Summary: "Value missing", Detail: "The provider of issuer_url gave a client id for this server."}}
	}
	return nil
}
