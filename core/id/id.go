// Package id holds the typed ids of the server.
package id

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// UID identifies a record for ever: a stable hash of its integration and key, 32 hex characters.
type UID string

// Integration identifies a configured use of a plugin, for example "ups/cellar" or, for the implicit one that
// takes an agent's reports, "host".
type Integration string

// Record returns the uid of the record with the key in the integration.
func Record(integration Integration, key string) UID {
	sum := sha256.Sum256([]byte(string(integration) + "\x00" + key))
	return UID(hex.EncodeToString(sum[:16]))
}

// Random returns n random bytes as lower-case hex.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails since Go 1.24
	return hex.EncodeToString(b)
}
