package security

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
)

// Steps are the one-time codes of users.
type Steps interface {
	BeginSecondStep(p auth.Principal) (auth.Enrolment, error)
	EnableSecondStep(ctx context.Context, p auth.Principal, code string) ([]string, error)
	DisableSecondStep(ctx context.Context, p auth.Principal, code, peer string) error
	ResetSecondStep(ctx context.Context, maker auth.Principal, user string) error
	RecoveryCodesLeft(user string) (left int, on bool)
}

func (a Area) stepRoutes() []route.Route {
	return []route.Route{
		route.Post("/api/security/second-step", "beginSecondStep", "Make a secret for the caller's authenticator app; it counts once a code has been seen", a.beginStep).Own(auth.ScopeSettingsWrite).Unaudited().Class("auth"),
		route.Post("/api/security/second-step/enable", "enableSecondStep", "Ask for one-time codes at the caller's logins from now on; the recovery codes are shown once", a.enableStep).Own(auth.ScopeSettingsWrite).Event("second_step_enabled").Class("auth"),
		route.Post("/api/security/second-step/disable", "disableSecondStep", "Turn the caller's one-time codes off, with a code", a.disableStep).Own(auth.ScopeSettingsWrite).Event("second_step_disabled").Class("auth"),
		route.Delete("/api/admin/users/{username}/second-step", "resetSecondStep", "Turn off the one-time codes of somebody who has lost them", a.resetStep).Admin(auth.ScopeSettingsWrite).Needs(auth.ActAdmin, "users").Event("second_step_reset"),
	}
}

// Enrolment is what an authenticator app needs.
type Enrolment struct {
	Secret string `json:"secret"`
	URL    string `json:"url" help:"otpauth:// for apps on this device."`
	QR     string `json:"qr" help:"The URL as a picture, a data: URL of PNG."`
}

func (a Area) beginStep(ctx context.Context, _ route.None) (Enrolment, error) {
	e, err := a.Steps.BeginSecondStep(auth.PrincipalFrom(ctx))
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Secret: e.Secret, URL: e.URL, QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(e.QR)}, nil
}

type codeIn struct {
	Code string `json:"code"`
}

// RecoveryCodes are for whoever has lost the phone. Each works once.
type RecoveryCodes struct {
	RecoveryCodes []string `json:"recoveryCodes"`
}

func (a Area) enableStep(ctx context.Context, in codeIn) (RecoveryCodes, error) {
	codes, err := a.Steps.EnableSecondStep(ctx, auth.PrincipalFrom(ctx), in.Code)
	return RecoveryCodes{codes}, err
}

func (a Area) disableStep(ctx context.Context, in codeIn) (route.None, error) {
	err := a.Steps.DisableSecondStep(ctx, auth.PrincipalFrom(ctx), in.Code, route.RequestFrom(ctx).Peer)
	var l *auth.LoginError
	switch {
	case errors.As(err, &l) && l.Locked:
		return route.None{}, errs.New(errs.Forbidden, "%s", l.Error()).WithWord("locked_out")
	case errors.As(err, &l):
		return route.None{}, errs.New(errs.Forbidden, "this is not a present code or a recovery code").WithWord("wrong_code").WithField("code")
	}
	return route.None{}, err
}

type userPath struct {
	Username string `path:"username"`
}

func (a Area) resetStep(ctx context.Context, in userPath) (route.None, error) {
	audit.Detail(ctx, "%s", in.Username)
	return route.None{}, a.Steps.ResetSecondStep(ctx, auth.PrincipalFrom(ctx), in.Username)
}
