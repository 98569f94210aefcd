package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

// failing is a store of values that fails.
type failing struct{ err error }

func (f failing) Value(context.Context, id.Integration, string, bool) ([]byte, int64, error) {
	return nil, 0, f.err
}

func (f failing) SetValue(context.Context, id.Integration, string, bool, []byte, int64) error {
	return f.err
}

// A plugin hears what it can do about it; what is nobody's business but the server's is in the server's log.
func TestWhatAPluginHearsOfItsValues(t *testing.T) {
	for name, c := range map[string]struct {
		failure error
		key     string
		kind    sdk.ErrorKind
		code    string
		logged  bool
	}{
		"outdated": {errs.New(errs.Outdated, "another version"), "k", sdk.KindUnavailable, sdk.CodeOutdated, false},
		"no key":   {nil, "", sdk.KindInvalid, "invalid", false},
		"broken":   {errors.New("disk I/O error"), "k", sdk.KindUnavailable, "", true},
	} {
		var log strings.Builder
		b := back{"pve/lab", integration.NewValues(failing{c.failure}, nil), hclog.New(&hclog.LoggerOptions{Output: &log})}
		err := b.SetState(t.Context(), c.key, []byte("v"), 1)
		var e *sdk.Error
		if !errors.As(err, &e) || e.Kind != c.kind || e.Code != c.code || strings.Contains(err.Error(), "disk") {
			t.Errorf("%s: the plugin hears %v", name, err)
		}
		if logged := strings.Contains(log.String(), "disk I/O error"); logged != c.logged {
			t.Errorf("%s: logged %q", name, log.String())
		}
	}
}
