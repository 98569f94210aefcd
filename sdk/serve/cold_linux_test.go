package serve

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestPagesOfTheProgramAreLetGo(t *testing.T) {
	before := mappedFiles(t)
	letGo()
	if after := mappedFiles(t); after >= before {
		t.Errorf("%d KiB of files are mapped, %d before", after, before)
	}
}

// mappedFiles returns how much of files is resident, in KiB; see proc_pid_status(5), RssFile.
func mappedFiles(t *testing.T) (kib int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if n, _ := fmt.Sscanf(line, "RssFile: %d kB", &kib); n == 1 {
			return kib
		}
	}
	t.Skip("the kernel does not tell how much of files is mapped")
	return 0
}
