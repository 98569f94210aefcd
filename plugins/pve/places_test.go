package pve

import (
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
)

// sums is what the storages of a node add up to, in GiB.
func sums(s seen, storages ...string) (used, total float64) {
	s.t.Helper()
	for _, name := range storages {
		key := "storage/pve1/" + name
		u, shares := s.doc(key, "countedUsed").(float64)
		if !shares {
			u, _ = s.doc(key, "used").(float64)
		}
		n, shares := s.doc(key, "countedTotal").(float64)
		if !shares {
			n, _ = s.doc(key, "total").(float64)
		}
		used, total = used+u/(1<<30), total+n/(1<<30)
	}
	return used, total
}

// Quirk: each storage of a pool tells all that is free there.
func TestWhatStoragesShareCountsOnce(t *testing.T) {
	const gib = int64(1) << 30
	zfs := func(name, pool string, used, free int64) *pvetest.Storage {
		return &pvetest.Storage{Name: name, Type: "zfspool", Pool: pool, Used: used * gib, Size: (used + free) * gib}
	}
	dir := func(name, path string, used, size int64) *pvetest.Storage {
		return &pvetest.Storage{Name: name, Type: "dir", Path: path, Used: used, Size: size}
	}
	lvm := func(name, group, thin string, used, free int64) *pvetest.Storage {
		s := &pvetest.Storage{Name: name, Type: "lvm", Group: group, Thin: thin, Used: used * gib, Size: (used + free) * gib}
		if thin != "" {
			s.Type = "lvmthin"
		}
		return s
	}
	// The root file system of the node is on its pool, measured a moment before.
	const root, rootUsed, written = 700 * gib, 100 * gib, 200 << 20
	for name, of := range map[string]struct {
		storages    []*pvetest.Storage
		used, total float64
	}{
		"the system and its guests":         {[]*pvetest.Storage{dir("a", "/var/lib/vz", rootUsed, root-written), zfs("b", "rpool/data", 300, 600)}, 400, 1000},
		"two directories of it":             {[]*pvetest.Storage{dir("a", "/var/lib/vz", rootUsed, root), dir("b", "/srv", rootUsed, root), zfs("c", "rpool/data", 300, 600)}, 400, 1000},
		"data sets beside each other":       {[]*pvetest.Storage{zfs("a", "tank/a", 10, 90), zfs("b", "tank/b", 20, 90)}, 30, 120},
		"one of them has a quota":           {[]*pvetest.Storage{zfs("a", "tank/a", 10, 5), zfs("b", "tank/b", 20, 90)}, 30, 120},
		"a data set in another one":         {[]*pvetest.Storage{zfs("a", "tank/a/b", 10, 90), zfs("b", "tank/a", 20, 90)}, 20, 110},
		"a pool and what is in it":          {[]*pvetest.Storage{zfs("b", "tank", 50, 90), zfs("a", "tank/a", 10, 90), dir("c", "/tank/dump", 20*gib, 110*gib)}, 50, 140},
		"one data set by two names":         {[]*pvetest.Storage{zfs("a", "tank/a", 10, 90), zfs("b", "tank/a", 10, 90)}, 10, 100},
		"pools of one size, both empty":     {[]*pvetest.Storage{zfs("a", "one/a", 0, 90), zfs("b", "two/a", 0, 90)}, 0, 180},
		"a disk mounted below a pool":       {[]*pvetest.Storage{zfs("a", "tank", 50, 90), dir("b", "/tank/disk", 20*gib, 60*gib)}, 70, 200},
		"a disk of its own":                 {[]*pvetest.Storage{zfs("a", "rpool/data", 300, 600), dir("b", "/mnt/disk", 20*gib, 620*gib)}, 320, 1520},
		"a name that begins as another one": {[]*pvetest.Storage{zfs("a", "tank/a", 10, 90), zfs("b", "tank/ab", 20, 90)}, 30, 120},
		"a group and a thin pool in it":     {[]*pvetest.Storage{lvm("a", "pve", "", 400, 100), lvm("b", "pve", "data", 30, 270)}, 400, 500},
		"thin pools beside each other":      {[]*pvetest.Storage{lvm("a", "pve", "data", 0, 100), lvm("b", "pve", "more", 0, 100)}, 0, 200},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 1, 0, func(w *pvetest.World) {
				w.Storages = of.storages
				w.Nodes[0].Root, w.Nodes[0].RootUsed = root, rootUsed
			})
			var names []string
			for _, s := range of.storages {
				s.Content = "images"
				names = append(names, s.Name)
			}
			l.must(taskBackups)
			if used, total := sums(l.must(taskResources), names...); used != of.used || total < of.total-1 || total > of.total+1 {
				t.Errorf("%v of %v GiB, want %v of %v", used, total, of.used, of.total)
			}
		})
	}
}

// Pages get the values of declared columns only.
func TestWhatIsCountedReachesThePages(t *testing.T) {
	columns := map[string]bool{}
	for _, c := range storageType().Columns {
		columns[c.Path] = true
	}
	for _, path := range []string{"countedUsed", "countedTotal"} {
		if !columns[path] {
			t.Errorf("%s is no column", path)
		}
	}
}

func TestStorageThatSharesNothingSaysSo(t *testing.T) {
	l := newLab(t, 2, 0, func(w *pvetest.World) {
		w.Storages = []*pvetest.Storage{
			{Name: "a", Type: "zfspool", Pool: "tank/a", Content: "images", Used: 1 << 30, Size: 10 << 30, Nodes: []string{"pve1"}},
			{Name: "b", Type: "zfspool", Pool: "tank/b", Content: "images", Used: 1 << 30, Size: 10 << 30, Nodes: []string{"pve2"}},
			{Name: "c", Type: "zfspool", Pool: "tank/c", Content: "images", Used: 1 << 30, Size: 10 << 30, Nodes: []string{"pve1"}, Inactive: map[string]bool{"pve1": true}},
		}
	})
	l.must(taskBackups)
	l.clock.Move(10 * time.Second)
	s := l.must(taskResources)
	for _, key := range []string{"storage/pve1/a", "storage/pve2/b", "storage/pve1/c"} {
		s.want(key, map[string]any{"pool": nil, "countedUsed": nil, "countedTotal": nil})
	}
}
