package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/sdk"
)

// Define makes a plugin of its description, a config struct C and the constructor of its instances I. It fills in
// the config schema and the capabilities, which are the powers that I implements; those named in desc are kept.
// It panics when the tags of C are wrong: that is a mistake in the program, found by its first test.
func Define[C, I any](desc sdk.Description, construct func(cfg C, deps sdk.Deps) (I, error)) sdk.Plugin {
	s, err := Of[C]()
	if err != nil {
		panic(fmt.Sprintf("define plugin %s: %v", desc.Kind, err))
	}
	desc.Config = s.JSON()
	desc.ConfigVersion = max(desc.ConfigVersion, 1)
	desc.StateVersion = max(desc.StateVersion, 1)
	desc.Capabilities = slices.Clone(desc.Capabilities)
	for _, c := range powersOf(reflect.TypeFor[I]()) {
		if !slices.Contains(desc.Capabilities, c) {
			desc.Capabilities = append(desc.Capabilities, c)
		}
	}
	return &plugin[C, I]{desc: desc, construct: construct}
}

// powers pairs each capability with the interface that proves it.
var powers = []struct {
	capability sdk.Capability
	power      reflect.Type
}{
	{sdk.CapCollect, reflect.TypeFor[sdk.Collector]()},
	{sdk.CapWatch, reflect.TypeFor[sdk.Watcher]()},
	{sdk.CapIngest, reflect.TypeFor[sdk.Ingester]()},
	{sdk.CapCheck, reflect.TypeFor[sdk.Checker]()},
	{sdk.CapAct, reflect.TypeFor[sdk.Actor]()},
	{sdk.CapQuery, reflect.TypeFor[sdk.Querier]()},
	{sdk.CapNotify, reflect.TypeFor[sdk.Notifier]()},
	{sdk.CapModel, reflect.TypeFor[sdk.ModelProvider]()},
	{sdk.CapProbe, reflect.TypeFor[sdk.Prober]()},
	{sdk.CapOnboard, reflect.TypeFor[sdk.Onboarder]()},
}

func powersOf(instance reflect.Type) []sdk.Capability {
	var found []sdk.Capability
	for _, p := range powers {
		if instance.Implements(p.power) {
			found = append(found, p.capability)
		}
	}
	return found
}

// plugin is what [Define] makes.
type plugin[C, I any] struct {
	desc      sdk.Description
	construct func(cfg C, deps sdk.Deps) (I, error)
}

func (p *plugin[C, I]) Describe() sdk.Description { return p.desc }

func (p *plugin[C, I]) Validate(_ context.Context, config json.RawMessage) []sdk.Diagnostic {
	_, diags := Decode[C](config)
	return diags
}

func (p *plugin[C, I]) Configure(_ context.Context, in sdk.Instance, deps sdk.Deps) (any, error) {
	cfg, diags := Decode[C](in.Config)
	if err := Failure(diags); err != nil {
		return nil, err
	}
	instance, err := p.construct(cfg, deps)
	if err != nil {
		return nil, fmt.Errorf("configure %s: %w", p.desc.Kind, err)
	}
	return instance, nil
}

// Failure returns the errors among the diagnostics as one *sdk.Error of kind config, nil when there are none.
func Failure(diags []sdk.Diagnostic) error {
	var texts []string
	field := ""
	for _, d := range diags {
		if d.Severity != sdk.DiagnosticError {
			continue
		}
		text := d.Summary + ": " + d.Detail
		if d.Path != "" {
			text = d.Path + ": " + text
		}
		if len(texts) == 0 {
			field = d.Path
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil
	}
	return &sdk.Error{Kind: sdk.KindConfig, Code: "invalid_config", Field: field, Message: strings.Join(texts, " ")}
}
