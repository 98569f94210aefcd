package pbs

import (
	"context"
	"fmt"
	"maps"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// rightsEvery is how long what an account may do is taken as known, and lackingEvery while it lacks something that is wanted:
	// somebody may be about to give it.
	rightsEvery  = 15 * time.Minute
	lackingEvery = time.Minute
)

// seesDatastores are privileges of which one is enough to see a datastore.
var seesDatastores = []string{"Datastore.Audit", "Datastore.Backup"}

// permissions is /access/permissions: for each path the privileges, and whether each holds below it too.
type permissions map[string]map[string]proxmox.Bool

// have tells whether an account has one of the privileges on a path. What is said of the nearest path counts: a role given
// further down replaces those from above.
func (p permissions) have(on string, privileges ...string) bool {
	for at := on; ; at = path.Dir(at) {
		if said, there := p[at]; there {
			for _, privilege := range privileges {
				if below, has := said[privilege]; has && (at == on || bool(below)) {
					return true
				}
			}
			return false
		}
		if at == "/" {
			return false
		}
	}
}

// below tells whether an account has one of the privileges somewhere below a path.
func (p permissions) below(above string, privileges ...string) bool {
	for on := range p {
		if strings.HasPrefix(on, above+"/") && p.have(on, privileges...) {
			return true
		}
	}
	return false
}

// rights knows what the account may do.
type rights struct {
	client  *proxmox.Client
	account string
	now     func() time.Time

	mu    sync.Mutex
	known permissions
	asked time.Time
	// exact are paths that were asked for one by one since then.
	exact map[string]permissions
}

// read returns the permissions, of the server when what is known of them is as old as that.
func (r *rights) read(ctx context.Context, old time.Duration) (permissions, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != nil && r.now().Sub(r.asked) < old {
		return r.known, nil
	}
	p, err := proxmox.Get[permissions](ctx, r.client, proxmox.Path("access", "permissions"))
	if err != nil {
		return nil, err
	}
	if p == nil {
		p = permissions{}
	}
	if !maps.EqualFunc(p, r.known, maps.Equal) {
		r.client.TryAgain()
	}
	r.known, r.asked, r.exact = p, r.now(), map[string]permissions{}
	return p, nil
}

// exactly returns the permissions on a path. One that is not listed has those from above, or none at all: paths without any are
// left out of the list.
func (r *rights) exactly(ctx context.Context, on string) (permissions, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, listed := r.known[on]; listed {
		return r.known, nil
	}
	p, known := r.exact[on]
	if !known {
		var err error
		if p, err = proxmox.Get[permissions](ctx, r.client, proxmox.Path("access", "permissions").With("path", on)); err != nil {
			return nil, err
		}
		r.exact[on] = p
	}
	return p, nil
}

// need fails with the remedy unless the account has one of the privileges on the path or below it.
func (r *rights) need(ctx context.Context, fresh bool, on string, privileges ...string) error {
	ages := []time.Duration{rightsEvery, lackingEvery}
	if fresh {
		ages = []time.Duration{0}
	}
	for _, old := range ages {
		all, err := r.read(ctx, old)
		if err != nil {
			return err
		}
		has := all.have(on, privileges...)
		if has {
			exact, err := r.exactly(ctx, on)
			if err != nil {
				return err
			}
			has = exact.have(on, privileges...)
		}
		if has || all.below(on, privileges...) {
			return nil
		}
	}
	return sdk.Errorf(sdk.KindPermission, "The account lacks the privilege %s on %s. On the server: %s", privileges[0], on, remedy(r.account, on, roleOf(privileges[0])))
}

// roleOf is the smallest role of the server that has a privilege for reading.
func roleOf(privilege string) string {
	switch {
	case strings.HasPrefix(privilege, "Datastore."):
		return "DatastoreAudit"
	case strings.HasPrefix(privilege, "Remote."):
		return "RemoteAudit"
	case strings.HasPrefix(privilege, "Tape."):
		return "TapeAudit"
	}
	return "Audit"
}

// remedy is the command that gives an account a role. A token has the rights that it and its user both have, so both are
// given the role.
func remedy(account, on, role string) string {
	command := fmt.Sprintf("proxmox-backup-manager acl update %s %s --auth-id %s", on, role, proxmox.Quote(account))
	if user, _, token := strings.Cut(account, "!"); token {
		command = fmt.Sprintf("proxmox-backup-manager acl update %s %s --auth-id %s && %s", on, role, proxmox.Quote(user), command)
	}
	return command
}
