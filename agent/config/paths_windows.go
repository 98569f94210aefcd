package config

// DefaultStateDir is where the agent keeps what outlives a restart.
const DefaultStateDir = `C:\ProgramData\Pulse Agent`
