package arrival

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// maxFile is the most bytes of a file that are read.
const maxFile = 32 << 20

// keyFile holds the key of the sealed files, in base64.
const keyFile = ".encryption.key"

// ReadDirectory reads a data directory of the reference. A file that cannot be read is told in Unread; only a directory
// without any of its files is an error.
func ReadDirectory(dir fs.FS) (Document, error) {
	r := &directory{fs: dir, doc: Document{Version: "data directory", Metadata: map[string]map[string]json.RawMessage{}, Unread: map[string]string{}}}
	r.key = r.readKey()
	sealed := func(name string, into any) { r.take(name, r.sealed, into) }
	plain := func(name string, into any) { r.take(name, r.plain, into) }

	sealed("nodes.enc", &r.doc.Nodes)
	sealed("email.enc", &r.doc.Email)
	sealed("webhooks.enc", &r.doc.Webhooks)
	sealed(compat.RelayPlugin+".enc", &r.doc.Relay)
	sealed("oidc.enc", &r.doc.SignOn)
	plain("alerts.json", &r.doc.Alerts)
	plain("system.json", &r.doc.System)
	plain("api_tokens.json", &r.doc.Tokens)
	plain("rbac_roles.json", &r.doc.Roles)
	plain("guest_metadata.json", &r.doc.GuestMetadata)
	for _, kind := range compat.MetadataKinds() {
		if kind.Name == compat.MetadataGuest {
			continue
		}
		var all map[string]json.RawMessage
		if plain(strings.ReplaceAll(kind.Name, "-", "_")+"_metadata.json", &all); all != nil {
			r.doc.Metadata[kind.Name] = all
		}
	}
	r.environment()
	if r.found == 0 {
		return Document{}, errs.New(errs.Invalid, "there is none of the reference's files in this directory: name the one with nodes.enc and system.json, usually /etc/pulse or /data")
	}
	r.leave()
	return r.doc, nil
}

// left are files whose content cannot come, with the reason.
var left = map[string]string{
	"sessions.json": "people log in again", "csrf_tokens.json": "people log in again", "rbac_assignments.json": "give the roles anew, on the page Users: whose a name is at a provider is not known yet",
	"license.enc": "every feature is open here", "ai.enc": "set up the provider of models anew", "sso.enc": "only OIDC comes", "update-history.jsonl": "it tells of another program's updates",
	"audit/audit.db": "its entries are signed by another server; keep the file", "recovery_tokens.json": "they end when the server changes",
}

type directory struct {
	fs    fs.FS
	key   cipher.AEAD
	keyed error
	doc   Document
	found int
}

func (r *directory) read(name string) ([]byte, error) {
	f, err := r.fs.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = errors.New("it is too large")
	}
	return content, err
}

func (r *directory) readKey() cipher.AEAD {
	text, err := r.read(keyFile)
	if err != nil {
		r.keyed = fmt.Errorf("the file %s, which holds its key, is not there or not readable", keyFile)
		return nil
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		r.keyed = fmt.Errorf("the file %s does not hold a key", keyFile)
		return nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		r.keyed = err
		return nil
	}
	aead, err := cipher.NewGCM(block)
	r.keyed = err
	return aead
}

// sealed opens a file: a nonce and what AES-GCM made, as bytes or in base64.
func (r *directory) sealed(content []byte) ([]byte, error) {
	if r.key == nil {
		return nil, r.keyed
	}
	open := func(b []byte) ([]byte, error) {
		if len(b) < r.key.NonceSize() {
			return nil, errors.New("it is cut off")
		}
		return r.key.Open(nil, b[:r.key.NonceSize()], b[r.key.NonceSize():], nil)
	}
	plain, err := open(content)
	if err != nil {
		if raw, notText := base64.StdEncoding.DecodeString(strings.TrimSpace(string(content))); notText == nil {
			plain, err = open(raw)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("it is damaged, or %s is not its key", keyFile)
	}
	return plain, nil
}

func (r *directory) plain(content []byte) ([]byte, error) { return content, nil }

func (r *directory) take(name string, open func([]byte) ([]byte, error), into any) {
	content, err := r.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	r.found++
	if err == nil {
		if content, err = open(content); err == nil {
			err = decode(content, into)
		}
	}
	if err != nil {
		r.doc.Unread[name] = err.Error()
	}
}

// decode reads JSON. It keeps nothing of what it cannot read.
func decode(content []byte, into any) error {
	if content = bytes.TrimSpace(bytes.TrimPrefix(content, []byte("\ufeff"))); len(content) == 0 {
		return nil
	}
	if err := json.Unmarshal(content, into); err != nil {
		return errors.New("it is not the JSON that is expected")
	}
	return nil
}

// environment reads the local user from .env.
func (r *directory) environment() {
	content, err := r.read(".env")
	if err != nil {
		return
	}
	r.found++
	values := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		name, value, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "export "), "=")
		if found && !strings.HasPrefix(name, "#") {
			values[strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), `'"`)
		}
	}
	if user, hash := values["PULSE_AUTH_USER"], values["PULSE_AUTH_PASS"]; user != "" && hash != "" {
		r.doc.Users = append(r.doc.Users, User{Name: user, Password: hash})
	}
}

// leave names the files whose content cannot come.
func (r *directory) leave() {
	for name, reason := range left {
		if _, err := fs.Stat(r.fs, name); err == nil {
			r.doc.Unread[name] = reason
		}
	}
}
