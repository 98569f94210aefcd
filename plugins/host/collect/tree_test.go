package collect

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// grow writes a tree of invented kernel files. A value that begins with "-> " is a link.
func grow(t testing.TB, files map[string]string) tree {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return tree{proc: filepath.Join(root, "proc"), sys: filepath.Join(root, "sys"), etc: filepath.Join(root, "etc")}
}

func TestProcessorTimes(t *testing.T) {
	tr := grow(t, map[string]string{"proc/stat": "cpu  100 10 50 800 40 5 5 10 70 3\ncpu0 1 1 1 1\ncpu1 1 1 1 1\ncpu10 1 1 1 1\nintr 5\n"})
	busy, total, err := tr.cpuTimes()
	if err != nil || busy != 180 || total != 1020 {
		t.Errorf("got %v of %v, %v: waiting is idle, and guests are in user already", busy, total, err)
	}
	if n := tr.cpuCount(); n != 3 {
		t.Errorf("%d processors", n)
	}
	for _, content := range []string{"", "cpu a b c d e\n", "intr 1\n"} {
		if _, _, err := grow(t, map[string]string{"proc/stat": content}).cpuTimes(); err == nil {
			t.Errorf("%q is taken", content)
		}
	}
}

func TestMemory(t *testing.T) {
	tests := map[string]struct {
		file string
		want wire.Memory
		ok   bool
	}{
		"usual": {"MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\n",
			wire.Memory{TotalBytes: 1000 << 10, UsedBytes: 400 << 10, FreeBytes: 100 << 10, Usage: 40, SwapTotalBytes: 50 << 10, SwapUsedBytes: 30 << 10}, true},
		"old kernel": {"MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 350 kB\n",
			wire.Memory{TotalBytes: 1000 << 10, UsedBytes: 500 << 10, FreeBytes: 100 << 10, Usage: 50}, true},
		"more free than there is": {"MemTotal: 1000 kB\nMemAvailable: 2000 kB\n", wire.Memory{TotalBytes: 1000 << 10}, true},
		"nonsense":                {"Mem: lots\n", wire.Memory{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := grow(t, map[string]string{"proc/meminfo": tt.file}).memory()
			if (err == nil) != tt.ok || got != tt.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestMountsAreUnescaped(t *testing.T) {
	tr := grow(t, map[string]string{"proc/self/mountinfo": "36 35 98:0 / /mnt/my\\040disk rw - ext4 /dev/sda1 rw\nbroken line\n" +
		"37 35 0:5 / / rw,relatime shared:1 - zfs tank/root rw\n"})
	want := []mounts.Mount{{Point: "/mnt/my disk", Type: "ext4", Device: "/dev/sda1"}, {Point: "/", Type: "zfs", Device: "tank/root"}}
	if got := tr.mounts(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestDiskCounters(t *testing.T) {
	tr := grow(t, map[string]string{"proc/diskstats": "   8  0 sda 1 2 3 4 5 6 7 8 9 10 11 0 0 0 0\n 8 1 sda1 x 2 3 4 5 6 7 8 9 10 11\n"})
	want := []wire.DiskIO{{Device: "sda", ReadOps: 1, ReadBytes: 3 * 512, ReadTimeMs: 4, WriteOps: 5, WriteBytes: 7 * 512, WriteTimeMs: 8, IOTimeMs: 10}}
	if got := tr.diskIO(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestLinkKinds(t *testing.T) {
	counters := " 10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\n"
	tr := grow(t, map[string]string{
		"proc/self/net/dev":             "Inter-| Receive\n face |bytes\n  eno1:" + counters + " vmbr0:" + counters + " bond0:" + counters + "  eth0:" + counters,
		"sys/class/net/eno1/device":     "-> ../../pci",
		"sys/class/net/eno1/master":     "-> ../vmbr0",
		"sys/class/net/vmbr0/bridge/id": "x", "sys/class/net/bond0/bonding/mode": "x", "sys/class/net/eth0/address": "x",
	})
	want := map[string]link{
		"eno1": {10, 20, mounts.KindPhysical, true}, "vmbr0": {10, 20, mounts.KindBridge, false},
		"bond0": {10, 20, mounts.KindAggregate, false}, "eth0": {10, 20, "", false},
	}
	if got := tr.links(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestRelease(t *testing.T) {
	tests := map[string]struct{ release, debian, id, version string }{
		"debian": {"PRETTY_NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n", "12.9\n", "debian", "12.9"},
		"sid":    {"ID=debian\n", "trixie/sid", "debian", ""},
		"ubuntu": {"ID=ubuntu\nVERSION_ID=\"24.04\"\n", "trixie/sid", "ubuntu", "24.04"},
		"arch":   {"ID='arch'\n", "", "arch", ""},
	}
	for name, tt := range tests {
		id, version := grow(t, map[string]string{"etc/os-release": tt.release, "etc/debian_version": tt.debian}).release()
		if id != tt.id || version != tt.version {
			t.Errorf("%s: got %q %q", name, id, version)
		}
	}
}

func TestProcessorModel(t *testing.T) {
	for file, want := range map[string]string{
		"processor : 0\nmodel name\t: Example  CPU @ 2 GHz\nmodel name : other\n":  "Example CPU @ 2 GHz",
		"processor : 0\nBogoMIPS : 1\n\nHardware : BCM\nModel : Example Board 4\n": "Example Board 4",
		"": "",
	} {
		if got := grow(t, map[string]string{"proc/cpuinfo": file}).cpuModel(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAnotherMachinesFiles(t *testing.T) {
	t.Setenv("HOST_PROC", "/host/proc")
	t.Setenv("HOST_SYS", "/host/sys")
	t.Setenv("HOST_ETC", "/host/etc")
	got := treeFromEnv()
	if got.proc != "/host/proc" || got.sys != "/host/sys" || got.etc != "/host/etc" || got.self() != "/host/proc/1" {
		t.Errorf("got %+v, self %s", got, got.self())
	}
}

// hwmon returns the files of one chip.
func hwmon(n int, name string, values map[string]string) map[string]string {
	out := map[string]string{fmt.Sprintf("sys/class/hwmon/hwmon%d/name", n): name}
	for file, v := range values {
		out[fmt.Sprintf("sys/class/hwmon/hwmon%d/%s", n, file)] = v
	}
	return out
}

func merge(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

func TestSensors(t *testing.T) {
	type temps = map[string]float64
	tests := map[string]struct {
		files                   map[string]string
		temperature, fans, more temps
	}{
		"desktop": {merge(
			hwmon(0, "acpitz", temp("temp1", "", "27800")),
			hwmon(1, "coretemp", merge(temp("temp1", "Package id 0", "48000"), temp("temp2", "Core 0", "46000"), temp("temp3", "Core 1", "47500"))),
			hwmon(2, "nct6775", merge(temp("temp1", "SYSTIN", "31000"), temp("temp2", "CPUTIN", "99000"), temp("temp3", "AUXTIN0", "-61000"),
				map[string]string{"fan1_input": "0", "fan2_input": "960", "fan3_input": "1200", "fan3_label": "Rear Fan"})),
			hwmon(3, "nvme", merge(temp("temp1", "Composite", "39850"), temp("temp2", "Sensor 1", "50000"), map[string]string{"device": "-> ../../nvme/nvme1"})),
			hwmon(10, "amdgpu", merge(temp("temp1", "edge", "40000"), temp("temp2", "junction", "42000"))),
		), temps{"cpu_package": 48, "cpu_core_0": 46, "cpu_core_1": 47.5, "nvme1": 39.85, "amdgpu_edge": 40, "amdgpu_junction": 42},
			temps{"nct6775_fan2": 960, "nct6775_rear_fan": 1200},
			temps{"acpitz_temp1": 27.8, "nct6775_systin": 31, "nct6775_cputin": 99}},
		"two processors": {merge(hwmon(0, "k10temp", merge(temp("temp1", "Tctl", "60000"), temp("temp3", "Tccd1", "70000"))), hwmon(1, "k10temp", temp("temp1", "Tctl", "65000"))),
			temps{"cpu_package": 65}, temps{}, temps{"k10temp_tctl": 60, "k10temp_tccd1": 70}},
		"board only": {hwmon(0, "it8728", merge(temp("temp1", "", "35000"), temp("temp2", "CPU Temp", "44000"))),
			temps{"cpu_package": 44}, temps{}, temps{"it8728_temp1": 35}},
		"small board": {map[string]string{"sys/class/thermal/thermal_zone0/type": "cpu-thermal", "sys/class/thermal/thermal_zone0/temp": "52616\n",
			"sys/class/thermal/thermal_zone1/type": "gpu thermal", "sys/class/thermal/thermal_zone1/temp": "50000"},
			temps{"cpu_package": 52.616}, temps{}, temps{"thermal_gpu_thermal": 50}},
		"unnamed zone": {map[string]string{"sys/class/thermal/thermal_zone0/type": "zone", "sys/class/thermal/thermal_zone0/temp": "41000"},
			temps{"cpu_package": 41}, temps{}, temps{}},
		"disk asleep": {merge(
			hwmon(0, "drivetemp", merge(temp("temp1", "", "30000"), map[string]string{"device/block/sda/queue/rotational": "1"})),
			hwmon(1, "drivetemp", merge(temp("temp1", "", "33000"), map[string]string{"device/block/sdb/queue/rotational": "0"}))),
			temps{}, temps{}, temps{"drivetemp_sdb": 33}},
		"nothing": {map[string]string{}, temps{}, temps{}, temps{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := grow(t, tt.files).sensors(&chipCache{}, time.Unix(1, 0))
			for what, pair := range map[string][2]temps{"temperatures": {got.TemperatureCelsius, tt.temperature}, "fans": {got.FanRPM, tt.fans}, "others": {got.Additional, tt.more}} {
				if !reflect.DeepEqual(pair[0], pair[1]) {
					t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
				}
			}
		})
	}
}

func temp(name, label, value string) map[string]string {
	out := map[string]string{name + "_input": value}
	if label != "" {
		out[name+"_label"] = label
	}
	return out
}

// A sensor that was pulled out, or that errs, is left out; the list itself is read anew only now and then.
func TestSensorsThatGo(t *testing.T) {
	tr := grow(t, hwmon(0, "coretemp", merge(temp("temp1", "Package id 0", "48000"), temp("temp2", "Core 0", "46000"))))
	cache, now := &chipCache{}, time.Unix(1000, 0)
	tr.sensors(cache, now)
	if err := os.Remove(filepath.Join(tr.sys, "class/hwmon/hwmon0/temp2_input")); err != nil {
		t.Fatal(err)
	}
	got := tr.sensors(cache, now.Add(time.Minute))
	if len(got.TemperatureCelsius) != 1 || got.TemperatureCelsius["cpu_package"] != 48 {
		t.Errorf("got %v", got.TemperatureCelsius)
	}
}

func array(files map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range files {
		out["sys/block/md0/md/"+k] = v
	}
	return out
}

func TestArrays(t *testing.T) {
	healthy := array(map[string]string{"level": "raid1", "array_state": "clean", "degraded": "0", "sync_action": "idle", "sync_completed": "none",
		"uuid": "01234567-89ab-cdef-0123-456789abcdef", "dev-sda1/state": "in_sync", "dev-sda1/slot": "1", "dev-sdb1/state": "in_sync,write_mostly", "dev-sdb1/slot": "0"})
	rebuilding := merge(healthy, array(map[string]string{"degraded": "1", "sync_action": "recover", "sync_completed": "1000 / 8000", "sync_speed": "33440",
		"dev-sda1/state": "faulty", "dev-sda1/slot": "none", "dev-sdc1/state": "spare", "dev-sdc1/slot": "1", "dev-sdd1/state": "spare", "dev-sdd1/slot": "none"}))
	tests := map[string]struct {
		files map[string]string
		want  []wire.Array
	}{
		"healthy": {healthy, []wire.Array{{Device: "/dev/md0", Level: "raid1", State: "clean", TotalDevices: 2, ActiveDevices: 2, WorkingDevices: 2,
			UUID: "01234567:89abcdef:01234567:89abcdef", Devices: []wire.ArrayDevice{{Device: "/dev/sdb1", State: "active sync", Slot: 0}, {Device: "/dev/sda1", State: "active sync", Slot: 1}}}}},
		"rebuilding": {rebuilding, []wire.Array{{Device: "/dev/md0", Level: "raid1", State: "clean, degraded, recovering", TotalDevices: 4, ActiveDevices: 1, WorkingDevices: 3,
			FailedDevices: 1, SpareDevices: 2, UUID: "01234567:89abcdef:01234567:89abcdef", RebuildPercent: 12.5, RebuildSpeed: "33440K/sec",
			Devices: []wire.ArrayDevice{{Device: "/dev/sdb1", State: "active sync", Slot: 0}, {Device: "/dev/sdc1", State: "spare rebuilding", Slot: 1},
				{Device: "/dev/sda1", State: "faulty", Slot: -1}, {Device: "/dev/sdd1", State: "spare", Slot: -1}}}}},
		"container": {array(map[string]string{"level": "container"}), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := grow(t, tt.files).arrays(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestPower(t *testing.T) {
	tr := grow(t, map[string]string{
		"sys/class/powercap/intel-rapl:0/name": "package-0", "sys/class/powercap/intel-rapl:0/energy_uj": "1000000",
		"sys/class/powercap/intel-rapl:1/name": "package-1", "sys/class/powercap/intel-rapl:1/energy_uj": "5000000",
		"sys/class/powercap/intel-rapl:0:0/name": "core", "sys/class/powercap/intel-rapl:0:0/energy_uj": "7000000",
	})
	var p powerMeter
	now := time.Unix(100, 0)
	if got := p.read(tr, now); len(got) != 0 {
		t.Errorf("a first reading gives %v", got)
	}
	set := func(zone, value string) {
		if err := os.WriteFile(filepath.Join(tr.sys, "class/powercap", zone, "energy_uj"), []byte(value), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set("intel-rapl:0", "101000000")
	set("intel-rapl:1", "55000000")
	set("intel-rapl:0:0", "1") // wrapped
	if got := p.read(tr, now.Add(10*time.Second)); !reflect.DeepEqual(got, map[string]float64{"cpu_package": 15}) {
		t.Errorf("got %v", got)
	}
}
