package serve

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// letGo unmaps the pages of the program itself, its code and constants. Those in use come back from the page cache in a moment; those
// that only the start needed, a third, are the system's again: the kernel holds on to what is mapped. They are only read, so nothing
// is lost. See madvise(2), MADV_DONTNEED.
func letGo() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasSuffix(lines.Text(), " "+self) {
			continue
		}
		if rights == "r-xp" || rights == "r--p" {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED) // when it is refused, all is as before
		}
	}
}
