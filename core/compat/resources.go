package compat

// ResourceSource is the contract's word for what feeds resources, by the kind of the plugin. A kind of somebody else is
// its own word.
func ResourceSource(kind string) string {
	switch kind {
	case "host":
		return SourceAgent
	case "pve":
		return "proxmox"
	}
	return kind
}

// SourceAgent is what agents on hosts feed.
const SourceAgent = "agent"

// ResourceTypes maps words for types in queries to the types they mean.
func ResourceTypes() map[string]string {
	return map[string]string{"docker_container": "container", "docker-container": "container"}
}

// ResourceBlock names the members of a document that stand in the block of its source.
func ResourceBlock(source string) []string {
	switch source {
	case SourceAgent:
		return []string{
			"hostname", "platform", "osName", "osVersion", "kernelVersion", "architecture", "uptimeSeconds", "networkInterfaces", "disks",
		}
	case "proxmox":
		return []string{"nodeName", "clusterName", "pveVersion", "kernelVersion", "uptime", "cpuInfo"}
	case "docker":
		return []string{
			"hostname", "runtime", "runtimeVersion", "dockerVersion", "os", "kernelVersion", "architecture", "swarm", "networkInterfaces", "disks",
		}
	case "pbs":
		return []string{"hostname"}
	case "kubernetes":
		return []string{"clusterName"}
	}
	return nil
}
