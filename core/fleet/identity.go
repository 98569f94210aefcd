package fleet

import (
	"context"
	"crypto/sha1" //nolint:gosec // the contract's way to shorten names, no protection
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

// Lengths of identities.
const (
	maxID       = 48
	maxSuffixed = 40
)

// Binding says which identity the reporter with a token and a host name has.
type Binding struct {
	Kind     string // the report kind
	Token    string // the token's id
	Hostname string
	Machine  string
	Host     string
}

// Store keeps bindings over restarts.
type Store interface {
	Bindings(ctx context.Context) ([]Binding, error)
	// SaveBinding adds a binding, or replaces the one of the same kind, token and host name.
	SaveBinding(ctx context.Context, b Binding) error
	// DeleteBindings forgets the bindings to an identity; none is no error.
	DeleteBindings(ctx context.Context, kind, host string) error
	Removals(ctx context.Context) ([]Removal, error)
	// SaveRemoval adds a removal, or replaces the one of the same identity.
	SaveRemoval(ctx context.Context, r Removal) error
	DeleteRemoval(ctx context.Context, kind, host string) error
}

type bindingKey struct{ kind, token, hostname string }

func (b Binding) key() bindingKey { return bindingKey{b.Kind, b.Token, strings.ToLower(b.Hostname)} }

// sanitise makes an identity of a name: letters and digits in lower case, every other run one hyphen.
func sanitise(name string) string {
	var out strings.Builder
	hyphen := false
	for _, r := range strings.ToLower(strings.TrimSpace(name)) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			hyphen = out.Len() > 0
			continue
		}
		grow := len(string(r))
		if hyphen {
			grow++
		}
		if out.Len()+grow > maxID {
			break
		}
		if hyphen {
			out.WriteByte('-')
			hyphen = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// base is the identity that a report claims: the strongest that leaves anything, else a hash of all.
func base(kind string, c sdk.Claims) string {
	for _, id := range append(append([]string{}, c.IDs...), c.MachineID, c.AgentID, c.Hostname) {
		if s := sanitise(id); s != "" && s != sdk.Self {
			return s
		}
	}
	return kind + "-" + short(strings.Join(append(append([]string{}, c.IDs...), c.MachineID, c.AgentID, c.Hostname), "|"), 12)
}

// suffixed tells clones with one machine id apart.
func suffixed(base, token, hostname string) string {
	return strings.TrimRight(strings.ToValidUTF8(base[:min(len(base), maxSuffixed)], ""), "-") + "-" + short(token+"|"+hostname+"|"+base, 8)
}

func short(s string, n int) string {
	sum := sha1.Sum([]byte(s)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])[:n]
}

// resolve returns the identity of a reporter and remembers it. The caller holds the lock.
func (f *Fleet) resolve(ctx context.Context, kind, token string, c sdk.Claims) (string, error) {
	candidate := base(kind, c)
	if token == "" {
		return candidate, f.heldOff(ctx, kind, candidate, c)
	}
	b := Binding{Kind: kind, Token: token, Hostname: c.Hostname, Machine: sanitise(c.MachineID)}
	if known, ok := f.bindings[b.key()]; ok {
		return known.Host, f.heldOff(ctx, kind, known.Host, c)
	}
	if len(f.bindings) >= maxBindings {
		return "", errs.New(errs.Conflict, "%d reporters are known: no more are taken", maxBindings)
	}
	b.Host = f.choose(candidate, b)
	if err := f.heldOff(ctx, kind, b.Host, c); err != nil {
		return "", err
	}
	if err := f.store.SaveBinding(ctx, b); err != nil {
		return "", fmt.Errorf("save identity: %w", err)
	}
	f.bindings[b.key()] = b
	return b.Host, nil
}

// choose finds the identity for a token and a host name that were not seen together before.
func (f *Fleet) choose(candidate string, b Binding) string {
	taken := false
	for _, other := range f.bindings {
		if other.Kind != b.Kind {
			continue
		}
		same := strings.EqualFold(other.Hostname, b.Hostname)
		// A new token for a machine whose old token is gone: the same machine goes on.
		if same && other.Machine != "" && other.Machine == b.Machine && !f.tokenExists(other.Token) {
			return other.Host
		}
		if other.Host == candidate {
			taken = true
		}
	}
	if taken || f.occupied(candidate, b) {
		return suffixed(candidate, b.Token, b.Hostname)
	}
	return candidate
}
