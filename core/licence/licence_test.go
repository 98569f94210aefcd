package licence_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/licence"
)

type memory struct{ key string }

func (m *memory) Load(context.Context) (string, error)     { return m.key, nil }
func (m *memory) Save(_ context.Context, key string) error { m.key = key; return nil }
func (m *memory) Delete(context.Context) error             { m.key = ""; return nil }

var (
	issuer   = ed25519.NewKeyFromSeed([]byte(strings.Repeat("i", ed25519.SeedSize)))
	stranger = ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))
	start    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func sign(by ed25519.PrivateKey, header, claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	text := enc([]byte(header)) + "." + enc([]byte(claims))
	return text + "." + enc(ed25519.Sign(by, []byte(text)))
}

func key(claims string) string { return sign(issuer, `{"alg":"EdDSA","typ":"JWT"}`, claims) }

func open(t testing.TB, enforce bool, store licence.Store, now func() time.Time) *licence.Service {
	t.Helper()
	s, _, err := licence.Open(t.Context(), licence.Rule{Enforce: enforce, Signer: issuer.Public().(ed25519.PublicKey), Upgrade: "https://up.example.com"}, store, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A licence opens what its tier has while it lasts and a week longer, also after a restart.
func TestLifeOfALicence(t *testing.T) {
	now := start
	store := &memory{}
	s := open(t, true, store, func() time.Time { return now })
	if st := s.Status(); st.Valid || st.Tier != "free" || st.State != "none" || st.Days != 0 || !slices.Equal(st.Features, []string{"update_alerts", "sso", "ai_patrol"}) {
		t.Fatalf("without a key: %+v", st)
	}
	var e *errs.Error
	if err := s.Check(licence.RBAC); !errors.As(err, &e) || e.Code != errs.Unlicensed || e.Extra["feature"] != "rbac" || e.Extra["upgrade_url"] != "https://up.example.com" {
		t.Fatalf("%v", err)
	}
	ends := start.Add(48 * time.Hour)
	if _, err := s.Activate(t.Context(), " "+key(fmt.Sprintf(`{"tier":"pro_annual","email":"a@example.com","exp":%d,"features":["white_label","nonsense"],"max_nodes":3}`, ends.Unix()))+"\n"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at          time.Duration
		state       string
		valid, rbac bool
		days        int
	}{
		{0, "active", true, true, 2},
		{47 * time.Hour, "active", true, true, 1},
		{48 * time.Hour, "grace_period", true, true, 0},
		{9*24*time.Hour - time.Second, "grace_period", true, true, 0},
		{9 * 24 * time.Hour, "expired", false, false, 0},
	} {
		now = start.Add(c.at)
		for _, s := range []*licence.Service{s, open(t, true, store, func() time.Time { return now })} {
			st := s.Status()
			if st.State != c.state || st.Valid != c.valid || st.Tier != "pro_annual" || st.Days != c.days || (s.Check(licence.RBAC) == nil) != c.rbac || st.MaxNodes != 3 ||
				st.InGrace != (c.state == "grace_period") || slices.Contains(st.Features, "white_label") != c.rbac || slices.Contains(st.Features, "nonsense") {
				t.Errorf("after %s: %+v", c.at, st)
			}
		}
	}
	if err := s.Clear(t.Context()); err != nil || store.key != "" || s.Status().State != "none" {
		t.Errorf("cleared: %v %+v", err, s.Status())
	}
	if st, err := s.Activate(t.Context(), key(`{"tier":"lifetime","exp":0}`)); err != nil || !st.Lifetime || st.Days != -1 || st.Expires != nil || !st.Valid {
		t.Errorf("lifetime: %v %+v", err, st)
	}
}

func TestEverythingIsOpenUnlessEnforced(t *testing.T) {
	s := open(t, false, &memory{}, func() time.Time { return start })
	for _, f := range append(slices.Clone(licence.Listed), licence.LongTermMetrics) {
		if err := s.Check(f); err != nil || !slices.Contains(s.Status().Features, f) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestRefusedKeys(t *testing.T) {
	store := &memory{}
	s := open(t, true, store, func() time.Time { return start })
	good := key(`{"tier":"pro","exp":0}`)
	for name, k := range map[string]string{
		"nothing": "", "words": "a licence", "two parts": "a.b", "a stranger's": sign(stranger, `{"alg":"EdDSA"}`, `{"tier":"pro"}`),
		"none": sign(issuer, `{"alg":"none"}`, `{"tier":"pro"}`), "no tier": key(`{}`), "a strange tier": key(`{"tier":"gold"}`), "no JSON": key(`x`),
		"changed": good[:len(good)/2] + "A" + good[len(good)/2+1:], "no signature": good[:strings.LastIndex(good, ".")+1],
		"ended": key(fmt.Sprintf(`{"tier":"pro","exp":%d}`, start.Add(-8*24*time.Hour).Unix())), "before time": key(`{"tier":"pro","exp":-1}`),
		"past time": key(`{"tier":"pro","exp":999999999999999}`), "huge": strings.Repeat("a", 1<<20),
	} {
		if _, err := s.Activate(t.Context(), k); !errs.Is(err, errs.Invalid) || store.key != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A key that another issuer signed, or somebody put into the store, opens nothing.
	store.key = sign(stranger, `{"alg":"EdDSA"}`, `{"tier":"pro"}`)
	s, ignored, err := licence.Open(t.Context(), licence.Rule{Enforce: true, Signer: issuer.Public().(ed25519.PublicKey)}, store, time.Now)
	if err != nil || ignored == nil || s.Check(licence.RBAC) == nil {
		t.Errorf("%v %v", ignored, err)
	}
}

func FuzzActivate(f *testing.F) {
	f.Add(key(`{"tier":"pro","exp":0}`))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, k string) {
		s := open(t, true, &memory{}, func() time.Time { return start })
		if _, err := s.Activate(t.Context(), k); err == nil && strings.TrimSpace(k) != key(`{"tier":"pro","exp":0}`) {
			t.Errorf("taken: %q", k)
		}
	})
}
