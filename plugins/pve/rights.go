package pve

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// rights are the privileges of the account, by path. A token whose rights are kept apart from its user's and that was given
// none is let in everywhere and sees nothing: an empty answer means something only when the rights are known.
type rights map[string]map[string]proxmox.Bool

// rightsAge is how long an answer about rights is believed.
const rightsAge = time.Hour

// somewhere tells whether the account has a privilege on any path.
func (r rights) somewhere(privileges ...string) bool {
	for _, of := range r {
		for _, p := range privileges {
			if of[p] {
				return true
			}
		}
	}
	return false
}

// on tells whether the account has one of the privileges on a path or above it.
func (r rights) on(path string, privileges ...string) bool {
	for {
		for _, p := range privileges {
			if r[path][p] {
				return true
			}
		}
		if path == "/" || path == "" {
			return false
		}
		path = path[:strings.LastIndexByte(path, '/')]
		if path == "" {
			path = "/"
		}
	}
}

// granted returns the rights as last seen.
func (c *Collector) granted() rights {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rights
}

// judgeRights reads the account's rights when that was long ago, or when it sees less than before: things do not vanish
// because somebody took a right away.
func (c *Collector) judgeRights(ctx context.Context, v *view) error {
	c.mu.Lock()
	old, at := c.view, c.rightsAt
	c.mu.Unlock()
	shrunk := old != nil && (len(v.guests) < len(old.guests) || len(v.storages) < len(old.storages) || len(v.nodes) < len(old.nodes))
	if !at.IsZero() && v.at.Sub(at) < rightsAge && !shrunk {
		return nil
	}
	got, err := readRights(ctx, c.client)
	if err != nil {
		return err
	}
	c.mu.Lock()
	changed := c.rights != nil && !maps.EqualFunc(c.rights, got, maps.Equal)
	c.rights, c.rightsAt = got, v.at
	c.mu.Unlock()
	if changed {
		c.client.TryAgain()
	}
	if len(got) == 0 {
		return c.lacks("VM.Audit", "/")
	}
	return nil
}

func readRights(ctx context.Context, client *proxmox.Client) (rights, error) {
	got, err := proxmox.Get[permissionsAnswer](ctx, client, proxmox.Path("access", "permissions"))
	if err != nil {
		return nil, fmt.Errorf("read permissions: %w", err)
	}
	return rights(got), nil
}

// lacks is the error of an account that may not read something.
func (c *Collector) lacks(privilege, path string) error {
	id, token := c.cfg.account()
	return sdk.Errorf(sdk.KindPermission, "%s may read nothing here: it lacks %s on %s. Run on a node: %s", id, privilege, path, grants(id, token, path, "PVEAuditor"))
}

// grant is the command that gives an account a role.
func grant(id string, token bool, path, role string) string {
	who := "--users"
	if token {
		who = "--tokens"
	}
	return fmt.Sprintf("pveum acl modify %s %s %s --roles %s", path, who, proxmox.Quote(id), role)
}

// grants is grant for a token and its user as well: what a token may is what both may.
func grants(id string, token bool, path, role string) string {
	out := grant(id, token, path, role)
	if user, _, isToken := strings.Cut(id, "!"); isToken {
		out += "; " + grant(user, false, path, role)
	}
	return out
}
