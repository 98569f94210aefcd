package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/api/nodes"
	"github.com/pulse-platform/pulse/core/api/notifications"
	"github.com/pulse-platform/pulse/core/arrival"
	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/bundle"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/pluginhost"
	"github.com/pulse-platform/pulse/core/settings"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
)

// makers make integrations the way the API's areas do, and hold each against its plugin's schema.
type makers struct{ plugins *pluginhost.Plugins }

var _ arrival.Makers = makers{}

// Node makes one of a node.
func (m makers) Node(kind string, members arrival.Member) (integration.Integration, error) {
	raw, err := json.Marshal(members)
	if err != nil {
		return integration.Integration{}, err
	}
	var c nodes.Change
	if err := json.Unmarshal(raw, &c); err != nil {
		return integration.Integration{}, errs.New(errs.Invalid, "a member has another type than expected")
	}
	c.Type = kind
	return m.judged(nodes.Area{Schema: m.plugins.Schema}.Integration(c))
}

// Email makes one of the e-mail channel.
func (m makers) Email(raw json.RawMessage) (integration.Integration, error) {
	return made[notifications.Email](m, raw)
}

// Webhook makes one of a webhook.
func (m makers) Webhook(raw json.RawMessage) (integration.Integration, error) {
	return made[notifications.Webhook](m, raw)
}

// Relay makes one of the channel that relays.
func (m makers) Relay(raw json.RawMessage) (integration.Integration, error) {
	return made[notifications.Relay](m, raw)
}

func made[T interface {
	Integration() (integration.Integration, error)
}](m makers, raw json.RawMessage) (integration.Integration, error) {
	var t T
	if err := json.Unmarshal(raw, &t); err != nil {
		return integration.Integration{}, errs.New(errs.Invalid, "a member has another type than expected")
	}
	return m.judged(t.Integration())
}

// judged holds a configuration against the schema of its plugin.
func (m makers) judged(x integration.Integration, err error) (integration.Integration, error) {
	if err != nil {
		return x, err
	}
	form, err := m.plugins.Schema(x.Kind)
	if err != nil {
		return x, errs.New(errs.Invalid, "the plugin %s is not installed", x.Kind)
	}
	for _, d := range form.Check(x.Config) {
		if d.Severity == sdk.DiagnosticError {
			return x, errs.New(errs.Invalid, "%s", strings.TrimSuffix(d.Path+": "+d.Summary+". "+d.Detail, ". "))
		}
	}
	x.ConfigVersion = m.plugins.ConfigVersion(x.Kind)
	return x, nil
}

// translate says what becomes of a document of the reference on this server.
func (b *base) translate(ctx context.Context, d arrival.Document, plugins *pluginhost.Plugins, owner string) (bundle.Arrival, error) {
	here := arrival.Here{Owner: owner, Now: time.Now()}
	if _, err := sqlite.NewSettings(b.state).Get(ctx, settings.DocumentName, &here.Settings); err != nil {
		return bundle.Arrival{}, err
	}
	users, err := sqlite.NewAuth(b.state).Users(ctx)
	if err != nil {
		return bundle.Arrival{}, err
	}
	for _, u := range users {
		here.Users = append(here.Users, u.Name)
	}
	roles, err := sqlite.NewAuth(b.state).Roles(ctx)
	if err != nil {
		return bundle.Arrival{}, err
	}
	here.Roles = auth.RoleIDs(roles)
	return arrival.Translate(ctx, d, makers{plugins}, here)
}

type importReferenceCommand struct {
	Dir    string `arg:"" help:"The data directory of the reference, usually /etc/pulse or /data."`
	DryRun bool   `help:"Change nothing and list what comes and what cannot."`
}

// Run brings in what lies in a data directory of the reference. The server must be stopped.
func (c importReferenceCommand) Run(ctx context.Context, o *options, io streams) (err error) {
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	doc, err := arrival.ReadDirectory(os.DirFS(c.Dir))
	if err != nil {
		return fmt.Errorf("read %s: %w", c.Dir, err)
	}
	dir, err := pluginsDir(cfg)
	if err != nil {
		return err
	}
	plugins, err := pluginhost.Open(pluginhost.Config{Dir: dir, Log: hclog.NewNullLogger(), Now: time.Now, Accept: acceptable})
	if err != nil {
		return err
	}
	b, err := openBase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	owner, err := b.owner(ctx, doc)
	if err != nil {
		return err
	}
	arrived, err := b.translate(ctx, doc, plugins, owner)
	if err != nil {
		return err
	}
	done, err := b.bundles(func() {}, nil).Arrive(ctx, arrived, c.DryRun)
	if err != nil {
		return err
	}
	return tell(io, done, c.DryRun)
}

// owner is whom imported tokens belong to: an administrator who is here, else the one who comes along.
func (b *base) owner(ctx context.Context, d arrival.Document) (string, error) {
	s, err := auth.Open(ctx, sqlite.NewAuth(b.state), time.Now, hclog.NewNullLogger())
	if err != nil {
		return "", err
	}
	if name, there := s.FirstAdmin(); there {
		return name, nil
	}
	for _, u := range d.Users {
		return u.Name, nil
	}
	return "", nil
}

// tell lists what an import did or would do.
func tell(io streams, done bundle.Outcome, dryRun bool) error {
	for _, c := range done.Changes {
		fmt.Fprintf(io.out, "%s\n", c)
		for _, name := range c.Added {
			fmt.Fprintf(io.out, "  + %s\n", name)
		}
		for _, x := range c.Changed {
			fmt.Fprintf(io.out, "  ~ %s (%s)\n", x.Name, strings.Join(x.Members, ", "))
		}
		for _, name := range c.Removed {
			fmt.Fprintf(io.out, "  - %s\n", name)
		}
	}
	if len(done.Left) > 0 {
		fmt.Fprintln(io.out, "What cannot come:")
	}
	for _, l := range done.Left {
		fmt.Fprintf(io.out, "  ! %s: %s\n", l.What, l.Reason)
	}
	if dryRun {
		fmt.Fprintln(io.out, "Nothing was changed. Without --dry-run it is done.")
		return nil
	}
	fmt.Fprintln(io.out, "Done. Start the server.")
	return nil
}
