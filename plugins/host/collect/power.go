package collect

import (
	"path/filepath"
	"strings"
	"time"
)

// powerMeter turns the processors' energy counters into watts over the time since the last report. Only root may read
// them; without them there is no power in the report.
type powerMeter struct {
	at     time.Time
	joules map[string]float64 // by file
}

// read returns watts by name, summed over sockets.
func (p *powerMeter) read(t tree, now time.Time) map[string]float64 {
	files, _ := filepath.Glob(filepath.Join(t.sys, "class", "powercap", "intel-rapl:*", "energy_uj"))
	if len(files) == 0 {
		return nil
	}
	joules, watts := map[string]float64{}, map[string]float64{}
	seconds := now.Sub(p.at).Seconds()
	for _, file := range files {
		v, ok := number(file)
		if !ok {
			continue
		}
		joules[file] = v / 1e6
		before, ok := p.joules[file]
		name := domain(text(filepath.Dir(file), "name"))
		if !ok || name == "" || joules[file] < before || seconds < 0.5 {
			continue // the first reading, or the counter has wrapped
		}
		watts[name] += float64(int64((joules[file]-before)/seconds*100)) / 100
	}
	p.at, p.joules = now, joules
	return watts
}

// domain translates the names of energy domains.
func domain(name string) string {
	switch {
	case strings.HasPrefix(name, "package"):
		return "cpu_package"
	case name == "core":
		return "cpu_core"
	case name == "dram":
		return "dram"
	}
	return ""
}
