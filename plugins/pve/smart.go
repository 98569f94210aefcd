package pve

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
)

// smartAtOnce is how many disks of a node are asked for their attributes in one cycle: each answer takes the node a second.
const smartAtOnce = 2

// smartDoc are the attributes of a disk as the state shows them. What a disk does not say is missing.
type smartDoc struct {
	PowerOnHours         *int64 `json:"powerOnHours,omitempty"`
	PowerCycles          *int64 `json:"powerCycles,omitempty"`
	ReallocatedSectors   *int64 `json:"reallocatedSectors,omitempty"`
	PendingSectors       *int64 `json:"pendingSectors,omitempty"`
	OfflineUncorrectable *int64 `json:"offlineUncorrectable,omitempty"`
	UDMACRCErrors        *int64 `json:"udmaCrcErrors,omitempty"`
	PercentageUsed       *int64 `json:"percentageUsed,omitempty"`
	AvailableSpare       *int64 `json:"availableSpare,omitempty"`
	MediaErrors          *int64 `json:"mediaErrors,omitempty"`
	UnsafeShutdowns      *int64 `json:"unsafeShutdowns,omitempty"`
}

// smartReading is what a disk last said.
type smartReading struct {
	asked time.Time
	// temperature is in °C, 0 when it is not known.
	temperature int64
	attributes  smartDoc
	// fresh is set until it was told.
	fresh bool
}

// smartAnswer is /nodes/{node}/disks/smart: a list of attributes, or what the tool prints for disks that have none.
type smartAnswer struct {
	Attributes []smartAttribute `json:"attributes"`
	Text       proxmox.Str      `json:"text"`
}

type smartAttribute struct {
	ID  proxmox.Int `json:"id"`
	Raw proxmox.Str `json:"raw"`
}

// smartAge is how long what a disk said is believed.
func (c *Collector) smartAge() time.Duration { return time.Duration(c.cfg.SmartMinutes) * time.Minute }

// askSmart asks a few disks of a node for their attributes: those that were not for longest. A disk that does not answer, as
// virtual ones and those behind controllers do, is asked again when it is its turn. It tells whether any was asked.
func (c *Collector) askSmart(ctx context.Context, n node, book *diskBook) (any bool) {
	if c.cfg.SmartMinutes <= 0 {
		return false
	}
	now := c.deps.Now()
	due := slices.DeleteFunc(slices.Clone(book.disks), func(d knownDisk) bool { return now.Sub(book.smart[d.key].asked) < c.smartAge() })
	slices.SortStableFunc(due, func(a, b knownDisk) int { return book.smart[a.key].asked.Compare(book.smart[b.key].asked) })
	for _, d := range due[:min(len(due), smartAtOnce)] {
		got, err := proxmox.Get[smartAnswer](ctx, c.client, proxmox.OnNode(n.name, "disks", "smart").With("disk", string(d.DevPath)).Slowly())
		switch kind := proxmox.KindOf(err); {
		case err == nil:
			book.smart[d.key] = got.reading(now)
		case ctx.Err() != nil, kind == proxmox.KindBudget, kind == proxmox.KindNodeTimeout, kind == proxmox.KindNodeUnreachable, proxmox.Away(err):
			return any
		default:
			old := book.smart[d.key]
			old.asked = now
			book.smart[d.key] = old
		}
		any = true
	}
	return any
}

// reading is what an answer says.
func (a smartAnswer) reading(now time.Time) smartReading {
	r := smartReading{asked: now, fresh: true}
	for _, one := range a.Attributes {
		if n, ok := firstNumber(string(one.Raw)); ok {
			r.attribute(one.ID.V, n)
		}
	}
	for line := range strings.Lines(string(a.Text)) {
		r.line(strings.TrimSpace(line))
	}
	return r
}

// attribute takes in an attribute by its number.
func (r *smartReading) attribute(id, raw int64) {
	a := &r.attributes
	if to := map[int64]**int64{
		5: &a.ReallocatedSectors, 9: &a.PowerOnHours, 12: &a.PowerCycles, 197: &a.PendingSectors, 198: &a.OfflineUncorrectable, 199: &a.UDMACRCErrors,
	}[id]; to != nil {
		*to = &raw
	}
	if id == 194 || id == 190 && r.temperature == 0 {
		r.temperature = celsius(raw)
	}
}

// line takes in a printed line.
func (r *smartReading) line(text string) {
	if rest, ok := strings.CutPrefix(text, "Accumulated power on time, hours:minutes"); ok {
		text = "Power On Hours:" + rest
	}
	name, value, _ := strings.Cut(text, ":")
	n, ok := firstNumber(value)
	if !ok {
		return
	}
	a := &r.attributes
	if to := map[string]**int64{
		"Percentage Used": &a.PercentageUsed, "Available Spare": &a.AvailableSpare, "Power On Hours": &a.PowerOnHours, "Power Cycles": &a.PowerCycles,
		"Unsafe Shutdowns": &a.UnsafeShutdowns, "Media and Data Integrity Errors": &a.MediaErrors, "Elements in grown defect list": &a.ReallocatedSectors,
	}[name]; to != nil {
		*to = &n
	}
	if name == "Temperature" || name == "Current Drive Temperature" {
		r.temperature = celsius(n)
	}
}

// celsius is a temperature that a disk can have, 0 for any other.
func celsius(n int64) int64 {
	if n < 1 || n > 120 {
		return 0
	}
	return n
}

// firstNumber is the whole number with which a text begins; thousands may be set apart by commas.
func firstNumber(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != ',' })
	if end < 0 {
		end = len(text)
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text[:end], ",", ""), 10, 64)
	return n, err == nil
}

// tellSmart adds to the document of a disk what it said, and to its samples when that is new.
func (r smartReading) tellSmart(d *diskDoc, s *samples) {
	if r.asked.IsZero() {
		return
	}
	if d.Temperature = int(r.temperature); d.Temperature > 0 {
		d.Celsius = &d.Temperature
	}
	if a := r.attributes; a != (smartDoc{}) {
		d.Smart = &a
	}
	if !r.fresh {
		return
	}
	if r.temperature > 0 {
		s.add("temperature", float64(r.temperature))
	}
	for _, m := range []struct {
		metric string
		value  *int64
		scale  float64
	}{
		{"power_on", r.attributes.PowerOnHours, hour}, {"reallocated_sectors", r.attributes.ReallocatedSectors, 1},
		{"pending_sectors", r.attributes.PendingSectors, 1}, {"media_errors", r.attributes.MediaErrors, 1},
	} {
		if m.value != nil {
			s.add(m.metric, float64(*m.value)*m.scale)
		}
	}
}
