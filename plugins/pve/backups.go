package pve

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// contentAge is how long a list of backups is believed while no task has changed it. Backup servers thin out by
	// themselves.
	contentAge = time.Hour
	// knownFor is how long a guest has to be there before somebody misses its backup.
	knownFor = 25 * time.Hour
)

// backupBook is what is remembered of backups. One cycle at a time uses it.
type backupBook struct {
	turn   sync.Mutex
	jobs   []backupJob
	jobsAt time.Time
	tasks  map[string]*backupTask // by UPID
	asked  map[string]bool        // nodes whose older tasks are known
	newest map[string]int64       // when the newest task of a node began that the list of all held
	early  error                  // why the older tasks of a node were not asked for yet, which are soon
	// ended are the tasks that may have changed which backups there are, with when they began; touches counts them.
	ended   map[string]int64
	touches int
	stores  map[string]*backupStore // by the key of the storage
}

// backupStore is what is known of the backups on one storage.
type backupStore struct {
	at      time.Time
	touches int           // that the book had counted
	latest  map[int]int64 // newest backup by guest, in Unix seconds
	// hidden says that the account may not see them: that there are none means nothing.
	hidden bool
}

func newBackupBook() backupBook {
	return backupBook{tasks: map[string]*backupTask{}, asked: map[string]bool{}, ended: map[string]int64{}, stores: map[string]*backupStore{}}
}

// collectBackups looks at tasks, jobs and what lies on storage. Storage is read only where a task may have changed it, or
// when that was long ago.
func (c *Collector) collectBackups(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorBackups {
		return nil
	}
	c.backups.turn.Lock()
	defer c.backups.turn.Unlock()
	v, err := c.recent(ctx)
	if err != nil {
		return err
	}
	c.findStorageConfigs(ctx)
	if err := c.collectTasks(ctx, v, sink); err != nil {
		return err
	}
	if err := c.collectContents(ctx, v, sink); err != nil {
		return err
	}
	if err := c.forgetStores(v, sink); err != nil {
		return err
	}
	guests := sink.Partition("guests")
	if c.backups.early != nil {
		return guests.Done(c.backups.early) // a failure of which is not known yet must not seem to be over
	}
	aged, missed := c.judgeBackups(v)
	c.saveGuests(ctx) // a failure is kept before anybody hears of it: a process may end at any moment
	if err := tell(guests, aged, nil); err != nil {
		return err
	}
	if !c.seesAllBackups(v) || c.backups.jobs == nil {
		return nil // who has none, or should have one, cannot be told: what was found before stays
	}
	return tell(sink.Partition("missed"), missed, nil)
}

// collectTasks tells of jobs and of what they did.
func (c *Collector) collectTasks(ctx context.Context, v *view, sink sdk.Sink) error {
	p := sink.Partition("tasks")
	if !c.granted().on("/", "Sys.Audit") {
		return p.Done(c.lacks("Sys.Audit", "/"))
	}
	obs, err := c.askTasks(ctx, v)
	if err == nil {
		err = c.askResults(ctx)
	}
	var jobs []backupJob
	if err == nil {
		jobs, err = c.backupJobs(ctx)
	}
	if err == nil {
		err = p.Emit(append(obs, c.tellJobs(v, jobs)...)...)
	}
	return p.Done(err)
}

// store is a storage that holds backups, and the node that is asked for them.
type store struct {
	key  string
	row  resourceRow
	node string
	// homes are the nodes of the guests, by their ids: what lies on a shared storage is shown where its guest is.
	homes map[int]string
}

// backupStores returns the storages that hold backups and answer; a shared one once.
func (c *Collector) backupStores(v *view) []store {
	var out []store
	seen, homes := map[string]bool{}, map[int]string{}
	for _, g := range v.guests {
		homes[int(g.VMID.V)] = string(g.Node)
	}
	for _, row := range v.storages {
		key := storageKey(row)
		on, known := v.node(string(row.Node))
		if seen[key] || row.Status != "available" || !known || !on.online || c.left(on.name) != nil || !holdsBackups(row) {
			continue
		}
		seen[key] = true
		out = append(out, store{key, row, on.name, homes})
	}
	return out
}

func holdsBackups(row resourceRow) bool {
	return strings.Contains(","+string(row.Content)+",", ",backup,")
}

// seesBackups tells whether the account sees the backups on a storage; the server leaves out what it may not.
func (r rights) seesBackups(storage string) bool {
	path := "/storage/" + storage
	return r.on(path, "Datastore.Allocate") || r.on(path, "Datastore.AllocateSpace") && r.somewhere("VM.Backup")
}

func (c *Collector) collectContents(ctx context.Context, v *view, sink sdk.Sink) error {
	granted := c.granted()
	for _, s := range c.backupStores(v) {
		known := c.backups.stores[s.key]
		if !granted.seesBackups(string(s.row.Storage)) {
			c.backups.stores[s.key] = &backupStore{hidden: true}
			if err := sink.Partition(s.key).Done(c.lacksBackups(string(s.row.Storage))); err != nil {
				return err
			}
			continue
		}
		if known != nil && !known.hidden && v.at.Sub(known.at) < contentAge && c.backups.touches == known.touches {
			continue // its rows stay as they are
		}
		p := sink.Partition(s.key)
		fresh, err := c.readContent(ctx, s, p)
		if err == nil {
			c.backups.stores[s.key] = fresh
			c.mu.Lock()
			c.tellsOf(taskBackups, s.key)
			c.mu.Unlock()
		}
		c.noteSilence(s.node, err)
		if err := p.Done(err); err != nil {
			return err
		}
	}
	return nil
}

// forgetStores closes the lists of storages that are gone, or hold no backups any more. One that the account may not see is
// listed as little as one that is gone.
func (c *Collector) forgetStores(v *view, sink sdk.Sink) error {
	holds, granted := map[string]bool{}, c.granted()
	for _, row := range v.storages {
		holds[storageKey(row)] = holds[storageKey(row)] || holdsBackups(row)
	}
	gone := c.departed(taskBackups, func(key string) bool {
		return holds[key] || !granted.on("/storage/"+key[strings.LastIndex(key, "/")+1:], "Datastore.Audit")
	})
	for _, key := range gone {
		delete(c.backups.stores, key)
		if err := tell(sink.Partition(key), []sdk.Observation{sdk.RowsEnd{Rows: rowsBackups}}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *Collector) lacksBackups(storage string) error {
	id, token := c.cfg.account()
	return sdk.Errorf(sdk.KindPermission, "%s does not see the backups on %s: it lacks Datastore.Allocate on /storage/%s. Run on a node: pveum role add %s --privs Datastore.Allocate; %s",
		id, storage, storage, monitorRole, grant(id, token, "/storage/"+storage, monitorRole))
}

// readContent reads the backups on a storage, row by row.
func (c *Collector) readContent(ctx context.Context, s store, p sdk.Partition) (*backupStore, error) {
	out := &backupStore{at: c.deps.Now(), touches: c.backups.touches, latest: map[int]int64{}}
	call := proxmox.OnNode(s.node, "storage", string(s.row.Storage), "content").With("content", "backup").Slowly()
	_, err := c.client.List(ctx, call, func(raw json.RawMessage) error {
		var r contentRow
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("decode backup: %w", err)
		}
		if r.VolID == "" || r.Content != "" && r.Content != "backup" {
			return errRow
		}
		if id := int(r.VMID.V); !r.CTime.Time().IsZero() {
			out.latest[id] = max(out.latest[id], r.CTime.V)
		}
		return p.Emit(c.backupRow(s, r))
	})
	if err != nil {
		return nil, fmt.Errorf("read backups: %w", err)
	}
	return out, p.Emit(sdk.RowsEnd{Rows: rowsBackups})
}

// backupDoc is a backup as the state shows it.
type backupDoc struct {
	ID           string `json:"id"`
	Storage      string `json:"storage"`
	Node         string `json:"node"`
	Instance     string `json:"instance"`
	Type         string `json:"type"`
	VMID         int64  `json:"vmid"`
	Time         string `json:"time"`
	CTime        int64  `json:"ctime"`
	Size         int64  `json:"size"`
	Format       string `json:"format"`
	Notes        string `json:"notes,omitempty"`
	Protected    bool   `json:"protected"`
	VolID        string `json:"volid"`
	IsPBS        bool   `json:"isPBS"`
	Verified     bool   `json:"verified"`
	Verification string `json:"verification,omitempty"`

	Encrypted bool `json:"encrypted,omitempty"`
}

func (c *Collector) backupRow(s store, r contentRow) sdk.Row {
	volume := string(r.VolID)
	d := backupDoc{
		ID: c.instance + "-" + volume, Storage: string(s.row.Storage), Node: s.node, Instance: c.instance, Type: backupType(r), VMID: r.VMID.V,
		Time: rfc3339(r.CTime), CTime: r.CTime.V, Size: r.Size.V, Format: string(r.Format), Notes: clip(string(r.Notes)), Protected: bool(r.Protected),
		VolID: volume, IsPBS: s.row.Plugin == "pbs", Verification: string(r.Verification.State), Encrypted: r.Encrypted != "" && r.Encrypted != "0",
	}
	d.Verified = d.Verification == "ok"
	key := volume
	if !isShared(s.row) {
		key = s.node + "/" + volume
		d.ID = c.instance + "-" + key
	} else if home := s.homes[int(r.VMID.V)]; home != "" {
		d.Node = home
	}
	row := sdk.Row{Rows: rowsBackups, Key: key, Time: r.CTime.Time(), Doc: proxmox.Document(d)}
	if r.VMID.V > 0 {
		row.Subject = c.subject(int(r.VMID.V), r.CTime.V)
	}
	return row
}

// backupType is what a backup is of. Releases that do not say so write it into the name.
func backupType(r contentRow) string {
	name := string(r.VolID)
	switch {
	case r.Subtype == "qemu" || r.Subtype == "lxc":
		return string(r.Subtype)
	case r.VMID.V == 0 || strings.Contains(name, "backup/host/"):
		return "host"
	case strings.Contains(name, "vzdump-qemu-") || strings.Contains(name, "backup/vm/"):
		return "qemu"
	case strings.Contains(name, "vzdump-lxc-") || strings.Contains(name, "backup/ct/"):
		return "lxc"
	}
	return "unknown"
}

// judgeBackups tells how old the newest backup of each guest is and which failed, and apart from that which guests have none
// among those that are known.
func (c *Collector) judgeBackups(v *view) (out, missed []sdk.Observation) {
	b := &c.backups
	latest, all := map[int]int64{}, c.seesAllBackups(v)
	for _, s := range b.stores {
		for id, at := range s.latest {
			latest[id] = max(latest[id], at)
		}
	}
	outcomes := c.outcomes()
	for _, g := range v.guests {
		if !c.wanted(g) {
			continue
		}
		id := int(g.VMID.V)
		last, tried := outcomes[id]
		began := c.began(id)
		if latest[id] < began {
			delete(latest, id) // those are of a guest that had the id before
		}
		tried = tried && last.at.Unix() >= began
		if tried && last.error == "" {
			latest[id] = max(latest[id], last.at.Unix())
		}
		s := samples{kind: guestType(g), key: guestKey(g)}
		if at, there := latest[id]; there {
			ran := tried && last.error == "" && at == last.at.Unix()
			c.backupAge(&s, v, g, at, all || ran) // of a later run the tasks would tell
		}
		fails := tried && last.error != "" && latest[id] < last.at.Unix()
		c.noteFailure(g, last, fails)
		switch {
		case fails:
			s.out = append(s.out, sdk.Condition{Type: s.kind, Key: s.key, Kind: kindBackupFailed, Severity: sdk.SeverityWarning, Since: last.at,
				Message: fmt.Sprintf("The last backup of %s failed: %s.", c.called(g), strings.TrimSuffix(last.error, ".")), Metadata: map[string]string{"node": last.node}})
		case latest[id] == 0 && c.missed(v, g):
			missed = append(missed, sdk.Condition{Type: s.kind, Key: s.key, Kind: kindNeverBackedUp, Severity: sdk.SeverityWarning,
				Message: fmt.Sprintf("%s is in a backup job and there is no backup of it.", c.called(g))})
		}
		out = append(out, s.out...)
	}
	return out, missed
}

// seesAllBackups tells whether there is no backup that is not known: every storage that may hold some was read. One that is
// away, or that the account may not look into, may hold those that are missed. What only a node has that is switched off and
// runs nothing does not count: it may stay so.
func (c *Collector) seesAllBackups(v *view) bool {
	any := false
	for _, row := range v.storages {
		if !holdsBackups(row) || !isShared(row) && v.idle(string(row.Node)) {
			continue
		}
		any = true
		if s := c.backups.stores[storageKey(row)]; s == nil || s.hidden {
			return false
		}
	}
	return any
}

// idle tells whether a node is off, and no guest is on it.
func (v *view) idle(name string) bool {
	n, known := v.node(name)
	return known && !n.online && !slices.ContainsFunc(v.guests, func(g resourceRow) bool { return string(g.Node) == name })
}

// backupAge adds the age of a guest's newest backup, and by how much it is older than its jobs allow. While it is not
// certain that there is no newer one, only what is not overdue is known.
func (c *Collector) backupAge(s *samples, v *view, g resourceRow, at int64, certain bool) {
	age := max(0, c.client.TimeThere(v.at).Sub(time.Unix(at, 0)))
	gap := gapOf(c.backups.jobs, g)
	if !certain && age > gap {
		return
	}
	s.add("backup_age", age.Seconds())
	if gap > 0 {
		s.add("backup_overdue", max(0, age-gap).Seconds())
	}
}

// missed tells whether a guest should have a backup by now: it is in a job, and has been there long enough for one.
func (c *Collector) missed(v *view, g resourceRow) bool {
	gap := gapOf(c.backups.jobs, g)
	if gap == 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	there := time.Duration(g.Uptime.V) * time.Second
	if seen := c.identities.of[int(g.VMID.V)].seen; seen > 0 {
		there = max(there, c.client.TimeThere(v.at).Sub(time.Unix(seen, 0)))
	}
	return there > max(knownFor, gap)
}

// called is what people call a guest, with its id.
func (c *Collector) called(g resourceRow) string {
	name := string(g.Name)
	c.mu.Lock()
	if m := c.guests[int(g.VMID.V)]; name == "" && m != nil {
		name = m.name
	}
	c.mu.Unlock()
	return fmt.Sprintf("%s (%d)", name, g.VMID.V)
}
