package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/core/sqlite"
	"github.com/pulse-platform/pulse/sdk"
)

// broken saves nothing.
type broken struct{ Service }

func (broken) Save(context.Context, integration.Integration, int64) (integration.Integration, []sdk.Diagnostic, error) {
	return integration.Integration{}, nil, errs.New(errs.Unavailable, "the disk is full")
}

// setupToken makes a command and returns its token.
func (b *bench) setupToken() string {
	b.t.Helper()
	got, err := b.area.setupURL(asked(b.t, "pulse"), setupIn{Type: "pve"})
	if err != nil {
		b.t.Fatal(err)
	}
	return got.SetupToken
}

// arrive has many nodes introduce themselves at once, and returns what each was told.
func (b *bench) arrive(all ...Registration) []error {
	b.t.Helper()
	told := make([]error, len(all))
	var wg sync.WaitGroup
	for i, in := range all {
		wg.Go(func() { _, told[i] = b.area.autoRegister(asked(b.t, "pulse"), in) })
	}
	wg.Wait()
	return told
}

// restart opens anew what is stored, as a server that begins does.
func (b *bench) restart() {
	b.t.Helper()
	service, err := integration.Open(b.t.Context(), sqlite.NewIntegrations(b.db), clear{}, b.plugins)
	if err != nil {
		b.t.Fatal(err)
	}
	b.service, b.area.Service = service, service
	b.area.Tickets = NewTickets(sqlite.NewSettings(b.db), b.area.Tickets.now)
}

func TestOfTwoHostsWithOneTokenOneIsTaken(t *testing.T) {
	b, _, _ := newSetupBench(t)
	b.plugins.fails = sdk.Errorf(sdk.KindUnreachable, "away")
	token := b.setupToken()
	told := b.arrive(
		registration(func(r *Registration) { r.AuthToken, r.Host, r.ServerName = token, "10.1.0.1", "one" }),
		registration(func(r *Registration) { r.AuthToken, r.Host, r.ServerName = token, "10.2.0.1", "two" }),
	)
	refused := 0
	for _, err := range told {
		if errs.Is(err, errs.Unauthenticated) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 1 || len(b.list()) != 1 {
		t.Errorf("told %v, there are %+v", told, b.list())
	}
}

// Machines that are called the same are set up by one run of a tool often.
func TestHostsThatArriveAtOnceAreAllTaken(t *testing.T) {
	b, _, _ := newSetupBench(t)
	b.plugins.fails = sdk.Errorf(sdk.KindUnreachable, "away")
	var all []Registration
	for i := range races {
		all = append(all, registration(func(r *Registration) {
			r.AuthToken, r.Host, r.TokenID = b.setupToken(), fmt.Sprintf("10.%d.0.1", i), fmt.Sprint("u@pam!", i)
		}))
	}
	for i, err := range b.arrive(all...) {
		if err != nil {
			t.Errorf("%s: %v", all[i].Host, err)
		}
	}
	names := map[string]bool{}
	for _, n := range b.list() {
		names[n.Host] = true
	}
	if len(names) != len(all) {
		t.Errorf("there are %+v", b.list())
	}
}

func TestARestartForgetsNoToken(t *testing.T) {
	b, _, now := newSetupBench(t)
	b.plugins.fails = sdk.Errorf(sdk.KindUnreachable, "away")
	used, open, late := b.setupToken(), b.setupToken(), b.setupToken()
	first := registration(func(r *Registration) { r.AuthToken, r.Host, r.ServerName = used, "10.1.0.1", "one" })
	if _, err := b.area.autoRegister(asked(t, "pulse"), first); err != nil {
		t.Fatal(err)
	}
	b.restart()
	if all := b.list(); len(all) != 1 || b.stored("pve/one")["token_value"] != "v1" {
		t.Errorf("a node that was taken is lost: %+v", all)
	}
	if _, err := b.area.autoRegister(asked(t, "pulse"), first); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("used before and after: %v", err)
	}
	if _, err := b.area.setupScript(asked(t, "pulse"), scriptIn{Type: "pve", SetupToken: open}); err != nil {
		t.Errorf("the script is not served any more: %v", err)
	}
	second := registration(func(r *Registration) {
		r.AuthToken, r.Host, r.ServerName, r.TokenID = open, "10.2.0.1", "two", "u@pam!2"
	})
	if _, err := b.area.autoRegister(asked(t, "pulse"), second); err != nil || len(b.list()) != 2 {
		t.Errorf("made before, used after: %v, %+v", err, b.list())
	}
	*now = now.Add(ticketLife)
	b.restart()
	third := registration(func(r *Registration) { r.AuthToken, r.Host, r.ServerName = late, "10.3.0.1", "three" })
	if _, err := b.area.autoRegister(asked(t, "pulse"), third); !errs.Is(err, errs.Unauthenticated) || len(b.list()) != 2 {
		t.Errorf("expired meanwhile: %v", err)
	}
	var stored map[string]json.RawMessage
	if _, err := sqlite.NewSettings(b.db).Get(t.Context(), ticketsName, &stored); err != nil || stored[late] != nil {
		t.Errorf("a token is stored as it is: %v, %v", stored, err)
	}
}

// A script that comes to nothing may run again: its token was not used.
func TestATokenThatCameToNothingStaysValid(t *testing.T) {
	b, _, _ := newSetupBench(t)
	b.plugins.fails = sdk.Errorf(sdk.KindUnreachable, "away")
	token := b.setupToken()
	in := registration(func(r *Registration) { r.AuthToken = token })
	writable := b.area.Service
	b.area.Service = broken{writable}
	if _, err := b.area.autoRegister(asked(t, "pulse"), in); err == nil {
		t.Fatal("nothing was stored, and nobody says so")
	}
	b.area.Service = writable
	if _, err := b.area.autoRegister(asked(t, "pulse"), in); err != nil || len(b.list()) != 1 {
		t.Errorf("again: %v, %+v", err, b.list())
	}
	if _, err := b.area.autoRegister(asked(t, "pulse"), in); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("and again: %v", err)
	}
}
