package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// Removal is a reporter that was removed and may not come back while it is kept.
type Removal struct {
	Kind     string // the report kind
	Host     string
	Hostname string
	Name     string
	At       time.Time
}

type removalKey struct{ kind, host string }

// Find returns the record of a reporter by its identity.
func (f *Fleet) Find(kind, host string) (*inventory.Record, bool) {
	declared, ok := f.cfg.Inventory.Catalog().Report(kind)
	if !ok || host == "" {
		return nil, false
	}
	r, ok := f.cfg.Inventory.Record(id.Record(id.Integration(declared.Plugin), host))
	return r, ok && r.Type == declared.Type && r.Source.Reporter
}

// FindNamed returns the record of the reporter with a host name or display name, in any case; failing that, by the name
// up to the first dot.
func (f *Fleet) FindNamed(kind, name string) (*inventory.Record, bool) {
	all := f.reporters(kind)
	for _, r := range all {
		if strings.EqualFold(r.Source.Hostname, name) || strings.EqualFold(r.DisplayName(), name) {
			return r, true
		}
	}
	short, _, _ := strings.Cut(name, ".")
	for _, r := range all {
		if own, _, _ := strings.Cut(r.Source.Hostname, "."); short != "" && strings.EqualFold(own, short) {
			return r, true
		}
	}
	return nil, false
}

// reporters returns the records of those who report with a kind, by host name.
func (f *Fleet) reporters(kind string) []*inventory.Record {
	declared, ok := f.cfg.Inventory.Catalog().Report(kind)
	if !ok {
		return nil
	}
	var out []*inventory.Record
	for _, r := range f.cfg.Inventory.Snapshot().Type(declared.Type) {
		if r.Source.Reporter && r.Integration == id.Integration(declared.Plugin) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b *inventory.Record) int {
		return cmp.Or(cmp.Compare(a.Source.Hostname, b.Source.Hostname), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// Of returns the records of those who report with a token, by host name.
func (f *Fleet) Of(kind, token string) []*inventory.Record {
	return slices.DeleteFunc(f.reporters(kind), func(r *inventory.Record) bool { return token == "" || r.Source.TokenID != token })
}

// Remove forgets a reporter: what it brought, who it was bound to, and its token when nobody else reports with it and it
// is good for nothing else. Where the kind has a block, its next reports are refused. A reporter that is not there is no
// error: it is gone already.
func (f *Fleet) Remove(ctx context.Context, kind, host string) error {
	r, there := f.Find(kind, host)
	if there {
		if err := f.block(ctx, kind, r); err != nil {
			return err
		}
	}
	if err := f.unbind(ctx, kind, host); err != nil {
		return err
	}
	if !there {
		return nil
	}
	if err := f.cfg.Inventory.Remove(ctx, r.UID); err != nil && !errs.Is(err, errs.NotFound) {
		return fmt.Errorf("remove %s %s: %w", kind, host, err)
	}
	if err := f.cfg.Inventory.ForgetLink(ctx, r.UID); err != nil {
		return err
	}
	f.cfg.Log.Info("a reporter was removed", "kind", kind, "id", host, "hostname", r.Source.Hostname)
	return f.revoke(ctx, r.Source.TokenID)
}

func (f *Fleet) unbind(ctx context.Context, kind, host string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.store.DeleteBindings(ctx, kind, host); err != nil {
		return fmt.Errorf("delete bindings: %w", err)
	}
	for key, b := range f.bindings {
		if b.Kind == kind && b.Host == host {
			delete(f.bindings, key)
		}
	}
	if declared, ok := f.cfg.Inventory.Catalog().Report(kind); ok {
		delete(f.clocks, id.Record(id.Integration(declared.Plugin), host))
	}
	return nil
}

// revoke makes a token invalid that no reporter uses any more. One that may do more than agents need stays: somebody
// works with it.
func (f *Fleet) revoke(ctx context.Context, token string) error {
	if token == "" || f.cfg.Tokens == nil {
		return nil
	}
	for _, k := range f.cfg.Inventory.Catalog().Reports() {
		if len(f.Of(k.Name, token)) > 0 {
			return nil
		}
	}
	for _, t := range f.cfg.Tokens.ListTokens() {
		if t.ID != token || slices.ContainsFunc(t.Scopes, func(s auth.Scope) bool { return !slices.Contains(agentScopes, s) }) {
			continue
		}
		if err := f.cfg.Tokens.RevokeToken(ctx, token); err != nil && !errs.Is(err, errs.NotFound) {
			return fmt.Errorf("revoke the token of a removed reporter: %w", err)
		}
	}
	return nil
}

// agentScopes are those that agents need and nobody else.
var agentScopes = []auth.Scope{
	auth.ScopeHostReport, auth.ScopeHostConfigRead, auth.ScopeDockerReport, auth.ScopeKubernetesReport, auth.ScopeAgentExec,
}

// block remembers a reporter that may not come back, where its kind has that.
func (f *Fleet) block(ctx context.Context, kind string, r *inventory.Record) error {
	if f.cfg.Block(kind) <= 0 {
		return nil
	}
	x := Removal{Kind: kind, Host: r.Key, Hostname: r.Source.Hostname, Name: r.DisplayName(), At: f.cfg.Now()}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.store.SaveRemoval(ctx, x); err != nil {
		return fmt.Errorf("save removal: %w", err)
	}
	f.removals[removalKey{kind, x.Host}] = x
	return nil
}

// Removed returns who of a kind may not come back, by identity.
func (f *Fleet) Removed(kind string) []Removal {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Removal
	for _, x := range f.removals {
		if x.Kind == kind && f.blocks(x) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Removal) int { return cmp.Compare(a.Host, b.Host) })
	return out
}

// Allow lets a removed reporter come back, and reports whether it was held off.
func (f *Fleet) Allow(ctx context.Context, kind, host string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := removalKey{kind, host}
	x, ok := f.removals[key]
	if !ok {
		return false, nil
	}
	if err := f.store.DeleteRemoval(ctx, kind, host); err != nil {
		return false, fmt.Errorf("delete removal: %w", err)
	}
	delete(f.removals, key)
	return f.blocks(x), nil
}

// blocks reports whether a removal still holds.
func (f *Fleet) blocks(x Removal) bool { return f.cfg.Now().Sub(x.At) < f.cfg.Block(x.Kind) }

// heldOff refuses a reporter that was removed: its identity, or a new one with a name that is the removed identity. A
// removal whose time is over is forgotten. The caller holds the lock.
func (f *Fleet) heldOff(ctx context.Context, kind, host string, c sdk.Claims) error {
	if len(f.removals) == 0 {
		return nil
	}
	names := []string{host}
	if _, known := f.Find(kind, host); !known {
		for _, name := range append(append([]string{}, c.IDs...), c.AgentID, c.MachineID, c.Hostname) {
			names = append(names, sanitise(name))
		}
	}
	for _, name := range names {
		key := removalKey{kind, name}
		x, ok := f.removals[key]
		if !ok {
			continue
		}
		if f.blocks(x) {
			until := x.At.Add(f.cfg.Block(kind)).UTC().Format(time.RFC3339)
			return errs.New(errs.Invalid, "host %q was removed and may not report until %s: allow it to enrol again, or stop its agent", x.Name, until).
				WithWord("invalid_report")
		}
		if err := f.store.DeleteRemoval(ctx, kind, x.Host); err != nil {
			return fmt.Errorf("delete removal: %w", err)
		}
		delete(f.removals, key)
	}
	return nil
}
