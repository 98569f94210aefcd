package pbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// The sweep over backups. Listing a group is cheap; listing backups makes the server read a manifest of each from its
// disks, which backups that run need too. So the groups are looked at each time, and backups only of groups that changed,
// of datastores in which something was verified, and now and then of all.
const (
	// rereadEvery is when all backups are read again although nothing seems to have changed: notes and protection leave
	// no trace in the list of groups.
	rereadEvery = 12 * time.Hour
	// single is up to how many groups are asked for one by one; beyond, one call for the whole namespace is cheaper.
	single = 50
	// oldEnough is the age from which a backup counts as not verified: verify jobs run at night.
	oldEnough = 48 * time.Hour
	// maxAnswer bounds an answer with the backups of a whole namespace: about 300,000 of them.
	maxAnswer = 256 << 20
)

// groupKey names a group of backups on the server.
type groupKey struct{ store, namespace, group string }

func (k groupKey) partition() string { return "backups/" + k.store + "/" + k.namespace + "/" + k.group }

// groupState is what is remembered of a group that was read.
type groupState struct {
	mark       string // what its row in the list of groups said
	unverified int
	backups    int
	whole      time.Time     // when the newest was made that is not broken off and does not run
	rhythm     time.Duration // how long it may go without another; 0 when that is not known
}

// sweep is what is remembered of a datastore.
type sweep struct {
	groups map[groupKey]groupState
	read   time.Time // when all of it was
	// verified is when something in it was verified last.
	verified time.Time
}

// collectBackups reads what lies in the datastores that can be read, one after the other.
func (c *Collector) collectBackups(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorDatastores || !c.cfg.MonitorBackups {
		return nil
	}
	if err := c.findStores(ctx); err != nil {
		return err
	}
	var first error
	for _, store := range c.readable() {
		p := sink.Partition("datastore/" + store)
		found, err := c.sweepStore(ctx, store, sink)
		if err == nil {
			err = p.Emit(found...)
		}
		if err := errors.Join(p.Done(err), ctx.Err()); err != nil {
			return err
		}
		if first == nil {
			first = err
		}
		if proxmox.Away(err) {
			return err
		}
	}
	return first
}

// sweepStore reads what changed in a datastore. Each group is a partition of its own, so that what was read of one stays
// when another fails. It returns what is to be said of the datastore as a whole.
func (c *Collector) sweepStore(ctx context.Context, store string, sink sdk.Sink) ([]sdk.Observation, error) {
	was, err := c.remembered(ctx, store)
	if err != nil {
		return nil, err
	}
	namespaces, err := c.listNamespaces(ctx, store)
	if err != nil {
		return nil, err
	}
	now := c.timeThere()
	all := now.Sub(was.read) >= rereadEvery || was.verified.After(was.read)
	is := sweep{groups: map[groupKey]groupState{}, read: was.read, verified: was.verified}
	for _, ns := range namespaces {
		groups, err := c.listGroups(ctx, store, ns)
		if err != nil {
			return nil, err
		}
		r := reader{collector: c, ctx: ctx, sink: sink, store: store, namespace: ns}
		for key, g := range groups {
			old, known := was.groups[key]
			if known && !all && old.mark == g.mark() {
				is.groups[key] = old
			} else {
				r.changed = append(r.changed, key)
			}
		}
		read, err := r.read(groups)
		if err != nil {
			return nil, err
		}
		maps.Copy(is.groups, read)
	}
	if err := c.forgetGroups(ctx, store, was, is, sink); err != nil {
		return nil, err
	}
	if all {
		is.read = now
	}
	if err := c.remember(ctx, store, is); err != nil {
		return nil, err
	}
	m := proxmox.Meter{Type: typeDatastore, Key: storeKey(store)}
	for key, g := range is.groups {
		m.AddInstance("backup_age", instance(key), max(0, now.Sub(g.whole).Seconds()), !g.whole.IsZero())
	}
	if err := c.measureRhythm(ctx, store, is, now, &m); err != nil {
		return nil, err
	}
	backups, unverified := is.count()
	m.Add("groups", float64(len(is.groups)), true)
	m.Add("backups", float64(backups), true)
	m.Add("unverified", float64(unverified), true)
	verdict, err := c.neverVerified(ctx, store, unverified)
	if err != nil {
		return nil, err
	}
	counts := sdk.Part{Type: typeDatastore, Key: storeKey(store), Name: "backups", Doc: proxmox.Document(map[string]int{"groupCount": len(is.groups), "backupCount": backups, "unverifiedCount": unverified})}
	return append(append(m.Samples, verdict...), counts, namespacesPart(store, namespaces)), nil
}

// instance is how a group is called among those of its datastore.
func instance(k groupKey) string { return proxmox.GroupName(k.namespace, k.group) }

func (s sweep) count() (backups, unverified int) {
	for _, g := range s.groups {
		backups, unverified = backups+g.backups, unverified+g.unverified
	}
	return backups, unverified
}

// mark changes with what the list of groups says of a group. The index is the last file of a backup that becomes whole.
func (g group) mark() string { return fmt.Sprint(g.Last.V, g.Count.V, len(g.Files)) }

func (c *Collector) listGroups(ctx context.Context, store, ns string) (map[groupKey]group, error) {
	out := map[groupKey]group{}
	rows, _, err := proxmox.Rows[group](ctx, c.client, in(proxmox.Path("admin", "datastore", store, "groups").Slowly(), ns))
	if err != nil {
		return nil, err
	}
	for _, g := range rows {
		if g.Type != "" && g.ID != "" {
			out[groupKey{store, ns, g.name()}] = g
		}
	}
	return out, nil
}

// reader reads the backups of the groups of one namespace that changed.
type reader struct {
	collector        *Collector
	ctx              context.Context
	sink             sdk.Sink
	store, namespace string
	changed          []groupKey
}

// read emits the backups of the changed groups, a partition each, and returns what to remember of them.
func (r reader) read(groups map[groupKey]group) (map[groupKey]groupState, error) {
	out := map[groupKey]groupState{}
	slices.SortFunc(r.changed, func(a, b groupKey) int { return strings.Compare(a.group, b.group) })
	take := func(key groupKey, rows []sdk.Observation, state groupState) error {
		state.mark = groups[key].mark()
		out[key] = state
		p := r.sink.Partition(key.partition())
		return errors.Join(p.Emit(append(rows, sdk.RowsEnd{Rows: rowsBackups, OwnerType: typeDatastore, OwnerKey: storeKey(r.store)})...), p.Done(nil))
	}
	if len(r.changed) > single {
		return out, r.readNamespace(take)
	}
	for _, key := range r.changed {
		kind, name, _ := strings.Cut(key.group, "/")
		found, err := r.snapshots(r.call().With("backup-type", kind).With("backup-id", name))
		if err != nil {
			return nil, err
		}
		rows, state := found.of(key)
		if err := take(key, rows, state); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r reader) readNamespace(take func(groupKey, []sdk.Observation, groupState) error) error {
	found, err := r.snapshots(r.call().UpTo(maxAnswer))
	if err != nil {
		return err
	}
	for _, key := range r.changed {
		rows, state := found.of(key)
		if err := take(key, rows, state); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) call() proxmox.Call {
	return in(proxmox.Path("admin", "datastore", r.store, "snapshots").Slowly(), r.namespace)
}

// listing are backups by their group.
type listing map[groupKey]*bundle

// bundle are the backups of one group.
type bundle struct {
	rows    []sdk.Observation
	state   groupState
	made    []time.Time // when each was made that is not broken off and does not run
	damaged time.Time   // the newest backup that was found damaged
}

// snapshots reads backups row by row; what is kept of each is its row.
func (r reader) snapshots(call proxmox.Call) (listing, error) {
	out := listing{}
	_, err := r.collector.client.List(r.ctx, call, func(raw json.RawMessage) error {
		var s snapshot
		if err := json.Unmarshal(raw, &s); err != nil || s.Type == "" || s.ID == "" || s.Time.Time().IsZero() {
			return errors.Join(errors.New("no backup"), err)
		}
		key := groupKey{r.store, r.namespace, s.group()}
		b := out[key]
		if b == nil {
			b = &bundle{}
			out[key] = b
		}
		b.add(r.collector, key, s)
		return nil
	})
	return out, err
}

// of returns what was found of a group, and the verdict on it.
func (l listing) of(key groupKey) ([]sdk.Observation, groupState) {
	b := l[key]
	if b == nil {
		return nil, groupState{} // removed between two calls
	}
	if b.state.rhythm = rhythm(b.made); len(b.made) > 0 {
		b.state.whole = b.made[len(b.made)-1]
	}
	if b.damaged.IsZero() {
		return b.rows, b.state
	}
	return append(b.rows, sdk.Condition{
		Type: typeDatastore, Key: storeKey(key.store), Kind: backupDamaged, Instance: instance(key), Severity: sdk.SeverityCritical,
		Message:  fmt.Sprintf("The backup of %s of %s in datastore %s failed its verification.", instance(key), b.damaged.UTC().Format("2 Jan 2006 15:04 MST"), key.store),
		Metadata: map[string]string{"datastore": key.store, "namespace": key.namespace, "group": key.group, "backupTime": b.damaged.Format(time.RFC3339)},
	}), b.state
}

// backupDoc is a backup as a row, with the reference's names. Size is bytes before deduplication.
type backupDoc struct {
	ID           string    `json:"id"`
	Instance     string    `json:"instance"`
	Datastore    string    `json:"datastore"`
	Namespace    string    `json:"namespace"`
	Type         string    `json:"backupType"`
	VMID         string    `json:"vmid"`
	Time         time.Time `json:"backupTime"`
	Size         int64     `json:"size"`
	Protected    bool      `json:"protected"`
	Encrypted    bool      `json:"encrypted,omitempty"`
	Verified     bool      `json:"verified"`
	Verification string    `json:"verification,omitempty"`
	Unfinished   bool      `json:"unfinished,omitempty"`
	Comment      string    `json:"comment,omitempty"`
	Files        []file    `json:"files,omitempty"`
	Owner        string    `json:"owner,omitempty"`
}

// maxComment keeps notes that somebody writes a book into from filling the list.
const maxComment = 200

func (b *bundle) add(c *Collector, key groupKey, s snapshot) {
	at := s.Time.Time()
	comment, _, _ := strings.Cut(string(s.Comment), "\n")
	doc := backupDoc{
		ID:       fmt.Sprintf("%s-%s-%s-%s-%s-%d", c.wireID(), key.store, key.namespace, s.Type, s.ID, s.Time.V),
		Instance: c.name, Datastore: key.store, Namespace: key.namespace, Type: string(s.Type), VMID: string(s.ID), Time: at, Size: s.Size.V,
		Protected: bool(s.Protected), Encrypted: s.encrypted(), Verified: s.Verified.State == "ok", Verification: string(s.Verified.State), Unfinished: !s.Size.OK,
		Comment: strings.ToValidUTF8(comment[:min(len(comment), maxComment)], ""), Files: s.Files, Owner: string(s.Owner),
	}
	row := sdk.Row{Rows: rowsBackups, Key: doc.ID, OwnerType: typeDatastore, OwnerKey: storeKey(key.store), Time: at, Doc: proxmox.Document(doc)}
	if !doc.Unfinished {
		// What runs or was broken off is nobody's backup.
		row.Subject = []sdk.Evidence{proxmox.BackupGroup(c.identity(), key.store, key.namespace, doc.Type, doc.VMID)}
	}
	b.rows = append(b.rows, row)
	b.state.backups++
	if !doc.Unfinished {
		b.made = append(b.made, at)
	}
	switch {
	case doc.Verification == "failed" && at.After(b.damaged):
		b.damaged = at
	case doc.Verification == "" && !doc.Unfinished && c.timeThere().Sub(at) > oldEnough:
		b.state.unverified++
	}
}

// forgetGroups closes the lists of groups that are gone. Lists are filtered silently, so the account has to be able to see
// what is missing.
func (c *Collector) forgetGroups(ctx context.Context, store string, was, is sweep, sink sdk.Sink) error {
	var gone []groupKey
	for key := range was.groups {
		if _, there := is.groups[key]; !there {
			gone = append(gone, key)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := c.rights.need(ctx, true, "/datastore/"+store, "Datastore.Audit"); err != nil {
		return err
	}
	for _, key := range gone {
		p := sink.Partition(key.partition())
		if err := errors.Join(p.Emit(sdk.RowsEnd{Rows: rowsBackups, OwnerType: typeDatastore, OwnerKey: storeKey(store)}), p.Done(nil)); err != nil {
			return err
		}
	}
	return nil
}
