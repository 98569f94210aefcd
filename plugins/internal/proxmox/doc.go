// Package proxmox asks the HTTP APIs of Proxmox VE, Backup Server and Mail Gateway: read-only, at a cost that their
// admins do not notice. It knows how the three authenticate, fail and spell numbers; what to ask is the plugins' part.
//
// Answers are read row by row from the stream, so that one odd row costs that row and not the list, and up to a limit
// of size. Errors keep what the server said, also where that stands in the HTTP reason phrase only.
//
// Sources: the API viewers of the three products (pve.proxmox.com/pve-docs/api-viewer, pbs.proxmox.com/docs/api-viewer,
// pmg.proxmox.com/pmg-docs/api-viewer) and recorded answers of the releases 7.4 to 9.2.
package proxmox
