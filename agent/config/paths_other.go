//go:build !windows

package config

// DefaultStateDir is where the agent keeps what outlives a restart.
const DefaultStateDir = "/var/lib/pulse-agent"
