package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/core/datadir"
	"github.com/pulse-platform/pulse/core/influx"
	"github.com/pulse-platform/pulse/core/metric"
	"github.com/pulse-platform/pulse/core/sqlite"
)

type metricsCommand struct {
	Check    metricsCheckCommand    `cmd:"" help:"Look through the whole embedded store for damage. The server must be stopped."`
	Snapshot metricsSnapshotCommand `cmd:"" help:"Write the embedded store to a new file that can be opened as one. The server must be stopped."`
	Setup    metricsSetupCommand    `cmd:"" help:"Make the buckets of the configured InfluxDB that are missing, with their retention."`
	Copy     metricsCopyCommand     `cmd:"" help:"Copy the history from one store to another. The server must be stopped; its page for metrics does the same while it runs."`
}

type metricsCheckCommand struct {
	Repair bool `help:"Remove what is damaged. A file that is damaged as a whole is set aside, and what can be read of it is kept."`
}

// Run prints what is there and what is wrong with it. Damage that stays is exit code 1.
func (c metricsCheckCommand) Run(ctx context.Context, o *options, io streams) error {
	cfg, err := o.loadUsed(io)
	if err != nil {
		return err
	}
	dir, err := datadir.Open(cfg.Server.Data)
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // it holds a lock only
	found, err := sqlite.CheckMetrics(ctx, dir.Path(metricsFile), cfg.Metrics.Tiers(), c.Repair, time.Now())
	if err != nil {
		return err
	}
	rows := [][]string{{"TIER", "BLOCKS", "POINTS", "DAMAGED", "WITHOUT SERIES"}}
	for _, f := range found.Tiers {
		rows = append(rows, []string{f.Tier, strconv.FormatInt(f.Blocks, 10), strconv.FormatInt(f.Points, 10), strconv.FormatInt(f.Damaged, 10), strconv.FormatInt(f.Orphans, 10)})
	}
	if err := table(io, rows...); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%d series; the log has %d bytes", found.Series, found.LogBytes)
	if found.TornBytes > 0 {
		fmt.Fprintf(io.out, ", of which %d are the torn end of a write that was never acknowledged", found.TornBytes)
	}
	fmt.Fprintln(io.out, ".")
	if found.Database != "" {
		fmt.Fprintf(io.out, "The file was damaged: %s\n", found.Database)
	}
	if found.Aside != "" {
		fmt.Fprintf(io.out, "It lies at %s now; what could be read of it is in the new one.\n", found.Aside)
	}
	switch {
	case found.Sound() || found.Repaired:
		fmt.Fprintln(io.out, map[bool]string{true: "Repaired.", false: "The store is sound."}[found.Repaired])
		return nil
	}
	return errors.New("the store is damaged: pulse metrics check --repair removes what is, and keeps the rest")
}

type metricsSnapshotCommand struct {
	File string `arg:"" help:"The new file. It must not exist."`
}

// Run writes the snapshot.
func (c metricsSnapshotCommand) Run(ctx context.Context, o *options, io streams) error {
	cfg, err := o.loadUsed(io)
	if err != nil {
		return err
	}
	dir, err := datadir.Open(cfg.Server.Data)
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // it holds a lock only
	m, err := sqlite.OpenMetrics(ctx, dir.Path(metricsFile), sqlite.Options{Tiers: cfg.Metrics.Tiers()})
	if err != nil {
		return err
	}
	if err := errors.Join(m.Snapshot(ctx, c.File), m.Close()); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "The store is in %s.\n", c.File)
	return nil
}

type metricsSetupCommand struct{}

// Run makes the buckets and tests that they can be used.
func (metricsSetupCommand) Run(ctx context.Context, o *options, io streams) error {
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	if cfg.Metrics.InfluxDB.URL == "" {
		return errors.New("the configuration names no InfluxDB: write metrics { influxdb = { url = ... } }, or use the settings page")
	}
	opt := influxOptions(cfg.Metrics, newLogger(io.err, "warn", cfg.Server.LogFormat))
	if err := influx.SetUp(ctx, opt); err != nil {
		return err
	}
	if err := influx.Try(ctx, opt); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "The buckets of %s are there and can be used.\n", cfg.Metrics.InfluxDB.Bucket)
	return nil
}

type metricsCopyCommand struct {
	From string `required:"" placeholder:"STORE" enum:"embedded,influxdb" help:"The store to read: embedded or influxdb."`
	To   string `required:"" placeholder:"STORE" enum:"embedded,influxdb" help:"The store to write: embedded or influxdb."`
	Anew bool   `help:"Begin from the start although a former copy ended early."`
}

// Run copies and tells how far it is. Cut short and started again, it goes on where it ended.
func (c metricsCopyCommand) Run(ctx context.Context, o *options, io streams) (err error) {
	cfg, err := o.loadUsed(io)
	if err != nil {
		return err
	}
	b, err := openBase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	s := &stores{base: b, file: cfg.MetricsValues(), log: newLogger(io.err, "warn", cfg.Server.LogFormat)}
	if err := s.load(ctx); err != nil {
		return err
	}
	tiers := s.cfg.Tiers()
	last := time.Now()
	err = s.copyAll(ctx, c.From, c.To, c.Anew, func(p metric.Progress) {
		if p.Done {
			fmt.Fprintf(io.out, "Copied %d points from %s to %s.\n", p.Points, c.From, c.To)
			return
		}
		if now := time.Now(); p.Series == p.Of || now.Sub(last) > time.Second {
			last = now
			fmt.Fprintf(io.out, "%s (%d of %d): %d of %d series, %d points\n", tiers[p.Tier].Name, p.Tier+1, len(tiers), p.Series, p.Of, p.Points)
		}
	})
	return err
}
