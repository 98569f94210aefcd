package agent

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/agent/config"
	"github.com/pulse-platform/pulse/agent/courier"
)

func TestSettingsOfTheServer(t *testing.T) {
	tests := map[string]struct {
		settings string
		want     config.Config
		changed  bool
	}{
		"text":          {`{"interval":"60s","enable_host":false,"report_ip":"192.0.2.1"}`, config.Config{Interval: time.Minute, ReportIP: "192.0.2.1"}, true},
		"seconds":       {`{"interval":45}`, config.Config{Interval: 45 * time.Second, EnableHost: true}, true},
		"too short":     {`{"interval":"1ms"}`, config.Config{Interval: time.Second, EnableHost: true}, true},
		"wrong types":   {`{"interval":[],"enable_host":"x"}`, config.Config{Interval: 30 * time.Second, EnableHost: true}, false},
		"huge":          {`{"interval":1e300}`, config.Config{Interval: 30 * time.Second, EnableHost: true}, false},
		"negative":      {`{"interval":"-5s"}`, config.Config{Interval: 30 * time.Second, EnableHost: true}, false},
		"other modules": {`{"enable_docker":true,"future":{}}`, config.Config{Interval: 30 * time.Second, EnableHost: true}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var settings map[string]json.RawMessage
			if err := json.Unmarshal([]byte(tt.settings), &settings); err != nil {
				t.Fatal(err)
			}
			a := New(config.Config{Interval: 30 * time.Second, EnableHost: true}, "v1", "", nil, slog.New(slog.DiscardHandler))
			if got := a.apply(settings); got != tt.changed {
				t.Errorf("changed %v", got)
			}
			if a.cfg.Interval != tt.want.Interval || a.cfg.EnableHost != tt.want.EnableHost || a.cfg.ReportIP != tt.want.ReportIP {
				t.Errorf("got %+v", a.cfg)
			}
		})
	}
}

func TestMetricsShowLosses(t *testing.T) {
	a := New(config.Config{}, `v"1`, "", nil, slog.New(slog.DiscardHandler))
	found := false
	for _, s := range a.metrics(courier.Stats{Lost: 7}) {
		found = found || s.Name == "pulse_agent_reports_lost_total" && s.Value == 7
	}
	if !found {
		t.Error("lost reports are not shown")
	}
}
