package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/datadir"
	"github.com/pulse-platform/pulse/core/sqlite"
)

// manifestName is the first entry of a backup.
const manifestName = "manifest.json"

// backupManifest says what a backup holds.
type backupManifest struct {
	Format  int          `json:"format"`
	Version string       `json:"version"`
	Made    time.Time    `json:"made"`
	Files   []backupFile `json:"files"`
}

type backupFile struct {
	Name   string `json:"name"` // slashed
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type backupCommand struct {
	File string `arg:"" help:"The file to write, a .tar.gz. It holds every secret: keep it safe."`
}

// Run writes the data directory to a file, as of one moment, while a server uses it or not.
func (c backupCommand) Run(ctx context.Context, o *options, io streams) (err error) {
	cfg, err := o.loadUsed(io)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.File); err == nil {
		return fmt.Errorf("%s is there already: name another file", c.File)
	}
	work, err := os.MkdirTemp(filepath.Dir(c.File), ".pulse-backup-*")
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := gather(ctx, cfg.Server.Data, work); err != nil {
		return err
	}
	packed := filepath.Join(work, ".packed")
	m, err := pack(work, packed)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if err := os.Rename(packed, c.File); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	fmt.Fprintf(io.out, "%s holds %d files of %s. Bring them back with: pulse restore %s\n", c.File, len(m.Files), cfg.Server.Data, c.File)
	return nil
}

// gather copies what a server needs to go on. The log of samples comes before the database into which it is written, so
// that whatever moves meanwhile is in both and nothing is in neither.
func gather(ctx context.Context, data, to string) error {
	plain := []string{keyFile, oldKeyFile, "local-agent.token", bootstrapFile, installedDir, influxFolder, copyFile}
	logs, err := filepath.Glob(filepath.Join(data, "metrics.log*"))
	if err != nil {
		return err
	}
	for _, l := range logs {
		plain = append(plain, filepath.Base(l))
	}
	for _, name := range plain {
		if err := copyTree(filepath.Join(data, name), filepath.Join(to, name)); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
	}
	for _, name := range []string{metricsFile, stateFile} {
		path := filepath.Join(data, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue // the samples may lie elsewhere
		}
		if err := sqlite.Snapshot(ctx, path, filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

// copyTree copies a file or a folder. What is not there, or goes meanwhile, is left out.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case e.IsDir():
			return os.MkdirAll(target, 0o700)
		case !e.Type().IsRegular():
			return nil
		}
		if err = copyOne(path, target); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func copyOne(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()&0o700)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// pack writes the files below a folder into an archive, the manifest first.
func pack(dir, to string) (m backupManifest, err error) {
	m = backupManifest{Format: 1, Version: version, Made: time.Now().UTC()}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f := backupFile{}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f.Name = filepath.ToSlash(rel)
		f.Size, f.SHA256, err = digestOf(path)
		m.Files = append(m.Files, f)
		return err
	})
	if err != nil {
		return m, err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	z := gzip.NewWriter(out)
	w := tar.NewWriter(z)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err := w.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(head)), ModTime: m.Made}); err != nil {
		return m, err
	}
	if _, err := w.Write(head); err != nil {
		return m, err
	}
	for _, f := range m.Files {
		if err := packFile(w, filepath.Join(dir, filepath.FromSlash(f.Name)), f); err != nil {
			return m, err
		}
	}
	return m, errors.Join(w.Close(), z.Close(), out.Sync())
}

func packFile(w *tar.Writer, path string, f backupFile) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: f.Name, Mode: int64(info.Mode().Perm() & 0o700), Size: f.Size, ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return err
}

func digestOf(path string) (int64, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return n, hex.EncodeToString(h.Sum(nil)), err
}

type restoreCommand struct {
	File string `arg:"" help:"A file that pulse backup made."`
}

// Run puts a backup in the place of the data directory. The server must be stopped. What was there is kept beside it.
func (c restoreCommand) Run(ctx context.Context, o *options, io streams) (err error) {
	cfg, err := o.load(io)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	defer f.Close()
	dir, err := datadir.Open(cfg.Server.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if err := dir.Settle(); err != nil {
		return err
	}
	stage, err := dir.Stage()
	if err != nil {
		return err
	}
	m, err := unpack(f, stage)
	if err == nil {
		err = bringsUp(ctx, stage)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s cannot be restored, and nothing was changed: %w", c.File, err), os.RemoveAll(stage))
	}
	if err := datadir.Seal(stage); err != nil {
		return err
	}
	if err := dir.Replace(stage); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s is as it was on %s. What was there before lies in its folder before-restore: remove that when all is well.\n",
		cfg.Server.Data, m.Made.Local().Format(time.DateTime))
	return nil
}

// Limits of what a backup may unpack to.
const (
	maxBackupFiles = 100_000
	maxManifest    = 32 << 20
)

// unpack writes the files of a backup into a folder and holds each against the manifest.
func unpack(from io.Reader, to string) (m backupManifest, err error) {
	z, err := gzip.NewReader(from)
	if err != nil {
		return m, errors.New("it is not a file that pulse backup made")
	}
	r := tar.NewReader(z)
	head, err := r.Next()
	if err != nil || head.Name != manifestName || head.Size > maxManifest {
		return m, errors.New("it is not a file that pulse backup made")
	}
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return m, fmt.Errorf("its manifest cannot be read: %w", err)
	}
	if m.Format != 1 {
		return m, fmt.Errorf("it was made by a newer version (%s): update first", m.Version)
	}
	if len(m.Files) > maxBackupFiles || !slices.ContainsFunc(m.Files, func(f backupFile) bool { return f.Name == stateFile }) {
		return m, errors.New("its manifest does not name the files of a server")
	}
	for _, f := range m.Files {
		head, err := r.Next()
		if err != nil {
			return m, fmt.Errorf("it is cut off: %s is missing", f.Name)
		}
		if head.Name != f.Name || head.Size != f.Size || head.Typeflag != tar.TypeReg || !filepath.IsLocal(filepath.FromSlash(f.Name)) || strings.HasPrefix(f.Name, ".restor") {
			return m, fmt.Errorf("it is damaged: %q is not what the manifest says", f.Name)
		}
		if err := unpackFile(r, filepath.Join(to, filepath.FromSlash(f.Name)), f, fs.FileMode(head.Mode&0o700)); err != nil {
			return m, err
		}
	}
	return m, nil
}

func unpackFile(r io.Reader, path string, f backupFile, mode fs.FileMode) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), r)
	if err != nil {
		return fmt.Errorf("it is cut off or damaged in %s: %w", f.Name, err)
	}
	if n != f.Size || hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("it is damaged: %s is not what was saved", f.Name)
	}
	return out.Sync()
}

// bringsUp tells whether a server could start with what lies in a folder.
func bringsUp(ctx context.Context, dir string) (err error) {
	if _, err := os.Stat(filepath.Join(dir, keyFile)); err != nil {
		return errors.New("it has no key to open its secrets with")
	}
	sealer, err := openKeys(filepath.Join(dir, keyFile), filepath.Join(dir, oldKeyFile))
	if err != nil {
		return err
	}
	db, err := sqlite.OpenState(ctx, filepath.Join(dir, stateFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return openable(ctx, db, sealer)
}
