package collect

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/plugins/host/wire"
)

// arrays reads software RAID from the kernel. The words are those of mdadm, which need not be installed.
func (t tree) arrays() []wire.Array {
	var out []wire.Array
	dirs, _ := filepath.Glob(filepath.Join(t.sys, "block", "md*", "md"))
	slices.SortFunc(dirs, func(a, b string) int { return trailing(filepath.Dir(a)) - trailing(filepath.Dir(b)) })
	for _, dir := range dirs {
		if level := text(dir, "level"); strings.HasPrefix(level, "raid") || level == "linear" {
			out = append(out, readArray(dir, level))
		}
	}
	return out
}

func readArray(dir, level string) wire.Array {
	name := filepath.Base(filepath.Dir(dir))
	a := wire.Array{Device: "/dev/" + name, Level: level, TotalDevices: 0, UUID: arrayUUID(text(dir, "uuid")), Devices: []wire.ArrayDevice{}}
	members, _ := filepath.Glob(filepath.Join(dir, "dev-*"))
	slices.Sort(members)
	for _, member := range members {
		a.TotalDevices++
		d := readMember(member)
		switch {
		case d.State == "faulty":
			a.FailedDevices++
		case strings.HasPrefix(d.State, "active"):
			a.ActiveDevices++
		default:
			a.SpareDevices++
		}
		a.Devices = append(a.Devices, d)
	}
	a.WorkingDevices = a.TotalDevices - a.FailedDevices
	slices.SortStableFunc(a.Devices, func(x, y wire.ArrayDevice) int { return order(x.Slot) - order(y.Slot) })
	a.State = arrayState(dir)
	if done, ok := progress(text(dir, "sync_completed")); ok {
		a.RebuildPercent = done
		if speed := text(dir, "sync_speed"); speed != "" && speed != "none" {
			a.RebuildSpeed = speed + "K/sec"
		}
	}
	return a
}

// order puts members without a slot last.
func order(slot int) int {
	if slot < 0 {
		return 1 << 20
	}
	return slot
}

func readMember(dir string) wire.ArrayDevice {
	state := strings.Split(text(dir, "state"), ",")
	d := wire.ArrayDevice{Device: "/dev/" + strings.TrimPrefix(filepath.Base(dir), "dev-"), State: "spare", Slot: -1}
	if slot, err := strconv.Atoi(text(dir, "slot")); err == nil {
		d.Slot = slot
	}
	switch {
	case slices.Contains(state, "faulty"):
		d.State, d.Slot = "faulty", -1
	case slices.Contains(state, "in_sync"):
		d.State = "active sync"
	case d.Slot >= 0:
		d.State = "spare rebuilding"
	}
	return d
}

// arrayState puts the array's state in the words of mdadm: "clean, degraded, recovering".
func arrayState(dir string) string {
	state := text(dir, "array_state")
	switch state {
	case "active-idle", "write-pending":
		state = "active"
	case "read-auto", "readonly":
		state = "clean"
	case "":
		state = "unknown"
	}
	words := []string{state}
	if n, ok := number(dir, "degraded"); ok && n > 0 {
		words = append(words, "degraded")
	}
	switch text(dir, "sync_action") {
	case "recover":
		words = append(words, "recovering")
	case "resync":
		words = append(words, "resyncing")
	case "reshape":
		words = append(words, "reshaping")
	case "check", "repair":
		words = append(words, "checking")
	}
	return strings.Join(words, ", ")
}

// progress reads "done / all" in sectors as percent.
func progress(s string) (float64, bool) {
	done, all, ok := strings.Cut(s, "/")
	if !ok {
		return 0, false
	}
	d, err1 := strconv.ParseFloat(strings.TrimSpace(done), 64)
	a, err2 := strconv.ParseFloat(strings.TrimSpace(all), 64)
	if err1 != nil || err2 != nil || a <= 0 {
		return 0, false
	}
	return float64(int64(1000*d/a)) / 10, true
}

// arrayUUID writes an id as mdadm does: four groups of eight digits.
func arrayUUID(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, "-", ""))
	if len(s) != 32 {
		return ""
	}
	return s[:8] + ":" + s[8:16] + ":" + s[16:24] + ":" + s[24:]
}
