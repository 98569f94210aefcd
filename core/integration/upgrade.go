package integration

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Upgraded takes over that a plugin has turned the configuration of a revision into one of its present version. What has
// been changed or removed meanwhile stays as it is. What a file owns is upgraded in memory only: the note says then what to
// write into the file.
func (s *Service) Upgraded(ctx context.Context, name id.Integration, revision int64, config json.RawMessage, version int) (note string, err error) {
	s.mu.Lock()
	x, there := s.all[name]
	s.mu.Unlock()
	if !there || x.Revision != revision {
		return "", nil
	}
	if x.Origin == "" {
		sealed, err := s.sealer.Seal(place(name), config)
		if err != nil {
			return "", err
		}
		if err := s.store.UpgradeIntegration(ctx, name, revision, sealed, version); errs.Is(err, errs.Outdated) {
			return "", nil
		} else if err != nil {
			return "", err
		}
	} else {
		note = x.Origin + ": " + rewrite(changedMembers(x.Config, config))
	}
	s.mu.Lock()
	if now := s.all[name]; now.Revision == revision {
		now.Config, now.ConfigVersion = config, version
		s.all[name] = now
	}
	s.mu.Unlock()
	s.news.Publish(struct{}{})
	return note, nil
}

// rewrite says what to write instead of what.
func rewrite(was, is []string) string {
	text := "It works as it is. Write it as the plugin reads it now"
	if len(was)+len(is) > 0 {
		text += ": " + strings.Join(is, ", ") + " instead of " + strings.Join(was, ", ")
	}
	return text + "."
}

// older tries whether a file's integration, which the plugin refuses, was written for an earlier version. Files do not say
// for which, so the latest that makes it valid counts. The file is not changed: a warning says what to write.
func (s *Service) older(ctx context.Context, x Integration, refused []sdk.Diagnostic) (Integration, []sdk.Diagnostic) {
	for version := s.plugins.ConfigVersion(x.Kind) - 1; version > 0; version-- {
		config, err := s.plugins.UpgradeConfig(ctx, x.Kind, x.Config, version)
		if err != nil {
			continue
		}
		diags, err := s.validate(ctx, x.Kind, config)
		if err != nil || failed(diags) {
			continue
		}
		was, is := changedMembers(x.Config, config)
		x.Config = config
		path := ""
		if len(was) > 0 {
			path = was[0]
		}
		return x, append(diags, sdk.Diagnostic{Severity: sdk.DiagnosticWarning, Path: path, Summary: "Written for an earlier version of the plugin", Detail: rewrite(was, is)})
	}
	return x, refused
}

// changedMembers returns the names of members that are in one configuration only.
func changedMembers(before, after json.RawMessage) (was, is []string) {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(after, &b) != nil {
		return nil, nil
	}
	only := func(in, other map[string]json.RawMessage) (out []string) {
		for _, name := range slices.Sorted(maps.Keys(in)) {
			if _, both := other[name]; !both {
				out = append(out, name)
			}
		}
		return out
	}
	return only(a, b), only(b, a)
}
