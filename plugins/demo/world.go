package demo

import (
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// memory in bytes; Usage is percent.
type memory struct {
	Total int64   `json:"total"`
	Used  int64   `json:"used"`
	Usage float64 `json:"usage"`
}

type machine struct {
	Name        string     `json:"name"`
	Model       string     `json:"model"`
	Cores       int        `json:"cores"`
	CPU         float64    `json:"cpu"`
	Memory      memory     `json:"memory"`
	Uptime      int64      `json:"uptime"`
	Temperature float64    `json:"temperature"`
	Status      sdk.Status `json:"-"`
	FanFailed   bool       `json:"-"`
}

type guest struct {
	Name       string     `json:"name"`
	Node       string     `json:"node"`
	Cores      int        `json:"cores"`
	CPU        float64    `json:"cpu"`
	Memory     memory     `json:"memory"`
	NetworkIn  float64    `json:"networkIn"`
	NetworkOut float64    `json:"networkOut"`
	Uptime     int64      `json:"uptime"`
	Tags       []string   `json:"tags"`
	Status     sdk.Status `json:"-"`
}

const gib = 1 << 30

var (
	models = []string{"Rack 2U", "Tower", "Mini PC", "Blade"}
	roles  = []string{"web", "db", "cache", "mail", "git", "ci", "dns", "media"}
	tags   = []string{"prod", "test", "lab"}
)

// epoch is when the invented world began: before it there is no uptime.
var epoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

func machineAt(seed int64, i int, now time.Time) machine {
	name := fmt.Sprintf("machine-%03d", i+1)
	r := draw(seed, name)
	cores := 4 << (r % 4)
	m := machine{
		Name: name, Model: models[r/4%4], Cores: cores, Status: sdk.StatusUp,
		CPU:    wave(r, now, 0.05, 0.55),
		Memory: memoryOf(int64(cores)*8*gib, wave(r>>8, now, 0.3, 0.5)),
		Uptime: uptime(r, now),
	}
	m.Temperature = round(35+40*m.CPU, 1)
	if m.FanFailed = happens(r, now, 40); m.FanFailed {
		m.Status = sdk.StatusDegraded
	}
	return m
}

func guestAt(cfg Config, i int, on machine, now time.Time) guest {
	name := fmt.Sprintf("%s-%04d", roles[i%len(roles)], i+1)
	r := draw(cfg.Seed, name)
	if int(r>>16%100) < cfg.Turnover {
		// Each hour, at a moment of its own, another guest takes its place.
		name = fmt.Sprintf("%s-%d", name, (now.Unix()+int64(r>>24%3600))/3600%1000)
		r = draw(cfg.Seed, name)
	}
	g := guest{Name: name, Node: on.Name, Cores: 1 << (r % 4), Tags: []string{tags[r/16%3]}, Status: sdk.StatusUp}
	total := int64(1+r%16) * gib
	switch {
	case r%17 == 0:
		g.Status, g.Memory = sdk.StatusOff, memory{Total: total}
		return g
	case happens(r, now, 30):
		g.Status, g.Memory = sdk.StatusDown, memory{Total: total}
		return g
	}
	g.CPU = wave(r, now, 0.01, 0.7)
	g.Memory = memoryOf(total, wave(r>>8, now, 0.2, 0.7))
	g.NetworkIn = math.Round(wave(r>>16, now, 0, 4e6))
	g.NetworkOut = math.Round(wave(r>>24, now, 0, 2e6))
	g.Uptime = uptime(r, now)
	return g
}

// draw is a fixed random number for a name.
func draw(seed int64, name string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", seed, name)
	// FNV changes its low bits little for names that differ at the end; mix them.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}

// wave moves smoothly between low and low+span: a day, an hour and some minutes laid over each other.
func wave(r uint64, now time.Time, low, span float64) float64 {
	t := float64(now.UnixMilli()) / 1000
	phase := float64(r%1000) / 1000 * 2 * math.Pi
	v := 0.5 + 0.2*math.Sin(t/86400*2*math.Pi+phase) + 0.2*math.Sin(t/3600*2*math.Pi+3*phase) + 0.1*math.Sin(t/210*2*math.Pi+7*phase)
	return round(low+span*v*(0.4+0.6*float64(r>>32%100)/100), 4)
}

// happens is true for two minutes in every so many, at a moment of the thing's own, for one thing in ten.
func happens(r uint64, now time.Time, every int64) bool {
	return r%10 == 0 && (now.Unix()/60+int64(r>>40%1000))%every < 2
}

func memoryOf(total int64, ratio float64) memory {
	return memory{Total: total, Used: int64(float64(total) * ratio), Usage: round(ratio*100, 2)}
}

func uptime(r uint64, now time.Time) int64 {
	return max(0, int64(now.Sub(epoch)/time.Second)-int64(r%1_000_000))
}

func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}
