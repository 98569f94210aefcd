package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// Upgrader turns a configuration of an earlier version, as a map of its members, into one of the next: it is called once
// for each version in between, so that it knows single steps only. Version is the one that config has.
type Upgrader func(config map[string]any, version int) (map[string]any, error)

// Upgrading makes a plugin read configurations of earlier versions. The description's ConfigVersion grows by one with
// each change that an old configuration does not survive, such as a key with another name.
func Upgrading(p sdk.Plugin, step Upgrader) sdk.Plugin {
	d := p.Describe()
	if !slices.Contains(d.Capabilities, sdk.CapUpgrade) {
		d.Capabilities = append(slices.Clone(d.Capabilities), sdk.CapUpgrade)
	}
	return upgrading{Plugin: p, desc: d, step: step}
}

type upgrading struct {
	sdk.Plugin
	desc sdk.Description
	step Upgrader
}

var _ sdk.ConfigUpgrader = upgrading{}

func (u upgrading) Describe() sdk.Description { return u.desc }

// UpgradeConfig takes a configuration through all versions up to the present one.
func (u upgrading) UpgradeConfig(_ context.Context, config json.RawMessage, from int) (json.RawMessage, error) {
	members := map[string]any{}
	if err := json.Unmarshal(config, &members); err != nil {
		return nil, sdk.Wrap(sdk.KindConfig, err, "The configuration is not a JSON object.")
	}
	for version := max(from, 1); version < u.desc.ConfigVersion; version++ {
		next, err := u.step(members, version)
		if err != nil {
			return nil, fmt.Errorf("upgrade the configuration from version %d: %w", version, err)
		}
		members = next
	}
	out, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("encode the configuration: %w", err)
	}
	return out, nil
}

// Rename gives a member another name, unless there is one of that name already.
func Rename(config map[string]any, from, to string) {
	value, there := config[from]
	if !there {
		return
	}
	delete(config, from)
	if _, taken := config[to]; !taken {
		config[to] = value
	}
}
