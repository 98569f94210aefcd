package nodes

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/integration"
)

const (
	// meetPatience is how long a node that is added may take to say who it is. It is added all the same.
	meetPatience = 10 * time.Second
	// maxTwins is how many of a kind are asked whether they are the same.
	maxTwins = 32
)

// met asks a node that is being added who it is: the identity of its cluster, empty when it does not say. A certificate
// that nobody has signed is accepted as the one of this node from now on when the node introduces itself.
func (a Area) met(ctx context.Context, x *integration.Integration) (identity string) {
	ctx, cancel := context.WithTimeout(ctx, meetPatience)
	defer cancel()
	t, err := a.Service.Try(ctx, *x)
	if err != nil {
		return ""
	}
	var config map[string]any
	if t.Certificate == nil || x.Source == "" || json.Unmarshal(x.Config, &config) != nil || text(config[compat.NodeFingerprint]) != "" ||
		t.Certificate.Address != hostPort(text(config[compat.NodeHost])) {
		return identityOf(t)
	}
	config[compat.NodeFingerprint] = t.Certificate.SHA256
	if raw, err := json.Marshal(config); err == nil {
		x.Config = raw
	}
	if t, err = a.Service.Try(ctx, *x); err != nil {
		return ""
	}
	return identityOf(t)
}

// identityOf is that of a trial that went well.
func identityOf(t integration.Trial) string {
	if t.Failure != "" {
		return ""
	}
	return t.Result.ClusterIdentity
}

// twin finds an integration of the same kind that asks the same cluster. They are asked at once.
func (a Area) twin(ctx context.Context, x integration.Integration, identity string) (entry, bool) {
	if identity == "" {
		return entry{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, meetPatience)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var found []entry
	asked := 0
	for _, e := range a.entries() {
		if e.Kind != x.Kind || e.Name == x.Name || e.kind.Cluster == "" || !e.Enabled || asked == maxTwins {
			continue
		}
		asked++
		wg.Go(func() {
			t, err := a.Service.Try(ctx, e.Integration)
			if err == nil && identityOf(t) == identity {
				mu.Lock()
				defer mu.Unlock()
				found = append(found, e)
			}
		})
	}
	wg.Wait()
	if len(found) == 0 {
		return entry{}, false
	}
	return found[0], true
}
