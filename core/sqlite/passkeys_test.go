package sqlite

import (
	"reflect"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/pulse-platform/pulse/core/auth"
	"github.com/pulse-platform/pulse/core/passkey"
)

func TestPasskeysGoWithTheirUser(t *testing.T) {
	a := openAuth(t)
	p := NewPasskeys(a.db)
	k := passkey.Key{ID: "AQ", User: "ann", Name: "Phone", Host: "pulse.example.com", Created: time.UnixMilli(1_760_000_000_123), Credential: webauthn.Credential{ID: []byte{1}, PublicKey: []byte{2, 3}}}
	if err := p.SaveKey(t.Context(), k); err == nil {
		t.Error("kept for nobody")
	}
	if err := a.SaveUser(t.Context(), auth.User{Name: "ann", Source: auth.SourceLocal}); err != nil {
		t.Fatal(err)
	}
	if err := p.SaveKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	k.Name, k.LastUsed = "Mine", k.Created.Add(time.Hour)
	k.Credential.Authenticator.SignCount = 7
	if err := p.SaveKey(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Keys(t.Context()); err != nil || len(got) != 1 || got[0].Name != "Mine" || !got[0].LastUsed.Equal(k.LastUsed) || got[0].Credential.Authenticator.SignCount != 7 || !reflect.DeepEqual(got[0].Credential.PublicKey, k.Credential.PublicKey) {
		t.Errorf("%+v %v", got, err)
	}
	if err := a.DeleteUser(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Keys(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("after the user: %+v %v", got, err)
	}
}
