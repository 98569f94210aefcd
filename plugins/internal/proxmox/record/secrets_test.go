package record_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
)

// seeds makes words that occur nowhere else, and remembers them.
type seeds struct {
	r    *rand.Rand
	made []string
}

func (s *seeds) word() string {
	letters := make([]byte, 9)
	for i := range letters {
		letters[i] = 'a' + byte(s.r.IntN(26))
	}
	s.made = append(s.made, string(letters))
	return string(letters)
}

func (s *seeds) note(text string) string {
	s.made = append(s.made, text)
	return text
}

func (s *seeds) host() string { return s.word() + "." + s.word() + ".example" }

func (s *seeds) address() string {
	return s.note(fmt.Sprintf("10.%d.%d.%d", 100+s.r.IntN(100), 100+s.r.IntN(100), 100+s.r.IntN(100)))
}

func (s *seeds) mac() string {
	return s.note(fmt.Sprintf("BC:24:11:%02X:%02X:%02X", 16+s.r.IntN(200), 16+s.r.IntN(200), 16+s.r.IntN(200)))
}

func (s *seeds) uuid() string {
	return s.note(fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", s.r.Uint32()|1<<31, 0x1000+s.r.IntN(0xe000), 0x100+s.r.IntN(0xe00), 0x100+s.r.IntN(0xe00), 1<<44+s.r.Int64N(1<<46)))
}

// secretive is a cluster in which everything that people name, and everything by which a piece of hardware is known, is a seed.
// Some words stand only in what failures say.
func secretive(s *seeds) *pvetest.World {
	w := pvetest.New(2, 6, time.Now)
	w.Name, w.Ceph = s.word(), pvetest.Healthy()
	renamed := map[string]string{}
	for _, n := range w.Nodes {
		old := n.Name
		n.Name, n.IP = s.word(), s.address()
		renamed[old] = n.Name
		for _, d := range n.Disks {
			d.Serial = strings.ToUpper(s.word())
			s.note(d.Serial)
		}
		for _, p := range n.Pools {
			p.Name, p.Health = s.word(), "DEGRADED"
		}
		n.Thin = map[string]float64{s.word() + "/" + s.word(): 0.5}
	}
	for _, st := range w.Storages {
		st.Name = s.word()
	}
	w.Storages = append(w.Storages, &pvetest.Storage{Name: s.word(), Type: "pbs", Content: "backup", Shared: true, Server: s.host(), Datastore: s.word(), Namespace: s.word(), Size: 1 << 40})
	for _, g := range w.Guests {
		g.Name, g.Node, g.Tags, g.Pool = s.word()+"-"+s.word(), renamed[g.Node], s.word()+";"+s.word(), s.word()
		g.UUID = s.uuid()
		if g.Kind == "lxc" {
			g.UUID = s.mac()
		}
		g.Snapshots = []pvetest.Snapshot{{Name: s.word(), Description: "before " + s.word() + " came, says " + s.word() + "@" + s.host(), Made: time.Now()}}
	}
	w.Backups = nil
	for _, g := range w.Guests {
		w.Backups = append(w.Backups, &pvetest.Backup{Storage: w.Storages[2].Name, Guest: g.ID, Kind: g.Kind, Made: time.Now(), Notes: s.word() + " for " + s.word()})
	}
	w.Tasks = nil
	node := w.Nodes[0].Name
	for _, says := range []string{
		fmt.Sprintf("command 'rsync --password-file=/root/%s %s@%s:/srv/%s' failed: exit code 10", s.word(), s.word(), s.host(), s.word()),
		fmt.Sprintf(`unable to open file "/mnt/pve/%s/dump/%s.tmp" - No such file or directory`, s.word(), s.word()),
		fmt.Sprintf("could not resolve %s (%s)", s.host(), s.address()),
		fmt.Sprintf("unable to mount //%s/%s: user=%s", s.host(), s.word(), s.word()),
	} {
		w.AddTask(&pvetest.Task{Node: node, Type: "vzdump", ID: "100", Began: time.Now(), Ended: time.Now(), Status: says, Log: []string{"ERROR: Backup of VM 100 failed - " + says}})
	}
	for _, j := range w.Jobs {
		j.ID, j.Storage = s.word(), w.Storages[2].Name
	}
	for _, r := range w.Copies {
		r.Target, r.Failed = w.Nodes[1].Name, 3
		r.Error = fmt.Sprintf("command '/usr/bin/ssh -o HostKeyAlias=%s root@%s' failed: Permission denied (publickey)", s.word(), s.address())
	}
	w.Faults = []*pvetest.Fault{{Path: "/disks/lvmthin", Status: 500, Reason: fmt.Sprintf("vg '%s' of %s is broken", s.word(), s.host())}}
	return w
}

// Whatever a cluster is called, and whatever its failures quote, nothing of it is in a recording.
func TestNoSeedSurvives(t *testing.T) {
	for round := range 3 {
		s := &seeds{r: rand.New(rand.NewPCG(uint64(round), 7))} //nolint:gosec // they are no secrets
		w := secretive(s)
		dir, out, err := run(t, pvetest.Start(t, w))
		if err != nil {
			t.Fatal(err, out)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) < 20 {
			t.Fatalf("%d answers, %v", len(entries), err)
		}
		s.note(pvetest.Secret)
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			whole := strings.ToLower(e.Name() + "\n" + string(text))
			for _, seed := range s.made {
				if i := strings.Index(whole, strings.ToLower(seed)); i >= 0 {
					t.Errorf("%s holds %q: …%s…", e.Name(), seed, whole[max(0, i-60):min(len(whole), i+60)])
				}
			}
		}
	}
}
