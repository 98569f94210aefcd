// Package arrival is how people arrive from the reference: it reads what the reference exports or keeps in its data
// directory and says what becomes of it here, and what cannot come. It writes nothing.
package arrival

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// Member is an object of the reference as it stands.
type Member = map[string]json.RawMessage

// Document is the configuration of the reference: what a bundle of format 4.0 or 4.1 holds, and more from a data
// directory.
type Document struct {
	Version       string                     `json:"version"`
	ExportedAt    time.Time                  `json:"exportedAt"`
	Nodes         map[string]json.RawMessage `json:"nodes"`
	Alerts        json.RawMessage            `json:"alerts"`
	Email         json.RawMessage            `json:"email"`
	Webhooks      []json.RawMessage          `json:"webhooks"`
	Relay         json.RawMessage            `json:"-"` // under the name of its plugin
	System        json.RawMessage            `json:"system"`
	GuestMetadata map[string]json.RawMessage `json:"guestMetadata"`
	SignOn        json.RawMessage            `json:"oidc"`
	Tokens        []Token                    `json:"apiTokens"`

	// More metadata by the kinds of the API, users and roles, which only a data directory has.
	Metadata map[string]map[string]json.RawMessage `json:"-"`
	Users    []User                                `json:"-"`
	Roles    []Role                                `json:"-"`
	// Unread are files that were found and are not read, with the reason for each.
	Unread map[string]string `json:"-"`
}

// Token is the record of an API token. Hash is the SHA3-256 of the token.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Hash       string     `json:"hash"`
	Prefix     string     `json:"prefix"`
	Suffix     string     `json:"suffix"`
	Scopes     []string   `json:"scopes"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	OrgID      string     `json:"orgId"`
	OrgIDs     []string   `json:"orgIds"`
}

// User is a local user. Password is a bcrypt hash.
type User struct {
	Name, Password string
}

// Parse reads the document of a bundle. Errors are errs.Invalid.
func Parse(plain []byte) (Document, error) {
	var d Document
	var all Member
	if err := errors.Join(json.Unmarshal(plain, &d), json.Unmarshal(plain, &all)); err != nil {
		return Document{}, errs.Wrap(errs.Invalid, err, "the bundle opened, but it is not a configuration of the reference").WithField("data")
	}
	if d.Version == "" && d.Nodes == nil && empty(d.System) {
		return Document{}, errs.New(errs.Invalid, "the bundle opened, but it is not a configuration of the reference").WithField("data")
	}
	d.Relay = all[compat.RelayPlugin]
	return d, nil
}

func empty(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null")) || bytes.Equal(raw, []byte("{}"))
}
