package proxmox

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulse-platform/pulse/sdk"
)

// Service is a row of a node's services.
type Service struct {
	Name        Str `json:"service"`
	Description Str `json:"desc"`
	State       Str `json:"state"`
	Unit        Str `json:"unit-state"`
}

// Down tells of a service that is to run and does not. Those that nobody enabled, and those that end when their work is done,
// are left alone.
func (s Service) Down() bool {
	return s.Unit == "enabled" && s.State != "running" && s.State != "exited" && s.State != ""
}

// Verdict is what is told of a service of a machine that is down.
func (s Service) Verdict(machine string) (text string, metadata map[string]string) {
	return fmt.Sprintf("Service %s of %s does not run: it is %s.", s.Name, machine, s.State),
		map[string]string{"service": string(s.Name), "state": string(s.State), "description": string(s.Description)}
}

// Subscription is a node's subscription. The key in it is not read.
type Subscription struct {
	Status Str `json:"status"`
}

// Verdict judges the subscription of a machine; no text when there is nothing to tell. Without one a machine gets its packages
// from another place, which is no trouble.
func (s Subscription) Verdict(machine string) (text string, severity sdk.Severity) {
	switch s.Status {
	case "active", "new", "":
		return "", ""
	case "notfound":
		return machine + " has no subscription.", sdk.SeverityInfo
	}
	return fmt.Sprintf("The subscription of %s is %s.", machine, s.Status), sdk.SeverityWarning
}

// Update is a package of which a newer version waits.
type Update struct {
	Package  Str `json:"Package"`
	Title    Str `json:"Title"`
	Version  Str `json:"Version"`
	Old      Str `json:"OldVersion"`
	Origin   Str `json:"Origin"`
	Priority Str `json:"Priority"`
}

// MarshalJSON writes the document of a row.
func (u Update) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Package  Str `json:"package"`
		Title    Str `json:"title,omitempty"`
		Version  Str `json:"version"`
		Old      Str `json:"oldVersion,omitempty"`
		Origin   Str `json:"origin,omitempty"`
		Priority Str `json:"priority,omitempty"`
	}{u.Package, u.Title, u.Version, u.Old, u.Origin, u.Priority})
}

// TellUpdates returns how many packages wait on a machine and a row for each.
func TellUpdates(updates []Update, list, ownerType, ownerKey string) []sdk.Observation {
	updates = slices.DeleteFunc(updates, func(u Update) bool { return u.Package == "" })
	out := []sdk.Observation{sdk.Sample{Type: ownerType, Key: ownerKey, Metric: "updates_pending", Value: float64(len(updates))}}
	for _, u := range updates {
		out = append(out, sdk.Row{Rows: list, Key: string(u.Package), OwnerType: ownerType, OwnerKey: ownerKey, Doc: Document(u)})
	}
	return append(out, sdk.RowsEnd{Rows: list, OwnerType: ownerType, OwnerKey: ownerKey})
}
