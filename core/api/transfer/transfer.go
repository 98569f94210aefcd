// Package transfer serves the export and import of the server's configuration.
package transfer

import (
	"context"
	"net/http"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/bundle"
)

// Limits of the bodies, in bytes. A bundle of a large server has some MiB, mostly notes.
const (
	maxExport = 8 << 10
	maxImport = 16 << 20
)

// Bundles exports and imports.
type Bundles interface {
	Export(ctx context.Context, passphrase string, sections []string) (string, error)
	Import(ctx context.Context, o bundle.Order) (bundle.Outcome, error)
}

// Routes returns the area's rows.
func Routes(b Bundles) []route.Route {
	a := area{b}
	return []route.Route{
		route.Post("/api/config/export", "exportConfig", "The configuration with its secrets, as a bundle that the passphrase opens", a.export).Admin(auth.ScopeSettingsRead).Needs(auth.ActAdmin, "*").Body(maxExport).Class("export"),
		route.Post("/api/config/import", "importConfig", "Bring in a bundle, of this product or of the reference; with dryRun only tell what would change", a.bring).Admin(auth.ScopeSettingsWrite).Needs(auth.ActAdmin, "*").Body(maxImport).Class("export"),
	}
}

type area struct{ bundles Bundles }

type exportRequest struct {
	Passphrase string   `json:"passphrase" help:"At least 12 characters."`
	Sections   []string `json:"sections,omitempty" help:"All but users when it is left out. The users need all scopes."`
}

// Exported is a bundle. The whole answer may be saved as a file: an import takes it as it is.
type Exported struct {
	Status string `json:"status"`
	Data   string `json:"data"`
}

// secretSections hold what lets somebody in: who moves them must be able to do everything already.
var secretSections = map[string]bool{"users": true, "tokens": true}

func may(ctx context.Context) func(section string) error {
	p := auth.PrincipalFrom(ctx)
	return func(section string) error {
		if secretSections[section] && !p.May(auth.ScopeAll) {
			return auth.MissingScope(auth.ScopeAll)
		}
		return nil
	}
}

func (a area) export(ctx context.Context, in exportRequest) (Exported, error) {
	for _, section := range in.Sections {
		if section == "users" {
			if err := may(ctx)(section); err != nil {
				return Exported{}, err
			}
		}
	}
	data, err := a.bundles.Export(ctx, in.Passphrase, in.Sections)
	return Exported{Status: "success", Data: data}, err
}

type importRequest struct {
	Data       string   `json:"data" help:"The bundle, or the whole answer of an export."`
	Passphrase string   `json:"passphrase"`
	Sections   []string `json:"sections,omitempty" help:"All that the bundle has when it is left out. Tokens and users need all scopes."`
	DryRun     bool     `json:"dryRun,omitempty" help:"Change nothing and tell what would change."`
}

// Imported tells what an import did, or would do.
type Imported struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	DryRun  bool   `json:"dryRun,omitempty"`
	// Origin is "pulse" or "reference".
	Origin     string          `json:"origin"`
	Version    string          `json:"version,omitempty" help:"The version of the server that wrote the bundle, or of the reference's format."`
	ExportedAt *time.Time      `json:"exportedAt,omitempty"`
	Changes    []bundle.Change `json:"changes"`
	Left       []bundle.Left   `json:"left" help:"What cannot come, and why."`
}

func (a area) bring(ctx context.Context, in importRequest) (route.Reply[Imported], error) {
	done, err := a.bundles.Import(ctx, bundle.Order{Data: in.Data, Passphrase: in.Passphrase, Sections: in.Sections, By: auth.PrincipalFrom(ctx).User, May: may(ctx), DryRun: in.DryRun})
	if err != nil {
		return route.Reply[Imported]{}, err
	}
	out := Imported{
		Status: "success", Message: "The configuration was imported. The server begins anew with it, which takes a few seconds.", DryRun: in.DryRun,
		Origin: string(done.Origin), Version: done.Written, Changes: done.Changes, Left: done.Left,
	}
	if in.DryRun {
		out.Message = "Nothing was changed. This is what the import would do."
	}
	if !done.Exported.IsZero() {
		out.ExportedAt = &done.Exported
	}
	if out.Left == nil {
		out.Left = []bundle.Left{}
	}
	reply := route.Reply[Imported]{Body: out}
	if !in.DryRun {
		// What the client asks next is not for this connection: it ends in the state of before.
		reply.Header = http.Header{"Connection": {"close"}}
	}
	return reply, nil
}
