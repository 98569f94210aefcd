package compat

// The words of the contract for how a server was deployed.
const (
	DeploymentContainer = "docker"
	DeploymentService   = "systemd"
	DeploymentByHand    = "manual"
)
