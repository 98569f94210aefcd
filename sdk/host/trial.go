package host

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/pulse-platform/pulse/sdk"
)

// Try makes an instance of a configuration that nobody runs, hands it to use and releases it.
func (p *Plugin) Try(ctx context.Context, in sdk.Instance, use func(*Instance) error) error {
	proc, err := p.running(ctx)
	if err != nil {
		return err
	}
	p.trials.Store(in.Integration, struct{}{})
	defer p.trials.Delete(in.Integration)
	if err := proc.Configure(ctx, in); err != nil {
		return err
	}
	err = use(proc.Instance(in.Integration))
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.cfg.Timing.Answer)
	defer cancel()
	return errors.Join(err, proc.Release(release, in.Integration))
}

// blank is the host of an instance that is only tried: nothing was kept for it, and nothing will be.
type blank struct{}

func (blank) State(context.Context, string) ([]byte, int64, error)         { return nil, 0, nil }
func (blank) SetState(context.Context, string, []byte, int64) error        { return nil }
func (blank) SetSecret(context.Context, string, string) error              { return nil }
func (blank) ProposeConfig(context.Context, json.RawMessage, string) error { return nil }
func (blank) Secret(_ context.Context, name string) (string, error) {
	return "", sdk.Errorf(sdk.KindUnsupported, "There is no secret %q while a configuration is only tried.", name)
}
