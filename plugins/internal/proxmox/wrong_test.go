package proxmox

import (
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
)

func TestAnAddressThatIsNeverAskedIsRefusedAtOnce(t *testing.T) {
	for _, host := range []string{"169.254.169.254", "https://[fe80::1]:8006", "http://0.0.0.0", "[::ffff:169.254.169.254]", "224.0.0.1"} {
		if _, err := Named(VirtualEnvironment, host, "", sdk.Network{}); err == nil || !strings.Contains(err.Error(), "enter another one") {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"127.0.0.1", "10.0.0.1", "fd00::1", "pve1", "https://8.8.8.8:8006/below"} {
		if _, err := Named(VirtualEnvironment, host, "", sdk.Network{}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}
