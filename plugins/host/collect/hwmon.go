package collect

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
)

// chipsAge is how long the list of sensors is kept. Their values are read each time.
const chipsAge = 10 * time.Minute

// chip is one sensor chip with the inputs that it has.
type chip struct {
	name   string // "coretemp"
	device string // what it sits on, for example "nvme0" or "sda"
	temps  []input
	fans   []input
}

// input is one reading: its label and the file that holds it.
type input struct{ label, path string }

// chipCache keeps the list of sensors between reports.
type chipCache struct {
	at    time.Time
	chips []chip
	zones []input
}

// sensors reads temperatures and fans directly from the kernel, so that nothing needs to be installed.
func (t tree) sensors(cache *chipCache, now time.Time) wire.Sensors {
	if cache.at.IsZero() || now.Sub(cache.at) > chipsAge {
		cache.at, cache.chips, cache.zones = now, t.findChips(), t.findZones()
	}
	s := wire.Sensors{TemperatureCelsius: map[string]float64{}, FanRPM: map[string]float64{}, Additional: map[string]float64{}}
	p := packagePick{}
	for _, c := range cache.chips {
		for _, in := range c.temps {
			if v, ok := millis(in.path); ok {
				p.place(c, in.label, v, &s)
			}
		}
		for _, in := range c.fans {
			if v, ok := number(in.path); ok && v > 0 {
				s.FanRPM[c.key(in.label)] = v
			}
		}
	}
	p.settle(&s)
	if _, ok := s.TemperatureCelsius["cpu_package"]; !ok {
		readZones(cache.zones, &s)
	}
	return s
}

// millis reads a temperature in thousandths of a degree; what no sensor in use shows is no reading.
func millis(path string) (float64, bool) {
	v, ok := number(path)
	v /= 1000
	return v, ok && v > -60 && v < 200 && v != 0
}

// findChips lists the chips, those of the same name in the order of their devices.
func (t tree) findChips() []chip {
	var out []chip
	dirs, _ := filepath.Glob(filepath.Join(t.sys, "class", "hwmon", "hwmon*"))
	slices.SortFunc(dirs, func(a, b string) int { return trailing(a) - trailing(b) })
	for _, dir := range dirs {
		c := chip{name: text(dir, "name"), device: deviceName(dir)}
		if c.name == "" || c.name == "drivetemp" && rotates(dir) {
			continue
		}
		c.temps, c.fans = inputs(dir, "temp"), inputs(dir, "fan")
		if len(c.temps)+len(c.fans) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// rotates reports whether the disk below a chip may sleep: asking it for its temperature can keep it awake.
func rotates(dir string) bool {
	blocks, _ := filepath.Glob(filepath.Join(dir, "device", "block", "*", "queue", "rotational"))
	return len(blocks) == 0 || text(blocks[0]) != "0"
}

// deviceName is the disk or the device below a chip.
func deviceName(dir string) string {
	if blocks, _ := filepath.Glob(filepath.Join(dir, "device", "block", "*")); len(blocks) > 0 {
		return filepath.Base(blocks[0])
	}
	if target, err := os.Readlink(filepath.Join(dir, "device")); err == nil {
		return filepath.Base(target)
	}
	return ""
}

// inputs lists the readings of one kind, by number.
func inputs(dir, kind string) []input {
	files, _ := filepath.Glob(filepath.Join(dir, kind+"*_input"))
	slices.SortFunc(files, func(a, b string) int {
		return trailing(strings.TrimSuffix(a, "_input")) - trailing(strings.TrimSuffix(b, "_input"))
	})
	var out []input
	for _, file := range files {
		base := strings.TrimSuffix(filepath.Base(file), "_input")
		label := text(dir, base+"_label")
		if label == "" {
			label = base
		}
		out = append(out, input{label, file})
	}
	return out
}

// trailing returns the number that a name ends with, 0 without one.
func trailing(s string) int {
	digits := s[len(strings.TrimRight(s, "0123456789")):]
	n, _ := strconv.Atoi(digits)
	return n
}

// key names a reading as the reference does: chip and sensor in lower case, joined by underscores.
func (c chip) key(label string) string {
	name := c.name
	if c.name == "drivetemp" && c.device != "" {
		return "drivetemp_" + c.device
	}
	return tidy(name) + "_" + tidy(label)
}

func tidy(s string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(s))
}

var (
	cpuChip   = regexp.MustCompile(`^(coretemp|k10temp|zenpower|k8temp|cpu_thermal|rpitemp|rp1_adc)`)
	boardChip = regexp.MustCompile(`^(acpitz|it87|it86|nct66|nct67|w83627|f71882)`)
	gpuChip   = regexp.MustCompile(`^(amdgpu|nouveau|radeon)`)
	coreLabel = regexp.MustCompile(`^Core (\d+)$`)
)

// packagePick looks for the reading that stands for the processor. The ranks are those of the reference; processors'
// own chips go before those of the board.
type packagePick struct {
	rank  int
	value float64
	key   string // under which it was placed, if it was
}

// place puts one temperature where it belongs.
func (p *packagePick) place(c chip, label string, v float64, s *wire.Sensors) {
	cpu, board := cpuChip.MatchString(c.name), boardChip.MatchString(c.name)
	switch {
	case cpu || board:
		key := ""
		if core := coreLabel.FindStringSubmatch(label); core != nil && cpu {
			s.TemperatureCelsius[free(s.TemperatureCelsius, "cpu_core_"+core[1])] = v
		} else if v > 0 && v < 150 {
			key = free(s.Additional, c.key(label))
			s.Additional[key] = v
		}
		p.offer(rankOf(label, cpu), v, key)
	case strings.Contains(c.name, "nvme"):
		if label == "Composite" {
			name := c.device
			if !strings.HasPrefix(name, "nvme") {
				name = "nvme0"
			}
			s.TemperatureCelsius[free(s.TemperatureCelsius, name)] = v
		}
	case gpuChip.MatchString(c.name):
		s.TemperatureCelsius[free(s.TemperatureCelsius, c.key(label))] = v
	case v > 0 && v < 150:
		s.Additional[free(s.Additional, c.key(label))] = v
	}
}

// rankOf says how well a reading stands for the processor: 1 is best, 0 means not at all.
func rankOf(label string, cpu bool) int {
	l := strings.ToLower(label)
	rank := 0
	switch {
	case strings.HasPrefix(l, "package id"), l == "tdie", l == "tctl":
		rank = 1
	case strings.Contains(l, "cputin"), strings.Contains(l, "cpu temp"), l == "cpu":
		rank = 2
	case strings.HasPrefix(l, "tccd"):
		rank = 3
	case l == "temp1":
		rank = 4
	case strings.HasPrefix(l, "core "):
		rank = 5
	}
	if rank > 0 && !cpu {
		rank += 10
	}
	return rank
}

// offer keeps the best reading, of equal ones the hottest: machines have several processors.
func (p *packagePick) offer(rank int, v float64, key string) {
	if rank == 0 || p.rank != 0 && (rank > p.rank || rank == p.rank && v <= p.value) {
		return
	}
	*p = packagePick{rank, v, key}
}

// settle moves the best reading to its place.
func (p *packagePick) settle(s *wire.Sensors) {
	if p.rank == 0 {
		return
	}
	delete(s.Additional, p.key)
	s.TemperatureCelsius["cpu_package"] = p.value
}

// free returns the name, or the name with a number when two chips share it.
func free(taken map[string]float64, name string) string {
	if _, ok := taken[name]; !ok {
		return name
	}
	for n := 2; ; n++ {
		next := name + "_" + strconv.Itoa(n)
		if _, ok := taken[next]; !ok {
			return next
		}
	}
}

// findZones lists the thermal zones: all that some boards have.
func (t tree) findZones() []input {
	dirs, _ := filepath.Glob(filepath.Join(t.sys, "class", "thermal", "thermal_zone*"))
	slices.SortFunc(dirs, func(a, b string) int { return trailing(a) - trailing(b) })
	var out []input
	for _, dir := range dirs {
		out = append(out, input{strings.ToLower(text(dir, "type")), filepath.Join(dir, "temp")})
	}
	return out
}

var cpuZone = regexp.MustCompile(`^(x86_pkg_temp|tcpu|cpu|soc|big|package)`)

// readZones takes the hottest zone of the processor, else the first zone, as the processor's temperature.
func readZones(zones []input, s *wire.Sensors) {
	best, found, first := 0.0, false, ""
	for _, z := range zones {
		v, ok := millis(z.path)
		if !ok || v < 0 || v >= 150 {
			continue
		}
		if cpuZone.MatchString(z.label) {
			best, found = max(best, v), true
			continue
		}
		key := free(s.Additional, "thermal_"+tidy(z.label))
		s.Additional[key] = v
		if first == "" {
			first = key
		}
	}
	if !found && first != "" && len(s.TemperatureCelsius) == 0 {
		best, found = s.Additional[first], true
		delete(s.Additional, first)
	}
	if found {
		s.TemperatureCelsius["cpu_package"] = best
	}
}
