package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api/metricstore"
	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/influx"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/schema"
)

// The stores of samples and where they lie in the data directory.
const (
	metricsFile  = "metrics.db" // its log lies beside it
	influxFolder = "influxdb"
	copyFile     = "metrics-copy.json"

	storeEmbedded = "embedded"
	storeMemory   = "memory"
	storeInflux   = "influxdb"
	storeMirror   = "mirror"
)

// metricSettings is the name of the stored settings, which are sealed: they hold a token.
const metricSettings = "metrics"

// stores opens the store of samples that the settings name, and another one when they change. What the configuration file
// says stands over what is stored.
type stores struct {
	base *base
	file json.RawMessage
	// origins say where the keys of the file stand.
	origins map[string]string
	log     hclog.Logger
	*metric.Switch
	// former returns the records whose past is that of another one; it is set before anybody asks.
	former func(id.UID) []id.UID

	mu     sync.Mutex
	values json.RawMessage // what is stored
	cfg    config.Metrics  // what is in force
	copy   copying
}

// openStores opens the store in force.
func openStores(ctx context.Context, b *base, cfg *config.Config, log hclog.Logger) (*stores, error) {
	s := &stores{base: b, file: cfg.MetricsValues(), log: log}
	s.origins = map[string]string{}
	for _, key := range s.fixed() {
		s.origins[key] = cfg.Origin("metrics." + key).String()
	}
	if err := s.load(ctx); err != nil {
		log.Error("the stored settings of metrics cannot be used; those of the configuration file and the defaults are", "error", err)
		s.values, s.cfg = nil, cfg.Metrics
	}
	store, err := s.open(ctx, s.cfg)
	if err != nil {
		return nil, err
	}
	s.Switch = metric.NewSwitch(store)
	return s, nil
}

// Query answers q, with the past that records have under other names.
func (s *stores) Query(ctx context.Context, q metric.Query) ([]metric.Series, error) {
	if s.former == nil {
		return s.Switch.Query(ctx, q)
	}
	return metric.QueryWithPast(ctx, s.Switch, q, s.former)
}

func (s *stores) load(ctx context.Context) error {
	var sealed []byte
	if found, err := sqlite.NewSettings(s.base.state).Get(ctx, metricSettings, &sealed); err != nil || !found {
		s.cfg, _, err = s.effective(nil)
		return err
	}
	plain, err := s.base.sealer.Open("settings/"+metricSettings, sealed)
	if err != nil {
		return err
	}
	s.values = plain
	s.cfg, _, err = s.effective(plain)
	return err
}

// effective lays what the file says over values and judges the whole.
func (s *stores) effective(values json.RawMessage) (config.Metrics, json.RawMessage, error) {
	all, file := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for from, into := range map[*json.RawMessage]*map[string]json.RawMessage{&values: &all, &s.file: &file} {
		if len(*from) > 0 {
			if err := json.Unmarshal(*from, into); err != nil {
				return config.Metrics{}, nil, errs.New(errs.Invalid, "the settings are not a JSON object")
			}
		}
	}
	maps.Copy(all, file)
	merged, err := json.Marshal(all)
	if err != nil {
		return config.Metrics{}, nil, err
	}
	cfg, found := schema.Decode[config.Metrics](merged)
	for _, d := range found {
		if d.Severity == sdk.DiagnosticError {
			return cfg, nil, errs.New(errs.Invalid, "%s: %s", d.Path, d.Detail).WithField(d.Path)
		}
	}
	return cfg, merged, nil
}

// open opens the store that the settings name.
func (s *stores) open(ctx context.Context, cfg config.Metrics) (metric.Store, error) {
	switch cfg.Store {
	case storeInflux:
		return s.openInflux(ctx, cfg)
	case storeMirror:
		first, err := s.openEmbedded(ctx, cfg)
		if err != nil {
			return nil, err
		}
		second, err := s.openInflux(ctx, cfg)
		if err != nil {
			return nil, errors.Join(err, first.Close())
		}
		return &metric.Mirror{First: first, Second: second}, nil
	}
	return s.openEmbedded(ctx, cfg)
}

func (s *stores) openEmbedded(ctx context.Context, cfg config.Metrics) (*sqlite.Metrics, error) {
	return sqlite.OpenMetrics(ctx, s.base.dir.Path(metricsFile), sqlite.Options{
		Tiers: cfg.Tiers(), Now: time.Now, Sync: cfg.Sync, FlushAfter: cfg.PackEvery, MaxBytes: cfg.MaxSize,
		Volatile: cfg.Store == storeMemory, Log: s.log,
	})
}

func (s *stores) openInflux(ctx context.Context, cfg config.Metrics) (*influx.Store, error) {
	return influx.Open(ctx, s.base.dir.Path(influxFolder), influxOptions(cfg, s.log))
}

func influxOptions(cfg config.Metrics, log hclog.Logger) influx.Options {
	in := cfg.InfluxDB
	return influx.Options{
		URL: in.URL, Org: in.Org, Bucket: in.Bucket, Token: string(in.Token), WriteOnly: in.WriteOnly, Tiers: cfg.Tiers(), Now: time.Now,
		Sync: cfg.Sync, SpoolBytes: in.SpoolSize, SpoolAge: in.SpoolAge, Log: log.Named("influxdb"),
	}
}

// inForce returns the settings by which the store was opened.
func (s *stores) inForce() config.Metrics {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// Settings returns what is in force, with secrets masked, and which keys the file decides.
func (s *stores) Settings() (metricstore.Settings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	form, err := schema.Of[config.Metrics]()
	if err != nil {
		return metricstore.Settings{}, err
	}
	_, merged, err := s.effective(s.values)
	if err != nil {
		return metricstore.Settings{}, err
	}
	masked, err := form.Mask(merged)
	if err != nil {
		return metricstore.Settings{}, err
	}
	return metricstore.Settings{Store: s.cfg.Store, Values: masked, Schema: form.JSON(), Fixed: s.fixed(), Origins: s.origins}, nil
}

// fixed are the keys that the file decides.
func (s *stores) fixed() []string {
	file := map[string]json.RawMessage{}
	_ = json.Unmarshal(s.file, &file) // the configuration wrote it
	return append([]string{}, slices.Sorted(maps.Keys(file))...)
}

// judge reads settings as a client sends them: masked secrets stand for the stored ones, and keys of the file are left out.
func (s *stores) judge(ctx context.Context, given json.RawMessage) (values json.RawMessage, cfg config.Metrics, err error) {
	form, err := schema.Of[config.Metrics]()
	if err != nil {
		return nil, cfg, err
	}
	if values, err = integration.Merge(ctx, form, s.values, given, false); err != nil {
		return nil, cfg, err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(values, &all); err != nil {
		return nil, cfg, errs.New(errs.Invalid, "the settings are not a JSON object")
	}
	for _, key := range s.fixed() {
		delete(all, key)
	}
	if values, err = json.Marshal(all); err != nil {
		return nil, cfg, err
	}
	cfg, _, err = s.effective(values)
	return values, cfg, err
}

// Update stores settings and opens the store anew by them. A store that does not open leaves everything as it was.
func (s *stores) Update(ctx context.Context, given json.RawMessage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.copy.running() {
		return errs.New(errs.Conflict, "the history is being copied: wait for it, or cancel it")
	}
	values, cfg, err := s.judge(ctx, given)
	if err != nil {
		return err
	}
	sealed, err := s.base.sealer.Seal("settings/"+metricSettings, values)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	former := s.cfg
	err = s.Replace(func() (metric.Store, error) { return s.open(ctx, cfg) }, func() (metric.Store, error) { return s.open(ctx, former) })
	if err != nil {
		return err
	}
	s.values, s.cfg = values, cfg
	return sqlite.NewSettings(s.base.state).Set(ctx, metricSettings, sealed)
}

// Try tests the connection to InfluxDB that settings describe. With setUp it makes the buckets first.
func (s *stores) Try(ctx context.Context, given json.RawMessage, setUp bool) ([]metricstore.Step, error) {
	s.mu.Lock()
	_, cfg, err := s.judge(ctx, given)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if cfg.InfluxDB.URL == "" {
		return nil, errs.New(errs.Invalid, "influxdb.url: the address of InfluxDB is missing").WithField("influxdb.url")
	}
	var steps []metricstore.Step
	for _, step := range influx.Check(ctx, influxOptions(cfg, s.log), setUp) {
		told := metricstore.Step{Name: step.Name, OK: step.Err == nil}
		var why *errs.Error
		if errors.As(step.Err, &why) {
			told.Failure = why.Message
		} else if step.Err != nil {
			return nil, step.Err
		}
		steps = append(steps, told)
	}
	return steps, nil
}

// archive opens a store beside the one in use, or returns that one when it is it.
func (s *stores) archive(ctx context.Context, name string) (a metric.Archive, done func() error, err error) {
	inUse := func(store metric.Store) bool {
		switch store.(type) {
		case *sqlite.Metrics:
			return name == storeEmbedded
		case *influx.Store:
			return name == storeInflux
		}
		return false
	}
	now := []metric.Store{}
	if s.Switch != nil {
		now = append(now, s.Now())
		if m, ok := s.Now().(*metric.Mirror); ok {
			now = []metric.Store{m.First, m.Second}
		}
	}
	for _, store := range now {
		if a, ok := store.(metric.Archive); ok && inUse(store) {
			return a, func() error { return nil }, nil
		}
	}
	switch name {
	case storeEmbedded:
		a, err = s.openEmbedded(ctx, s.cfg)
	case storeInflux:
		if s.cfg.InfluxDB.URL == "" {
			return nil, nil, errs.New(errs.Invalid, "influxdb.url: the address of InfluxDB is missing").WithField("influxdb.url")
		}
		a, err = s.openInflux(ctx, s.cfg)
	default:
		return nil, nil, errs.New(errs.Invalid, "%q is no store: they are %s and %s", name, storeEmbedded, storeInflux)
	}
	if err != nil {
		return nil, nil, err
	}
	return a, a.Close, nil
}

// Close ends the copy and the store.
func (s *stores) Close() error {
	s.CancelCopy()
	s.copy.done.Wait()
	return s.Switch.Close()
}
