package pve

import "github.com/pulse-platform/pulse/plugins/internal/proxmox"

// agentAnswer is how the answers of guest agents come.
type agentAnswer[T any] struct {
	Result T `json:"result"`
}

// agentFile is a file system as a guest agent sees it.
type agentFile struct {
	Mountpoint proxmox.Str `json:"mountpoint"`
	Type       proxmox.Str `json:"type"`
	Total      proxmox.Int `json:"total-bytes"`
	Used       proxmox.Int `json:"used-bytes"`
	Disks      []struct {
		Dev proxmox.Str `json:"dev"`
	} `json:"disk"`
}

// agentNIC is a network interface as a guest agent sees it.
type agentNIC struct {
	Name      proxmox.Str `json:"name"`
	MAC       proxmox.Str `json:"hardware-address"`
	Addresses []struct {
		Address proxmox.Str `json:"ip-address"`
	} `json:"ip-addresses"`
	Statistics struct {
		RX proxmox.Int `json:"rx-bytes"`
		TX proxmox.Int `json:"tx-bytes"`
	} `json:"statistics"`
}

// agentSystem is the operating system of a guest.
type agentSystem struct {
	ID        proxmox.Str `json:"id"`
	Name      proxmox.Str `json:"name"`
	Pretty    proxmox.Str `json:"pretty-name"`
	Version   proxmox.Str `json:"version"`
	VersionID proxmox.Str `json:"version-id"`
}

// agentContent is a file of a guest.
type agentContent struct {
	Content proxmox.Str `json:"content"`
}

type agentInfo struct {
	Version proxmox.Str `json:"version"`
}

// containerNIC is a network interface of a container as its node sees it.
type containerNIC struct {
	Name  proxmox.Str `json:"name"`
	MAC   proxmox.Str `json:"hwaddr"`
	Inet  proxmox.Str `json:"inet"`
	Inet6 proxmox.Str `json:"inet6"`
}
