package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// numbers is what the server says of itself to Prometheus.
func (s *server) numbers() prometheus.Gatherer {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), selfCollector{s})
	return r
}

var (
	infoDesc     = prometheus.NewDesc("pulse_info", "The server's version.", []string{"version"}, nil)
	recordsDesc  = prometheus.NewDesc("pulse_records", "Records in the inventory.", nil, nil)
	seriesDesc   = prometheus.NewDesc("pulse_metric_series", "Series in the metric store.", nil, nil)
	writtenDesc  = prometheus.NewDesc("pulse_metric_samples_total", "Samples that the metric store took since the start.", nil, nil)
	refusedDesc  = prometheus.NewDesc("pulse_metric_samples_refused_total", "Samples that the metric store refused since the start.", nil, nil)
	sizeDesc     = prometheus.NewDesc("pulse_metric_store_bytes", "Size of the metric store on disk.", nil, nil)
	clientsDesc  = prometheus.NewDesc("pulse_live_clients", "Clients that listen to live data.", nil, nil)
	pluginDesc   = prometheus.NewDesc("pulse_plugin_up", "1 while a plugin's process runs.", []string{"plugin", "version", "state"}, nil)
	restartsDesc = prometheus.NewDesc("pulse_plugin_restarts_total", "Restarts of a plugin's process since the start.", []string{"plugin"}, nil)
	taskDesc     = prometheus.NewDesc("pulse_task_failures", "Failures in a row of a task.", []string{"integration", "task"}, nil)
)

// selfCollector reads the server's parts when somebody asks.
type selfCollector struct{ s *server }

func (c selfCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{infoDesc, recordsDesc, seriesDesc, writtenDesc, refusedDesc, sizeDesc, clientsDesc, pluginDesc, restartsDesc, taskDesc} {
		out <- d
	}
}

func (c selfCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(infoDesc, 1, version)
	gauge(recordsDesc, float64(c.s.inventory.Snapshot().Len()))
	gauge(clientsDesc, float64(c.s.live.Clients()))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if st, err := c.s.metrics.Stats(ctx); err == nil {
		gauge(seriesDesc, float64(st.Series))
		gauge(sizeDesc, float64(st.SizeBytes))
		counter(writtenDesc, float64(st.Written))
		counter(refusedDesc, float64(st.Refused))
	}
	for _, p := range c.s.plugins.Status() {
		up := 0.0
		if p.PID > 0 {
			up = 1
		}
		gauge(pluginDesc, up, p.Kind, p.Version, p.State)
		counter(restartsDesc, float64(p.Restarts), p.Kind)
	}
	for _, j := range c.s.poll.Status() {
		gauge(taskDesc, float64(j.Failures), string(j.Integration), j.Task)
	}
}
