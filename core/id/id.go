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

// Stable returns an id that follows from the given texts: the same ones make the same id.
func Stable(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
