package collect

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tree says where the kernel's files lie. In a container that looks after its host they are mounted elsewhere, which the
// usual variables tell.
type tree struct {
	proc, sys, etc string
	// root is put in front of mount points to reach them.
	root string
	// init is set when proc is that of another machine, whose first process then stands for it.
	init bool
}

func treeFromEnv() tree {
	proc := os.Getenv("HOST_PROC")
	return tree{
		proc: cmp.Or(proc, "/proc"), sys: cmp.Or(os.Getenv("HOST_SYS"), "/sys"), etc: cmp.Or(os.Getenv("HOST_ETC"), "/etc"),
		root: os.Getenv("HOST_ROOT"), init: proc != "" && proc != "/proc",
	}
}

// self is the process whose mounts and network count.
func (t tree) self() string {
	if t.init {
		return filepath.Join(t.proc, "1")
	}
	return filepath.Join(t.proc, "self")
}

// text reads a small file without its trailing newline, empty when it cannot be read.
func text(path ...string) string {
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// number reads a file that holds one number.
func number(path ...string) (float64, bool) {
	v, err := strconv.ParseFloat(text(path...), 64)
	return v, err == nil
}
