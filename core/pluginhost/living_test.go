//go:build unix

package pluginhost

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
)

const meterName = "pulse-plugin-meter"

// put copies a version of the meter into a directory, as an installer does: by renaming.
func put(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{meterName, meterName + ".json"} {
		raw, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := writeFile(filepath.Join(to, name), raw, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func rescan(t *testing.T, p *Plugins) {
	t.Helper()
	if err := p.Rescan(); err != nil {
		t.Fatal(err)
	}
}

func works(t *testing.T, p *Plugins) bool {
	t.Helper()
	_, err := p.Ingest(t.Context(), "reading", sdk.Report{Body: []byte("good")})
	return err == nil
}

func TestPluginsComeChangeAndGo(t *testing.T) {
	dir := t.TempDir()
	changes := 0
	p := runWith(t, Config{Dir: dir, Changed: func() { changes++ }})
	if len(p.Entries()) != 0 {
		t.Fatalf("%+v", p.Entries())
	}
	put(t, plugins, dir)
	rescan(t, p)
	if !works(t, p) {
		t.Fatal("a plugin that was added does not work")
	}
	old := p.Status()[0].PID
	put(t, newer, dir)
	rescan(t, p)
	eventually(t, "the newer one runs", func() bool {
		if !works(t, p) {
			t.Fatal("there was a gap while it was replaced")
		}
		s := p.Status()[0]
		return s.Version == "1.1.0" && s.PID != old
	})
	eventually(t, "the older one is gone", func() bool { return syscall.Kill(old, 0) != nil })
	if err := os.Remove(filepath.Join(dir, meterName+".json")); err != nil {
		t.Fatal(err)
	}
	rescan(t, p)
	if _, err := p.Ingest(t.Context(), "reading", sdk.Report{}); sdk.KindOf(err) != sdk.KindUnsupported || len(p.Entries()) != 0 || changes != 3 {
		t.Errorf("after it went: %v, %v, %d changes", err, p.Entries(), changes)
	}
}

func TestWhatCannotReplaceAPluginLeavesIt(t *testing.T) {
	dir := t.TempDir()
	put(t, plugins, dir)
	p := runWith(t, Config{Dir: dir})
	if !works(t, p) {
		t.Fatal("it does not work")
	}
	pid := p.Status()[0].PID
	program, manifest := filepath.Join(dir, meterName), filepath.Join(dir, meterName+".json")
	for name, c := range map[string]struct {
		spoil func() error
		want  string
	}{
		"another program": {func() error { return writeFile(program, []byte("other"), 0o700) }, "checksum"},
		"no program":      {func() error { return os.Remove(program) }, "is missing"},
		"broken manifest": {func() error { return writeFile(manifest, []byte("{"), 0o600) }, "parse manifest"},
		"protocol":        {func() error { return edit(manifest, `"min": 1`, `"min": 7`) }, "needs protocol 7; this server speaks 1: update the server"},
		"machine":         {func() error { return edit(manifest, `"os": "`, `"os": "x`) }, "install the build for it"},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, plugins, dir)
			rescan(t, p)
			if err := c.spoil(); err != nil {
				t.Fatal(err)
			}
			rescan(t, p)
			s := p.Status()[0]
			if !strings.HasPrefix(s.Problem, "what was put in its place cannot be used, version 1.0.0 goes on: ") || !strings.Contains(s.Problem, c.want) {
				t.Errorf("problem %q, want %q", s.Problem, c.want)
			}
			if !works(t, p) || s.PID != pid {
				t.Errorf("it does not go on: %+v", s)
			}
		})
	}
	put(t, plugins, dir)
	rescan(t, p)
	if s := p.Status()[0]; s.Problem != "" {
		t.Errorf("when all is well again: %q", s.Problem)
	}
}

func edit(path, old, with string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return writeFile(path, []byte(strings.Replace(string(raw), old, with, 1)), 0o600)
}

func TestAPluginStaysSwitchedOff(t *testing.T) {
	p := run(t)
	if !works(t, p) {
		t.Fatal("it does not work")
	}
	if err := p.Enable("meter", false); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is off", func() bool { return p.Status()[0].State == "disabled" })
	again, err := Open(Config{Dir: plugins, Work: p.cfg.Work})
	if err != nil || again.Status()[0].Enabled {
		t.Errorf("a server that starts later: %v, %+v", err, again.Status()[0])
	}
	if err := p.Enable("meter", true); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it works again", func() bool { return works(t, p) })
	if err := p.Enable("nothing", true); sdk.KindOf(err) != sdk.KindUnsupported {
		t.Errorf("a missing one: %v", err)
	}
}

// packed are the archives of both versions, which take a while to make.
var packed = map[string]func() ([]byte, error){
	"1": sync.OnceValues(func() ([]byte, error) { return packOnce(plugins) }),
	"2": sync.OnceValues(func() ([]byte, error) { return packOnce(newer) }),
}

func packOnce(dir string) ([]byte, error) {
	var out bytes.Buffer
	err := writeArchive(&out, gzip.NoCompression, filepath.Join(dir, meterName))
	return out.Bytes(), err
}

func pack(t *testing.T, dir string) []byte {
	t.Helper()
	archive, err := packed[filepath.Base(dir)]()
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestInstallUpdateRemove(t *testing.T) {
	p := runWith(t, Config{Dir: filepath.Join(t.TempDir(), "none"), Installed: filepath.Join(t.TempDir(), "installed")})
	first, second := pack(t, plugins), pack(t, newer)
	if _, err := p.Install(first, sumOf(second)); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("a wrong checksum: %v", err)
	}
	if m, err := p.Install(first, sumOf(first)); err != nil || m.Version != "1.0.0" || !works(t, p) {
		t.Fatalf("installed %+v, %v", m, err)
	}
	if _, err := p.Install(second, sumOf(second)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the update runs", func() bool { return works(t, p) && p.Status()[0].Version == "1.1.0" })
	if err := p.Remove("meter"); err != nil || len(p.Entries()) != 0 {
		t.Errorf("removed: %v, %v", err, p.Entries())
	}
	if left, err := os.ReadDir(p.cfg.Installed); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWhatCameWithTheServerIsNotReplacedByAnArchive(t *testing.T) {
	p := runWith(t, Config{Dir: plugins, Installed: t.TempDir()})
	if _, err := p.Install(pack(t, newer), sumOf(pack(t, newer))); !errs.Is(err, errs.Conflict) {
		t.Errorf("install: %v", err)
	}
	if err := p.Remove("meter"); !errs.Is(err, errs.Conflict) {
		t.Errorf("remove: %v", err)
	}
	if err := p.Remove("nothing"); !errs.Is(err, errs.NotFound) {
		t.Errorf("remove nothing: %v", err)
	}
}

// file is one of a hostile archive.
type file struct {
	tar.Header
	content string
}

func packFiles(t testing.TB, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, f := range files {
		f.Size, f.Mode = int64(len(f.content)), 0o644
		if err := w.WriteHeader(&f.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestHostileArchivesAreRefused(t *testing.T) {
	manifest, err := os.ReadFile(filepath.Join(plugins, meterName+".json"))
	if err != nil {
		t.Fatal(err)
	}
	plain := func(name, content string) file {
		return file{tar.Header{Typeflag: tar.TypeReg, Name: name}, content}
	}
	good := plain(meterName+".json", string(manifest))
	many := []file{}
	for range maxFiles + 1 {
		many = append(many, plain("readme", ""))
	}
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"no archive":    {[]byte("hello"), "no gzipped tar"},
		"cut off":       {pack(t, plugins)[:5000], "cannot be read"},
		"empty":         {packFiles(t), "no manifest"},
		"climbs":        {packFiles(t, plain("../../etc/"+meterName, "x")), "leads elsewhere"},
		"absolute":      {packFiles(t, plain("/"+meterName, "x")), "leads elsewhere"},
		"backslash":     {packFiles(t, plain(`..\`+meterName, "x")), "leads elsewhere"},
		"link":          {packFiles(t, file{tar.Header{Typeflag: tar.TypeSymlink, Name: meterName, Linkname: "/bin/sh"}, ""}), "no ordinary file"},
		"no program":    {packFiles(t, good), "no program"},
		"wrong program": {packFiles(t, good, plain(meterName, "#!/bin/sh")), "checksum differs"},
		"other name":    {packFiles(t, good, plain("pulse-plugin-host", "x")), "not that of the manifest"},
		"two programs":  {packFiles(t, good, plain(meterName, "x"), plain(meterName, "y")), "two programs"},
		"two manifests": {packFiles(t, good, good), "two manifests"},
		"bad manifest":  {packFiles(t, plain(meterName+".json", "{")), "parse manifest"},
		"many files":    {packFiles(t, many...), "more than 16 files"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadArchive(bytes.NewReader(c.archive)); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzReadArchive(f *testing.F) {
	f.Add(packFiles(f, file{tar.Header{Typeflag: tar.TypeReg, Name: meterName}, "x"}))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, err := ReadArchive(bytes.NewReader(raw)); err == nil && (a.Manifest.Kind == "" || strings.ContainsAny(a.Name, `/\`)) {
			t.Errorf("taken: %+v", a.Manifest)
		}
	})
}

func TestAPluginThatContradictsOthersIsSetAside(t *testing.T) {
	dir, installed := t.TempDir(), t.TempDir()
	put(t, plugins, dir)
	raw, err := os.ReadFile(filepath.Join(plugins, meterName+".json"))
	if err != nil {
		t.Fatal(err)
	}
	// Another plugin that declares the meter's type.
	other := strings.ReplaceAll(string(raw), `"kind": "meter"`, `"kind": "rival"`)
	if err := os.WriteFile(filepath.Join(installed, "pulse-plugin-rival.json"), []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(installed, "pulse-plugin-rival"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	accept := func(all []sdk.Description) error {
		seen := map[string]bool{}
		for _, d := range all {
			for _, k := range d.Types {
				if seen[k.Name] {
					return errs.New(errs.Invalid, "plugin %s: type %q is declared twice", d.Kind, k.Name)
				}
				seen[k.Name] = true
			}
		}
		return nil
	}
	p := runWith(t, Config{Dir: dir, Installed: installed, Accept: accept})
	if s, there := p.StatusOf("rival"); !there || s.State != "unusable" || !strings.Contains(s.Problem, "declared twice") {
		t.Errorf("the rival: %+v", s.Problem)
	}
	if !works(t, p) || len(p.Catalog()) != 1 {
		t.Error("the plugin that was there first does not work")
	}
}

func TestWhatDialsByItselfIsOffUntilSwitchedOn(t *testing.T) {
	var e Entry
	e.Kind, e.Manifest.Description.DialsAlone = "loose", true
	p := &Plugins{switches: map[string]bool{}}
	if p.enabled(e) {
		t.Error("it is on before anybody switched it on")
	}
	p.switches["loose"] = true
	if !p.enabled(e) {
		t.Error("it stays off")
	}
}
