package pvetest

import (
	"maps"
	"strings"
)

// Account is a user or an API token with what it may read.
type Account struct {
	// ID is user@realm, or user@realm!name for a token.
	ID     string
	Secret string
	// Rights are the privileges by path; they hold for what lies below the path too.
	Rights map[string][]string
	// SecondFactor asks for another factor at each login.
	SecondFactor bool
}

// Token and Secret are those of the account that [New] makes. User is one with a password, which is the same secret, that the
// command makes.
const (
	User   = "monitor@pve"
	Token  = "monitor@pve!pulse"
	Secret = "7c1e9a52-5d0b-4f38-9c59-1a2b3c4d5e6f"
)

// Auditor are the privileges of the role PVEAuditor in version 9.
func Auditor() []string {
	return []string{"Sys.Audit", "VM.Audit", "Datastore.Audit", "Pool.Audit", "SDN.Audit", "Mapping.Audit", "VM.GuestAgent.Audit"}
}

// Everything are the privileges that give all that can be read: those of an auditor, and those for pending updates, for
// backups and for the memory of guests.
func Everything() []string {
	return append(Auditor(), "Sys.Modify", "Datastore.Allocate", "VM.Monitor", "VM.GuestAgent.FileRead")
}

// may tells whether the account has the privilege on a path or above it.
func (a *Account) may(path, privilege string) bool {
	for {
		for _, p := range a.Rights[path] {
			if p == privilege {
				return true
			}
		}
		if path == "/" || path == "" {
			return false
		}
		path = path[:strings.LastIndexByte(path, '/')]
		if path == "" {
			path = "/"
		}
	}
}

// permissions is what /access/permissions answers.
func (a *Account) permissions() map[string]map[string]int {
	out := map[string]map[string]int{}
	for path := range maps.Keys(a.Rights) {
		for _, p := range a.Rights[path] {
			if out[path] == nil {
				out[path] = map[string]int{}
			}
			out[path][p] = 1
		}
	}
	return out
}
