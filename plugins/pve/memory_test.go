package pve

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
)

// withCache is a cluster of one virtual machine of 1 GiB that keeps a quarter of its memory as a cache.
func withCache(t *testing.T, config map[string]any, change func(w *pvetest.World)) *lab {
	t.Helper()
	return newLab(t, 1, 1, func(w *pvetest.World) {
		g := w.Guest(100)
		g.Agent, g.HostMemory, g.Cache = "", false, 256<<20
		if change != nil {
			change(w)
		}
	}, config)
}

// memory returns the used share of the virtual machine and whose view that is.
func (l *lab) memory() (float64, any) {
	l.t.Helper()
	s := l.must(taskResources)
	share, _ := s.sample("guest/100", "memory")
	return share, s.doc("guest/100", "memorySource")
}

func TestThePageCacheOfGuestsIsNotCounted(t *testing.T) {
	l := withCache(t, nil, nil)
	before, source := l.memory()
	if source != sourceGuest {
		t.Errorf("before it was asked the view is that of the %v", source)
	}
	l.must(taskAgents)
	share, source := l.memory()
	if d := before - share; source != sourceNoCache || d < 0.249 || d > 0.251 {
		t.Errorf("%v of %v used: %v", share, before, source)
	}
	// In between the product's own number moves it.
	l.clock.Move(4 * time.Minute)
	if moved, source := l.memory(); source != sourceNoCache || moved == share || moved > 0.75 {
		t.Errorf("%v used: %v", moved, source)
	}
	// What the guest said is no part of what it takes on its node, which is told while its own view is missing.
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).HostMemory = true })
	if _, source := l.memory(); source != sourceHost {
		t.Errorf("without its own view: %v", source)
	}
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).HostMemory = false })
	// A guest that starts anew keeps something else, and nobody believes the old for ever.
	l.world.Edit(func(w *pvetest.World) { w.Guest(100).Since = l.clock.Now() })
	l.clock.Move(10 * time.Second)
	if _, source := l.memory(); source != sourceGuest {
		t.Errorf("after a restart: %v", source)
	}
	l = withCache(t, nil, nil)
	l.inside()
	l.clock.Move(3 * time.Hour)
	if _, source := l.memory(); source != sourceGuest {
		t.Errorf("after three hours: %v", source)
	}
}

func TestWhoseViewOfMemoryCounts(t *testing.T) {
	for name, c := range map[string]struct {
		config map[string]any
		source string
		asked  int
	}{
		"auto":                     {nil, sourceNoCache, 1},
		"guest":                    {map[string]any{"guest_memory": "guest"}, sourceGuest, 0},
		"host":                     {map[string]any{"guest_memory": "host"}, sourceHost, 0},
		"host, but not for it":     {map[string]any{"guest_memory": "host", "guest_memory_of": []map[string]any{{"vmid": 100, "view": "auto"}}}, sourceNoCache, 1},
		"host for it alone":        {map[string]any{"guest_memory_of": []map[string]any{{"vmid": 100, "view": "host"}}}, sourceHost, 0},
		"its agent is to be quiet": {map[string]any{"quiet_guests": []int{100}}, sourceGuest, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := withCache(t, c.config, nil)
			l.inside()
			share, source := l.memory()
			if share <= 0 || source != c.source || l.Count("/file-read") != c.asked {
				t.Errorf("the view is that of the %v, asked %d times", source, l.Count("/file-read"))
			}
		})
	}
}

// Guests without such an account, and accounts that may not read it, cost nothing else.
func TestGuestsWhoseCacheIsNotKnown(t *testing.T) {
	for name, change := range map[string]func(w *pvetest.World){
		"another system": func(w *pvetest.World) { w.Guest(100).Foreign = true },
		"no right":       func(w *pvetest.World) { w.Accounts[0].Rights = map[string][]string{"/": pvetest.Auditor()} },
		"a right on others": func(w *pvetest.World) {
			w.Accounts[0].Rights = map[string][]string{"/": pvetest.Auditor(), "/vms/999": {"VM.GuestAgent.FileRead"}}
		},
		"nonsense": func(w *pvetest.World) {
			w.Faults = []*pvetest.Fault{{Path: "/file-read", Status: 200, Reason: "OK", Body: `{"data":{"content":"MemTotal: much"}}`}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := withCache(t, nil, change)
			s := l.inside()
			if _, source := l.memory(); source != sourceGuest || at(t, s.part("guest/100"), "disk.total") != float64(16<<30) || at(t, s.part("guest/100"), "diskStatusReason") != nil {
				t.Errorf("%v, %s", source, s.part("guest/100"))
			}
			l.Forget()
			l.clock.Move(6 * time.Minute)
			if l.inside(); l.Count("/file-read") > 1 || l.Count("/get-fsinfo") != 1 {
				t.Errorf("asked again: %v", l.Calls())
			}
		})
	}
}

func TestMemoryOfOldReleases(t *testing.T) {
	l := withCache(t, nil, func(w *pvetest.World) { w.Version = "8.4.1" })
	before, source := l.memory()
	if source != nil {
		t.Errorf("the release does not say whose view it is: %v", source)
	}
	l.must(taskAgents)
	if share, source := l.memory(); source != sourceNoCache || before-share < 0.249 {
		t.Errorf("%v of %v used: %v", share, before, source)
	}
}

func FuzzNeededMemory(f *testing.F) {
	f.Add("MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:   8192 kB\n")
	f.Add("MemTotal: 5 kB\nMemAvailable: 9 kB")
	f.Add(strings.Repeat("MemTotal:", 10))
	f.Fuzz(func(t *testing.T, account string) {
		if needed, ok := neededMemory(account); ok && needed < 0 {
			t.Errorf("%d bytes are needed of %q", needed, account)
		}
	})
}
