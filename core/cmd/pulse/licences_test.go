package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"os"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/config"
	"github.com/pulse-platform/pulse/core/licence"
)

// A licence key outlives the server and a new key of the secrets, and lies sealed.
func TestLicenceIsKept(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	key := enc([]byte(`{"alg":"EdDSA"}`)) + "." + enc([]byte(`{"tier":"pro"}`))
	key += "." + enc(ed25519.Sign(private, []byte(key)))
	cfg := &config.Config{Server: config.Server{Data: t.TempDir()}, License: config.License{Enforce: true, PublicKey: base64.StdEncoding.EncodeToString(public)}}

	for run, rotate := range []bool{false, true, false} {
		b, err := openBase(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		s, err := openLicences(t.Context(), b, cfg.License, hclog.NewNullLogger())
		if err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			if s.Check(licence.RBAC) == nil {
				t.Error("open without a key")
			}
			if _, err := s.Activate(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Check(licence.RBAC); err != nil {
			t.Errorf("run %d: %v", run, err)
		}
		if rotate {
			if n, err := b.state.Reseal(t.Context(), b.sealer, b.sealer); err != nil || n != 1 {
				t.Errorf("sealed anew: %d, %v", n, err)
			}
		}
		if err := errors.Join(b.state.Flush(t.Context()), b.Close()); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(cfg.Server.Data + "/" + stateFile)
	if err != nil || bytes.Contains(file, []byte(key[:40])) {
		t.Errorf("the key lies in the clear: %v", err)
	}
}
