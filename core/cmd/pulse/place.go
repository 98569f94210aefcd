package main

import (
	"os"

	"github.com/pulse-platform/pulse/core/compat"
)

// inContainer tells whether the server runs in a container: engines leave one of these files in it.
func inContainer() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(mark); err == nil {
			return true
		}
	}
	return false
}

// deployment is the contract's word for how the server was started. A service manager names each start.
func deployment() string {
	switch {
	case inContainer():
		return compat.DeploymentContainer
	case os.Getenv("INVOCATION_ID") != "":
		return compat.DeploymentService
	}
	return compat.DeploymentByHand
}
