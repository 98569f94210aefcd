package oidc

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/auth"
)

// claims are what a provider says about somebody.
type claims map[string]any

// text returns a claim that is a text, or the first text of a list.
func (c claims) text(name string) string {
	switch v := c[name].(type) {
	case string:
		return strings.TrimSpace(v)
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				return strings.TrimSpace(s)
			}
		}
	}
	return ""
}

// list returns a claim that is a list, or a text with commas or spaces between its parts.
func (c claims) list(name string) (out []string) {
	switch v := c[name].(type) {
	case string:
		return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok && s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// verified tells whether the provider has seen that the mail address is theirs. Some write the word as a text.
func (c claims) verified() bool {
	return c["email_verified"] == true || c["email_verified"] == "true"
}

// person is who somebody is, after all rules were met.
type person struct {
	name string
	// subject is who they are: what the provider's names for somebody may change, this does not.
	subject string
	roles   []string // nil leaves those that were given here
}

// judge finds out who the claims are about and whether they may come in.
func (c Config) judge(said claims) (person, error) {
	p := person{name: c.nameIn(said), subject: said.text("iss") + " " + said.text("sub")}
	if p.name == "" || said.text("iss") == "" || said.text("sub") == "" || len(p.subject) > maxText {
		return p, refused("invalid_claims", "the provider does not say who logs in")
	}
	if len(c.AllowedEmails) > 0 || len(c.AllowedDomains) > 0 {
		if err := c.judgeMail(said.text(c.EmailClaim), said.verified()); err != nil {
			return p, err
		}
	}
	groups := said.list(c.GroupsClaim)
	if len(c.AllowedGroups) > 0 && !slices.ContainsFunc(groups, func(g string) bool { return containsFold(c.AllowedGroups, g) }) {
		return p, refused("group_restricted", "the user is in none of the allowed groups")
	}
	if len(c.GroupRoles) > 0 {
		roles := map[string]bool{}
		for _, g := range groups {
			if role := c.GroupRoles[g]; role != "" {
				roles[role] = true
			}
		}
		p.roles = append([]string{}, slices.Sorted(maps.Keys(roles))...)
	}
	return p, nil
}

// nameIn returns how the user is called here. An address that nobody has verified names nobody: it may be another's.
func (c Config) nameIn(said claims) string {
	for _, claim := range []string{c.UsernameClaim, c.EmailClaim, "name", "sub"} {
		if claim == c.EmailClaim && !said.verified() {
			continue
		}
		if name := said.text(claim); auth.CheckUser(name) == nil {
			return name
		}
	}
	return ""
}

func (c Config) judgeMail(mail string, verified bool) error {
	code := "domain_restricted"
	if len(c.AllowedEmails) > 0 {
		code = "email_restricted"
	}
	if mail == "" || !verified {
		return refused(code, "the provider has not verified the user's mail address")
	}
	if len(c.AllowedEmails) > 0 && !containsFold(c.AllowedEmails, mail) {
		return refused("email_restricted", "the user's mail address is not among the allowed ones")
	}
	_, domain, _ := cutLast(mail, "@")
	if len(c.AllowedDomains) > 0 && !slices.ContainsFunc(c.AllowedDomains, func(d string) bool { return strings.EqualFold(strings.TrimPrefix(d, "@"), domain) }) {
		return refused("domain_restricted", "the domain of the user's mail address is not among the allowed ones")
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func containsFold(list []string, text string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, text) })
}
