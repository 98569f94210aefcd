package proxmox

import (
	"strings"

	"github.com/pulse-platform/pulse/sdk"
)

// EvidenceBackups is the kind of evidence by which a guest and its backups on a backup server are found to belong together.
const EvidenceBackups = "pbs_group"

// BackupGroup is the evidence of a group of backups: the server, the datastore and namespace on it, and what was backed up
// ("vm", "ct", "host" and its id). Guests of two clusters may have the same id; they do not have the same group, unless
// both clusters write into one namespace, where the server itself cannot tell them apart either.
//
// The server is named by the fingerprint of its certificate where one had to be given, else by its host name. Who sees a
// guest and knows both gives both.
func BackupGroup(server, datastore, namespace, kind, id string) sdk.Evidence {
	store := BackupStore(server, datastore)
	store.Value += GroupName(namespace, kind+"/"+id)
	return store
}

// BackupStore is what the evidence of all groups in a datastore begins with.
func BackupStore(server, datastore string) sdk.Evidence {
	if print := Fingerprint(server); print != "" {
		server = print
	}
	return sdk.Evidence{Kind: EvidenceBackups, Value: strings.ToLower(server) + "|" + datastore + "|"}
}

// GroupName is how a group ("vm/100") is called among those of its datastore.
func GroupName(namespace, group string) string {
	if namespace == "" {
		return group
	}
	return namespace + ":" + group
}
