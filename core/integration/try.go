package integration

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

// Trial is what came of trying a configuration.
type Trial struct {
	Diagnostics []sdk.Diagnostic
	Steps       []sdk.CheckStep
	Result      sdk.CheckResult
	// Failure says in a sentence why the configuration does not work; empty when it does.
	Failure string
	// Certificate is the one that is not trusted, when that is why.
	Certificate *sdk.Certificate
}

// Try checks a configuration without saving it. Masked secrets are those of the stored integration of the same kind
// and name. That the other side refuses is a finding; an error means that it could not be tried at all.
func (s *Service) Try(ctx context.Context, x Integration) (Trial, error) {
	var t Trial
	config, err := s.Complete(ctx, x)
	if err != nil {
		return t, err
	}
	if t.Diagnostics, err = s.validate(ctx, x.Kind, config); err != nil {
		return t, err
	}
	if failed(t.Diagnostics) {
		t.Failure = "The configuration is not valid."
		return t, nil
	}
	network, wrong := x.Network.check()
	if t.Diagnostics = append(t.Diagnostics, wrong...); failed(wrong) {
		t.Failure = "The configuration is not valid."
		return t, nil
	}
	var mu sync.Mutex
	var steps []sdk.CheckStep
	result, err := s.plugins.Check(ctx, x.Kind, config, network, func(step sdk.CheckStep) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, step)
	})
	mu.Lock()
	t.Steps, t.Result = slices.Clone(steps), result
	mu.Unlock()
	switch {
	case err == nil:
		if slices.ContainsFunc(t.Steps, func(step sdk.CheckStep) bool { return step.Outcome == sdk.CheckFailed }) {
			t.Failure = "A step of the test failed."
		}
	case sdk.KindOf(err) == sdk.KindUnsupported:
		// The plugin has nothing to try: that the configuration is valid is all that can be said.
	case ctx.Err() != nil, sdk.KindOf(err) == sdk.KindUnavailable && len(t.Steps) == 0:
		return t, pluginError(err, x.Kind)
	default:
		t.Failure = err.Error()
		var known *sdk.Error
		if errors.As(err, &known) {
			t.Failure, t.Certificate = cmp.Or(known.Message, t.Failure), known.Certificate
		}
	}
	return t, nil
}

// How long a plugin that is being started for it may take until it judges a configuration.
const (
	startPatience = 15 * time.Second
	startPause    = 100 * time.Millisecond
)

// validate asks the plugin, again while it is starting.
func (s *Service) validate(ctx context.Context, kind string, config json.RawMessage) ([]sdk.Diagnostic, error) {
	limited, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		found, err := s.plugins.Validate(limited, kind, config)
		if err == nil {
			return found, nil
		}
		if sdk.KindOf(err) != sdk.KindUnavailable {
			return nil, pluginError(err, kind)
		}
		select {
		case <-limited.Done():
			return nil, pluginError(err, kind)
		case <-time.After(startPause):
		}
	}
}

// pluginError says who or what is at fault when a plugin gives no verdict.
func pluginError(err error, kind string) error {
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	switch sdk.KindOf(err) {
	case sdk.KindUnsupported:
		return errs.Wrap(errs.Invalid, err, "there is no plugin for %.80q: GET /api/plugins lists those that are installed", kind).WithField("kind")
	case sdk.KindUnavailable:
		e := errs.Wrap(errs.Unavailable, err, "the plugin %.80q does not answer: %v", kind, err)
		e.RetryAfter = 5 * time.Second
		return e
	case sdk.KindInvalid, sdk.KindConfig:
		return errs.Wrap(errs.Invalid, err, "the plugin %.80q refuses the configuration: %v", kind, err).WithField("config")
	}
	return err
}
