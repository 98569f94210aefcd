package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Names in a directory that is being restored.
const (
	// stagedName is the folder with what takes the place of the content. It is complete as soon as it has this name.
	stagedName = ".restore"
	// stagingPrefix begins the name of a folder that is still being filled.
	stagingPrefix = ".restoring-"
	// beforeName is the folder with what was there before.
	beforeName = "before-restore"
)

// Stage returns a new folder in the directory that may be filled with what takes the place of its content.
func (d *Dir) Stage() (string, error) {
	if err := d.sweepStages(); err != nil {
		return "", err
	}
	return os.MkdirTemp(d.path, stagingPrefix+"*")
}

// sweepStages removes folders of restores that were cut off.
func (d *Dir) sweepStages() error {
	old, err := filepath.Glob(filepath.Join(d.path, stagingPrefix+"*"))
	for _, name := range old {
		err = errors.Join(err, os.RemoveAll(name))
	}
	return err
}

// Replace puts what lies in a folder of [Dir.Stage] in the place of the directory's content, as a whole: whenever the
// process ends, the directory holds either all of before or, once [Dir.Settle] has run again, all of the new. What was
// there lies in the folder before-restore afterwards.
func (d *Dir) Replace(stage string) error {
	if err := os.RemoveAll(d.Path(beforeName)); err != nil {
		return fmt.Errorf("remove what an earlier restore replaced: %w", err)
	}
	if err := adopt(stage, d.path); err != nil {
		return fmt.Errorf("give what is restored to the server's user: %w", err)
	}
	if err := os.Rename(stage, d.Path(stagedName)); err != nil {
		return fmt.Errorf("make the restored files count: %w", err)
	}
	if err := syncFolder(d.path); err != nil {
		return err
	}
	return d.Settle()
}

// Settle ends a replacement that was begun, if there is one. It is to be called before anything in the directory is read.
func (d *Dir) Settle() error { return d.settle(os.Rename) }

func (d *Dir) settle(rename func(from, to string) error) error {
	staged, err := os.ReadDir(d.Path(stagedName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end the restore: %w", err)
	}
	if len(staged) == 0 { // all is in place: it was cut off between the last two steps
		return os.Remove(d.Path(stagedName))
	}
	list, err := d.replaced(staged)
	if err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(d.Path(beforeName), 0o700), adopt(d.Path(beforeName), d.path)); err != nil {
		return fmt.Errorf("end the restore: %w", err)
	}
	for _, name := range list {
		if err := rename(d.Path(name), d.Path(beforeName, name)); err != nil {
			return fmt.Errorf("end the restore: %w", err)
		}
	}
	for _, e := range staged {
		if e.Name() == listName {
			continue
		}
		if err := rename(d.Path(stagedName, e.Name()), d.Path(e.Name())); err != nil {
			return fmt.Errorf("end the restore: %w", err)
		}
	}
	if err := syncFolder(d.path); err != nil {
		return err
	}
	return os.RemoveAll(d.Path(stagedName))
}

// listName is the file in a stage that names its entries, so that what has been put in place is known from what was there.
const listName = ".entries"

// Seal ends the filling of a stage.
func Seal(stage string) error {
	entries, err := os.ReadDir(stage)
	if err != nil {
		return fmt.Errorf("seal the restored files: %w", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return Secret{filepath.Join(stage, listName)}.Write([]byte(strings.Join(names, "\n")))
}

// replaced are the entries of before that are still to be moved away.
func (d *Dir) replaced(staged []fs.DirEntry) ([]string, error) {
	text, err := os.ReadFile(d.Path(stagedName, listName))
	if err != nil {
		return nil, fmt.Errorf("end the restore: %w", err)
	}
	restored := strings.Split(string(text), "\n")
	waiting := func(name string) bool {
		return slices.ContainsFunc(staged, func(e fs.DirEntry) bool { return e.Name() == name })
	}
	all, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("end the restore: %w", err)
	}
	var out []string
	for _, e := range all {
		name := e.Name()
		ours := name == lockName || name == stagedName || name == beforeName || name == "lost+found" || strings.HasPrefix(name, stagingPrefix)
		if !ours && (waiting(name) || !slices.Contains(restored, name)) {
			out = append(out, name)
		}
	}
	return out, nil
}
