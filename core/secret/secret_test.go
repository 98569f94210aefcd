package secret_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/secret"
)

func mustSealer(t *testing.T, current byte, retired ...byte) *secret.Sealer {
	t.Helper()
	var old [][]byte
	for _, b := range retired {
		old = append(old, bytes.Repeat([]byte{b}, 32))
	}
	s, err := secret.New(bytes.Repeat([]byte{current}, 32), old...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustSeal(t *testing.T, s *secret.Sealer, place, plain string) []byte {
	t.Helper()
	sealed, err := s.Seal(place, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealOpen(t *testing.T) {
	s := mustSealer(t, 1)
	for _, plain := range []string{"", "x", strings.Repeat("long", 1000)} {
		sealed := mustSeal(t, s, "a", plain)
		if len(plain) > 8 && bytes.Contains(sealed, []byte(plain)) { // a single byte may be there by chance
			t.Error("the plain text is in the sealed value")
		}
		got, err := s.Open("a", sealed)
		if err != nil || string(got) != plain {
			t.Errorf("got %q %v, want %q", got, err, plain)
		}
		if bytes.Equal(sealed, mustSeal(t, s, "a", plain)) {
			t.Error("sealing twice gives the same: the nonce repeats")
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	s := mustSealer(t, 1)
	sealed := mustSeal(t, s, "integration/a", "hunter2")
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := s.Open("integration/a", broken); err == nil {
			t.Errorf("opened with byte %d changed", i)
		}
	}
	for i := range len(sealed) {
		if _, err := s.Open("integration/a", sealed[:i]); err == nil {
			t.Errorf("opened %d of %d bytes", i, len(sealed))
		}
	}
	if _, err := s.Open("integration/b", sealed); !errors.Is(err, secret.ErrTampered) {
		t.Errorf("opened at another place: %v", err)
	}
	if _, err := mustSealer(t, 2).Open("integration/a", sealed); !errors.Is(err, secret.ErrKey) {
		t.Errorf("opened with another key: %v", err)
	}
	if _, err := s.Open("integration/a", []byte("plain text of former days, long enough")); !errors.Is(err, secret.ErrFormat) {
		t.Errorf("opened a foreign value: %v", err)
	}
}

func TestRotation(t *testing.T) {
	old := mustSeal(t, mustSealer(t, 1), "a", "x")
	s := mustSealer(t, 2, 1)
	got, err := s.Open("a", old)
	if err != nil || string(got) != "x" || !s.Retired(old) {
		t.Fatalf("got %q %v, retired %v", got, err, s.Retired(old))
	}
	fresh := mustSeal(t, s, "a", "x")
	if s.Retired(fresh) {
		t.Error("a fresh value is sealed under the retired key")
	}
	if _, err := mustSealer(t, 2).Open("a", fresh); err != nil {
		t.Errorf("the retired key is still needed: %v", err)
	}
}

func TestOpenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	first, err := secret.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != 32 || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v %v", info, err)
	}
	again, err := secret.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := mustSeal(t, first, "a", "x")
	if _, err := again.Open("a", sealed); err != nil {
		t.Errorf("the key did not survive: %v", err)
	}
	retired := path + ".1"
	if err := secret.RotateFile(path, retired); err != nil {
		t.Fatal(err)
	}
	rotated, err := secret.OpenFile(path, retired)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rotated.Open("a", sealed); err != nil || !rotated.Retired(sealed) {
		t.Errorf("after the rotation: %v, retired %v", err, rotated.Retired(sealed))
	}
	if err := secret.RotateFile(path, retired); err == nil {
		t.Error("a rotation overwrote a retired key")
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 2 {
		t.Errorf("files left: %v %v", left, err)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, bytes.Repeat([]byte("k"), size), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(write("target", 32, 0o600), link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		write("readable", 32, 0o644): "chmod 600",
		write("group", 32, 0o660):    "chmod 600",
		write("short", 31, 0o600):    "31 bytes",
		write("empty", 0, 0o600):     "0 bytes",
		link:                         "not a regular file",
		filepath.Join(dir, "none/x"): "no such file",
	} {
		if _, err := secret.OpenFile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// sealedX is "x", sealed for place "a" under a key of zeros. What lies in databases must open for ever.
const sealedX = "01738543c4c2b169d609ac21c70e3bc51f84ac654318d20ce2cbc2d202f00b1d7129a417a452"

func TestFormatStays(t *testing.T) {
	sealed, err := hex.DecodeString(sealedX)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := mustSealer(t, 0).Open("a", sealed); err != nil || string(got) != "x" {
		t.Errorf("got %q %v", got, err)
	}
}

func TestStringDoesNotPrint(t *testing.T) {
	if text := fmt.Sprintf("%v %s %+v %#v %q %x", []any{secret.String("hunter2")}, secret.String("hunter2"), struct{ S secret.String }{"hunter2"},
		secret.String("hunter2"), secret.String("hunter2"), secret.String("hunter2")); strings.Contains(text, "hunter2") || strings.Contains(text, "68756e") {
		t.Errorf("printed %s", text)
	}
}

func FuzzOpen(f *testing.F) {
	s, err := secret.New(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := hex.DecodeString(sealedX)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "a")
	f.Add([]byte{1}, "")
	f.Fuzz(func(t *testing.T, b []byte, place string) {
		if _, err := s.Open(place, b); err == nil && (place != "a" || !bytes.Equal(b, sealed)) {
			t.Errorf("opened %x for %q", b, place)
		}
	})
}
