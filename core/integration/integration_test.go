package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

type memory struct{ rows map[id.Integration]Sealed }

func (m *memory) Integrations(context.Context) (out []Sealed, err error) {
	for _, s := range m.rows {
		out = append(out, s)
	}
	return out, nil
}

func (m *memory) SaveIntegration(_ context.Context, s Sealed, revision int64) error {
	if m.rows[s.ID].Revision != revision {
		return errs.New(errs.Outdated, "outdated")
	}
	m.rows[s.ID] = s
	return nil
}

func (m *memory) UpgradeIntegration(_ context.Context, name id.Integration, revision int64, config []byte, version int) error {
	row := m.rows[name]
	if row.Revision != revision {
		return errs.New(errs.Outdated, "outdated")
	}
	row.Config, row.ConfigVersion = config, version
	m.rows[name] = row
	return nil
}

func (m *memory) DeleteIntegration(_ context.Context, name id.Integration, _ int64) error {
	delete(m.rows, name)
	return nil
}

// reverser is a sealer that one can see through in a test: it hides the text and checks the place.
type reverser struct{}

func (reverser) Seal(place string, plain []byte) ([]byte, error) {
	return append([]byte(place+"|"), bytes.ToUpper(plain)...), nil
}

func (reverser) Open(place string, sealed []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(place+"|"))
	if !ok {
		return nil, errors.New("sealed elsewhere")
	}
	return bytes.ToLower(rest), nil
}

type plugins struct{}

func (plugins) Validate(_ context.Context, kind string, config json.RawMessage) ([]sdk.Diagnostic, error) {
	if kind != "ups" {
		return nil, errs.New(errs.NotFound, "there is no plugin %q", kind)
	}
	if !strings.Contains(string(config), "url") {
		return []sdk.Diagnostic{{Severity: sdk.DiagnosticError, Path: "url", Summary: "Required"}}, nil
	}
	return nil, nil
}

func (plugins) Check(_ context.Context, _ string, config json.RawMessage, _ Network, progress func(sdk.CheckStep)) (sdk.CheckResult, error) {
	if strings.Contains(string(config), "untried") {
		return sdk.CheckResult{}, sdk.Errorf(sdk.KindUnsupported, "nothing to try")
	}
	progress(sdk.CheckStep{Name: "connect", Outcome: sdk.CheckPassed})
	if !strings.Contains(string(config), "hush") {
		progress(sdk.CheckStep{Name: "log in", Outcome: sdk.CheckFailed, Message: "wrong password"})
		return sdk.CheckResult{}, sdk.Errorf(sdk.KindAuth, "The other side refuses the password.")
	}
	return sdk.CheckResult{Product: "UPS", Version: "2.8"}, nil
}

func (p plugins) Secrets(kind string) (Secrets, error) {
	if kind != "ups" {
		return nil, errs.New(errs.NotFound, "there is no plugin %q", kind)
	}
	return p, nil
}

func (plugins) ConfigVersion(string) int { return 3 }

// UpgradeConfig knows that "address" became "url" in version 3.
func (plugins) UpgradeConfig(_ context.Context, _ string, config json.RawMessage, from int) (json.RawMessage, error) {
	if from != 2 {
		return nil, sdk.Errorf(sdk.KindConfig, "too old")
	}
	return bytes.ReplaceAll(config, []byte("address"), []byte("url")), nil
}

func (plugins) Mask(config json.RawMessage) (json.RawMessage, error) {
	return bytes.ReplaceAll(config, []byte("hush"), []byte(sdk.Masked)), nil
}

func (plugins) MergeSecrets(_, config json.RawMessage) (json.RawMessage, error) {
	return bytes.ReplaceAll(config, []byte(sdk.Masked), []byte("hush")), nil
}

func (plugins) Kept(_, _ json.RawMessage) ([]string, error)  { return nil, nil }
func (plugins) Redirects(_, _ json.RawMessage) (bool, error) { return false, nil }

func newService(t *testing.T, m *memory) *Service {
	t.Helper()
	s, err := Open(t.Context(), m, reverser{}, plugins{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSaveSealsMasksAndSurvivesReopening(t *testing.T) {
	m := &memory{rows: map[id.Integration]Sealed{}}
	s := newService(t, m)
	changes, stop := s.Changes()
	defer stop()
	got, _, err := s.Save(t.Context(), Integration{Kind: "ups", Name: "rack", Enabled: true, Config: json.RawMessage(`{"url":"a","pw":"hush"}`)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Config) != `{"url":"a","pw":"***"}` || got.Revision != 1 {
		t.Errorf("saved %s at revision %d", got.Config, got.Revision)
	}
	if len(changes) != 1 {
		t.Error("nobody was told")
	}
	if sealed := m.rows["ups/rack"].Config; bytes.Contains(sealed, []byte("hush")) {
		t.Errorf("the secret lies in clear: %s", sealed)
	}

	// A masked secret keeps the stored one, also after a restart.
	s = newService(t, m)
	if _, _, err := s.Save(t.Context(), Integration{Kind: "ups", Name: "rack", Enabled: true, Config: json.RawMessage(`{"url":"b","pw":"***"}`)}, 1); err != nil {
		t.Fatal(err)
	}
	if d := s.Desired(); len(d) != 1 || string(d[0].Config) != `{"url":"b","pw":"hush"}` || d[0].Revision != 2 {
		t.Errorf("desired: %+v", d)
	}
	if l := s.List(); strings.Contains(string(l[0].Config), "hush") {
		t.Errorf("the list shows a secret: %s", l[0].Config)
	}
}

func TestSaveRefuses(t *testing.T) {
	m := &memory{rows: map[id.Integration]Sealed{}}
	s := newService(t, m)
	ok := Integration{Kind: "ups", Name: "rack", Enabled: true, Config: json.RawMessage(`{"url":"a"}`)}
	if _, _, err := s.Save(t.Context(), ok, 0); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		x        Integration
		revision int64
		code     errs.Code
	}{
		"a second one of the same name": {ok, 0, errs.Conflict},
		"an old revision":               {ok, 7, errs.Outdated},
		"a change of what is not there": {Integration{Kind: "ups", Name: "other", Config: ok.Config}, 3, errs.Outdated},
		"a kind without plugin":         {Integration{Kind: "nope", Name: "x", Config: ok.Config}, 0, errs.NotFound},
	} {
		if _, _, err := s.Save(t.Context(), c.x, c.revision); !errs.Is(err, c.code) {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	for _, x := range []Integration{{Kind: "ups", Name: "bad name", Config: ok.Config}, {Kind: "ups", Name: "x", Config: json.RawMessage(`{}`)}} {
		_, diags, err := s.Save(t.Context(), x, 0)
		if err != nil || len(diags) != 1 || diags[0].Severity != sdk.DiagnosticError {
			t.Errorf("%q: got %v, %v, want one diagnostic", x.Name, diags, err)
		}
	}
	if len(m.rows) != 1 {
		t.Errorf("refused ones were stored: %v", m.rows)
	}
}

func TestWhatAFileOwnsIsReadOnlyAndLeavesWithIt(t *testing.T) {
	s := newService(t, &memory{rows: map[id.Integration]Sealed{}})
	owned := Integration{ID: "ups/rack", Kind: "ups", Name: "rack", Enabled: true, Config: json.RawMessage(`{"url":"a"}`), Origin: "config.hcl:3"}
	bad := Integration{ID: "ups/bad", Kind: "ups", Name: "bad", Enabled: true, Config: json.RawMessage(`{}`), Origin: "config.hcl:9"}
	findings, err := s.Adopt(t.Context(), []Integration{owned, bad})
	if err != nil || len(findings["ups/bad"]) != 1 {
		t.Fatalf("adopt: %v, %v", findings, err)
	}
	if d := s.Desired(); len(d) != 1 || d[0].ID != "ups/rack" {
		t.Errorf("desired: %+v", d)
	}
	if _, _, err := s.Save(t.Context(), owned, 0); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "config.hcl:3") {
		t.Errorf("change of an owned one: %v", err)
	}
	if err := s.Delete(t.Context(), "ups/rack", 0); !errs.Is(err, errs.Conflict) {
		t.Errorf("delete of an owned one: %v", err)
	}
	if _, err := s.Adopt(t.Context(), nil); err != nil || len(s.Desired()) != 0 {
		t.Errorf("after the file let go: %v, %v", s.Desired(), err)
	}
}

func TestDelete(t *testing.T) {
	m := &memory{rows: map[id.Integration]Sealed{}}
	s := newService(t, m)
	if _, _, err := s.Save(t.Context(), Integration{Kind: "ups", Name: "rack", Config: json.RawMessage(`{"url":"a"}`)}, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "ups/none", 1); !errs.Is(err, errs.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	if err := s.Delete(t.Context(), "ups/rack", 1); err != nil || len(m.rows) != 0 || len(s.List()) != 0 {
		t.Errorf("delete: %v", err)
	}
}

func TestTryFindsOutWithoutSaving(t *testing.T) {
	s := newService(t, &memory{rows: map[id.Integration]Sealed{}})
	stored := Integration{Kind: "ups", Name: "rack", Enabled: true, Config: json.RawMessage(`{"url":"a","pw":"hush"}`)}
	if _, _, err := s.Save(t.Context(), stored, 0); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		name, config string
		steps        int
		failure      string
	}{
		"a right password":                {"", `{"url":"a","pw":"hush"}`, 1, ""},
		"the stored password, masked":     {"rack", `{"url":"b","pw":"***"}`, 1, ""},
		"a masked password, nothing kept": {"other", `{"url":"b","pw":"***"}`, 2, "refuses the password"},
		"not valid":                       {"", `{}`, 0, "not valid"},
		"nothing to try":                  {"", `{"url":"untried"}`, 0, ""},
	} {
		got, err := s.Try(t.Context(), Integration{Kind: "ups", Name: c.name, Config: json.RawMessage(c.config)})
		if err != nil || len(got.Steps) != c.steps || (got.Failure == "") != (c.failure == "") || !strings.Contains(got.Failure, c.failure) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := s.Try(t.Context(), Integration{Kind: "nope", Config: json.RawMessage(`{}`)}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a kind without plugin: %v", err)
	}
	if got := s.List(); len(got) != 1 || got[0].Revision != 1 {
		t.Errorf("a trial was saved: %+v", got)
	}
}

func TestAnUpgradedConfigurationIsStoredForItsRevisionOnly(t *testing.T) {
	m := &memory{rows: map[id.Integration]Sealed{}}
	s := newService(t, m)
	x, _, err := s.Save(t.Context(), Integration{Kind: "ups", Name: "rack", Enabled: true, Config: json.RawMessage(`{"url":"a"}`)}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Upgraded(t.Context(), x.ID, 1, json.RawMessage(`{"url":"b"}`), 4); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Upgraded(t.Context(), x.ID, 2, json.RawMessage(`{"url":"c"}`), 5); err != nil {
		t.Fatal(err)
	}
	got := newService(t, m).Desired()
	if len(got) != 1 || string(got[0].Config) != `{"url":"b"}` || got[0].ConfigVersion != 4 || got[0].Revision != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAFileForAnEarlierVersionWorksWithAWarning(t *testing.T) {
	s := newService(t, &memory{rows: map[id.Integration]Sealed{}})
	owned := []Integration{
		{ID: "ups/old", Kind: "ups", Name: "old", Enabled: true, Origin: "config.hcl:3", Config: json.RawMessage(`{"address":"a"}`)},
		{ID: "ups/wrong", Kind: "ups", Name: "wrong", Enabled: true, Origin: "config.hcl:7", Config: json.RawMessage(`{"nothing":1}`)},
	}
	found, err := s.Adopt(t.Context(), owned)
	if err != nil || len(found["ups/old"]) != 1 || found["ups/old"][0].Severity != sdk.DiagnosticWarning || found["ups/old"][0].Path != "address" ||
		!strings.Contains(found["ups/old"][0].Detail, "url instead of address") || !failed(found["ups/wrong"]) {
		t.Fatalf("%+v, %v", found, err)
	}
	if got := s.Desired(); len(got) != 1 || string(got[0].Config) != `{"url":"a"}` {
		t.Errorf("%+v", got)
	}
}

func TestAnIntegrationIsJoinedUntilSomebodyEnablesIt(t *testing.T) {
	m := &memory{rows: map[id.Integration]Sealed{}}
	s := newService(t, m)
	for _, name := range []string{"a", "b"} {
		if _, _, err := s.Save(t.Context(), Integration{Kind: "ups", Name: name, Enabled: true, Config: json.RawMessage(`{"url":"x"}`)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Join(t.Context(), "ups/b", "ups/none"); !errs.Is(err, errs.NotFound) {
		t.Errorf("with nobody: %v", err)
	}
	if err := s.Join(t.Context(), "ups/b", "ups/a"); err != nil {
		t.Fatal(err)
	}
	s = newService(t, m) // over a restart
	if joins := s.Joins(); len(joins) != 1 || joins["ups/b"] != "ups/a" || s.Runs("ups/b") {
		t.Errorf("%v", joins)
	}
	b := s.List()[1]
	change := Integration{Kind: "ups", Name: "b", Title: "B", Config: b.Config}
	if b, _, err := s.Save(t.Context(), change, b.Revision); err != nil || b.Joined != "ups/a" {
		t.Errorf("a change that leaves it disabled parts nobody: %+v, %v", b, err)
	}
	change.Enabled = true
	if b, _, err := s.Save(t.Context(), change, b.Revision+1); err != nil || b.Joined != "" || !b.Apart {
		t.Errorf("enabled: %+v, %v", b, err)
	}
	if err := s.Join(t.Context(), "ups/b", "ups/a"); err != nil || len(s.Joins()) != 0 || !s.Runs("ups/b") {
		t.Errorf("it is joined again: %v, %v", s.Joins(), err)
	}
	owned := Integration{ID: "ups/f", Kind: "ups", Name: "f", Enabled: true, Config: json.RawMessage(`{"url":"a"}`), Origin: "config.hcl:3"}
	if _, err := s.Adopt(t.Context(), []Integration{owned}); err != nil {
		t.Fatal(err)
	}
	if err := s.Join(t.Context(), "ups/f", "ups/a"); !errs.Is(err, errs.Conflict) {
		t.Errorf("what a file owns: %v", err)
	}
}
