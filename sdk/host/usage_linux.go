package host

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticks is how many of the kernel's ticks a second has; it is 100 on every architecture that Go runs on.
const ticks = 100

// resident returns the memory that a process holds, in bytes.
func resident(pid int) (int64, bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}

// usageOf reads what a process uses.
func usageOf(pid int) (u Usage, ok bool) {
	if u.RSS, ok = resident(pid); !ok {
		return u, false
	}
	if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)); err == nil {
		for line := range bytes.Lines(raw) {
			if rest, found := bytes.CutPrefix(line, []byte("Pss:")); found {
				kib, _ := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
				u.PSS = kib << 10
			}
		}
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, false
	}
	// The name in the second field may hold anything; what follows it does not.
	_, rest, _ := strings.Cut(string(raw[bytes.LastIndexByte(raw, ')')+1:]), " ")
	if fields := strings.Fields(rest); len(fields) > 12 {
		user, _ := strconv.ParseInt(fields[11], 10, 64)
		system, _ := strconv.ParseInt(fields[12], 10, 64)
		u.CPU = time.Duration(user+system) * (time.Second / ticks)
	}
	return u, true
}
