package host

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/internal/rpc"
)

// maxManifest bounds a manifest file, in bytes.
const maxManifest = 4 << 20

// Manifest is what the file beside a plugin's binary says.
type Manifest struct {
	Kind    string
	Name    string
	Version string
	// ProtocolMin and ProtocolMax are the versions of the protocol that the plugin speaks.
	ProtocolMin, ProtocolMax int
	// SHA256 of the binary, lower-case hex.
	SHA256      string
	OS, Arch    string
	Description sdk.Description
	// Commands are subcommands of the plugin's own, for example "simulate".
	Commands []string
}

var (
	kindForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	hexForm  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ReadManifest reads a manifest file. The binary is not touched.
func ReadManifest(path string) (Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, fmt.Errorf("open manifest: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return Manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	if len(raw) > maxManifest {
		return Manifest{}, fmt.Errorf("read manifest: it is larger than %d bytes", maxManifest)
	}
	return ParseManifest(raw)
}

// ParseManifest reads a manifest.
func ParseManifest(raw []byte) (Manifest, error) {
	var file rpc.Manifest
	if err := json.Unmarshal(raw, &file); err != nil {
		return Manifest{}, fmt.Errorf("parse manifest: %w", err)
	}
	if file.Manifest != rpc.ManifestVersion {
		return Manifest{}, fmt.Errorf("parse manifest: it has form %d; this server reads %d", file.Manifest, rpc.ManifestVersion)
	}
	d, err := rpc.DecodeDescription(file.Description)
	if err != nil {
		return Manifest{}, fmt.Errorf("parse manifest: %w", err)
	}
	m := Manifest{
		Kind: file.Kind, Name: file.Name, Version: file.Version,
		ProtocolMin: file.Protocol.Min, ProtocolMax: file.Protocol.Max,
		SHA256: strings.ToLower(file.SHA256), OS: file.OS, Arch: file.Arch, Description: d, Commands: file.Commands,
	}
	switch {
	case !kindForm.MatchString(m.Kind):
		err = errors.New("the kind must be lower-case letters, digits and hyphens")
	case d.Kind != m.Kind || d.Version != m.Version:
		err = errors.New("the description is of another plugin or version")
	case !hexForm.MatchString(m.SHA256):
		err = errors.New("the checksum is no SHA-256")
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("parse manifest: %w", err)
	}
	return m, nil
}

// SameDescription reports whether two manifests declare the same.
func SameDescription(a, b Manifest) bool { return rpc.SameDescription(a.Description, b.Description) }

// Compatible says in one sentence why the plugin cannot run here; nil when it can.
func (m Manifest) Compatible() error {
	if m.OS != runtime.GOOS || m.Arch != runtime.GOARCH {
		return fmt.Errorf("plugin %s %s is built for %s/%s; this machine is %s/%s: install the build for it",
			m.Kind, m.Version, m.OS, m.Arch, runtime.GOOS, runtime.GOARCH)
	}
	if m.ProtocolMin > rpc.Protocol {
		return fmt.Errorf("plugin %s %s needs protocol %d; this server speaks %d: update the server or install an older %s",
			m.Kind, m.Version, m.ProtocolMin, rpc.Protocol, m.Kind)
	}
	if m.ProtocolMax < rpc.Protocol {
		return fmt.Errorf("plugin %s %s speaks protocols up to %d; this server speaks %d: install a newer %s",
			m.Kind, m.Version, m.ProtocolMax, rpc.Protocol, m.Kind)
	}
	return nil
}

// Verify checks that the binary is the one that the manifest speaks of, and that it can run here.
func (m Manifest) Verify(binary string) error {
	if err := m.Compatible(); err != nil {
		return err
	}
	info, err := os.Lstat(binary)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("plugin %s: its program %s is missing (%w): install the plugin again", m.Kind, filepath.Base(binary), os.ErrNotExist)
	}
	if err != nil {
		return fmt.Errorf("verify plugin %s: %w", m.Kind, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("verify plugin %s: %s is no regular file", m.Kind, binary)
	}
	got, err := checksum(binary)
	if err != nil {
		return fmt.Errorf("verify plugin %s: %w", m.Kind, err)
	}
	if got != m.SHA256 {
		return fmt.Errorf("verify plugin %s: the binary's checksum %s… is not the manifest's %s…: install the plugin again", m.Kind, got[:12], m.SHA256[:12])
	}
	return nil
}

// checksum returns the SHA-256 of a file, lower-case hex.
func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
