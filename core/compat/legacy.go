package compat

// LegacyPlatform is the first resource API's word for what a resource comes from, by the kind of the plugin.
func LegacyPlatform(kind string) string {
	switch kind {
	case "host":
		return "host-agent"
	case "pve", "pbs", "pmg":
		return "proxmox-" + kind
	}
	return kind
}

// LegacyType is the first resource API's word for a type.
func LegacyType(kind string) string {
	switch kind {
	case "pve-node":
		return "node"
	case "pve-vm":
		return "vm"
	case "pve-lxc", "lxc":
		return "container"
	case "pve-storage":
		return "storage"
	case "docker_host":
		return "docker-host"
	case "docker_container":
		return "docker-container"
	}
	return kind
}
