package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
)

// smartInterval is how often disks are asked. A sleeping disk is left asleep whatever the interval.
const smartInterval = 5 * time.Minute

// smartTimeout is how long one disk may take.
const smartTimeout = 10 * time.Second

// retryUnreadable is how often a disk that says nothing (a virtual one, one behind a controller) is asked again.
const retryUnreadable = time.Hour

// watchSMART asks the disks for their state at its own pace.
func (c *Collector) watchSMART(ctx context.Context) {
	path := program("smartctl")
	if path == "" {
		return
	}
	mute := map[string]time.Time{}
	every(ctx, smartInterval, func(ctx context.Context) {
		present := map[string]bool{}
		for _, device := range c.machine.physicalDisks() {
			if ctx.Err() != nil {
				return
			}
			if c.exclude.Match(device, "/dev/"+device) {
				continue
			}
			present[device] = true
			if until, ok := mute[device]; ok && c.cfg.Now().Before(until) {
				continue
			}
			if !c.askDisk(ctx, path, device) {
				mute[device] = c.cfg.Now().Add(retryUnreadable)
			}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for device := range c.smart {
			if !present[device] {
				delete(c.smart, device)
			}
		}
	})
}

// askDisk reads one disk and keeps what it says; false when it says nothing.
func (c *Collector) askDisk(ctx context.Context, path, device string) bool {
	out, status, err := output(ctx, smartTimeout, path, "-n", "standby", "-i", "-A", "-H", "--json=c", "/dev/"+device)
	if err != nil {
		c.cfg.Log.Debug("disk did not answer", "disk", device, "error", err)
		return ctx.Err() != nil
	}
	got, err := parseSMART(device, out, status)
	if err != nil {
		c.cfg.Log.Debug("disk is not readable", "disk", device, "error", err)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if got.Standby {
		last, ok := c.smart[device]
		if !ok {
			last = got
		}
		last.Standby = true // with the values and the time of when it was last awake
		c.smart[device] = last
		return true
	}
	now := c.cfg.Now().UTC().Truncate(time.Second)
	got.ReadAt = &now
	c.smart[device] = got
	return true
}

// smartctl is the part of the program's JSON that is read.
type smartctl struct {
	Smartctl struct {
		Messages []struct {
			String string `json:"string"`
		} `json:"messages"`
	} `json:"smartctl"`
	Device struct {
		Type     string `json:"type"`
		Protocol string `json:"protocol"`
	} `json:"device"`
	ModelName    string `json:"model_name"`
	ScsiModel    string `json:"scsi_model_name"`
	SerialNumber string `json:"serial_number"`
	WWN          *struct {
		NAA uint64 `json:"naa"`
		OUI uint64 `json:"oui"`
		ID  uint64 `json:"id"`
	} `json:"wwn"`
	SmartStatus *struct {
		Passed *bool `json:"passed"`
	} `json:"smart_status"`
	Temperature *struct {
		Current *int `json:"current"`
	} `json:"temperature"`
	ATA struct {
		Table []ataAttribute `json:"table"`
	} `json:"ata_smart_attributes"`
	NVMe         *nvmeLog `json:"nvme_smart_health_information_log"`
	PowerOnHours *struct {
		Hours *int64 `json:"hours"`
	} `json:"power_on_time"`
	PowerCycles *int64 `json:"power_cycle_count"`
}

type ataAttribute struct {
	ID  int `json:"id"`
	Raw struct {
		Value  int64  `json:"value"`
		String string `json:"string"`
	} `json:"raw"`
}

type nvmeLog struct {
	Temperature     *int   `json:"temperature"`
	PowerOnHours    *int64 `json:"power_on_hours"`
	PowerCycles     *int64 `json:"power_cycles"`
	PercentageUsed  *int64 `json:"percentage_used"`
	AvailableSpare  *int64 `json:"available_spare"`
	MediaErrors     *int64 `json:"media_errors"`
	UnsafeShutdowns *int64 `json:"unsafe_shutdowns"`
}

// parseSMART reads what smartctl wrote. Bit 1 of the status means asleep or not readable; the message tells which.
func parseSMART(device string, out []byte, status int) (wire.SMART, error) {
	var s smartctl
	if err := json.Unmarshal(out, &s); err != nil {
		return wire.SMART{}, fmt.Errorf("decode the state of disk %s: %w", device, err)
	}
	d := wire.SMART{Device: device, Model: s.ModelName, Serial: s.SerialNumber, Type: diskType(s), Health: wire.HealthUnknown}
	if d.Model == "" {
		d.Model = s.ScsiModel
	}
	if status&2 != 0 {
		for _, m := range s.Smartctl.Messages {
			if text := strings.ToUpper(m.String); strings.Contains(text, "STANDBY") || strings.Contains(text, "SLEEP") {
				d.Standby = true
				return d, nil
			}
		}
		return wire.SMART{}, fmt.Errorf("read the state of disk %s: it cannot be opened", device)
	}
	if s.SmartStatus == nil && s.NVMe == nil && len(s.ATA.Table) == 0 && s.Temperature == nil {
		return wire.SMART{}, fmt.Errorf("read the state of disk %s: it has none", device)
	}
	if w := s.WWN; w != nil {
		d.WWN = fmt.Sprintf("%x-%x-%x", w.NAA, w.OUI, w.ID)
	}
	if s.SmartStatus != nil && s.SmartStatus.Passed != nil {
		d.Health = wire.HealthFailed
		if *s.SmartStatus.Passed {
			d.Health = wire.HealthPassed
		}
	}
	d.Temperature = s.temperature()
	d.Attributes = s.attributes()
	return d, nil
}

func diskType(s smartctl) string {
	switch protocol := strings.ToLower(s.Device.Protocol); {
	case protocol == "nvme", s.Device.Type == "nvme":
		return "nvme"
	case protocol == "scsi", s.Device.Type == "scsi":
		return "sas"
	}
	return "sata"
}

func (s *smartctl) temperature() int {
	if t := s.Temperature; t != nil && t.Current != nil && *t.Current > 0 {
		return *t.Current
	}
	if s.NVMe != nil && s.NVMe.Temperature != nil {
		return max(*s.NVMe.Temperature, 0)
	}
	for _, id := range []int{194, 190} {
		if a := s.attribute(id); a != nil {
			if v := a.Raw.Value & 0xff; v > 0 && v < 150 {
				return int(v)
			}
		}
	}
	return 0
}

func (s *smartctl) attribute(id int) *ataAttribute {
	for i := range s.ATA.Table {
		if s.ATA.Table[i].ID == id {
			return &s.ATA.Table[i]
		}
	}
	return nil
}

// count is an attribute's number: what its text begins with, since the raw value may hold more than one.
func (s *smartctl) count(id int) *int64 {
	a := s.attribute(id)
	if a == nil {
		return nil
	}
	digits := a.Raw.String[:len(a.Raw.String)-len(strings.TrimLeft(a.Raw.String, "0123456789"))]
	v, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		v = a.Raw.Value
	}
	return &v
}

func (s *smartctl) attributes() *wire.SMARTAttributes {
	if n := s.NVMe; n != nil {
		return &wire.SMARTAttributes{PowerOnHours: n.PowerOnHours, PowerCycles: n.PowerCycles, PercentageUsed: n.PercentageUsed,
			AvailableSpare: n.AvailableSpare, MediaErrors: n.MediaErrors, UnsafeShutdowns: n.UnsafeShutdowns}
	}
	a := &wire.SMARTAttributes{ReallocatedSectors: s.count(5), PowerOnHours: s.count(9), PowerCycles: s.count(12),
		PendingSectors: s.count(197), OfflineUncorrectable: s.count(198), UDMACRCErrors: s.count(199)}
	if a.PowerOnHours == nil && s.PowerOnHours != nil {
		a.PowerOnHours = s.PowerOnHours.Hours
	}
	if a.PowerCycles == nil {
		a.PowerCycles = s.PowerCycles
	}
	if *a == (wire.SMARTAttributes{}) {
		return nil
	}
	return a
}
