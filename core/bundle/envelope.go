package bundle

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/pulse-platform/pulse/core/errs"
)

// MinPassphrase is the least number of characters of a passphrase that seals a bundle.
const MinPassphrase = 12

// The work of scrypt, as a power of two: 2^16 takes 64 MiB and some tenths of a second for each guess. A bundle may ask
// for a little more and no more, since it decides how much memory reading it takes.
const (
	workFactor    = 16
	maxWorkFactor = 18
)

// ageHeader begins every age file.
const ageHeader = "age-encryption.org/"

// maxPlain is the most bytes that a bundle may open to.
const maxPlain = 64 << 20

// Origin is who wrote a bundle.
type Origin string

// The origins.
const (
	OriginOwn       Origin = "pulse"
	OriginReference Origin = "reference"
)

// Seal encrypts a document under a passphrase, as an age file (age-encryption.org/v1, scrypt) in base64.
func Seal(plain []byte, passphrase string) (string, error) {
	if utf8.RuneCountInString(passphrase) < MinPassphrase {
		return "", errs.New(errs.Invalid, "the passphrase must have at least %d characters", MinPassphrase).WithField("passphrase")
	}
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return "", err
	}
	to.SetWorkFactor(workFactor)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(plain); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// Open decrypts what Seal made, or a bundle of the reference, however it was saved: as it is, in base64 once or twice, as
// a JSON text, or as the whole answer of an export. Errors are errs.Invalid and say what to do.
func Open(data, passphrase string) ([]byte, Origin, error) {
	if passphrase == "" {
		return nil, "", errs.New(errs.Invalid, "the passphrase is missing").WithField("passphrase")
	}
	raw, err := unwrap(data)
	if err != nil {
		return nil, "", err
	}
	if bytes.HasPrefix(raw, []byte(ageHeader)) {
		plain, err := openAge(raw, passphrase)
		return plain, OriginOwn, err
	}
	plain, err := openReference(raw, passphrase)
	return plain, OriginReference, err
}

// maxWraps is how many layers of packaging are taken off.
const maxWraps = 4

// unwrap takes the packaging off the sealed bytes.
func unwrap(data string) ([]byte, error) {
	text := strings.TrimSpace(strings.TrimPrefix(data, "\ufeff"))
	if text == "" {
		return nil, errs.New(errs.Invalid, "the bundle is missing").WithField("data")
	}
	for range maxWraps {
		switch {
		case strings.HasPrefix(text, ageHeader):
			return []byte(text), nil
		case strings.HasPrefix(text, "{"):
			var answer struct {
				Data string `json:"data"`
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Data == "" {
				return nil, errs.New(errs.Invalid, `the file is JSON, but has no text "data": choose the file that an export made`).WithField("data")
			}
			text = answer.Data
		case strings.HasPrefix(text, `"`):
			var inner string
			if err := json.Unmarshal([]byte(text), &inner); err != nil {
				return nil, errs.New(errs.Invalid, "the bundle is cut off or not a bundle").WithField("data")
			}
			text = inner
		default:
			raw, err := decode64(text)
			if err != nil {
				return nil, errs.New(errs.Invalid, "the bundle is cut off or not a bundle: it is not base64").WithField("data")
			}
			if inner := strings.TrimSpace(string(raw)); !wrapped(inner) {
				return raw, nil
			}
			text = string(raw)
		}
		text = strings.TrimSpace(text)
	}
	return nil, errs.New(errs.Invalid, "the bundle is packed too often: choose the file that an export made").WithField("data")
}

// wrapped tells whether text is packaging again. Sealed bytes are so by chance once in 2^200 cases.
func wrapped(text string) bool {
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, `"`) {
		return json.Valid([]byte(text))
	}
	_, err := decode64(text)
	return err == nil && !strings.HasPrefix(text, ageHeader)
}

func decode64(text string) ([]byte, error) {
	text = strings.NewReplacer("\n", "", "\r", "", " ", "").Replace(text)
	if text == "" {
		return nil, errors.New("empty")
	}
	return base64.StdEncoding.DecodeString(text)
}

func openAge(raw []byte, passphrase string) ([]byte, error) {
	with, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "the passphrase cannot be used").WithField("passphrase")
	}
	with.SetMaxWorkFactor(maxWorkFactor)
	r, err := age.Decrypt(bytes.NewReader(raw), with)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none):
		return nil, errs.New(errs.Invalid, "the passphrase is wrong").WithWord("wrong_passphrase").WithField("passphrase")
	case err != nil:
		return nil, damaged(err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxPlain+1))
	switch {
	case err != nil:
		return nil, damaged(err)
	case len(plain) > maxPlain:
		return nil, errs.New(errs.TooLarge, "the bundle is larger than %d bytes", maxPlain).WithField("data")
	}
	return plain, nil
}

func damaged(err error) error {
	return errs.Wrap(errs.Invalid, err, "the bundle is damaged or cut off: its end or a part of it is not what was sealed").WithWord("damaged_bundle").WithField("data")
}

// The reference's envelope: salt, nonce, AES-256-GCM under a key of PBKDF2-HMAC-SHA256.
const (
	referenceSalt   = 32
	referenceNonce  = 12
	referenceRounds = 100_000
)

func openReference(raw []byte, passphrase string) ([]byte, error) {
	if len(raw) < referenceSalt+referenceNonce+16 {
		return nil, errs.New(errs.Invalid, "the bundle is cut off: it has only %d bytes", len(raw)).WithWord("damaged_bundle").WithField("data")
	}
	key, err := pbkdf2.Key(sha256.New, passphrase, raw[:referenceSalt], referenceRounds, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, raw[referenceSalt:referenceSalt+referenceNonce], raw[referenceSalt+referenceNonce:], nil)
	if err != nil {
		// This format cannot tell the two apart.
		return nil, errs.New(errs.Invalid, "the passphrase is wrong, or the bundle is damaged or cut off").WithWord("wrong_passphrase").WithField("passphrase")
	}
	return plain, nil
}
