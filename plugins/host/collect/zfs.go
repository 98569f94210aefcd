package collect

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/host/wire"
)

// poolInterval is how often pools are asked.
const poolInterval = time.Minute

// poolTimeout is how long an answer may take: a pool with a lost disk can be slow.
const poolTimeout = 10 * time.Second

// watchPools asks for the ZFS pools at its own pace.
func (c *Collector) watchPools(ctx context.Context) {
	if !c.machine.hasZFS() {
		return
	}
	path := program("zpool")
	if path == "" {
		return
	}
	every(ctx, poolInterval, func(ctx context.Context) {
		out, status, err := output(ctx, poolTimeout, path, "list", "-Hp", "-o", "name,size,allocated,free,fragmentation,health,guid")
		if err != nil || status != 0 {
			c.cfg.Log.Debug("pools cannot be listed", "status", status, "error", err)
			return
		}
		pools := parsePools(string(out))
		if out, _, err = output(ctx, poolTimeout, path, "status", "-p"); err == nil {
			addStatus(pools, string(out))
		}
		c.mu.Lock()
		c.pools = pools
		c.mu.Unlock()
	})
}

// parsePools reads the lines of "zpool list -Hp".
func parsePools(out string) []wire.Pool {
	var pools []wire.Pool
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 7 || f[0] == "" {
			continue
		}
		p := wire.Pool{Name: f[0], Health: f[5], GUID: f[6], SizeBytes: integer(f[1]), UsedBytes: integer(f[2]), FreeBytes: integer(f[3])}
		if v, err := strconv.ParseInt(strings.TrimSuffix(f[4], "%"), 10, 64); err == nil {
			p.Fragmentation = &v
		}
		pools = append(pools, p)
	}
	return pools
}

func integer(s string) int64 {
	v, _ := strconv.ParseInt(s, 10, 64)
	return v
}

// addStatus reads "zpool status -p": blocks of "key: value" lines, one of which begins the tree of devices.
func addStatus(pools []wire.Pool, out string) {
	byName := map[string]*wire.Pool{}
	for i := range pools {
		byName[pools[i].Name] = &pools[i]
	}
	var pool *wire.Pool
	inTree, indent := false, -1
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch {
		case ok && key == "pool":
			pool, inTree, indent = byName[value], false, -1
		case pool == nil:
		case ok && key == "scan":
			pool.Scan = value
		case ok && key == "errors":
			pool.Errors, inTree = value, false
		case ok && key == "config":
			inTree = true
		case inTree:
			device, at, ok := parseDevice(line)
			if !ok {
				continue
			}
			if indent < 0 {
				indent = at
			}
			device.Depth = max((at-indent)/2, 0)
			pool.Devices = append(pool.Devices, device)
		}
	}
}

// parseDevice reads a line such as "	  mirror-0  ONLINE  0  0  0" and how far it is indented.
func parseDevice(line string) (d wire.PoolDevice, indent int, ok bool) {
	f := strings.Fields(line)
	if len(f) < 5 || f[0] == "NAME" {
		return d, 0, false
	}
	var counts [3]int64
	for i, field := range f[2:5] {
		v, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return d, 0, false
		}
		counts[i] = v
	}
	d = wire.PoolDevice{Name: f[0], State: f[1], ReadErrors: counts[0], WriteErrors: counts[1], ChecksumErrors: counts[2]}
	trimmed := strings.TrimLeft(line, "\t")
	return d, len(trimmed) - len(strings.TrimLeft(trimmed, " ")), true
}
