//go:build deep

package e2e

// kills is how often a plugin is killed.
const kills = 1000
