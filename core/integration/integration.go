// Package integration is about configured uses of plugins: what the operator wants to run, validated by the
// plugin, sealed at rest, under a revision. It does not know how plugins run.
package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/pulse-platform/pulse/core/bus"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// Integration is one configured use of a plugin.
type Integration struct {
	ID   id.Integration
	Kind string
	Name string
	// Title is what people call it, empty for Name. Unlike the name it can be changed.
	Title string
	// Source is who made it, as the wire format says it; empty for a person.
	Source   string
	Revision int64
	Enabled  bool
	// Config is a JSON object. What the service hands out is masked; [Service.Desired] has it in clear.
	Config json.RawMessage
	// ConfigVersion is the version of the plugin's schema that Config was written for, 0 when that is not known.
	ConfigVersion int
	Network       Network
	// Origin is where a file owns the integration ("config.hcl:12"), empty when it is kept in the database.
	// What a file owns is read-only elsewhere.
	Origin string
	// Joined is the integration that asks in the place of this one, since both turned out to ask the same; then it is not
	// enabled. Apart tells that somebody wants it to ask by itself all the same.
	Joined id.Integration
	Apart  bool
}

// Sealed is how an integration lies in the store.
type Sealed struct {
	ID       id.Integration
	Kind     string
	Name     string
	Title    string
	Source   string
	Revision int64
	Enabled  bool
	Config   []byte
	// ConfigVersion is the version of the plugin's schema.
	ConfigVersion int
	Network       Network
	Joined        id.Integration
	Apart         bool
}

// Store keeps sealed integrations.
type Store interface {
	Integrations(ctx context.Context) ([]Sealed, error)
	// SaveIntegration stores s if the stored revision is still the given one (0: not there yet), else it
	// returns errs.Outdated.
	SaveIntegration(ctx context.Context, s Sealed, revision int64) error
	// UpgradeIntegration stores another writing of the same revision, else it returns errs.Outdated.
	UpgradeIntegration(ctx context.Context, id id.Integration, revision int64, config []byte, version int) error
	DeleteIntegration(ctx context.Context, id id.Integration, revision int64) error
}

// Sealer encrypts what lies at rest; place ties the ciphertext to where it lies.
type Sealer interface {
	Seal(place string, plain []byte) ([]byte, error)
	Open(place string, sealed []byte) ([]byte, error)
}

// Plugins judges configurations.
type Plugins interface {
	Validate(ctx context.Context, kind string, config json.RawMessage) ([]sdk.Diagnostic, error)
	// Check tries a configuration that is not saved; progress hears of each step.
	Check(ctx context.Context, kind string, config json.RawMessage, network Network, progress func(sdk.CheckStep)) (sdk.CheckResult, error)
	Secrets(kind string) (Secrets, error)
	// ConfigVersion is the version of the plugin's schema, 0 when the plugin is not there.
	ConfigVersion(kind string) int
	// UpgradeConfig turns a configuration of an earlier version into a present one.
	UpgradeConfig(ctx context.Context, kind string, config json.RawMessage, from int) (json.RawMessage, error)
}

// Secrets knows which members of a kind's configuration are secret.
type Secrets interface {
	Mask(config json.RawMessage) (json.RawMessage, error)
	// MergeSecrets puts the stored secret wherever the new configuration has a masked one.
	MergeSecrets(stored, config json.RawMessage) (json.RawMessage, error)
	// Kept returns the paths of those that the new configuration keeps masked.
	Kept(stored, config json.RawMessage) ([]string, error)
	// Redirects tells whether the new configuration sends secrets elsewhere, or lets somebody else get them.
	Redirects(stored, config json.RawMessage) (bool, error)
}

// Service owns the configured integrations.
type Service struct {
	store   Store
	sealer  Sealer
	plugins Plugins

	mu   sync.Mutex
	all  map[id.Integration]Integration // configs in clear
	news bus.Bus[struct{}]
}

// Open loads what is stored. Integrations whose plugin is gone are kept.
func Open(ctx context.Context, store Store, sealer Sealer, plugins Plugins) (*Service, error) {
	s := &Service{store: store, sealer: sealer, plugins: plugins, all: map[id.Integration]Integration{}}
	stored, err := store.Integrations(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range stored {
		config, err := sealer.Open(place(x.ID), x.Config)
		if err != nil {
			return nil, errs.Wrap(errs.Internal, err, "open the stored configuration of integration %s: is secret.key the one it was sealed with?", x.ID)
		}
		s.all[x.ID] = Integration{
			ID: x.ID, Kind: x.Kind, Name: x.Name, Title: x.Title, Source: x.Source, Revision: x.Revision, Enabled: x.Enabled,
			Config: config, ConfigVersion: x.ConfigVersion, Network: x.Network, Joined: x.Joined, Apart: x.Apart,
		}
	}
	return s, nil
}

func place(id id.Integration) string { return "integration/" + string(id) }

// Changes tells when the desired state may have changed.
func (s *Service) Changes() (<-chan struct{}, func()) { return s.news.Subscribe(1) }

// Desired returns what should run, configs in clear, by id.
func (s *Service) Desired() []Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Integration
	for _, k := range slices.Sorted(maps.Keys(s.all)) {
		if x := s.all[k]; x.Enabled {
			out = append(out, x)
		}
	}
	return out
}

// Runs tells whether an integration is there and enabled.
func (s *Service) Runs(name id.Integration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[name].Enabled
}

// List returns all integrations, secrets masked, by id.
func (s *Service) List() []Integration {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Integration, 0, len(s.all))
	for _, k := range slices.Sorted(maps.Keys(s.all)) {
		out = append(out, s.masked(s.all[k]))
	}
	return out
}

// masked hides the secrets. A configuration whose secrets nobody can tell (its plugin is gone) is hidden whole.
func (s *Service) masked(x Integration) Integration {
	secrets, err := s.plugins.Secrets(x.Kind)
	if err == nil {
		var config json.RawMessage
		if config, err = secrets.Mask(x.Config); err == nil {
			x.Config = config
			return x
		}
	}
	x.Config = json.RawMessage(`{}`)
	return x
}

// Adopt sets the integrations that files own, replacing those adopted before. Each runs as soon as its plugin has judged
// it, whatever the others do. It returns the findings per integration; one with an error is left out. The error names
// those that could not be judged: calling again tries them again.
func (s *Service) Adopt(ctx context.Context, owned []Integration) (map[id.Integration][]sdk.Diagnostic, error) {
	s.disown(owned)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var unjudged []error
	findings := map[id.Integration][]sdk.Diagnostic{}
	for _, x := range owned {
		wg.Go(func() {
			diags, err := s.adopt(ctx, x)
			mu.Lock()
			defer mu.Unlock()
			if len(diags) > 0 {
				findings[x.ID] = diags
			}
			if err != nil {
				unjudged = append(unjudged, fmt.Errorf("%s: %w", x.ID, err))
			}
		})
	}
	wg.Wait()
	return findings, errors.Join(unjudged...)
}

// disown drops what files owned before and no longer do.
func (s *Service) disown(owned []Integration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.all, func(name id.Integration, x Integration) bool {
		return x.Origin != "" && !slices.ContainsFunc(owned, func(o Integration) bool { return o.ID == name })
	})
	s.news.Publish(struct{}{})
}

func (s *Service) adopt(ctx context.Context, x Integration) ([]sdk.Diagnostic, error) {
	network, diags := x.Network.check()
	if failed(diags) {
		return diags, nil
	}
	x.Network = network
	diags, err := s.judge(ctx, x)
	var refused *errs.Error
	if errors.As(err, &refused) && refused.Code == errs.Invalid {
		return []sdk.Diagnostic{{Severity: sdk.DiagnosticError, Summary: refused.Message}}, nil
	}
	if err != nil {
		return diags, err
	}
	if failed(diags) {
		if x, diags = s.older(ctx, x, diags); failed(diags) {
			return diags, nil
		}
	}
	x.ConfigVersion = s.plugins.ConfigVersion(x.Kind)
	s.mu.Lock()
	s.all[x.ID] = x
	s.mu.Unlock()
	s.news.Publish(struct{}{})
	return diags, nil
}

var names = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// GoodName tells whether an integration may be called so.
func GoodName(name string) bool { return names.MatchString(name) }

// maxTitle is how long a title may be, in bytes.
const maxTitle = 200

func (s *Service) judge(ctx context.Context, x Integration) ([]sdk.Diagnostic, error) {
	if len(x.Title) > maxTitle || strings.ContainsFunc(x.Title, unicode.IsControl) {
		return []sdk.Diagnostic{{Severity: sdk.DiagnosticError, Path: "title",
			Summary: "Invalid title", Detail: fmt.Sprintf("Use up to %d bytes without line breaks.", maxTitle)}}, nil
	}
	if !GoodName(x.Name) {
		return []sdk.Diagnostic{{Severity: sdk.DiagnosticError, Path: "name",
			Summary: "Invalid name", Detail: "Use up to 63 lower-case letters, digits, dots, dashes and underscores."}}, nil
	}
	return s.validate(ctx, x.Kind, x.Config)
}

func failed(diags []sdk.Diagnostic) bool {
	return slices.ContainsFunc(diags, func(d sdk.Diagnostic) bool { return d.Severity == sdk.DiagnosticError })
}

// Refusal is the answer to findings that do not let a configuration be used: the first of severity error, with the name that
// a client has for its path. It is nil when there is none.
func Refusal(found []sdk.Diagnostic, name func(path string) string) error {
	at := slices.IndexFunc(found, func(d sdk.Diagnostic) bool { return d.Severity == sdk.DiagnosticError })
	if at < 0 {
		return nil
	}
	field, said := name(found[at].Path), found[at].Summary
	if field != "" {
		said = field + ": " + said
	}
	if detail := found[at].Detail; detail != "" {
		said += ": " + detail
	}
	return errs.New(errs.Invalid, "%s", said).WithField(field)
}

// Save creates (revision 0) or changes an integration. Masked secrets keep their stored value, as [Service.Complete] has it.
// Findings of severity error mean that nothing was saved.
func (s *Service) Save(ctx context.Context, x Integration, revision int64) (Integration, []sdk.Diagnostic, error) {
	x.ID = id.Integration(x.Kind + "/" + x.Name)
	s.mu.Lock()
	old, exists := s.all[x.ID]
	s.mu.Unlock()
	if err := checkRevision(old, exists, revision); err != nil {
		return Integration{}, nil, err
	}
	x.Joined, x.Apart = rejoined(old, x)
	var err error
	if x.Config, err = s.Complete(ctx, x); err != nil {
		return Integration{}, nil, err
	}
	var diags []sdk.Diagnostic
	if x.Network, diags = x.Network.check(); failed(diags) {
		return Integration{}, diags, nil
	}
	diags, err = s.judge(ctx, x)
	if err != nil || failed(diags) {
		return Integration{}, diags, err
	}
	x.Revision, x.Origin, x.ConfigVersion = revision+1, "", s.plugins.ConfigVersion(x.Kind)
	sealed, err := s.sealer.Seal(place(x.ID), x.Config)
	if err != nil {
		return Integration{}, diags, err
	}
	err = s.store.SaveIntegration(ctx, Sealed{
		ID: x.ID, Kind: x.Kind, Name: x.Name, Title: x.Title, Source: x.Source, Revision: x.Revision, Enabled: x.Enabled,
		Config: sealed, ConfigVersion: x.ConfigVersion, Network: x.Network, Joined: x.Joined, Apart: x.Apart,
	}, revision)
	if err != nil {
		return Integration{}, diags, err
	}
	s.mu.Lock()
	s.all[x.ID] = x
	s.mu.Unlock()
	s.news.Publish(struct{}{})
	return s.masked(x), diags, nil
}

// Delete forgets an integration.
func (s *Service) Delete(ctx context.Context, name id.Integration, revision int64) error {
	s.mu.Lock()
	old, exists := s.all[name]
	s.mu.Unlock()
	if !exists {
		return errs.New(errs.NotFound, "there is no integration %q", name)
	}
	if err := checkRevision(old, exists, revision); err != nil {
		return err
	}
	if err := s.store.DeleteIntegration(ctx, name, revision); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.all, name)
	s.mu.Unlock()
	s.news.Publish(struct{}{})
	return nil
}

func checkRevision(old Integration, exists bool, revision int64) error {
	switch {
	case exists && old.Origin != "":
		return errs.New(errs.Conflict, "integration %s is owned by %s: change it there", old.ID, old.Origin)
	case exists && revision == 0:
		return errs.New(errs.Conflict, "there is already an integration %s: choose another name", old.ID).WithField("name")
	case exists != (revision > 0), exists && old.Revision != revision:
		return errs.New(errs.Outdated, "the integration changed in the meantime: load it again, then repeat the change")
	}
	return nil
}
