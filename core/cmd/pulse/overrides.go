package main

import (
	"context"

	"github.com/pulse-platform/pulse/core/compat"
)

// overrides are what an operator decided for hosts. They lie with what is written about the hosts, as the contract has it.
type overrides struct{ s *server }

// CommandsEnabled tells whether a host's agent may run commands, nil when nobody decided.
func (o overrides) CommandsEnabled(host string) *bool {
	return o.s.metadata.Flag(compat.HostMetadata, host, compat.CommandsEnabled)
}

// SetCommandsEnabled decides it; nil takes the decision back.
func (o overrides) SetCommandsEnabled(ctx context.Context, host string, on *bool) error {
	return o.s.metadata.SetFlag(ctx, compat.HostMetadata, host, compat.CommandsEnabled, on)
}

// of is CommandsEnabled for reporters of any kind.
func (o overrides) of(kind, host string) *bool {
	if kind != compat.HostMetadata.Name {
		return nil
	}
	return o.CommandsEnabled(host)
}
