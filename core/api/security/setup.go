package security

import (
	"context"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

type bootstrapIn struct {
	Header string `header:"X-Setup-Token"`
	Body   struct {
		Token string `json:"token"`
	} `body:"json"`
}

func (a Area) validateBootstrap(_ context.Context, in bootstrapIn) (route.None, error) {
	token := in.Header
	if token == "" {
		token = in.Body.Token
	}
	return route.None{}, a.Claims.CheckBootstrap(token)
}

type setupIn struct {
	Header   string       `header:"X-Setup-Token"`
	Recovery string       `header:"X-Recovery-Token"`
	Body     setupRequest `body:"json"`
}

type setupRequest struct {
	Username   string `json:"username"`
	Password   string `json:"password"`
	APIToken   string `json:"apiToken,omitempty"`
	SetupToken string `json:"setupToken,omitempty"`
	Force      bool   `json:"force,omitempty"`
}

// SetupDone is the answer of a quick setup.
type SetupDone struct {
	Success               bool   `json:"success"`
	Skipped               bool   `json:"skipped,omitempty"`
	Method                string `json:"method,omitempty"`
	DeploymentType        string `json:"deploymentType,omitempty"`
	RequiresManualRestart bool   `json:"requiresManualRestart"`
	Message               string `json:"message"`
}

func (a Area) quickSetup(ctx context.Context, in setupIn) (SetupDone, error) {
	if a.Claims.Claimed() {
		if in.Recovery != "" {
			return a.regain(ctx, in)
		}
		if !auth.PrincipalFrom(ctx).Authenticated() {
			return SetupDone{}, errs.New(errs.Unauthenticated, "the server is set up already: log in to change its security")
		}
		if in.Body.Force {
			return SetupDone{}, errs.New(errs.Conflict, "the server is set up already: change the password and the tokens in the settings")
		}
		return SetupDone{Success: true, Skipped: true, Message: "The server is set up already."}, nil
	}
	token := in.Header
	if token == "" {
		token = in.Body.SetupToken
	}
	if token == "" {
		return SetupDone{}, errs.New(errs.Unauthenticated, "the bootstrap token is missing: pulse bootstrap-token --data DIR prints it; it lies in the file .bootstrap_token of the data directory")
	}
	if err := a.Claims.CheckBootstrap(token); err != nil {
		return SetupDone{}, err
	}
	if err := a.Claims.Claim(ctx, in.Body.Username, in.Body.Password, in.Body.APIToken); err != nil {
		return SetupDone{}, err
	}
	audit.Actor(ctx, in.Body.Username)
	return SetupDone{Success: true, Method: a.Deployment, DeploymentType: a.Deployment, Message: "The server is set up. Log in with the new user."}, nil
}

// regain lets whoever has a recovery token administer the server again. The token is used up in any case.
func (a Area) regain(ctx context.Context, in setupIn) (SetupDone, error) {
	if !a.Recovery.Redeem(in.Recovery) {
		return SetupDone{}, errs.New(errs.Unauthenticated, "this recovery token does not work: it was used, has ended or is mistyped")
	}
	if !in.Body.Force {
		return SetupDone{Success: true, Skipped: true, Message: "The server is set up already: send force to set the user's password."}, nil
	}
	if err := a.Claims.Regain(ctx, in.Body.Username, in.Body.Password, in.Body.APIToken, route.RequestFrom(ctx).Peer); err != nil {
		return SetupDone{}, err
	}
	audit.Actor(ctx, in.Body.Username)
	audit.Detail(ctx, "With a recovery token: %s administers with a new password", in.Body.Username)
	return SetupDone{Success: true, Method: a.Deployment, DeploymentType: a.Deployment, Message: "The user administers the server. Log in with the new password."}, nil
}
