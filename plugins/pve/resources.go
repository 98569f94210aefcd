package pve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// errRow refuses a row that names nothing.
var errRow = errors.New("the row names nothing")

// add takes in one row of the resources.
func (v *view) add(raw json.RawMessage) error {
	var r resourceRow
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("decode resource: %w", err)
	}
	switch r.Type {
	case "node":
		return v.addNode(r)
	case "qemu", "lxc":
		if r.VMID.V <= 0 || r.Node == "" {
			return errRow
		}
		v.guests = append(v.guests, r)
	case "storage":
		if r.Storage == "" || r.Node == "" {
			return errRow
		}
		v.storages = append(v.storages, r)
	}
	return nil
}

func (v *view) addNode(r resourceRow) error {
	if r.Node == "" {
		return errRow
	}
	for i := range v.nodes {
		if v.nodes[i].name == string(r.Node) {
			v.nodes[i].resourceRow = r
			return nil
		}
	}
	if v.asked && v.cluster != "" {
		return nil // it has left the cluster and is not forgotten yet
	}
	v.nodes = append(v.nodes, node{resourceRow: r, name: string(r.Node), level: string(r.Level), online: r.Status != "offline"})
	return nil
}

// collectResources tells what there is and how it is. Each kind of thing that an account may lack the rights for is a
// partition of its own.
func (c *Collector) collectResources(ctx context.Context, sink sdk.Sink) error {
	v, err := c.look(ctx)
	if err != nil {
		return err
	}
	rights := c.granted()
	parts := []struct {
		name, privilege string
		wanted          bool
		tell            func(*view, func(...sdk.Observation) error) error
	}{
		{"nodes", "", true, atOnce(c.tellNodes)},
		{"guests", "VM.Audit", c.cfg.MonitorVMs || c.cfg.MonitorContainers, c.tellGuests},
		{"storage", "Datastore.Audit", c.cfg.MonitorStorage, atOnce(c.tellStorage)},
	}
	for _, part := range parts {
		p := sink.Partition(part.name)
		if part.wanted && part.privilege != "" && !rights.somewhere(part.privilege) {
			if err := p.Done(c.lacks(part.privilege, "/")); err != nil {
				return err
			}
			continue
		}
		if part.wanted {
			if err := part.tell(v, p.Emit); err != nil {
				return err
			}
		}
		if err := p.Done(nil); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown = v
	return nil
}

// atOnce emits all that is told.
func atOnce(tell func(*view) []sdk.Observation) func(*view, func(...sdk.Observation) error) error {
	return func(v *view, emit func(...sdk.Observation) error) error { return emit(tell(v)...) }
}

// tellNodes tells of the cluster and its nodes.
func (c *Collector) tellNodes(v *view) []sdk.Observation {
	calls, byNode := c.client.PerMinute()
	c.forgetNodes(v)
	out := c.tellCluster(v, calls)
	for _, n := range v.nodes {
		n.calls = byNode[n.name]
		if n.local {
			n.calls += byNode[""]
		}
		out = append(out, c.tellNode(v, n)...)
	}
	return out
}

// forgetNodes lets go of what is remembered of nodes that have left the cluster.
func (c *Collector) forgetNodes(v *view) {
	member := func(name string) bool { _, is := v.node(name); return is }
	c.client.Forget(member)
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.details, func(name string, _ nodeDetails) bool { return !member(name) })
	maps.DeleteFunc(c.histories, func(name string, _ nodeHistory) bool { return !member(name) })
	maps.DeleteFunc(c.away, func(name string, _ awayNode) bool { return !member(name) })
	maps.DeleteFunc(c.upkeep, func(key upkeepKey, _ time.Time) bool { return !member(key.node) })
}

func (c *Collector) tellCluster(v *view, calls float64) []sdk.Observation {
	r := sdk.Record{Type: typeCluster, Key: clusterKey, Name: c.owner(v), WireID: c.instance, Status: sdk.StatusUp, StatusWord: "online"}
	c.mu.Lock()
	uid := c.uid
	c.mu.Unlock()
	if uid != "" {
		r.Evidence = []sdk.Evidence{{Kind: sdk.EvidenceCluster, Value: uid}}
	}
	online := 0
	for _, n := range v.nodes {
		if n.online {
			online++
		}
	}
	var verdicts []sdk.Observation
	if v.asked && !v.quorate {
		r.Status, r.StatusWord = sdk.StatusDegraded, "no quorum"
		verdicts = append(verdicts, sdk.Condition{Type: typeCluster, Key: clusterKey, Kind: kindQuorum, Severity: sdk.SeverityCritical,
			Message: fmt.Sprintf("The cluster %s has no quorum: %d of %d nodes are online. Nothing can be started or changed.", r.Name, online, len(v.nodes))})
	}
	r.Doc = proxmox.Document(clusterDoc{
		Name: r.Name, Instance: c.instance, Host: c.cfg.Host, StandAlone: v.cluster == "", Nodes: len(v.nodes), NodesOnline: online, Quorate: v.quorate,
		Calls: calls, Allowed: c.cfg.callsAllowed(len(v.nodes)), AllowedInside: c.cfg.AgentCallsPerMinute,
	})
	s := samples{kind: typeCluster, key: clusterKey, out: []sdk.Observation{r}}
	s.add("nodes_online", float64(online))
	if calls > 0 {
		s.add("api_calls", calls/60)
	}
	return append(append(s.out, verdicts...), c.judgeClock()...)
}

func nodeKey(name string) string { return "node/" + name }

func (c *Collector) tellNode(v *view, n node) []sdk.Observation {
	key := nodeKey(n.name)
	n, history := c.withoutCache(n)
	r := sdk.Record{
		Type: typeNode, Key: key, Name: n.name, WireID: c.owner(v) + "-" + n.name, Status: sdk.StatusUp, StatusWord: "online",
		Evidence:  []sdk.Evidence{{Kind: sdk.EvidenceHostName, Value: n.name}},
		Relations: []sdk.Relation{{Kind: sdk.MemberOf, Type: typeCluster, Key: clusterKey}},
	}
	if n.ip != "" {
		r.Evidence = append(r.Evidence, sdk.Evidence{Kind: sdk.EvidenceAddress, Value: n.ip})
	}
	doc := c.nodeDoc(v, n)
	if n.online {
		doc.NetworkIn, doc.NetworkOut, doc.Cache = int64(history.in.V), int64(history.out.V), history.cache.V
	}
	switch {
	case !n.online:
		r.Status, r.StatusWord = sdk.StatusDown, "offline"
		if n.HAState == "maintenance" {
			r.Status = sdk.StatusOff // somebody is at work there
		}
		r.Doc = proxmox.Document(doc)
		return append([]sdk.Observation{r}, c.judgeNode(n)...)
	case n.stuck():
		r.Status, r.StatusWord = sdk.StatusDegraded, "unknown"
		r.Doc = proxmox.Document(doc)
		return append(c.judgeNode(n), r, sdk.Condition{Type: typeNode, Key: key, Kind: kindStuck, Severity: sdk.SeverityWarning,
			Message: fmt.Sprintf("Node %s is online and tells nothing of itself and its guests: its status daemon hangs, often because of a storage on the network that does not answer.", n.name)})
	}
	r.Doc = proxmox.Document(doc)
	s := samples{kind: typeNode, key: key, out: []sdk.Observation{r}}
	s.ratio("cpu", n.CPU.V, n.CPU.OK)
	s.share("memory", n.Mem, n.MaxMem)
	s.share("disk", n.Disk, n.MaxDisk)
	return append(s.out, c.judgeNode(n)...)
}

// judgeNode tells what is wrong with a node beside that it is offline or its status daemon hangs.
func (c *Collector) judgeNode(n node) (out []sdk.Observation) {
	if n.HAState == "fence" {
		out = append(out, sdk.Condition{Type: typeNode, Key: nodeKey(n.name), Kind: kindFenced, Severity: sdk.SeverityCritical,
			Message: fmt.Sprintf("Node %s is being fenced: high availability waits until it is certainly off, and then starts its guests elsewhere.", n.name)})
	}
	if since, why := c.silentSince(n.name); n.online && why != nil {
		out = append(out, sdk.Condition{Type: typeNode, Key: nodeKey(n.name), Kind: kindNoAnswer, Severity: sdk.SeverityWarning, Since: since,
			Message: fmt.Sprintf("Node %s is online in the cluster and does not answer the member that is asked: details of it are missing. %s", n.name, plain(why))})
	}
	return out
}
