package state

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestToken(t *testing.T) {
	file, empty, words := write(t, " from-file\n"), write(t, "\n"), write(t, "two words")
	dir := filepath.Dir(write(t, "from-dir"))
	tests := map[string]struct {
		source Source
		want   string
		fails  bool
	}{
		"argument first":         {Source{Argument: "arg", File: file, Environment: "env", Dir: dir}, "arg", false},
		"file before variable":   {Source{File: file, Environment: "env", Dir: dir}, "from-file", false},
		"variable before dir":    {Source{Environment: " env ", Dir: dir}, "env", false},
		"directory":              {Source{Dir: dir, Default: file}, "from-dir", false},
		"default":                {Source{Dir: t.TempDir(), Default: file}, "from-file", false},
		"none":                   {Source{Dir: t.TempDir()}, "", true},
		"missing file is no env": {Source{File: filepath.Join(dir, "no"), Environment: "env"}, "", true},
		"empty file":             {Source{File: empty}, "", true},
		"no token in it":         {Source{File: words}, "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Token(tt.source)
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "two words") {
				t.Errorf("the error holds the file's content: %v", err)
			}
		})
	}
	if _, err := Token(Source{}); !errors.Is(err, ErrNoToken) {
		t.Errorf("got %v", err)
	}
}

func TestStoreToken(t *testing.T) {
	dir := t.TempDir()
	for _, token := range []string{"first", "second"} {
		path, err := StoreToken(dir, token)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		if got, err := Token(Source{Dir: dir}); got != token || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWithTokenFile(t *testing.T) {
	tests := map[string]struct{ args, want []string }{
		"two dashes":    {[]string{"--url", "u", "--token", "x", "--tag", "a"}, []string{"--url", "u", "--tag", "a"}},
		"one dash":      {[]string{"-token", "x"}, nil},
		"equals":        {[]string{"--token=x", "-token=y", "--insecure"}, []string{"--insecure"}},
		"replaces file": {[]string{"--token-file", "old", "--token", "x"}, []string{}},
		"value token":   {[]string{"--tag", "token", "--token", "x"}, []string{"--tag", "token"}},
		"at the end":    {[]string{"--token"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := WithTokenFile(tt.args, "/f")
			if want := append([]string{"--token-file", "/f"}, tt.want...); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestOpenFallsBack(t *testing.T) {
	file := write(t, "x") // a directory below a file cannot be made, not even by root
	cache := filepath.Join(t.TempDir(), "cache")
	got, err := Open("", filepath.Join(file, "no"), cache)
	if got != cache || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := Open(filepath.Join(file, "no"), cache, cache); err == nil {
		t.Error("a directory that was asked for is replaced silently")
	}
	if _, err := Open("", filepath.Join(file, "a"), ""); err == nil {
		t.Error("no directory and no error")
	}
}

func TestLockIsExclusive(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the service manager runs one agent")
	}
	dir := t.TempDir()
	if err := Lock(dir); err != nil {
		t.Fatal(err)
	}
	if err := Lock(dir); err == nil || !strings.Contains(err.Error(), "another agent") {
		t.Errorf("got %v", err)
	}
}
