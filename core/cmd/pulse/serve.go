package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/live"
	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/condition"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/discover"
	"github.com/pulse-platform/pulse/core/event"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/ingest"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/licence"
	"github.com/pulse-platform/pulse/core/notify"
	"github.com/pulse-platform/pulse/core/oidc"
	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/core/poll"
	"github.com/pulse-platform/pulse/core/rows"
	"github.com/pulse-platform/pulse/core/settings"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/host"
	pluginserve "github.com/pulse-platform/pulse/sdk/serve"
)

// How often the server looks after things, and how long it takes to stop.
const (
	checkpointEvery = time.Minute
	sweepEvery      = 5 * time.Second
	stopAnswers     = 3 * time.Second
	stopPlugins     = 5 * time.Second
)

// gcPercent lets the heap of a busy server grow by three quarters of what is kept, rather than double: some MiB for a fiftieth of
// the time.
const gcPercent = 75

type serveCommand struct{}

// Run serves until it is told to stop.
func (serveCommand) Run(ctx context.Context, o *options, io streams) error {
	started := time.Now()
	pluginserve.Pace(gcPercent)
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	log := newLogger(io.err, cfg.Server.LogLevel, cfg.Server.LogFormat)
	return serve(ctx, cfg, log, started, func(*server) error { return nil })
}

// server is the whole graph: what is open, what runs.
type server struct {
	cfg  *config.Config
	log  hclog.Logger
	base *base

	metrics      *stores
	sso          *oidc.Service
	auth         *auth.Service
	recovery     *auth.Recovery
	licences     *licence.Service
	audit        *audit.Log
	hooks        *audit.Hooks
	plugins      *pluginhost.Plugins
	integrations *integration.Service
	inventory    *inventory.Inventory
	state        *inventory.State
	metadata     *inventory.Metadata
	settings     *settings.Service
	books        ingest.Books
	alerts       *alert.Engine
	notify       *notify.Dispatcher
	routing      *notify.Routing
	door         *ingest.Door
	poll         *poll.Scheduler
	live         *live.Hub
	discover     *discover.Service
	api          *api.Server
	listener     net.Listener
	tls          *certificate // nil without TLS
	sites        atomic.Pointer[api.Sites]
	judging      struct{ failed bool }
	// redeclared tells that the plugins declare something else than before.
	redeclared chan struct{}
	// upgrades are configurations that plugins have brought to their present version.
	upgrades chan host.Upgraded
	// restart tells that another run in the same process is asked for.
	restart atomic.Bool
}

// build opens everything, bottom first. What was opened is closed again when a later part fails.
func build(ctx context.Context, cfg *config.Config, log hclog.Logger, started time.Time) (s *server, err error) {
	s = &server{cfg: cfg, log: log, redeclared: make(chan struct{}, 1), upgrades: make(chan host.Upgraded, 1024)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.tls, err = openTLS(cfg.Server, log.Named("tls")); err != nil {
		return s, err
	}
	if s.base, err = openBase(ctx, cfg); err != nil {
		return s, err
	}
	if s.metrics, err = openStores(ctx, s.base, cfg, log.Named("metrics")); err != nil {
		return s, err
	}
	if s.audit, err = openAudit(ctx, s.base); err != nil {
		return s, err
	}
	s.hooks = s.auditHooks()
	if err = s.openAuth(ctx); err != nil {
		return s, err
	}
	if s.licences, err = openLicences(ctx, s.base, cfg.License, s.log); err != nil {
		return s, err
	}
	if err = s.openSSO(ctx); err != nil {
		return s, err
	}
	if err = s.openPlugins(ctx); err != nil {
		return s, err
	}
	if err = s.openInventory(ctx); err != nil {
		return s, err
	}
	s.poll = poll.New(s.collect, log.Named("poll"))
	return s, s.openAPI(ctx, started)
}

// openAuth loads who may come in, and makes the tokens that a new server needs.
func (s *server) openAuth(ctx context.Context) (err error) {
	if s.auth, err = auth.Open(ctx, sqlite.NewAuth(s.base.state).With(s.base.sealer), time.Now, s.log.Named("auth")); err != nil {
		return err
	}
	if err = s.auth.EnsureEnrolled(ctx, "Local agent", s.base.dir.Secret("local-agent.token")); err != nil {
		return fmt.Errorf("enrol the local agent: %w", err)
	}
	s.recovery = auth.NewRecovery(s.base.dir.Secret(recoveryFile), s.base.dir.Secret(recoveryTokenFile), time.Now)
	file := s.base.dir.Secret(bootstrapFile)
	created, err := s.auth.PrepareBootstrap(file)
	if err != nil {
		return fmt.Errorf("prepare the bootstrap token: %w", err)
	}
	switch {
	case s.auth.Claimed():
	case !created: // the log has shown it once
		s.log.Warn("this server is not set up yet: open its page and enter the bootstrap token", "file", file.Path())
	default:
		token, err := file.Read()
		if err != nil {
			return err
		}
		s.log.Warn("this server is not set up yet: open its page and enter the bootstrap token", "token", string(token[:len(token)-1]), "file", file.Path())
	}
	return nil
}

func (s *server) openPlugins(ctx context.Context) error {
	dir, err := pluginsDir(s.cfg)
	if err != nil {
		return err
	}
	store := sqlite.NewIntegrations(s.base.state)
	values := integration.NewValues(store, s.base.sealer)
	s.plugins, err = pluginhost.Open(pluginhost.Config{
		Dir: dir, Work: s.base.dir.Path("plugins"), Log: s.log.Named("plugins"), Now: time.Now,
		Installed: s.base.dir.Path(installedDir), Accept: acceptable, Changed: s.redeclare,
		Ready:    func(kind string) { s.poll.Retry(kind) },
		Back:     func(name id.Integration) sdk.Host { return back{name, values, s.log} },
		Upgraded: s.upgraded,
	})
	if err != nil {
		return err
	}
	if len(s.plugins.Entries()) == 0 {
		s.log.Warn("there are no plugins, so nothing can be monitored: name their folder with --plugins", "folder", dir)
	}
	s.integrations, err = integration.Open(ctx, store, s.base.sealer, s.plugins)
	return err
}

func (s *server) openInventory(ctx context.Context) error {
	catalog, err := inventory.NewCatalog(s.plugins.Catalog())
	if err != nil {
		return fmt.Errorf("read what the plugins declare: %w", err)
	}
	s.inventory = inventory.New(catalog, sqlite.NewRecords(s.base.state), time.Now)
	if s.metadata, err = inventory.OpenMetadata(ctx, sqlite.NewMetadata(s.base.state)); err != nil {
		return err
	}
	s.inventory.UseTags(s.metadata)
	if err := s.inventory.Load(ctx); err != nil {
		return fmt.Errorf("load the inventory: %w", err)
	}
	if err = s.inventory.LoadLinks(ctx, sqlite.NewLinks(s.base.state)); err != nil {
		return err
	}
	if err = s.inventory.LoadVerdicts(ctx, sqlite.NewIdentity(s.base.state)); err != nil {
		return err
	}
	s.inventory.Join(s.integrations.Joins())
	s.metrics.former = func(uid id.UID) []id.UID { return s.inventory.Snapshot().Former(uid) }
	if err = s.openBooks(ctx); err != nil {
		return err
	}
	s.state = inventory.NewState(s.inventory, s.books.Rows, time.Now)
	s.door = ingest.New(s.inventory, s.metrics, s.log.Named("ingest"), time.Now)
	s.door.Keep(s.books)
	if err = s.openAlerts(ctx); err != nil {
		return err
	}
	s.settings, err = settings.Open(ctx, sqlite.NewSettings(s.base.state), func(v settings.Values) {
		maps.Copy(v, s.fixedSettings())
		s.sites.Store(&api.Sites{Callers: v.List(compat.SettingOrigins), Frames: frames(v)})
		s.state.Set(compat.StateTemperature, strconv.AppendBool(nil, v.Bool(compat.StateTemperature)))
		select {
		case s.redeclared <- struct{}{}: // what those who notify may dial hangs on settings
		default:
		}
	})
	if err != nil {
		return err
	}
	return s.openNotify(ctx)
}

// openBooks loads rows, conditions and events.
func (s *server) openBooks(ctx context.Context) (err error) {
	declared := func() rows.Declarations { return s.inventory.Catalog() }
	if s.books.Rows, err = rows.Open(ctx, sqlite.NewRows(s.base.state), declared); err != nil {
		return err
	}
	s.books.Events = event.New(sqlite.NewEvents(s.base.state), time.Now)
	s.books.Conditions, err = condition.Open(ctx, sqlite.NewConditions(s.base.state))
	return err
}

// run serves until ctx ends, serving fails or another run is asked for ([errRestart]), then stops in order: no more requests, no more work, plugins drained,
// documents saved, stores closed.
func (s *server) run(ctx context.Context) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	background := func(f func(context.Context)) { wg.Go(func() { f(work) }) }
	served := make(chan error, 1)
	go func() { served <- s.api.Serve(s.encrypted()) }()
	pluginsDone := make(chan error, 1)
	go func() { pluginsDone <- s.plugins.Run(work) }()
	background(s.reconcile)
	background(func(ctx context.Context) { adopt(ctx, s.cfg, s.integrations, s.log) })
	background(s.poll.Run)
	background(s.upkeep)
	background(s.join)
	background(s.broadcast)
	background(s.discover.Run)
	background(s.announce)
	background(s.trimAudit)
	background(s.hooks.Run)
	background(s.refreshSSO)
	background(func(ctx context.Context) {
		news, stop := s.alerts.Subscribe(1)
		defer stop()
		s.notify.Run(ctx, news)
	})
	s.log.Info("serving", "address", s.listener.Addr().String(), "version", version, "data", s.base.dir.Path())

	var err error
	select {
	case <-ctx.Done():
		s.log.Info("stopping")
	case err = <-served:
		err = s.ended(err)
	}
	answers, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopAnswers)
	err = errors.Join(err, ignoreDeadline(s.api.Shutdown(answers)))
	cancel()
	stopWork()
	drained, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPlugins)
	if stopErr := s.plugins.Stop(drained); stopErr != nil {
		s.log.Warn("not every plugin ended in time", "error", stopErr)
	}
	cancel()
	wg.Wait()
	err = errors.Join(err, s.close())
	s.log.Info("stopped")
	return err
}

// ignoreDeadline lets slow requests be cut off when the server stops: that is no failure of the stop.
func ignoreDeadline(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// close saves and closes what is open, top first.
func (s *server) close() error {
	var errs []error
	if s.listener != nil {
		_ = s.listener.Close() // serving has closed it already, if it came to that
	}
	if s.inventory != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopAnswers)
		errs = append(errs, s.inventory.Checkpoint(ctx))
		cancel()
	}
	if s.metrics != nil {
		errs = append(errs, s.metrics.Close())
	}
	if s.base != nil {
		errs = append(errs, s.base.Close())
	}
	return errors.Join(errs...)
}

// reconcile keeps plugins and scheduler at what the integrations want.
func (s *server) reconcile(ctx context.Context) {
	changes, stop := s.integrations.Changes()
	defer stop()
	for {
		var wanted []pluginhost.Integration
		var jobs []poll.Job
		for _, x := range s.integrations.Desired() {
			wanted = append(wanted, pluginhost.Integration{ID: x.ID, Kind: x.Kind, Name: x.Name, Revision: x.Revision, Config: x.Config, ConfigVersion: x.ConfigVersion, Network: s.reach(x.Kind, x.Network)})
			d, _ := s.plugins.Description(x.Kind)
			for _, t := range d.Tasks {
				jobs = append(jobs, poll.Job{
					Integration: x.ID, Task: t.Name, Revision: x.Revision, Interval: t.Interval, Timeout: t.Timeout, Heavy: t.Cost == sdk.CostHeavy,
					Later: len(t.Types) == 0,
				})
			}
			if slices.Contains(d.Capabilities, sdk.CapWatch) {
				jobs = append(jobs, poll.Job{Integration: x.ID, Task: "watch", Revision: x.Revision, Interval: watchPause, Watch: true})
			}
		}
		if err := s.plugins.Reconcile(ctx, wanted); err != nil {
			s.log.Error("not every integration can run", "error", err)
		}
		s.poll.Set(jobs)
		select {
		case <-ctx.Done():
			return
		case <-changes:
		case u := <-s.upgrades:
			s.storeUpgraded(ctx, u)
		case <-s.redeclared:
			if err := s.door.Redeclare(ctx); err != nil {
				s.log.Error("rows cannot be shown as the plugins declare them now", "error", err)
			}
		}
	}
}

// upkeep judges freshness and saves documents, on its own pace.
func (s *server) upkeep(ctx context.Context) {
	sweep, save := time.NewTicker(sweepEvery), time.NewTicker(checkpointEvery)
	defer sweep.Stop()
	defer save.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-sweep.C:
			s.inventory.Sweep(now)
			s.judge(ctx)
		case <-save.C:
			err := errors.Join(s.inventory.Checkpoint(ctx), s.door.Sweep(ctx))
			if err != nil && !failing {
				s.log.Error("documents cannot be saved; they are kept in memory and tried again each minute", "error", err)
			}
			if err == nil && failing {
				s.log.Info("documents are saved again")
			}
			failing = err != nil
		}
	}
}
