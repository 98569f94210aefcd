package pmg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// backupDoc is a backup as a row, with the reference's names. Remote, Server and Datastore are set for one on a backup server.
type backupDoc struct {
	ID        string    `json:"id"`
	Instance  string    `json:"instance"`
	Node      string    `json:"node"`
	File      string    `json:"filename"`
	Time      time.Time `json:"backupTime"`
	Size      int64     `json:"size"`
	Remote    string    `json:"remote,omitempty"`
	Server    string    `json:"server,omitempty"`
	Datastore string    `json:"datastore,omitempty"`
}

// collectBackups reads which backups of the configuration lie on each node, and on the backup servers that it writes to.
func (c *Collector) collectBackups(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorBackups {
		return nil
	}
	return c.onNodes(ctx, sink, "backups/", func(ctx context.Context, m member) ([]sdk.Observation, error) {
		node := string(m.Name)
		local, newest, err := c.localBackups(ctx, node)
		if err != nil {
			return nil, err
		}
		elsewhere, all, err := c.remoteBackups(ctx, sink, node)
		if err != nil {
			return nil, err
		}
		if elsewhere.After(newest) {
			newest = elsewhere
		}
		// One that cannot be asked may have a newer one.
		s := proxmox.Meter{Type: typeNode, Key: nodeKey(node)}
		s.Add("backup_age", max(0, c.timeThere().Sub(newest).Seconds()), all && !newest.IsZero())
		return append(local, s.Samples...), nil
	})
}

// localBackups are those that lie on a node, and when the newest was made.
func (c *Collector) localBackups(ctx context.Context, node string) ([]sdk.Observation, time.Time, error) {
	rows, _, err := proxmox.Rows[backup](ctx, c.client, proxmox.OnNode(node, "backup"))
	if err != nil {
		return nil, time.Time{}, err
	}
	var docs []backupDoc
	for _, b := range rows {
		docs = append(docs, backupDoc{ID: fmt.Sprintf("pmg-%s-%s-%d", c.name, node, b.Time.Time().Unix()), File: string(b.File), Time: b.Time.Time(), Size: b.Size.V})
	}
	out, newest := c.tellBackups(node, docs)
	return out, newest, nil
}

// remoteBackups reads what lies on backup servers, a partition each, and returns when the newest was made; false when that of
// some server is not known. Of one that cannot be asked now the newest is taken that was seen before.
func (c *Collector) remoteBackups(ctx context.Context, sink sdk.Sink, node string) (newest time.Time, all bool, err error) {
	remotes, skipped, err := proxmox.Rows[remote](ctx, c.client, proxmox.OnNode(node, "pbs"))
	if proxmox.KindOf(err) == proxmox.KindUnsupported {
		return newest, true, nil
	}
	if err != nil {
		return newest, false, err
	}
	all = true
	for _, r := range remotes {
		if r.Name == "" {
			continue
		}
		p := sink.Partition("backups/" + node + "/" + string(r.Name))
		found, at, err := c.readRemote(ctx, node, r)
		if err == nil {
			err = p.Emit(found...)
		}
		if err := errors.Join(p.Done(err), ctx.Err()); err != nil {
			return newest, false, err
		}
		if proxmox.Away(err) {
			return newest, false, err
		}
		at, known := c.newestOn(node+"/"+string(r.Name), at, err == nil)
		if all = all && known; at.After(newest) {
			newest = at
		}
	}
	if skipped > 0 {
		return newest, false, nil
	}
	return newest, all, c.closeRemotes(ctx, sink, node, remotes)
}

// closeRemotes says that a node has no backups on servers that it writes to no more.
func (c *Collector) closeRemotes(ctx context.Context, sink sdk.Sink, node string, remotes []remote) error {
	var names []string
	for _, r := range remotes {
		if r.Name != "" {
			names = append(names, string(r.Name))
		}
	}
	gone, err := c.departed(ctx, node, names)
	for _, name := range gone {
		p := sink.Partition("backups/" + node + "/" + name)
		err = errors.Join(err, p.Emit(sdk.RowsEnd{Rows: rowsBackups, OwnerType: typeNode, OwnerKey: nodeKey(node)}), p.Done(nil))
	}
	return err
}

// newestOn remembers when the newest backup on a server was made, or returns what is remembered when it could not be asked.
func (c *Collector) newestOn(place string, at time.Time, asked bool) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !asked {
		at, asked = c.newest[place]
		return at, asked
	}
	if c.newest == nil {
		c.newest = map[string]time.Time{}
	}
	c.newest[place] = at
	return at, true
}

// readRemote reads a node's own backups on a backup server, which the node asks for them: others may write there too.
func (c *Collector) readRemote(ctx context.Context, node string, r remote) ([]sdk.Observation, time.Time, error) {
	rows, _, err := proxmox.Rows[remoteBackup](ctx, c.client, proxmox.OnNode(node, "pbs", string(r.Name), "snapshot").Slowly())
	if err != nil {
		return nil, time.Time{}, err
	}
	var docs []backupDoc
	for _, b := range rows {
		if string(b.Of) != node {
			continue
		}
		docs = append(docs, backupDoc{
			ID:   fmt.Sprintf("pmg-%s-%s-%s-%d", c.name, node, r.Name, b.Time.Time().Unix()),
			File: fmt.Sprintf("%s:host/%s/%s", r.Name, node, b.Time.Time().UTC().Format(time.RFC3339)), Time: b.Time.Time(), Size: b.bytes(),
			Remote: string(r.Name), Server: string(r.Server), Datastore: string(r.Datastore),
		})
	}
	out, newest := c.tellBackups(node, docs)
	return out, newest, nil
}

// tellBackups makes rows of backups of a node, and returns when the newest was made.
func (c *Collector) tellBackups(node string, docs []backupDoc) (out []sdk.Observation, newest time.Time) {
	for _, doc := range docs {
		if doc.Time.IsZero() || doc.File == "" {
			continue
		}
		if doc.Time.After(newest) {
			newest = doc.Time
		}
		doc.Instance, doc.Node = c.name, node
		out = append(out, sdk.Row{Rows: rowsBackups, Key: doc.File, OwnerType: typeNode, OwnerKey: nodeKey(node), Time: doc.Time, Doc: proxmox.Document(doc)})
	}
	return append(out, sdk.RowsEnd{Rows: rowsBackups, OwnerType: typeNode, OwnerKey: nodeKey(node)}), newest
}
