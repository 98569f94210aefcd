package collect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// The machine that runs the tests is a machine, too.
func TestThisMachine(t *testing.T) {
	c, err := New(Config{Version: "v1", Interval: 30 * time.Second, Tags: []string{"a"}, ReportIP: "192.0.2.9"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.Decode(body)
	if err != nil {
		t.Fatalf("the plugin cannot read what the agent wrote: %v", err)
	}
	if r.Metrics.Memory.TotalBytes < 1<<20 || r.Metrics.Memory.UsedBytes <= 0 || r.Metrics.CPUUsagePercent == nil || r.Host.CPUCount < 1 {
		t.Errorf("metrics %+v of %+v", r.Metrics, r.Host)
	}
	if r.Agent.Type != "unified" || r.Agent.IntervalSeconds != 30 || r.Agent.ID == "" || r.Host.ReportIP != "192.0.2.9" || r.Timestamp.IsZero() {
		t.Errorf("agent %+v, host %+v", r.Agent, r.Host)
	}
	if r.Host.MachineID != c.machineID || r.Host.ID != c.machineID {
		t.Errorf("host %+v, machine id %s", r.Host, c.machineID)
	}
}

// A machine with more than a server takes is reported without what matters least.
func TestAHugeMachineFits(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		device := fmt.Sprintf("sd%04d", i)
		c.smart[device] = wire.SMART{Device: device, Model: strings.Repeat("x", 300)}
	}
	body, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r, err := wire.Decode(body); err != nil || len(r.Sensors.SMART) != 64 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestWhichInterfacesAreReported(t *testing.T) {
	local, global := []string{"fe80::1/64"}, []string{"fe80::1/64", "192.0.2.1/24"}
	tests := map[string]struct {
		nic  nic
		link link
		want bool
	}{
		"port":                {nic{addresses: global}, link{kind: mounts.KindPhysical}, true},
		"port below a bridge": {nic{up: true}, link{kind: mounts.KindPhysical, member: true}, true},
		"unused port":         {nic{}, link{kind: mounts.KindPhysical}, false},
		"container's port":    {nic{addresses: local}, link{kind: mounts.KindVirtual}, false},
		"tunnel":              {nic{addresses: global}, link{kind: mounts.KindVirtual}, true},
		"bridge":              {nic{addresses: local}, link{kind: mounts.KindBridge}, true},
	}
	for name, tt := range tests {
		if got := worthReporting(tt.nic, tt.link); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestACancelledReportEnds(t *testing.T) {
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Collect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A file system that never answers costs its own entry, and no more than one goroutine.
func TestDeadFileSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var asked atomic.Int32
		r := newUsageReader(func(point string) (usage, error) {
			if point == "/dead" {
				asked.Add(1)
				<-release
			}
			return usage{100, 40, 60}, nil
		})
		start := time.Now()
		for range 3 {
			if _, ok := r.ask(t.Context(), "/dead"); ok {
				t.Error("a dead file system answered")
			}
		}
		if took := time.Since(start); took != usageTimeout || asked.Load() != 1 {
			t.Errorf("took %s and asked %d times", took, asked.Load())
		}
		if u, ok := r.ask(t.Context(), "/alive"); !ok || u.percent() != 40 {
			t.Errorf("the others suffer: %v %v", u, ok)
		}
		close(release)
		synctest.Wait()
		if _, ok := r.ask(t.Context(), "/dead"); !ok {
			t.Error("a file system that came back is not asked again")
		}
	})
}

func TestPoolsAreOneEntryEach(t *testing.T) {
	c := &Collector{pools: []wire.Pool{{Name: "tank", SizeBytes: 4000, UsedBytes: 1000, FreeBytes: 3000}}}
	by := map[string]usage{"/tank": {1500, 0, 1500}, "/tank/media": {2000, 500, 1500}, "/other/deep": {70, 20, 50}, "/oth": {60, 10, 50}}
	got := c.poolMounts([]mounts.Mount{
		{Device: "tank/media", Point: "/tank/media", Type: "zfs", Total: 2000}, {Device: "tank", Point: "/tank", Type: "zfs", Total: 1500},
		{Device: "other/deep", Point: "/other/deep", Type: "zfs", Total: 70}, {Device: "other/o", Point: "/oth", Type: "zfs", Total: 60},
	}, by)
	want := []mounts.Mount{{Device: "other", Point: "/oth", Type: "zfs", Total: 70, Used: 20}, {Device: "tank", Point: "/tank", Type: "zfs", Total: 2000, Used: 500}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestMachineIDs(t *testing.T) {
	for in, want := range map[string]string{
		"7F0C2A114D7B4A399A0E5C1F3A9D0B42\n": "7f0c2a11-4d7b-4a39-9a0e-5c1f3a9d0b42", "short": "", "": "", "uninitialized": "",
		"not-hex-but-long": "not-hex-but-long",
	} {
		if got := formatMachineID(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	mac := net.HardwareAddr{2, 0, 0, 0xaa, 0xbb, 0xcc}
	other := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	got := firstAddress([]nic{{name: "br-1", mac: other}, {name: "docker0", mac: other}, {name: "eth0", mac: mac}, {name: "lo", loopback: true}})
	if got != "020000aabbcc" {
		t.Errorf("got %q", got)
	}
	if got := firstAddress([]nic{{name: "docker0", mac: other}}); got != "020000000001" {
		t.Errorf("got %q", got)
	}
}

const smartOK = `{"smartctl":{"exit_status":0},"device":{"type":"sat","protocol":"ATA"},"model_name":"Example SSD","serial_number":"EX1",
"wwn":{"naa":5,"oui":1234,"id":6789},"smart_status":{"passed":true},"temperature":{"current":33},
"ata_smart_attributes":{"table":[{"id":5,"raw":{"value":0,"string":"0"}},{"id":9,"raw":{"value":99999999999,"string":"1234h+56m"}},
{"id":194,"raw":{"value":70,"string":"70"}},{"id":199,"raw":{"value":7,"string":"none"}}]}}`

func TestSMART(t *testing.T) {
	five := func(v int64) *int64 { return &v }
	tests := map[string]struct {
		out    string
		status int
		want   wire.SMART
		fails  bool
	}{
		"ATA": {smartOK, 0, wire.SMART{Device: "sda", Model: "Example SSD", Serial: "EX1", WWN: "5-4d2-1a85", Type: "sata", Temperature: 33, Health: "PASSED",
			Attributes: &wire.SMARTAttributes{ReallocatedSectors: five(0), PowerOnHours: five(1234), UDMACRCErrors: five(7)}}, false},
		"NVMe failing": {`{"device":{"type":"nvme","protocol":"NVMe"},"smart_status":{"passed":false},"nvme_smart_health_information_log":{"temperature":45,"percentage_used":101,"available_spare":3,"media_errors":2}}`, 8,
			wire.SMART{Device: "sda", Type: "nvme", Temperature: 45, Health: "FAILED", Attributes: &wire.SMARTAttributes{PercentageUsed: five(101), AvailableSpare: five(3), MediaErrors: five(2)}}, false},
		"no verdict": {strings.Replace(smartOK, `"smart_status":{"passed":true},"temperature":{"current":33},`, "", 1), 4,
			wire.SMART{Device: "sda", Model: "Example SSD", Serial: "EX1", WWN: "5-4d2-1a85", Type: "sata", Temperature: 70, Health: "UNKNOWN",
				Attributes: &wire.SMARTAttributes{ReallocatedSectors: five(0), PowerOnHours: five(1234), UDMACRCErrors: five(7)}}, false},
		"asleep": {`{"smartctl":{"messages":[{"string":"Device is in STANDBY mode, exit(2)"}]},"device":{"protocol":"ATA"}}`, 2,
			wire.SMART{Device: "sda", Type: "sata", Health: "UNKNOWN", Standby: true}, false},
		"cannot open": {`{"smartctl":{"messages":[{"string":"Smartctl open device: /dev/sda failed: Permission denied"}]}}`, 2, wire.SMART{}, true},
		"virtual":     {`{"model_name":"QEMU","device":{"protocol":"SCSI"}}`, 4, wire.SMART{}, true},
		"not JSON":    {"smartctl 6.6\n", 1, wire.SMART{}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseSMART("sda", []byte(tt.out), tt.status)
			if (err != nil) != tt.fails || err == nil && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// script writes a program that stands for another one.
func script(t *testing.T, text string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASleepingDiskKeepsItsLastValues(t *testing.T) {
	now := time.Unix(1000, 0)
	c := &Collector{cfg: Config{Now: func() time.Time { return now }}, smart: map[string]wire.SMART{}}
	asleep := script(t, `echo '{"smartctl":{"messages":[{"string":"Device is in STANDBY mode"}]}}'; exit 2`)
	if !c.askDisk(t.Context(), script(t, "case \"$*\" in *'-n standby'*) ;; *) exit 9;; esac\ncat <<'X'\n"+smartOK+"\nX\n"), "sda") {
		t.Fatal("the disk says nothing")
	}
	now = now.Add(time.Hour)
	if !c.askDisk(t.Context(), asleep, "sda") || !c.askDisk(t.Context(), asleep, "sdb") {
		t.Fatal("a sleeping disk counts as unreadable")
	}
	if d := c.smart["sda"]; !d.Standby || d.Temperature != 33 || d.Health != "PASSED" || d.ReadAt == nil || !d.ReadAt.Equal(time.Unix(1000, 0)) {
		t.Errorf("got %+v", d)
	}
	if d := c.smart["sdb"]; !d.Standby || d.ReadAt != nil || d.Temperature != 0 {
		t.Errorf("a disk that was never awake: %+v", d)
	}
}

func TestProgramsAreBounded(t *testing.T) {
	if _, _, err := output(t.Context(), 50*time.Millisecond, script(t, "exec sleep 60")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that hangs: %v", err)
	}
	out, status, err := output(t.Context(), time.Minute, script(t, "head -c 3000000 /dev/zero; exit 3"))
	if len(out) != maxOutput || status != 3 || err != nil {
		t.Errorf("%d bytes, status %d, %v", len(out), status, err)
	}
	if _, _, err := output(t.Context(), time.Minute, filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a program that is not there ran")
	}
}

const zpoolStatus = `  pool: tank
 state: DEGRADED
status: One or more devices could not be used because the label is missing or
	invalid.  Sufficient replicas exist for the pool to continue
action: Replace the device using 'zpool replace'.
  scan: scrub repaired 0B in 00:10:01 with 0 errors on Sun Feb  1 00:34:02 2026
config:

	NAME        STATE     READ WRITE CKSUM
	tank        DEGRADED     0     0     0
	  mirror-0  DEGRADED     0     0     0
	    sda     ONLINE       0     0     3
	    sdb     UNAVAIL      1     2     0  was /dev/sdb1
	logs
	  nvme0n1p1  ONLINE       0     0     0

errors: No known data errors
`

func TestPools(t *testing.T) {
	pools := parsePools("tank\t4000\t1000\t3000\t7\tDEGRADED\t123456\nold\t10\t5\t5\t-\tONLINE\t7\nbroken\n")
	addStatus(pools, zpoolStatus)
	seven := int64(7)
	want := []wire.Pool{{Name: "tank", GUID: "123456", Health: "DEGRADED", SizeBytes: 4000, UsedBytes: 1000, FreeBytes: 3000, Fragmentation: &seven,
		Scan: "scrub repaired 0B in 00:10:01 with 0 errors on Sun Feb  1 00:34:02 2026", Errors: "No known data errors", Devices: []wire.PoolDevice{
			{Name: "tank", State: "DEGRADED"}, {Name: "mirror-0", Depth: 1, State: "DEGRADED"}, {Name: "sda", Depth: 2, State: "ONLINE", ChecksumErrors: 3},
			{Name: "sdb", Depth: 2, State: "UNAVAIL", ReadErrors: 1, WriteErrors: 2}, {Name: "nvme0n1p1", Depth: 1, State: "ONLINE"}}},
		{Name: "old", GUID: "7", Health: "ONLINE", SizeBytes: 10, UsedBytes: 5, FreeBytes: 5}}
	if !reflect.DeepEqual(pools, want) {
		t.Errorf("got  %+v\nwant %+v", pools, want)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add(smartOK)
	f.Add(zpoolStatus)
	f.Add("36 35 98:0 / /mnt\\040 rw - ext4 /dev/sda1 rw")
	f.Add("tank\t4000\t1000\t3000\t7\tDEGRADED\t123456\n")
	f.Fuzz(func(_ *testing.T, s string) {
		_, _ = parseSMART("sda", []byte(s), len(s)&7)
		pools := parsePools(s)
		addStatus(append(pools, wire.Pool{Name: "tank"}), s)
		parseMount(s)
		progress(s)
		formatMachineID(s)
	})
}

func BenchmarkCollect(b *testing.B) {
	c, err := New(Config{Interval: 30 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := c.Collect(b.Context()); err != nil { // watches the processor for a moment
		b.Fatal(err)
	}
	c.cpuAt = time.Time{}
	b.ReportAllocs()
	for b.Loop() {
		c.cpuAt = time.Time{}
		if _, err := c.Collect(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
