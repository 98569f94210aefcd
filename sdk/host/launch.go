package host

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/internal/rpc"
)

// process is one life of a plugin's process.
type process struct {
	*rpc.Client
	plugin *plugin.Client
	cmd    *exec.Cmd
	conn   *grpc.ClientConn
	cancel context.CancelFunc
	since  time.Time
	what   release
	calls  *gauge
	// lost is closed when the connection breaks: the process is gone or of no use.
	lost chan struct{}

	configured map[string]configured // by integration; only the supervisor's
}

// configured is what a process was last told of an instance, and whether it took it.
type configured struct {
	instance Wanted
	// upgraded is instance as the plugin reads it today, nil when it was written for this version; told means that the
	// server knows.
	upgraded *Wanted
	told     bool
	err      error
	// live means that some revision of the instance works, perhaps an earlier one.
	live bool
}

// inherited are the variables that a plugin sees of the server's environment. None holds a secret.
var inherited = []string{"PATH", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "SystemRoot"}

// environment is all that a plugin gets, but for what go-plugin adds for the handshake.
func (c Config) environment() []string {
	env := []string{
		fmt.Sprintf("GOMEMLIMIT=%d", c.MemoryLimit),
		"PULSE_PLUGIN_LOG_LEVEL=" + c.Log.GetLevel().String(),
		"TMPDIR=" + c.Dir,
	}
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// launch verifies and starts the binary and checks that it is what its manifest says. ctx bounds the start, life what
// lives as long as the process.
func (p *Plugin) launch(ctx, life context.Context) (*process, error) {
	c, what := p.cfg, p.desired()
	if err := what.Manifest.Verify(what.Binary); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make working directory: %w", err)
	}
	//nolint:noctx // The process outlives the call that starts it, and go-plugin ends it.
	cmd := exec.Command(what.Binary)
	identity, err := rpc.Identify() // the plugin's certificate, the only one that is trusted, comes with its handshake
	if err != nil {
		return nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Certificates[0].Certificate[0]})
	cmd.Dir, cmd.Env = c.Dir, append(c.environment(), "PLUGIN_CLIENT_CERT="+string(certificate))
	ownGroup(cmd)
	calls := &gauge{meter: p.meter}
	unwatch := func() bool { return false }
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  rpc.Handshake(),
		VersionedPlugins: map[int]plugin.PluginSet{rpc.Protocol: {rpc.Service: &rpc.Binding{}}},
		RunnerFunc:       runs(cmd, func() { unwatch = givenUp(ctx, cmd) }),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		TLSConfig:        identity,
		SkipHostEnv:      true,
		StartTimeout:     c.Timing.Start,
		Logger:           newBridle(c.Log, c.Now),
		Stderr:           p.logs, SyncStdout: p.logs, SyncStderr: p.logs,
		PluginLogBufferSize: 8 << 10,
		GRPCDialOptions:     append(rpc.DialOptions(), grpc.WithStatsHandler(calls)),
		UnixSocketConfig:    &plugin.UnixSocketConfig{TempDir: socketDir(c.Dir)},
	})
	proc, err := p.connect(ctx, life, client, cmd, what)
	unwatch()
	if err != nil {
		killGroup(cmd)
		client.Kill()
		return nil, p.explain(err, what.Manifest, cmd)
	}
	proc.calls = calls
	return proc, nil
}

// givenUp ends a process that starts when nobody waits for it any more, until the function that it returns is called. go-plugin
// waits for the greeting of one that is silent as long as for any. One that takes too long by itself is left to go-plugin, which says so.
func givenUp(ctx context.Context, cmd *exec.Cmd) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			killGroup(cmd)
		}
	})
}

// connect waits for the handshake and asks the plugin what it is.
func (p *Plugin) connect(ctx, life context.Context, client *plugin.Client, cmd *exec.Cmd, what release) (*process, error) {
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(rpc.Service)
	if err != nil {
		return nil, err
	}
	link, ok := raw.(*rpc.Link)
	if !ok {
		return nil, errors.New("it serves something else than a plugin")
	}
	life, cancel := context.WithCancel(life)
	proc := &process{
		Client: rpc.NewClient(life, link.Conn, p.offer(link.Broker)),
		plugin: client, cmd: cmd, conn: link.Conn, cancel: cancel, since: p.cfg.Now(), what: what,
		lost: make(chan struct{}), configured: map[string]configured{},
	}
	got, err := proc.Describe(ctx)
	if err == nil && !rpc.SameDescription(got, what.Manifest.Description) {
		err = errors.New("it says something else than its manifest: install the plugin again")
	}
	if err != nil {
		cancel()
		return nil, err
	}
	go proc.watch(life)
	return proc, nil
}

// offer makes the server's call-back reachable, for the plugin's own integrations only.
func (p *Plugin) offer(broker rpc.Broker) func() uint32 {
	if p.cfg.Host == nil {
		return nil
	}
	return func() uint32 {
		id := broker.NextId()
		go broker.AcceptAndServe(id, func(opts []grpc.ServerOption) *grpc.Server {
			return rpc.NewHostServer(opts, func(integration string) sdk.Host {
				if _, tried := p.trials.Load(integration); tried {
					return blank{}
				}
				if !p.wants(integration) {
					return nil
				}
				return p.cfg.Host(integration)
			})
		})
		return id
	}
}

// watch closes lost when the connection breaks.
func (proc *process) watch(ctx context.Context) {
	defer close(proc.lost)
	awaitLoss(ctx, proc.conn)
}

// connection is what tells the state of a gRPC connection.
type connection interface {
	GetState() connectivity.State
	WaitForStateChange(ctx context.Context, from connectivity.State) bool
}

// awaitLoss returns when a connection that carried a call breaks. gRPC hands calls to a connection before it calls it ready,
// so that one may still be connecting here after its first calls.
func awaitLoss(ctx context.Context, conn connection) {
	state := conn.GetState()
	for ; state == connectivity.Connecting; state = conn.GetState() {
		if !conn.WaitForStateChange(ctx, state) {
			return
		}
	}
	for ; state == connectivity.Ready; state = conn.GetState() {
		if !conn.WaitForStateChange(ctx, state) {
			return
		}
	}
}

// end drains the process and kills it when it does not leave by itself. It takes less than five seconds.
func (proc *process) end(ctx context.Context, drain, kill time.Duration) {
	defer proc.cancel()
	if proc.conn.GetState() == connectivity.Ready {
		call, cancel := context.WithTimeout(ctx, drain)
		// A plugin that cannot close its instances is ended all the same.
		_ = proc.Shutdown(call)
		cancel()
	}
	// go-plugin asks the process to leave and waits without end if it hangs.
	hung := time.AfterFunc(kill, func() { killGroup(proc.cmd) })
	defer hung.Stop()
	proc.plugin.Kill()
}

// socketDir is where the sockets lie: with the plugin's files, or where the path would be too long for a socket, in
// the system's directory for temporary files.
func socketDir(dir string) string {
	const longest = 60 // of about 100, for the names that go-plugin adds
	if runtime.GOOS == "windows" || len(dir) > longest {
		return ""
	}
	return dir
}

// sweep removes what an earlier process left that was killed.
func sweep(dir string) {
	old, err := filepath.Glob(filepath.Join(dir, "plugin-dir*"))
	if err != nil {
		return
	}
	for _, d := range old {
		_ = os.RemoveAll(d)
	}
}
