package security

import (
	"context"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// primaryToken is the name of the token that quick setup makes and that regenerating is about.
const primaryToken = "Primary token"

// rotateToken gives a token of the caller a new value. Others' tokens are theirs: to have one is to be them.
func (a Area) rotateToken(ctx context.Context, in tokenID) (TokenCreated, error) {
	p := auth.PrincipalFrom(ctx)
	t, err := a.token(ctx, in.ID)
	if err != nil {
		return TokenCreated{}, err
	}
	if t.Owner != p.User || t.Enrolled {
		return TokenCreated{}, errs.New(errs.Forbidden, "the token belongs to somebody else: revoke it, and let them make another").WithWord("forbidden")
	}
	return a.renew(ctx, p, t)
}

func (a Area) renew(ctx context.Context, p auth.Principal, t auth.Token) (TokenCreated, error) {
	for _, s := range t.Scopes {
		if !p.May(s) {
			return TokenCreated{}, auth.MissingScope(s)
		}
	}
	raw, t, err := a.Tokens.RotateToken(ctx, t.ID)
	if err != nil {
		return TokenCreated{}, err
	}
	audit.Detail(ctx, "%s (%s…%s)", t.Name, t.Prefix, t.Suffix)
	return TokenCreated{Token: raw, Record: record(t)}, nil
}

// Regenerated is the answer of a regenerated primary token.
type Regenerated struct {
	Success         bool   `json:"success"`
	Token           string `json:"token"`
	DeploymentType  string `json:"deploymentType"`
	RequiresRestart bool   `json:"requiresRestart"`
	Message         string `json:"message"`
}

func (a Area) regenerate(ctx context.Context, _ route.None) (Regenerated, error) {
	p := auth.PrincipalFrom(ctx)
	out := Regenerated{Success: true, DeploymentType: a.Deployment, Message: "The primary token has a new value. Other tokens are as they were."}
	for _, t := range a.Tokens.ListTokens() {
		if t.Owner == p.User && t.Name == primaryToken {
			made, err := a.renew(ctx, p, t)
			out.Token = made.Token
			return out, err
		}
	}
	raw, t, err := a.Tokens.CreateToken(ctx, p, auth.NewToken{Name: primaryToken})
	audit.Detail(ctx, "%s (%s…%s)", t.Name, t.Prefix, t.Suffix)
	out.Token = raw
	return out, err
}

type validateIn struct {
	Token string `json:"token"`
}

// Valid tells whether a token is valid.
type Valid struct {
	Valid   bool   `json:"valid"`
	Message string `json:"message"`
}

func (a Area) validate(_ context.Context, in validateIn) (Valid, error) {
	if in.Token == "" {
		e := errs.New(errs.Invalid, "Token is required").WithField("token")
		e.Extra = map[string]any{"valid": false}
		return Valid{}, e
	}
	if _, ok := a.Tokens.Token(in.Token); !ok {
		return Valid{Message: "Token is invalid"}, nil
	}
	return Valid{Valid: true, Message: "Token is valid"}, nil
}
