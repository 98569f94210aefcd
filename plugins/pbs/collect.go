package pbs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// serverKey is the key of the one server of an integration.
const serverKey = "server"

// versionEvery is how long the server's version is taken as known.
const versionEvery = 10 * time.Minute

// Collector reads one server.
type Collector struct {
	cfg    Config
	deps   sdk.Deps
	conn   *connection
	client *proxmox.Client
	name   string // what the server is called
	rights *rights

	mu          sync.Mutex
	version     versionInfo
	asked       time.Time          // when the version was
	noPush      string             // the version that does not know of sync jobs that push
	fingerprint string             // of the server's certificate
	stores      map[string]place   // the datastores that were there last
	ran         map[string]lastRun // by job: the last run that ended
	listed      map[string]map[string]job
	tasksFrom   time.Time        // from when on tasks are looked for
	swept       map[string]sweep // by datastore
	verified    map[string]time.Time
	collected   map[string]lastRun // by datastore: the last garbage collection that the task log tells of
	recalled    bool               // what an earlier life knew of failures was read
	kept        []byte             // what was written down of failures

	// keeping is held by the task that writes down which jobs failed, as two that end together know of different ones.
	keeping sync.Mutex
}

// New returns a collector. It dials nothing yet.
func New(cfg Config, deps sdk.Deps) (*Collector, error) {
	conn, err := cfg.connect(deps)
	if err != nil {
		return nil, err
	}
	c := &Collector{
		cfg: cfg, deps: deps, conn: conn, client: conn.client, name: cmp.Or(deps.Name, conn.host), fingerprint: conn.pin,
		ran: map[string]lastRun{}, listed: map[string]map[string]job{}, swept: map[string]sweep{}, verified: map[string]time.Time{},
		collected: map[string]lastRun{},
	}
	c.rights = &rights{client: conn.client, account: cfg.account(), now: deps.Now}
	return c, nil
}

// Close lets go of the connections.
func (c *Collector) Close() error {
	c.client.Close()
	return nil
}

// Collect runs one of the tasks.
func (c *Collector) Collect(ctx context.Context, task string, sink sdk.Sink) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch task {
	case taskStatus:
		return c.collectStatus(ctx, sink)
	case taskJobs:
		return c.collectJobs(ctx, sink)
	case taskBackups:
		return c.collectBackups(ctx, sink)
	case taskSystem:
		return c.collectSystem(ctx, sink)
	case taskTape:
		return c.collectTape(ctx, sink)
	}
	return sdk.Errorf(sdk.KindInvalid, "there is no task %q", task)
}

// collectStatus reads the server and its datastores, a part each: an account may see the one and not the other.
func (c *Collector) collectStatus(ctx context.Context, sink sdk.Sink) error {
	server := sink.Partition("server")
	record, err := c.readServer(ctx)
	if err != nil {
		// Without the server there is nothing: its datastores are as unknown as it is itself.
		return errors.Join(server.Done(err), sink.Partition("datastores").Done(err), err)
	}
	if err := errors.Join(server.Emit(record...), server.Done(nil)); err != nil {
		return err
	}
	if !c.cfg.MonitorDatastores {
		return nil
	}
	stores := sink.Partition("datastores")
	found, err := c.readDatastores(ctx)
	if err != nil {
		return stores.Done(err)
	}
	return errors.Join(stores.Emit(found...), stores.Done(nil))
}

// wireID is the id of a thing of this server on the wire.
func (c *Collector) wireID() string { return "pbs-" + c.name }

// serverDoc is the document of a server, with the reference's names where it has some. Percentages are 0 to 100.
type serverDoc struct {
	Name          string          `json:"name"`
	Host          string          `json:"host"`
	Hostname      string          `json:"hostname"`
	GuestURL      string          `json:"guestURL,omitempty"`
	Version       string          `json:"version"`
	CPU           float64         `json:"cpu"` // 0 to 1
	Memory        float64         `json:"memory"`
	MemoryUsed    int64           `json:"memoryUsed"`
	MemoryTotal   int64           `json:"memoryTotal"`
	Uptime        int64           `json:"uptime"` // seconds
	Disk          *float64        `json:"disk,omitempty"`
	RootTotal     int64           `json:"rootTotal,omitempty"`
	LoadAverage   []float64       `json:"loadAverage,omitempty"`
	KernelVersion string          `json:"kernelVersion,omitempty"`
	BootMode      string          `json:"bootMode,omitempty"`
	CPUModel      string          `json:"cpuModel,omitempty"`
	CPUCount      int64           `json:"cpuCount,omitempty"`
	BackupJobs    json.RawMessage `json:"backupJobs"` // null: they belong to those who make backups
}

// readServer returns what is known of the server. An account that may not read its status still sees its version.
func (c *Collector) readServer(ctx context.Context) ([]sdk.Observation, error) {
	version, err := c.readVersion(ctx)
	if err != nil {
		return nil, err
	}
	status, err := proxmox.Get[nodeStatus](ctx, c.client, proxmox.Path("nodes", "localhost", "status"))
	readable := err == nil
	if err != nil && !proxmox.Forbidden(err) {
		return nil, err
	}
	doc := serverDoc{Name: c.name, Host: c.cfg.Host, Hostname: c.conn.host, GuestURL: c.cfg.GuestURL, Version: version.text(), BackupJobs: json.RawMessage("null")}
	record := sdk.Record{Type: typeServer, Key: serverKey, Name: c.name, WireID: c.wireID(), Status: sdk.StatusUp, StatusWord: "online"}
	if !readable {
		record.Doc = proxmox.Document(doc)
		return []sdk.Observation{record}, nil
	}
	if print := proxmox.Fingerprint(string(status.Info.Fingerprint)); print != "" {
		c.mu.Lock()
		c.fingerprint = print
		c.mu.Unlock()
	}
	doc.fill(status)
	record.Doc = proxmox.Document(doc)
	return append([]sdk.Observation{record}, status.samples()...), nil
}

// timeThere is the server's time: ages of what it has written are told by it.
func (c *Collector) timeThere() time.Time { return c.client.TimeThere(c.deps.Now()) }

func (d *serverDoc) fill(s nodeStatus) {
	d.CPU, d.Uptime = proxmox.Round(proxmox.Ratio(s.CPU.V), 4), s.Uptime.V
	d.MemoryUsed, d.MemoryTotal = s.Memory.Used.V, s.Memory.Total.V
	if s.Memory.Total.V > 0 {
		d.Memory = proxmox.Percent(float64(s.Memory.Used.V) / float64(s.Memory.Total.V))
	}
	if s.Root.known() {
		used := proxmox.Percent(s.Root.ratio())
		d.Disk, d.RootTotal = &used, s.Root.Total.V
	}
	for _, l := range s.LoadAvg {
		if l.OK {
			d.LoadAverage = append(d.LoadAverage, l.V)
		}
	}
	d.KernelVersion = string(s.Kernel.Release)
	if d.KernelVersion == "" {
		d.KernelVersion = string(s.KVersion)
	}
	d.BootMode, d.CPUModel, d.CPUCount = string(s.Boot.Mode), string(s.CPUInfo.Model), s.CPUInfo.CPUs.V
}

func (s nodeStatus) samples() []sdk.Observation {
	m := proxmox.Meter{Type: typeServer, Key: serverKey}
	if s.Uptime.V > 0 {
		m.Add("cpu", proxmox.Ratio(s.CPU.V), s.CPU.OK)
		m.Add("iowait", proxmox.Ratio(s.Wait.V), s.Wait.OK)
		m.Add("uptime", float64(s.Uptime.V), true)
	}
	if s.Memory.known() {
		m.Add("memory", proxmox.Ratio(float64(s.Memory.Used.V)/float64(s.Memory.Total.V)), true)
	}
	if s.Swap.known() {
		m.Add("swap", proxmox.Ratio(float64(s.Swap.Used.V)/float64(s.Swap.Total.V)), true)
	}
	m.Add("disk", s.Root.ratio(), s.Root.known())
	if len(s.LoadAvg) > 0 {
		m.Add("load1", s.LoadAvg[0].V, s.LoadAvg[0].OK)
	}
	return m.Samples
}

// readVersion asks for the version now and then: it changes when somebody upgrades the server.
func (c *Collector) readVersion(ctx context.Context) (versionInfo, error) {
	c.mu.Lock()
	known, asked := c.version, c.asked
	c.mu.Unlock()
	now := c.deps.Now()
	if known.Version != "" && now.Sub(asked) < versionEvery {
		return known, nil
	}
	v, err := proxmox.Get[versionInfo](ctx, c.client, proxmox.Path("version"))
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if v != c.version {
		c.client.TryAgain() // another release has other calls
	}
	c.version, c.asked = v, now
	return v, nil
}
