package bundle_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/bundle"
	"github.com/pulse-platform/pulse/core/errs"
)

const passphrase = "correct horse battery"

// reference seals as the reference does.
func reference(t testing.TB, plain []byte, passphrase string) []byte {
	t.Helper()
	salt, nonce := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{9}, 12)
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, 100_000, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead.Seal(append(salt, nonce...), nonce, plain, nil)
}

func TestSealedOpens(t *testing.T) {
	plain := []byte(`{"format":1}`)
	sealed, err := bundle.Seal(plain, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	got, origin, err := bundle.Open(sealed, passphrase)
	if err != nil || origin != bundle.OriginOwn || !bytes.Equal(got, plain) {
		t.Errorf("got %s %s, %v", origin, got, err)
	}
	if _, _, err := bundle.Open(sealed, passphrase+"!"); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "passphrase is wrong") {
		t.Errorf("another passphrase: %v", err)
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 40, len(raw) / 2, len(raw) - 1} {
		if _, _, err := bundle.Open(base64.StdEncoding.EncodeToString(raw[:n]), passphrase); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("%d of %d bytes: %v", n, len(raw), err)
		}
	}
}

// A passphrase that is too short to be safe seals nothing.
func TestShortPassphrase(t *testing.T) {
	for _, p := range []string{"", "elevenchars", "ünïcödéééé"} {
		if _, err := bundle.Seal(nil, p); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", p, err)
		}
	}
}

// However a bundle of the reference was saved, it opens.
func TestPackaging(t *testing.T) {
	plain := []byte(`{"version":"4.1"}`)
	data := base64.StdEncoding.EncodeToString(reference(t, plain, passphrase))
	quoted, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"as the command line writes it": data + "\n",
		"the answer of an export":       `{"status":"success","data":"` + data + `"}`,
		"an object":                     ` {"data":"` + data + `"}`,
		"a JSON text":                   string(quoted),
		"base64 of base64":              base64.StdEncoding.EncodeToString([]byte(data)),
		"base64 of the answer":          base64.StdEncoding.EncodeToString([]byte(`{"status":"success","data":"` + data + `"}`)),
		"in lines":                      data[:40] + "\n" + data[40:],
	} {
		got, origin, err := bundle.Open(file, passphrase)
		if err != nil || origin != bundle.OriginReference || !bytes.Equal(got, plain) {
			t.Errorf("%s: %s %q, %v", name, origin, got, err)
		}
	}
	for name, file := range map[string]string{
		"nothing": "", "words": "not a bundle", "no data": `{"status":"success"}`, "half of JSON": `{"data":"` + data,
		"half of a text": `"abc`, "short": "AAAA", "packed for ever": strings.Repeat(`{"data":`, 3) + `""` + strings.Repeat("}", 3),
	} {
		if _, _, err := bundle.Open(file, passphrase); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "x", "no format": `{"tables":{"users":[]}}`, "no tables": `{"format":1}`, "later": `{"format":2,"server":"9","tables":{"users":[]}}`,
		"fraction": `{"format":1,"tables":{"users":[{"admin":1.5}]}}`, "list": `{"format":1,"tables":{"users":[{"admin":[]}]}}`,
		"huge": `{"format":1,"tables":{"users":[{"admin":1e999}]}}`, "truth": `{"format":1,"tables":{"users":[{"admin":true}]}}`,
	} {
		if _, err := bundle.Decode([]byte(text)); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The difference names what differs and never what it is.
func TestDiff(t *testing.T) {
	tables := []bundle.Table{{Name: "integrations", Section: "integrations", Keys: []string{"id"}, Lax: []string{"revision"}}, {Name: "users", Section: "users", Keys: []string{"name"}}}
	have := bundle.Tables{
		"integrations": {
			{"id": "a", "revision": int64(3), "config": `{"host":"x","password":"old"}`}, {"id": "b", "config": "{}"}, {"id": "c", "config": "{}"},
		},
		"users": {{"name": "ann"}},
	}
	rows := bundle.Tables{"integrations": {
		{"id": "a", "revision": int64(1), "config": `{"password":"new","host":"x","user":"me"}`}, {"id": "b", "config": "{}"}, {"id": "d", "config": "{}"},
	}}
	want := []bundle.Change{{Section: "integrations", Added: []string{"d"}, Changed: []bundle.Changed{{Name: "a", Members: []string{"password", "user"}}}, Removed: []string{"c"}, Same: 1}}
	if got := bundle.Diff(tables, have, rows, true); !reflect.DeepEqual(got, want) {
		t.Errorf("replacing: %+v", got)
	}
	want[0].Removed, want[0].Same = []string{}, 2
	if got := bundle.Diff(tables, have, rows, false); !reflect.DeepEqual(got, want) {
		t.Errorf("adding: %+v", got)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString(reference(f, []byte("{}"), passphrase)))
	f.Add(`{"data":"AAAA"}`)
	f.Add("age-encryption.org/v1\n-> scrypt AAAA 10\n")
	f.Fuzz(func(t *testing.T, data string) {
		plain, _, err := bundle.Open(data, passphrase)
		if (err == nil) == (plain == nil) && len(plain) > 0 {
			t.Errorf("%q opened with an error", plain)
		}
		if err != nil && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) {
			t.Errorf("not a word for people: %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"format":1,"tables":{"users":[{"name":"a","admin":1}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := bundle.Decode(raw)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bundle.Decode(again); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
