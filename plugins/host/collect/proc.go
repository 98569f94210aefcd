package collect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/plugins/host/wire"
	"github.com/pulse-platform/pulse/plugins/internal/mounts"
)

// cpuTimes returns the ticks that all processors were busy, and all ticks, since boot.
func (t tree) cpuTimes() (busy, total float64, err error) {
	b, err := os.ReadFile(filepath.Join(t.proc, "stat"))
	if err != nil {
		return 0, 0, fmt.Errorf("read processor times: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	if len(fields) < 5 || fields[0] != "cpu" {
		return 0, 0, errors.New("read processor times: not in the expected form")
	}
	// user nice system idle iowait irq softirq steal; guest times are part of user and nice.
	for i, field := range fields[1:min(len(fields), 9)] {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read processor times: %w", err)
		}
		total += v
		if i != 3 && i != 4 {
			busy += v
		}
	}
	return busy, total, nil
}

// cpuCount counts the processors that are online.
func (t tree) cpuCount() int {
	n := 0
	for line := range strings.Lines(text(t.proc, "stat")) {
		if len(line) > 3 && strings.HasPrefix(line, "cpu") && line[3] >= '0' && line[3] <= '9' {
			n++
		}
	}
	return n
}

// cpuModel returns the processor's name.
func (t tree) cpuModel() string {
	board := ""
	for line := range strings.Lines(text(t.proc, "cpuinfo")) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name", "cpu model":
			return strings.Join(strings.Fields(value), " ")
		case "Model", "Hardware":
			board = strings.Join(strings.Fields(value), " ")
		}
	}
	return board
}

// memory counts as used what cannot be given up at once: total minus available.
func (t tree) memory() (wire.Memory, error) {
	b, err := os.ReadFile(filepath.Join(t.proc, "meminfo"))
	if err != nil {
		return wire.Memory{}, err
	}
	values := map[string]int64{}
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		if v, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			values[strings.TrimSuffix(fields[0], ":")] = v << 10
		}
	}
	total, ok := values["MemTotal"]
	if !ok || total <= 0 {
		return wire.Memory{}, errors.New("the total is missing")
	}
	available, ok := values["MemAvailable"]
	if !ok { // kernels before 3.14
		available = values["MemFree"] + values["Buffers"] + values["Cached"]
	}
	used := min(max(total-available, 0), total)
	return wire.Memory{
		TotalBytes: total, UsedBytes: used, FreeBytes: values["MemFree"], Usage: 100 * float64(used) / float64(total),
		SwapTotalBytes: values["SwapTotal"], SwapUsedBytes: max(values["SwapTotal"]-values["SwapFree"], 0),
	}, nil
}

func (t tree) load() []float64 {
	fields := strings.Fields(text(t.proc, "loadavg"))
	if len(fields) < 3 {
		return nil
	}
	var out []float64
	for _, field := range fields[:3] {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil
		}
		out = append(out, v)
	}
	return out
}

func (t tree) uptime() int64 {
	first, _, _ := strings.Cut(text(t.proc, "uptime"), " ")
	v, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return int64(v)
}

// mounts lists what is mounted.
func (t tree) mounts() []mounts.Mount {
	var out []mounts.Mount
	for line := range strings.Lines(text(t.self(), "mountinfo")) {
		if m, ok := parseMount(line); ok {
			out = append(out, m)
		}
	}
	return out
}

// parseMount reads one line of mountinfo:
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
func parseMount(line string) (mounts.Mount, bool) {
	head, tail, ok := strings.Cut(line, " - ")
	before, after := strings.Fields(head), strings.Fields(tail)
	if !ok || len(before) < 5 || len(after) < 2 {
		return mounts.Mount{}, false
	}
	return mounts.Mount{Point: unescape(before[4]), Type: after[0], Device: unescape(after[1])}, true
}

// unescape undoes the octal escapes of blanks and backslashes.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(v))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// diskIO reads the counters of all block devices. A sector of the kernel's statistics is always 512 bytes.
func (t tree) diskIO() []wire.DiskIO {
	var out []wire.DiskIO
	for line := range strings.Lines(text(t.proc, "diskstats")) {
		f := strings.Fields(line)
		if len(f) < 13 {
			continue
		}
		n, ok := unsigned(f[3:13])
		if !ok {
			continue
		}
		out = append(out, wire.DiskIO{Device: f[2], ReadOps: n[0], ReadBytes: n[2] * 512, ReadTimeMs: n[3],
			WriteOps: n[4], WriteBytes: n[6] * 512, WriteTimeMs: n[7], IOTimeMs: n[9]})
	}
	return out
}

// links reads the counters of all interfaces, and what they are.
func (t tree) links() map[string]link {
	out := map[string]link{}
	for line := range strings.Lines(text(t.self(), "net", "dev")) {
		name, rest, ok := strings.Cut(line, ":")
		f := strings.Fields(rest)
		if !ok || len(f) < 16 {
			continue
		}
		n, ok := unsigned(f[:16])
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		dir := filepath.Join(t.sys, "class", "net", name)
		out[name] = link{rx: n[0], tx: n[8], kind: linkKind(dir), member: exists(dir, "master")}
	}
	return out
}

// linkKind tells what an interface is from what lies in its folder, empty when that says nothing: the virtual
// interface inside a container has no device either and is all that the container has.
func linkKind(dir string) string {
	switch {
	case exists(dir, "bonding"), exists(dir, "team"):
		return mounts.KindAggregate
	case exists(dir, "bridge"):
		return mounts.KindBridge
	case exists(dir, "device"):
		return mounts.KindPhysical
	}
	return ""
}

func exists(path ...string) bool {
	_, err := os.Lstat(filepath.Join(path...))
	return err == nil
}

func unsigned(fields []string) ([]uint64, bool) {
	out := make([]uint64, len(fields))
	for i, field := range fields {
		v, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// release reads the name and version of the distribution.
func (t tree) release() (id, version string) {
	for line := range strings.Lines(text(t.etc, "os-release")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			id = strings.ToLower(value)
		case "VERSION_ID":
			version = value
		}
	}
	if exact := text(t.etc, "debian_version"); id == "debian" && exact != "" && exact[0] >= '0' && exact[0] <= '9' {
		version = exact // os-release has the major version only
	}
	return id, version
}
