//go:build !linux && !freebsd

package collect

import "github.com/pulse-platform/pulse/plugins/host/wire"

func reclaimable() uint64 { return 0 }

// sensors: these systems show none without extra programs.
func (m *machine) sensors() wire.Sensors { return wire.Sensors{} }

func (m *machine) physicalDisks() []string { return nil }

func (m *machine) hasZFS() bool { return false }
