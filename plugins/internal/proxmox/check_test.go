package proxmox

import "testing"

func TestQuotingOfCommands(t *testing.T) {
	if got := Quote(`a'; rm -rf / #`); got != `'a'\''; rm -rf / #'` {
		t.Error(got)
	}
}
