//go:build !deep

package e2e

// kills is how often a plugin is killed; `make test-deep` kills it oftener.
const kills = 10
