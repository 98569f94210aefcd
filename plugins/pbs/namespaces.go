package pbs

import (
	"context"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// listNamespaces returns the namespaces of a datastore; the root alone on releases that have none.
func (c *Collector) listNamespaces(ctx context.Context, store string) ([]string, error) {
	rows, _, err := proxmox.Rows[namespace](ctx, c.client, proxmox.Path("admin", "datastore", store, "namespace"))
	if unsupported(err) {
		return []string{""}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		out = append(out, string(r.NS))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// namespacesPart is the list of namespaces as the server's document shows it, the root among them.
func namespacesPart(store string, namespaces []string) sdk.Part {
	type entry struct {
		Path   string `json:"path"`
		Parent string `json:"parent,omitempty"`
		Depth  int    `json:"depth"`
	}
	out := []entry{{}}
	for _, ns := range namespaces {
		if ns == "" {
			continue
		}
		e := entry{Path: ns, Depth: 1 + strings.Count(ns, "/")}
		if at := strings.LastIndex(ns, "/"); at >= 0 {
			e.Parent = ns[:at]
		}
		out = append(out, e)
	}
	return sdk.Part{Type: typeDatastore, Key: storeKey(store), Name: "namespaces", Doc: proxmox.Document(map[string]any{"namespaces": out})}
}

// in adds the namespace to a call; the root is meant when it is left out.
func in(call proxmox.Call, ns string) proxmox.Call {
	if ns == "" {
		return call
	}
	return call.With("ns", ns)
}
