package bundle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// Store is where the configuration of a server lies.
type Store interface {
	// Tables describes what can be carried.
	Tables(ctx context.Context) ([]Table, error)
	// Read returns the rows of sections as of one moment, secrets in clear.
	Read(ctx context.Context, sections []string) (Tables, error)
	// Write stores rows, all or none. With replace each table holds exactly them afterwards; without, what they do not
	// name stays.
	Write(ctx context.Context, rows Tables, replace bool) error
}

// Arrival is what a foreign bundle becomes here.
type Arrival struct {
	Tables Tables
	// Version and Exported are what the bundle says about itself.
	Version  string
	Exported time.Time
	// Left are things that cannot come, with the reason for each.
	Left []Left
}

// Left is something that an import leaves out.
type Left struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// Service exports and imports. It is safe for concurrent use: one import or export works at a time, as each takes tens
// of MiB to derive its key.
type Service struct {
	Store Store
	// Translate reads the document of another product. What needs an owner goes to the user who imports.
	Translate func(ctx context.Context, plain []byte, by string) (Arrival, error)
	// Try opens a copy of the server's state with the rows written to it, so that a server never takes in what it
	// could not start with.
	Try func(ctx context.Context, rows Tables, replace bool) error
	// Imported is called after an import: what is in memory is of yesterday.
	Imported func()
	Version  string
	Now      func() time.Time

	mu sync.Mutex
}

// sectionUsers is the one that an export leaves out unless it is named.
const sectionUsers = "users"

// Export writes the sections, all but the users when none is named, into a bundle that the passphrase opens.
func (s *Service) Export(ctx context.Context, passphrase string, sections []string) (string, error) {
	all, err := s.sections(ctx)
	if err != nil {
		return "", err
	}
	if len(sections) == 0 {
		sections = slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == sectionUsers })
	}
	if err := known(sections, all); err != nil {
		return "", err
	}
	rows, err := s.Store.Read(ctx, sections)
	if err != nil {
		return "", err
	}
	plain, err := Content{Format: Format, Server: s.Version, Exported: s.Now().UTC(), Tables: rows}.Encode()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return Seal(plain, passphrase)
}

func (s *Service) sections(ctx context.Context) ([]string, error) {
	tables, err := s.Store.Tables(ctx)
	return Sections(tables), err
}

func known(sections, all []string) error {
	for _, name := range sections {
		if !slices.Contains(all, name) {
			return errs.New(errs.Invalid, "there is no section %q; the sections are %s", name, strings.Join(all, ", ")).WithField("sections")
		}
	}
	return nil
}

// Order is what an import is asked for.
type Order struct {
	Data, Passphrase string
	// Sections are those to take of the bundle, all that it has when empty.
	Sections []string
	// By is the user who imports. Tokens whose owner is not on this server are theirs.
	By string
	// May tells whether the caller may bring in a section; nil allows each.
	May func(section string) error
	// DryRun changes nothing and tells what would change.
	DryRun bool
}

// Outcome is what an import did, or would do.
type Outcome struct {
	Origin Origin
	// Written is the version of the bundle's document, or of the server that wrote it.
	Written  string
	Exported time.Time
	Changes  []Change
	Left     []Left
}

// Import brings a bundle in, as a whole or not at all. A bundle of this product replaces each section that it has; one
// of another product adds and changes, and removes nothing.
func (s *Service) Import(ctx context.Context, o Order) (Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plain, origin, err := Open(o.Data, o.Passphrase)
	if err != nil {
		return Outcome{}, err
	}
	if origin == OriginOwn {
		c, err := Decode(plain)
		if err != nil {
			return Outcome{}, err
		}
		return s.bring(ctx, o, Outcome{Origin: origin, Written: c.Server, Exported: c.Exported}, c.Tables)
	}
	a, err := s.Translate(ctx, plain, o.By)
	if err != nil {
		return Outcome{}, err
	}
	return s.bring(ctx, o, Outcome{Origin: origin, Written: a.Version, Exported: a.Exported, Left: a.Left}, a.Tables)
}

// Arrive brings in what was read from another product's data directory.
func (s *Service) Arrive(ctx context.Context, a Arrival, dryRun bool) (Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Outcome{Origin: OriginReference, Written: a.Version, Exported: a.Exported, Left: a.Left}
	return s.bring(ctx, Order{DryRun: dryRun}, out, a.Tables)
}

func (s *Service) bring(ctx context.Context, o Order, out Outcome, rows Tables) (Outcome, error) {
	replace := out.Origin == OriginOwn
	tables, err := s.Store.Tables(ctx)
	if err != nil {
		return out, err
	}
	if err := known(o.Sections, Sections(tables)); err != nil {
		return out, err
	}
	rows = chosen(tables, rows, o.Sections)
	if len(rows) == 0 {
		return out, errs.New(errs.Invalid, "the bundle has nothing of what was asked for").WithField("sections")
	}
	for _, section := range Sections(tables) {
		if o.May != nil && has(tables, rows, section) {
			if err := o.May(section); err != nil {
				return out, err
			}
		}
	}
	have, err := s.Store.Read(ctx, Sections(tables))
	if err != nil {
		return out, err
	}
	if err := safe(have, rows, replace); err != nil {
		return out, err
	}
	revise(have, rows)
	own(have, rows, replace, o.By)
	out.Changes = Diff(tables, have, rows, replace)
	if err := s.Try(ctx, rows, replace); err != nil {
		if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Unavailable) {
			return out, err
		}
		return out, errs.Wrap(errs.Invalid, err, "the server could not start with what the bundle holds, so nothing was changed: %s", reason(err)).WithField("data")
	}
	if o.DryRun {
		return out, nil
	}
	if err := s.Store.Write(ctx, rows, replace); err != nil {
		return out, err
	}
	s.Imported()
	return out, nil
}

// reason is what is fit for people to read of an error.
func reason(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "a value has a form that this version does not know"
}

// chosen are the rows of the sections, all when none is named.
func chosen(tables []Table, rows Tables, sections []string) Tables {
	if len(sections) == 0 {
		return rows
	}
	out := maps.Clone(rows)
	for _, t := range tables {
		if !slices.Contains(sections, t.Section) {
			delete(out, t.Name)
		}
	}
	return out
}

func has(tables []Table, rows Tables, section string) bool {
	return slices.ContainsFunc(tables, func(t Table) bool {
		_, there := rows[t.Name]
		return t.Section == section && there
	})
}

// safe refuses what nobody means: a server without integrations where there are some, and one without an administrator.
func safe(have, rows Tables, replace bool) error {
	if !replace {
		return nil
	}
	if of, there := rows["integrations"]; there && len(of) == 0 && len(have["integrations"]) > 0 {
		return errs.New(errs.Invalid, "the bundle has no integrations, and this server has %d: remove them by hand if that is what you want", len(have["integrations"])).WithField("data")
	}
	if of, there := rows["users"]; there && !slices.ContainsFunc(of, administers) {
		return errs.New(errs.Invalid, "the bundle has no administrator among its users: leave out its users").WithField("sections")
	}
	return nil
}

// administers reports whether a row of users is somebody who can log in and administer the server.
func administers(user Row) bool {
	roles, _ := user["roles"].(string)
	return slices.Contains(strings.Fields(roles), "admin") && user["password"] != "" && user["disabled"] != int64(1)
}

// own gives tokens whose owner is not on this server to the user who brings them: what a token may do hangs on who owns
// it.
func own(have, rows Tables, replace bool, by string) {
	users := map[any]bool{}
	if _, come := rows["users"]; !come || !replace {
		for _, r := range have["users"] {
			users[r["name"]] = true
		}
	}
	for _, r := range rows["users"] {
		users[r["name"]] = true
	}
	for _, r := range rows["tokens"] {
		if by != "" && r["owner"] != "" && !users[r["owner"]] {
			r["owner"] = by
		}
	}
}

// revise gives an integration that changes a new revision, so that who looks at the one of before cannot overwrite it.
func revise(have, rows Tables) {
	for _, r := range rows["integrations"] {
		for _, old := range have["integrations"] {
			if old["id"] != r["id"] {
				continue
			}
			revision, _ := old["revision"].(int64)
			r["revision"] = old["revision"]
			if !reflect.DeepEqual(old, r) {
				r["revision"] = revision + 1
			}
		}
	}
}

// String tells the change in a line, for a log or a terminal.
func (c Change) String() string {
	return fmt.Sprintf("%s: %d new, %d changed, %d removed, %d as they were", c.Section, len(c.Added), len(c.Changed), len(c.Removed), c.Same)
}
