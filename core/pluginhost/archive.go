package pluginhost

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk/host"
)

// The limits of an archive, in bytes.
const (
	MaxArchive  = 64 << 20
	maxProgram  = 128 << 20
	maxManifest = 4 << 20
	maxFiles    = 16
)

// Archive is a plugin that can be installed: its program and its manifest, which fit.
type Archive struct {
	Manifest host.Manifest
	// Name is that of the program's file.
	Name    string
	Program []byte
	raw     []byte // of the manifest
}

// ReadArchive reads a gzipped tar that holds pulse-plugin-<kind> and pulse-plugin-<kind>.json, and perhaps a licence and
// a readme, which are left out. Names with a folder, links and anything else are refused. Errors are fit for people.
func ReadArchive(r io.Reader) (Archive, error) {
	zipped, err := gzip.NewReader(r)
	if err != nil {
		return Archive{}, errs.Wrap(errs.Invalid, err, "the archive is no gzipped tar")
	}
	defer zipped.Close()
	var a Archive
	files := tar.NewReader(io.LimitReader(zipped, maxProgram+maxManifest+1<<20))
	for n := 0; ; n++ {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Archive{}, errs.Wrap(errs.Invalid, err, "the archive is damaged or too large")
		}
		if n == maxFiles {
			return Archive{}, errs.New(errs.Invalid, "the archive holds more than %d files", maxFiles)
		}
		if err := a.take(h, files); err != nil {
			return Archive{}, err
		}
	}
	return a, a.judge()
}

// take reads one file of the archive.
func (a *Archive) take(h *tar.Header, r io.Reader) error {
	name := h.Name
	switch {
	case h.Typeflag != tar.TypeReg:
		return errs.New(errs.Invalid, "the archive holds %.80q, which is no ordinary file", name)
	case name != filepath.Base(name) || strings.ContainsAny(name, `/\:`) || strings.HasPrefix(name, "."):
		return errs.New(errs.Invalid, "the archive holds %.80q, whose name leads elsewhere", name)
	case !strings.HasPrefix(name, prefix):
		return nil // a licence, a readme
	case strings.HasSuffix(name, ".json"):
		return a.takeManifest(name, r)
	case a.Program != nil:
		return errs.New(errs.Invalid, "the archive holds two programs")
	}
	program, err := readUpTo(r, maxProgram)
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "the program in the archive cannot be read")
	}
	a.Name, a.Program = name, program
	return nil
}

func (a *Archive) takeManifest(name string, r io.Reader) error {
	if a.raw != nil {
		return errs.New(errs.Invalid, "the archive holds two manifests")
	}
	raw, err := readUpTo(r, maxManifest)
	if err == nil {
		a.Manifest, err = host.ParseManifest(raw)
	}
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "the manifest %.80q cannot be used", name)
	}
	a.raw = raw
	return nil
}

// judge says what is missing or does not fit.
func (a *Archive) judge() error {
	switch {
	case a.raw == nil:
		return errs.New(errs.Invalid, "the archive holds no manifest: make it with pulse plugin pack")
	case a.Program == nil:
		return errs.New(errs.Invalid, "the archive holds no program: make it with pulse plugin pack")
	case strings.TrimSuffix(a.Name, ".exe") != prefix+a.Manifest.Kind:
		return errs.New(errs.Invalid, "the archive's program %.80q is not that of the manifest's plugin %s", a.Name, a.Manifest.Kind)
	}
	if err := a.Manifest.Compatible(); err != nil {
		return errs.New(errs.Invalid, "%s", err)
	}
	sum := sha256.Sum256(a.Program)
	if hex.EncodeToString(sum[:]) != a.Manifest.SHA256 {
		return errs.New(errs.Invalid, "the program in the archive is not the one that the manifest speaks of: its checksum differs")
	}
	return nil
}

func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("it is larger than %d bytes", limit)
	}
	return raw, err
}

// WriteArchive writes what [ReadArchive] reads: the program, the manifest beside it, and other files, by path.
func WriteArchive(w io.Writer, binary string, more ...string) error {
	return writeArchive(w, gzip.BestCompression, binary, more...)
}

func writeArchive(w io.Writer, level int, binary string, more ...string) error {
	zipped, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		return fmt.Errorf("pack plugin: %w", err)
	}
	files := tar.NewWriter(zipped)
	for i, path := range append([]string{binary + ".json", binary}, more...) {
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("pack plugin: %w", err)
		}
		mode := int64(0o644)
		if i == 1 {
			mode = 0o755
		}
		// No times and owners: the same files make the same archive.
		err = files.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: filepath.Base(path), Mode: mode, Size: int64(len(content))})
		if err == nil {
			_, err = files.Write(content)
		}
		if err != nil {
			return fmt.Errorf("pack plugin: %w", err)
		}
	}
	if err := errors.Join(files.Close(), zipped.Close()); err != nil {
		return fmt.Errorf("pack plugin: %w", err)
	}
	return nil
}

// Install puts the plugin of an archive into the directory for such, in the place of an earlier version of it. The
// checksum is that of the archive, in hex. What came with the server is not replaced.
func (p *Plugins) Install(archive []byte, checksum string) (host.Manifest, error) {
	if p.cfg.Installed == "" {
		return host.Manifest{}, errs.New(errs.Conflict, "this server installs no plugins")
	}
	sum := sha256.Sum256(archive)
	if got := hex.EncodeToString(sum[:]); subtle.ConstantTimeCompare([]byte(got), []byte(strings.ToLower(strings.TrimSpace(checksum)))) != 1 {
		return host.Manifest{}, errs.New(errs.Invalid, "the archive's SHA-256 is %s, not the given one: fetch it again", got).WithField("sha256")
	}
	a, err := ReadArchive(bytes.NewReader(archive))
	if err != nil {
		return host.Manifest{}, err
	}
	for _, e := range p.Entries() {
		if e.Kind == a.Manifest.Kind && !e.Installed {
			return host.Manifest{}, errs.New(errs.Conflict, "the plugin %s came with the server and is updated with it", e.Kind)
		}
	}
	if err := p.place(a); err != nil {
		return host.Manifest{}, fmt.Errorf("install plugin %s: %w", a.Manifest.Kind, err)
	}
	p.cfg.Log.Info("a plugin was installed", "plugin", a.Manifest.Kind, "version", a.Manifest.Version)
	return a.Manifest, p.Rescan()
}

// place writes the files. The manifest comes last: a program without one is not looked at.
func (p *Plugins) place(a Archive) error {
	if err := os.MkdirAll(p.cfg.Installed, 0o700); err != nil {
		return err
	}
	p.rescan.Lock() // nobody looks at half of it
	defer p.rescan.Unlock()
	path := filepath.Join(p.cfg.Installed, a.Name)
	if err := writeFile(path, a.Program, 0o700); err != nil {
		return err
	}
	return writeFile(path+".json", a.raw, 0o600)
}

// Remove uninstalls a plugin. Its integrations stay and say that it is missing.
func (p *Plugins) Remove(kind string) error {
	for _, e := range p.Entries() {
		if e.Kind != kind {
			continue
		}
		if !e.Installed {
			return errs.New(errs.Conflict, "the plugin %s came with the server: switch it off instead", kind)
		}
		manifest := filepath.Join(p.cfg.Installed, filepath.Base(e.Binary)+".json")
		if err := errors.Join(ignoreMissing(os.Remove(manifest)), ignoreMissing(os.Remove(e.Binary))); err != nil {
			return fmt.Errorf("remove plugin %s: %w", kind, err)
		}
		return p.Rescan()
	}
	return errs.New(errs.NotFound, "there is no plugin %q", kind)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
