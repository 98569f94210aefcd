package integration

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
)

// Complete puts the stored secrets where x has masked ones. Where x sends them elsewhere than the stored integration does,
// or lets somebody else get them, only a caller who may do all there is may keep them: everybody else learns no secret
// that they do not know already, and is answered with a [*Redirected].
func (s *Service) Complete(ctx context.Context, x Integration) (json.RawMessage, error) {
	s.mu.Lock()
	old, exists := s.all[id.Integration(x.Kind+"/"+x.Name)]
	s.mu.Unlock()
	if !exists {
		return x.Config, nil
	}
	secrets, err := s.plugins.Secrets(x.Kind)
	if err != nil {
		return nil, pluginError(err, x.Kind)
	}
	return Merge(ctx, secrets, old.Config, x.Config, !maps.Equal(old.Network.Pins, x.Network.Pins))
}

// Merge returns a configuration with the stored secrets where it has masked ones, or a [*Redirected] as
// [Service.Complete] does. Elsewhere tells that something beside the configuration sends them elsewhere.
func Merge(ctx context.Context, secrets Secrets, stored, config json.RawMessage, elsewhere bool) (json.RawMessage, error) {
	merged, err := secrets.MergeSecrets(stored, config)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "the configuration is not a JSON object").WithField("config")
	}
	if auth.PrincipalFrom(ctx).Whole() {
		return merged, nil
	}
	kept, err := secrets.Kept(stored, config)
	if err != nil || len(kept) == 0 {
		return merged, err
	}
	redirects, err := secrets.Redirects(stored, config)
	if err == nil && (redirects || elsewhere) {
		err = &Redirected{Secrets: kept}
	}
	return merged, err
}

// Redirected says that stored secrets would be sent elsewhere by somebody who may not decide that. It is an
// [errs.Error] that names the first of them.
type Redirected struct {
	// Secrets are dotted paths of the configuration.
	Secrets []string
}

func (r *Redirected) Error() string { return r.Unwrap().Error() }

func (r *Redirected) Unwrap() error {
	e := errs.New(errs.Forbidden, "%s: enter it again, because where it is sent changes, or how it is made sure who gets it. "+
		"Only an administrator without limits sends a stored secret elsewhere.", strings.Join(r.Secrets, ", "))
	return e.WithField(r.Secrets[0]).WithWord("secret_required")
}

// Named returns an error with the names that a client has for the paths of a [*Redirected], and any other as it is.
func Named(err error, name func(path string) string) error {
	var r *Redirected
	if !errors.As(err, &r) {
		return err
	}
	out := &Redirected{}
	for _, path := range r.Secrets {
		out.Secrets = append(out.Secrets, name(path))
	}
	return out
}
