package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api"
	"github.com/pulse-platform/pulse/core/api/access"
	"github.com/pulse-platform/pulse/core/api/agents"
	"github.com/pulse-platform/pulse/core/api/alerts"
	"github.com/pulse-platform/pulse/core/api/auditlog"
	"github.com/pulse-platform/pulse/core/api/catalog"
	"github.com/pulse-platform/pulse/core/api/discovery"
	"github.com/pulse-platform/pulse/core/api/infraupdates"
	"github.com/pulse-platform/pulse/core/api/integrations"
	"github.com/pulse-platform/pulse/core/api/license"
	"github.com/pulse-platform/pulse/core/api/lists"
	"github.com/pulse-platform/pulse/core/api/live"
	"github.com/pulse-platform/pulse/core/api/metadata"
	"github.com/pulse-platform/pulse/core/api/metricstore"
	"github.com/pulse-platform/pulse/core/api/monitoring"
	"github.com/pulse-platform/pulse/core/api/passkeys"
	"github.com/pulse-platform/pulse/core/api/plugins"
	"github.com/pulse-platform/pulse/core/api/resources"
	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/api/security"
	"github.com/pulse-platform/pulse/core/api/sso"
	"github.com/pulse-platform/pulse/core/api/state"
	"github.com/pulse-platform/pulse/core/api/system"
	"github.com/pulse-platform/pulse/core/api/transfer"
	"github.com/pulse-platform/pulse/core/api/views"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/fleet"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/licence"
	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/core/settings"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/web"
)

// openAPI makes the HTTP API of everything that is open.
func (s *server) openAPI(ctx context.Context, started time.Time) (err error) {
	f, err := fleet.New(ctx, fleet.Config{
		Ingesters: s.plugins, Inventory: s.inventory, Door: s.door, Store: sqlite.NewBindings(s.base.state),
		TokenExists: s.auth.TokenExists, Tokens: s.auth, Block: compat.RemovalBlock, CommandsEnabled: overrides{s}.of, Now: time.Now, Log: s.log.Named("fleet"),
	})
	if err != nil {
		return fmt.Errorf("load the fleet: %w", err)
	}
	s.live = live.New(live.Sources{
		Document: s.state, Resources: s.inventory, Conditions: s.books.Conditions.Revision, News: s.news,
	}, time.Now)
	s.openDiscover()
	var assets fs.FS
	if files, built := web.Assets(); built {
		assets = files
	} else {
		s.log.Warn("the web app is not built into this server; the API works")
	}
	proxy, err := proxyAuth(s.cfg)
	if err != nil {
		return err
	}
	s.api, err = api.New(context.WithoutCancel(ctx), api.Options{
		Areas: s.areas(f, started), Auth: s.auth, Claimed: s.auth.Claimed, Log: s.log.Named("api"), Version: version,
		Assets: assets, TrustedProxies: s.cfg.Server.TrustedProxies, Proxy: proxy,
		Sites: func() api.Sites { return *s.sites.Load() }, BasePath: s.cfg.Server.BasePath(), Audit: s.audit, Licensed: s.licences.Check, Recovering: s.recovery.On, Now: time.Now,
	})
	return err
}

// areas are all rows of the API. Their order is that of the description.
func (s *server) areas(f *fleet.Fleet, started time.Time) []api.Area {
	return []api.Area{
		{Name: "system", Routes: system.Routes(system.Facts{
			Version: version, Started: started, Now: time.Now, Container: inContainer(), Deployment: deployment(), Demo: s.cfg != nil && s.cfg.Demo,
		})},
		{Name: "settings", Routes: system.SettingsRoutes(s.settings, s.fixedSettings(), s.settingOrigins())},
		{Name: "security", Routes: security.Area{Claims: s.auth, Logins: s.auth, Tokens: s.auth, Sessions: s.auth, Steps: s.auth, Locks: s.auth,
			Recovery: s.recovery, Restart: s.again, Posture: s.posture, Now: time.Now,
			BaseURL: s.baseURL(), TokenPath: s.tokenPath(), Container: inContainer(), Deployment: deployment(), Proxy: s.proxied(), ProxyLogout: s.proxyLogout(), SSO: s.signOn(),
		}.Routes()},
		{Name: "sso", Routes: sso.Area{Service: s.sso, MayGrant: s.auth.MayGrant, BaseURL: s.baseURL(), BasePath: s.basePath()}.Routes()},
		{Name: "passkeys", Routes: passkeys.Area{Service: s.passkeys(), Doors: s.auth, BaseURL: s.baseURL()}.Routes()},
		{Name: "transfer", Routes: transfer.Routes(s.base.bundles(s.again, s.plugins))},
		{Name: "license", Routes: license.Routes(s.licences)},
		{Name: "access", Routes: route.Licensed(licence.RBAC, access.Area{Users: s.auth, Roles: s.auth}.Routes())},
		{Name: "audit", Routes: route.Licensed(licence.AuditLogging, auditlog.Area{Log: s.audit, Hooks: s.hooks, Now: time.Now}.Routes())},
		{Name: "agents", Routes: agents.New(agents.Config{
			Reports: s.inventory.Catalog().Reports(), Declared: s.declaredReport, Taker: f, Hosts: f, Overrides: overrides{s}, Linker: f.Links(compat.HostMetadata.Name), Now: time.Now,
			Word: func(r *inventory.Record) string { return s.inventory.Catalog().Word(r) },
		}).Routes()},
		{Name: "state", Routes: state.New(s.state, id.Random(4)).Routes()},
		{Name: "metadata", Routes: slices.Concat(metadata.Routes(s.metadata, compat.MetadataKinds(), s.inventory.Retag), metadata.TagRoutes(s.metadata, s.inventory))},
		{Name: "resources", Routes: resources.New(s.inventory, s.books, s.alerts.Active).Routes()},
		{Name: "alerts", Routes: alerts.Area{Engine: s.alerts, Metrics: s.metrics, Find: func(name string) (*inventory.Record, bool) { return s.inventory.Snapshot().FindAny(name) }, Now: time.Now}.Routes()},
		{Name: "notifications", Routes: s.notifications().Routes()},
		{Name: "charts", Routes: s.charts().Routes()},
		{Name: "metricstore", Routes: metricstore.Area{Service: s.metrics}.Routes()},
		{Name: "live", Routes: s.live.Routes()},
		{Name: "catalog", Routes: catalog.New(s.inventory.Catalog, s.numbers()).Routes()},
		{Name: "plugins", Routes: plugins.Area{Service: supervised{s}}.Routes()},
		{Name: "lists", Routes: (&lists.Area{Inventory: s.inventory, Rows: s.books.Rows, Conditions: s.books.Conditions, Metrics: s.metrics, Now: time.Now}).Routes()},
		{Name: "infraupdates", Routes: infraupdates.Area{Inventory: s.inventory, Rows: s.books.Rows, Task: s.bringing, Hurry: s.poll.Hurry, Now: time.Now}.Routes()},
		{Name: "views", Routes: views.New(s.state, s.inventory, id.Random(4), time.Now).Routes()},
		{Name: "monitoring", Routes: monitoring.Area{Sources: s.polled, Now: time.Now}.Routes()},
		{Name: "discovery", Routes: discovery.Area{Scanner: s.discover, Enabled: s.discovers, Now: time.Now}.Routes()},
		{Name: "nodes", Routes: s.nodes().Routes()},
		{Name: "integrations", Routes: integrations.Area{Service: managed{s.integrations, s}, Status: s.integrationStatus, Probe: s.plugins.Probe, Again: s.poll.HurryAll, Ports: s.usualPorts}.Routes()},
	}
}

// tokenPath is where the bootstrap token lies.
func (s *server) tokenPath() string {
	if s.base == nil {
		return ""
	}
	path := s.base.dir.Path(bootstrapFile)
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

func (s *server) baseURL() string {
	if s.cfg == nil {
		return ""
	}
	return s.cfg.Server.BaseURL
}

type openapiCommand struct{}

// Run prints the document of the API with the report kinds of the installed plugins. Nothing is opened or started.
func (openapiCommand) Run(ctx context.Context, o *options, io streams) error {
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	dir, err := pluginsDir(cfg)
	if err != nil {
		return err
	}
	found, err := pluginhost.Open(pluginhost.Config{Dir: dir, Log: hclog.NewNullLogger(), Now: time.Now, Accept: acceptable})
	if err != nil {
		return err
	}
	if len(found.Catalog()) == 0 {
		return fmt.Errorf("there are no plugins in %s, and what agents may report comes from them: build them first (make build)", dir)
	}
	s := &server{plugins: found, auth: &auth.Service{}, metrics: &stores{}, log: hclog.NewNullLogger()}
	doc, err := s.describe(ctx)
	if err != nil {
		return err
	}
	_, err = io.out.Write(doc)
	return err
}

// describe writes the document of the API without serving it.
func (s *server) describe(ctx context.Context) ([]byte, error) {
	catalog, err := inventory.NewCatalog(s.plugins.Catalog())
	if err != nil {
		return nil, err
	}
	s.inventory = inventory.New(catalog, nil, time.Now)
	s.state = inventory.NewState(s.inventory, nil, time.Now)
	s.live = live.New(live.Sources{Document: s.state, Resources: s.inventory, News: live.Coalesced(s.inventory.Subscribe)}, time.Now)
	a, err := api.New(ctx, api.Options{Areas: s.areas(nil, time.Time{}), Log: s.log, Version: "1", Now: time.Now})
	if err != nil {
		return nil, err
	}
	return a.OpenAPI()
}

// broadcast tells those who listen what changed.
func (s *server) broadcast(ctx context.Context) {
	if err := s.live.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		s.log.Error("live data stopped", "error", err)
	}
}

// fixedSettings are those that the configuration decides, under the names of the settings document.
func (s *server) fixedSettings() settings.Values {
	if s.cfg == nil {
		return nil
	}
	out := settings.Values{}
	if _, port, err := net.SplitHostPort(s.cfg.Server.Listen); err == nil {
		if n, err := strconv.Atoi(port); err == nil {
			out["frontendPort"] = n
		}
	}
	const day = 24 * time.Hour
	if kept := s.cfg.Audit.Retention; kept > 0 {
		out[compat.SettingAuditRetention] = int64((kept + day - 1) / day)
	}
	if list := s.cfg.Server.AllowedOrigins; len(list) > 0 {
		out[compat.SettingOrigins] = strings.Join(list, ",")
	}
	if s.cfg.Origin("server.allow_embedding") != (config.Range{}) || s.cfg.Server.AllowEmbedding {
		out[compat.SettingEmbedding], out[compat.SettingEmbedOrigins] = s.cfg.Server.AllowEmbedding, strings.Join(s.cfg.Server.EmbedOrigins, ",")
	}
	metrics := s.metrics.inForce()
	out["metricsRetentionRawHours"], out["metricsRetentionMinuteHours"] = int64(metrics.RawRetention/time.Hour), int64(metrics.MinuteRetention/time.Hour)
	out["metricsRetentionHourlyDays"], out["metricsRetentionDailyDays"] = int64(metrics.HourRetention/day), int64(metrics.DayRetention/day)
	return out
}

// settingKeys are the keys of the configuration that decide settings, by the names of the settings document.
var settingKeys = map[string]string{
	"frontendPort":               "server.listen",
	compat.SettingAuditRetention: "audit.retention",
	compat.SettingOrigins:        "server.allowed_origins",
	compat.SettingEmbedding:      "server.allow_embedding",
	compat.SettingEmbedOrigins:   "server.embed_origins",
}

// settingOrigins says where the settings stand that the configuration decides, as config.hcl:12.
func (s *server) settingOrigins() map[string]string {
	if s.cfg == nil {
		return nil
	}
	out := map[string]string{}
	for name, key := range settingKeys {
		if at := s.cfg.Origin(key); at != (config.Range{}) {
			out[name] = at.String()
		}
	}
	return out
}

// declaredReport returns a kind of reports that is declared by now.
func (s *server) declaredReport(kind string) (inventory.Report, bool) {
	return s.inventory.Catalog().Report(kind)
}
