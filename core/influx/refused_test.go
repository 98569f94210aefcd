package influx

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// A server that refuses a whole batch for one line stores the others, and one that refuses everything is not asked for ever.
func TestOneLineDoesNotCostTheBatch(t *testing.T) {
	var stored []string
	requests, all := 0, false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		body, _ := io.ReadAll(r.Body)
		if all || strings.Contains(string(body), "bad") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"code":"invalid","message":"unable to parse"}`)
			return
		}
		stored = append(stored, strings.Split(strings.TrimSpace(string(body)), "\n")...)
	}))
	defer server.Close()
	opt := Options{URL: server.URL, Org: "house", Bucket: "b", Token: "t"}.withDefaults()
	r := newRemote(opt)
	r.client.Options().SetUseGZip(false)
	defer r.close()
	lines := []string{"a v=1 1", "b v=1 2", "bad", "c v=1 3", "a longer one v=1 4", "bad too", "d v=1 5"}
	refused, says, err := r.put(t.Context(), 0, strings.Join(lines, "\n")+"\n")
	if err != nil || refused != 2 || says == "" {
		t.Errorf("%d refused, %q, %v", refused, says, err)
	}
	slices.Sort(stored)
	if got := strings.Join(stored, "|"); got != "a longer one v=1 4|a v=1 1|b v=1 2|c v=1 3|d v=1 5" {
		t.Errorf("stored %s", got)
	}
	requests, all = 0, true
	if refused, _, err := r.put(t.Context(), 0, strings.Repeat("a v=1 1\n", 5000)); err != nil || refused != 5000 || requests > 2*refusals {
		t.Errorf("%d refused in %d requests, %v", refused, requests, err)
	}
}

func TestDropped(t *testing.T) {
	for says, want := range map[string]int{
		"partial write: points beyond retention policy dropped=3":       3,
		"partial write: unable to parse 'x': missing fields":            1,
		"partial write: field type conflict":                            10,
		"failure writing points: partial write: dropped=0 of something": 10,
	} {
		if got := dropped(says, 10); got != want {
			t.Errorf("%s: %d, want %d", says, got, want)
		}
	}
}

func FuzzHalf(f *testing.F) {
	f.Add("a\nbb\nccc\n")
	f.Fuzz(func(t *testing.T, lines string) {
		lines += "x\n"
		if strings.Count(lines, "\n") < 2 || lines[0] == '\n' {
			return
		}
		at := half(lines)
		if at <= 0 || at >= len(lines) || lines[at-1] != '\n' {
			t.Errorf("%q is cut at %d", lines, at)
		}
	})
}
