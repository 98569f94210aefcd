package passkey_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/passkey"
)

const base = "https://pulse.example.com"

type memory map[string]passkey.Key

func (m memory) Keys(context.Context) (all []passkey.Key, err error) {
	for _, k := range m {
		all = append(all, k)
	}
	return all, nil
}

func (m memory) SaveKey(_ context.Context, k passkey.Key) error { m[k.ID] = k; return nil }
func (m memory) DeleteKey(_ context.Context, id string) error   { delete(m, id); return nil }

func TestUnavailable(t *testing.T) {
	for at, word := range map[string]string{
		base: "", "https://pulse.example.com:8443": "", "http://localhost:7655": "", "http://pulse.localhost": "",
		"http://pulse.example.com": "HTTPS", "https://192.0.2.1": "IP address", "http://127.0.0.1:7655": "IP address", "https://[::1]": "IP address", "": "unknown", "http://localhost.example.com": "HTTPS",
	} {
		if got := passkey.Unavailable(at); (word == "") != (got == "") || !strings.Contains(got, word) {
			t.Errorf("%s: %q", at, got)
		}
	}
}

// What a browser is asked for: a key that the device finds by itself, used after it has seen its owner.
func TestOptions(t *testing.T) {
	s := passkey.New(memory{}, time.Now)
	_, options, err := s.Register(t.Context(), "ann", base)
	raw, _ := json.Marshal(options)
	var made struct {
		RP        struct{ ID string }
		Selection struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
	}
	if err2 := json.Unmarshal(raw, &made); err != nil || err2 != nil || made.RP.ID != "pulse.example.com" || made.Selection.ResidentKey != "required" || made.Selection.UserVerification != "required" {
		t.Errorf("%s %v %v", raw, err, err2)
	}
	_, options, err = s.Login(base)
	raw, _ = json.Marshal(options)
	if err != nil || !strings.Contains(string(raw), `"userVerification":"required"`) || strings.Contains(string(raw), "allowCredentials") {
		t.Errorf("%s %v", raw, err)
	}
	if _, _, err := s.Login("http://192.0.2.1"); !errs.Is(err, errs.Invalid) {
		t.Errorf("without HTTPS: %v", err)
	}
}

// over tells that a ceremony was not found, and not that its answer was wrong.
func over(err error) bool {
	return err != nil && strings.Contains(err.Error(), "begin again") && strings.Contains(err.Error(), "ended")
}

// A ceremony counts once, for whom and at the address at which it began, for some minutes.
func TestCeremonies(t *testing.T) {
	now := time.Now()
	s := passkey.New(memory{}, func() time.Time { return now })
	begin := func() string {
		name, _, err := s.Register(t.Context(), "ann", base)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	add := func(user, at, ceremony string) error {
		_, err := s.Add(t.Context(), user, at, "Phone", ceremony, []byte(`{}`))
		return err
	}
	one := begin()
	if err := add("ann", base, one); over(err) || err == nil {
		t.Errorf("at first: %v", err)
	}
	if err := add("ann", base, one); !over(err) {
		t.Errorf("twice: %v", err)
	}
	if err := add("bob", base, begin()); !over(err) {
		t.Errorf("another user: %v", err)
	}
	if err := add("ann", "https://evil.example.com", begin()); !over(err) {
		t.Errorf("another address: %v", err)
	}
	if _, err := s.Enter(t.Context(), base, begin(), []byte(`{}`)); !over(err) {
		t.Errorf("a registration as a login: %v", err)
	}
	login, _, _ := s.Login(base)
	if err := add("", base, login); over(err) || err == nil {
		t.Errorf("nobody: %v", err)
	}
	late := begin()
	now = now.Add(passkey.CeremonyLife)
	if err := add("ann", base, late); !over(err) {
		t.Errorf("too late: %v", err)
	}
	for range 3000 { // bounded: the newest always counts
		late = begin()
	}
	if err := add("ann", base, late); over(err) {
		t.Errorf("the newest of many: %v", err)
	}
	if _, err := s.Add(t.Context(), "ann", base, " ", begin(), nil); !errs.Is(err, errs.Invalid) {
		t.Errorf("no name: %v", err)
	}
}

func TestOwnKeysOnly(t *testing.T) {
	m := memory{"k": {ID: "k", User: "ann", Name: "Phone", Host: "pulse.example.com"}}
	s := passkey.New(m, time.Now)
	if err := s.Rename(t.Context(), "bob", "k", "Mine"); !errs.Is(err, errs.NotFound) {
		t.Errorf("another's: %v", err)
	}
	if _, err := s.Delete(t.Context(), "bob", "k"); !errs.Is(err, errs.NotFound) || len(m) != 1 {
		t.Errorf("another's: %v", err)
	}
	if err := s.Rename(t.Context(), "ann", "k", strings.Repeat("x", 65)); !errs.Is(err, errs.Invalid) {
		t.Errorf("a long name: %v", err)
	}
	if err := s.Rename(t.Context(), "ann", "k", "Mine"); err != nil || m["k"].Name != "Mine" {
		t.Errorf("%v %v", err, m)
	}
	if name, err := s.Delete(t.Context(), "ann", "k"); err != nil || name != "Mine" || len(m) != 0 {
		t.Errorf("%q %v", name, err)
	}
	m["a"], m["b"], m["c"] = passkey.Key{ID: "a", User: "ann", Name: "Phone"}, passkey.Key{ID: "b", User: "bob"}, passkey.Key{ID: "c", User: "ann", Name: "Key"}
	if names, err := s.DeleteAll(t.Context(), "ann"); err != nil || len(names) != 2 || len(m) != 1 || m["b"].User != "bob" {
		t.Errorf("all of one: %q, %v; left %v", names, err, m)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA","authenticatorData":"AA","signature":"AA","userHandle":"YW5u"}}`))
	f.Add([]byte(`{}`))
	m := memory{"AA": {ID: "AA", User: "ann", Host: "pulse.example.com"}}
	s := passkey.New(m, time.Now)
	f.Fuzz(func(t *testing.T, answer []byte) {
		made, _, err := s.Register(t.Context(), "ann", base)
		used, _, err2 := s.Login(base)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if _, err := s.Add(t.Context(), "ann", base, "x", made, answer); err == nil {
			t.Error("a key out of nothing")
		}
		if _, err := s.Enter(t.Context(), base, used, answer); err == nil {
			t.Error("let in")
		}
	})
}
