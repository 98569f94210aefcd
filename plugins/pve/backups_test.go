package pve

import (
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/plugins/pve/pvetest"
	"github.com/pulse-platform/pulse/sdk"
)

// rows returns the documents of a list by their keys.
func (s seen) rows(list string) map[string]sdk.Row {
	out := map[string]sdk.Row{}
	for _, o := range s.All() {
		if r, ok := o.(sdk.Row); ok && r.Rows == list {
			out[r.Key] = r
		}
	}
	return out
}

// bare makes a lab whose cluster has neither jobs nor backups.
func bare(t *testing.T, nodes, guests int, change func(w *pvetest.World), config ...map[string]any) *lab {
	t.Helper()
	return newLab(t, nodes, guests, func(w *pvetest.World) {
		w.Jobs, w.Backups, w.Tasks = nil, nil, nil
		change(w)
	}, config...)
}

var night = time.Unix(1_800_000_000, 0).Add(-10 * time.Hour)

func TestBackupsOnStorage(t *testing.T) {
	l := bare(t, 2, 3, func(w *pvetest.World) {
		w.Storages = append(w.Storages, &pvetest.Storage{Name: "bkp", Type: "pbs", Content: "backup", Shared: true})
		w.Backups = []*pvetest.Backup{
			{Storage: "nas", Guest: 100, Kind: "qemu", Made: night, Size: 5 << 30, Notes: "vm100", Protected: true},
			{Storage: "bkp", Guest: 102, Made: night, Size: 1 << 30, Verified: "ok"},
			{Storage: "local", Node: "pve2", Guest: 101, Made: night.Add(-24 * time.Hour), Size: 1},
		}
		w.Guest(100).Node = "pve2" // what lies on a shared storage is shown where its guest is
	})
	s := l.must(taskBackups)
	rows := s.rows(rowsBackups)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for key, want := range map[string]map[string]any{
		"nas:backup/vzdump-qemu-100-" + night.UTC().Format("2006_01_02-15_04_05") + ".vma.zst": {
			"storage": "nas", "instance": "home", "type": "qemu", "vmid": 100.0, "node": "pve2", "ctime": float64(night.Unix()), "protected": true, "isPBS": false, "verified": false, "notes": "vm100",
		},
		"bkp:backup/ct/102/" + night.UTC().Format(time.RFC3339):                                                          {"type": "lxc", "isPBS": true, "verified": true, "verification": "ok", "encrypted": true},
		"pve2/local:backup/vzdump-qemu-101-" + night.Add(-24*time.Hour).UTC().Format("2006_01_02-15_04_05") + ".vma.zst": {"node": "pve2", "type": "qemu"},
	} {
		row, ok := rows[key]
		if !ok {
			t.Errorf("there is no row %s", key)
			continue
		}
		for path, v := range want {
			if got := at(t, row.Doc, path); got != v {
				t.Errorf("%s: %s is %v, want %v", key, path, got, v)
			}
		}
	}
	for _, row := range rows {
		if len(row.Subject) != 1 || !strings.HasPrefix(row.Subject[0].Value, "home/10") || row.Time.IsZero() {
			t.Errorf("the row %s is about %v, of %v", row.Key, row.Subject, row.Time)
		}
	}
	if age, ok := s.sample("guest/100", "backup_age"); !ok || age != (10*time.Hour).Seconds() {
		t.Errorf("age %v, %v", age, ok)
	}
	if _, ok := s.sample("guest/100", "backup_overdue"); ok {
		t.Error("a guest without a job is overdue")
	}
}

func TestStorageIsReadOnlyWhenSomethingChanged(t *testing.T) {
	l := newLab(t, 3, 9, nil)
	l.must(taskBackups)
	if n := l.Count("/content"); n != 4 { // three local ones, and the shared one once
		t.Errorf("at first %d storages are read", n)
	}
	l.Forget()
	l.clock.Move(5 * time.Minute)
	s := l.must(taskBackups)
	if got := l.Count("/content") + l.Count("/log") + l.Count("/cluster/backup"); got != 0 || l.Count("/cluster/tasks") != 1 {
		t.Errorf("in a quiet cluster: %v", l.Calls())
	}
	if _, ok := s.sample("guest/100", "backup_age"); !ok || len(s.rows(rowsBackups)) != 0 {
		t.Errorf("%d rows", len(s.rows(rowsBackups)))
	}
	l.world.Edit(func(w *pvetest.World) {
		now := l.clock.Now()
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: now.Add(-time.Minute), Ended: now, Status: "OK"})
	})
	l.clock.Move(5 * time.Minute)
	if s := l.must(taskBackups); l.Count("/content") != 4 || len(s.rows(rowsBackups)) == 0 {
		t.Errorf("after a backup: %v", l.Calls())
	}
	l.Forget()
	l.clock.Move(2 * time.Hour)
	if l.must(taskBackups); l.Count("/content") != 4 {
		t.Errorf("after two hours: %v", l.Calls())
	}
}

// What a quiet node did weeks ago is still in the list of tasks: nothing has changed by it since.
func TestOldTasksChangeNothing(t *testing.T) {
	l := bare(t, 1, 1, func(w *pvetest.World) {
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: w.Now().Add(-30 * 24 * time.Hour), Ended: w.Now().Add(-29 * 24 * time.Hour), Status: "OK"})
	})
	l.must(taskBackups)
	before := l.Count("/content")
	for range 3 {
		l.clock.Move(5 * time.Minute)
		l.must(taskBackups)
	}
	if n := l.Count("/content") - before; n != 0 {
		t.Errorf("storage was read %d times more", n)
	}
}

// Quirk: who lacks a right gets an empty list, which says nothing about backups.
func TestBackupsThatMayNotBeSeen(t *testing.T) {
	l := bare(t, 1, 2, func(w *pvetest.World) {
		w.Accounts[0].Rights = map[string][]string{"/": pvetest.Auditor()}
		w.Jobs = []*pvetest.Job{{ID: "j", Schedule: "21:00", All: true}}
		w.Backups = []*pvetest.Backup{{Storage: "nas", Guest: 100, Made: night}}
	})
	s := l.collect(taskBackups)
	err := s.Part("storage/shared/nas").Err
	if sdk.KindOf(err) != sdk.KindPermission || !strings.Contains(err.Error(), "pveum acl modify /storage/nas --tokens 'monitor@pve!pulse' --roles PulseMonitor") {
		t.Errorf("%v", err)
	}
	if c := s.conditions("guest/100"); len(c) != 0 || l.Count("/content") != 0 {
		t.Errorf("%v, %v", c, l.Calls())
	}
}

func TestARunForSeveralSaysWhichFailed(t *testing.T) {
	run := &pvetest.Task{Node: "pve1", Type: "vzdump", Began: night, Ended: night.Add(time.Hour), Status: "job errors", Log: []string{
		"INFO: starting new backup job: vzdump 100 101 --storage nas", "INFO: Finished Backup of VM 100 (00:01:23)", "ERROR: Backup of VM 101 failed - no space left", "INFO: Backup job finished with errors",
	}}
	l := bare(t, 1, 2, func(w *pvetest.World) { w.AddTask(run) })
	s := l.must(taskBackups)
	c := s.conditions("guest/101")[kindBackupFailed]
	if !strings.Contains(c.Message, "vm101 (101) failed: no space left") || !c.Since.Equal(night) || len(s.conditions("guest/100")) != 0 {
		t.Errorf("%+v, %v", c, s.conditions("guest/100"))
	}
	if age, ok := s.sample("guest/100", "backup_age"); !ok || age != (10*time.Hour).Seconds() {
		t.Errorf("the run went well for guest 100: %v, %v", age, ok)
	}
	row := s.rows(rowsTasks)[run.UPID()]
	for path, want := range map[string]any{"status": "job errors", "error": "job errors", "vmid": 0.0, "endTime": night.Add(time.Hour).UTC().Format(time.RFC3339)} {
		if got := at(t, row.Doc, path); got != want {
			t.Errorf("%s is %v", path, got)
		}
	}

	l.clock.Move(5 * time.Minute)
	if l.must(taskBackups); l.Count("/log") != 1 {
		t.Errorf("the log was read %d times", l.Count("/log"))
	}
	l.world.Edit(func(w *pvetest.World) {
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdump", Began: l.clock.Now(), Ended: l.clock.Now().Add(time.Minute), Status: "OK", Log: []string{"INFO: Finished Backup of VM 101 (00:01:23)"}})
	})
	l.clock.Move(5 * time.Minute)
	if c := l.must(taskBackups).conditions("guest/101"); len(c) != 0 {
		t.Errorf("after a run that went well: %v", c)
	}
}

func TestABackupOfOneGuestThatFails(t *testing.T) {
	l := bare(t, 1, 2, func(w *pvetest.World) {
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: night, Ended: night.Add(time.Minute), Status: "unable to create temporary directory"})
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "vzdump", ID: "101", Began: night, Ended: night.Add(time.Minute), Status: "WARNINGS: 1"})
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "qmshutdown", ID: "101", Began: night, Ended: night.Add(time.Minute), Status: "VM quit/powerdown failed"})
	})
	s := l.must(taskBackups)
	if s.conditions("guest/100")[kindBackupFailed].Message == "" || len(s.conditions("guest/101")) != 0 {
		t.Errorf("%v, %v", s.conditions("guest/100"), s.conditions("guest/101"))
	}
	if len(s.rows(rowsTasks)) != 2 {
		t.Errorf("%d backup tasks", len(s.rows(rowsTasks)))
	}
	// A backup that lies on storage is proof enough, whoever made it.
	l.world.Edit(func(w *pvetest.World) {
		w.Backups = append(w.Backups, &pvetest.Backup{Storage: "nas", Guest: 100, Made: l.clock.Now()})
	})
	l.clock.Move(2 * time.Hour)
	if c := l.must(taskBackups).conditions("guest/100"); len(c) != 0 {
		t.Errorf("after another backup: %v", c)
	}
}

func TestABackupThatRuns(t *testing.T) {
	run := &pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: night}
	l := bare(t, 1, 1, func(w *pvetest.World) { w.AddTask(run) })
	row := l.must(taskBackups).rows(rowsTasks)[run.UPID()]
	if got := at(t, row.Doc, "status"); got != "running" || at(t, row.Doc, "endTime") != "0001-01-01T00:00:00Z" {
		t.Errorf("%s", row.Doc)
	}
	l.world.Edit(func(*pvetest.World) { run.Ended, run.Status = l.clock.Now(), "OK" })
	row = l.must(taskBackups).rows(rowsTasks)[run.UPID()]
	if got := at(t, row.Doc, "status"); got != "OK" {
		t.Errorf("%s", row.Doc)
	}
	if again := l.must(taskBackups).rows(rowsTasks); len(again) != 0 {
		t.Errorf("what is known is told again: %v", again)
	}
}

// Quirk: the list of all tasks is short, and lists go by when a task began. A backup that took two days ends in neither.
func TestTasksThatFallOutOfTheList(t *testing.T) {
	run := &pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: night}
	l := bare(t, 2, 2, func(w *pvetest.World) { w.AddTask(run) })
	l.must(taskBackups)
	l.clock.Move(48 * time.Hour)
	busy := func(node string) func(w *pvetest.World) {
		return func(w *pvetest.World) {
			for range 30 {
				w.AddTask(&pvetest.Task{Node: node, Type: "qmstart", ID: "100", Began: w.Now(), Ended: w.Now(), Status: "OK"})
			}
		}
	}
	l.world.Edit(func(w *pvetest.World) {
		run.Ended, run.Status = l.clock.Now(), "interrupted by signal"
		busy("pve1")(w)
	})
	s := l.must(taskBackups)
	if row := s.rows(rowsTasks)[run.UPID()]; at(t, row.Doc, "error") != "interrupted by signal" || s.conditions("guest/100")[kindBackupFailed].Message == "" {
		t.Errorf("%s, %v", row.Doc, s.conditions("guest/100"))
	}
	// One that runs falls out although nothing else does that was not known.
	long := &pvetest.Task{Node: "pve1", Type: "vzdump", ID: "100", Began: l.clock.Now()}
	l.world.Edit(func(w *pvetest.World) { w.AddTask(long) })
	l.clock.Move(time.Minute)
	l.world.Edit(func(w *pvetest.World) {
		w.AddTask(&pvetest.Task{Node: "pve1", Type: "qmstart", ID: "101", Began: w.Now(), Ended: w.Now(), Status: "OK"})
	})
	l.must(taskBackups)
	l.clock.Move(time.Hour)
	l.world.Edit(func(w *pvetest.World) {
		long.Ended, long.Status = w.Now(), "out of space"
		for range 24 {
			w.AddTask(&pvetest.Task{Node: "pve1", Type: "qmstart", ID: "101", Began: w.Now(), Ended: w.Now(), Status: "OK"})
		}
	})
	if c := l.must(taskBackups).conditions("guest/100")[kindBackupFailed]; !strings.Contains(c.Message, "out of space") {
		t.Errorf("one that ran for an hour: %+v", c)
	}
	// One that began and ended between two looks at a busy node.
	short := &pvetest.Task{Node: "pve2", Type: "vzdump", ID: "101", Began: l.clock.Now(), Ended: l.clock.Now().Add(time.Minute), Status: "no space left"}
	l.world.Edit(busy("pve2"))
	l.must(taskBackups)
	l.clock.Move(5 * time.Minute)
	l.world.Edit(func(w *pvetest.World) { short.Began, short.Ended = w.Now(), w.Now(); w.AddTask(short) })
	l.clock.Move(5 * time.Second)
	l.world.Edit(busy("pve2"))
	if c := l.must(taskBackups).conditions("guest/101")[kindBackupFailed]; c.Message == "" {
		t.Error("nobody noticed a backup that failed between two looks")
	}
	// A quiet cluster is not asked again.
	l.Forget()
	l.must(taskBackups)
	if n := l.Count("/tasks?") + l.Count("/nodes/pve1/tasks"); n != 0 {
		t.Errorf("%v", l.Calls())
	}
}

func TestOverdueIsByTheJobsSchedule(t *testing.T) {
	for schedule, overdue := range map[string]time.Duration{"20:00": 26*time.Hour - clockBack, "sat 22:00": 0, "*/6:00": 44*time.Hour - clockBack, "mon..fri 03:00": 0} {
		l := bare(t, 1, 1, func(w *pvetest.World) {
			w.Jobs = []*pvetest.Job{{ID: "j", Schedule: schedule, Guests: "100"}}
			w.Backups = []*pvetest.Backup{{Storage: "nas", Guest: 100, Made: w.Now().Add(-50 * time.Hour)}}
		})
		if got, ok := l.must(taskBackups).sample("guest/100", "backup_overdue"); !ok || got != overdue.Seconds() {
			t.Errorf("%s: overdue by %v, want %v", schedule, time.Duration(got)*time.Second, overdue)
		}
	}
}

func TestGuestsThatWereNeverBackedUp(t *testing.T) {
	l := bare(t, 1, 4, func(w *pvetest.World) {
		w.Jobs = []*pvetest.Job{{ID: "j", Schedule: "20:00", All: true, Exclude: "101"}, {ID: "off", Schedule: "20:00", Guests: "101", Disabled: true}}
		w.Guest(103).Since = w.Now().Add(-time.Hour)
		w.Backups = []*pvetest.Backup{{Storage: "nas", Guest: 102, Made: night}}
	})
	s := l.must(taskBackups)
	for guest, want := range map[string]bool{"guest/100": true, "guest/101": false, "guest/102": false, "guest/103": false} {
		if _, missed := s.conditions(guest)[kindNeverBackedUp]; missed != want {
			t.Errorf("%s: %v", guest, s.conditions(guest))
		}
	}
	if n, _ := s.sample("cluster", "guests_without_job"); n != 1 {
		t.Errorf("%v guests are in no job", n)
	}
	if got := at(t, s.rows(rowsJobs)["j"].Doc, "covers"); got != 3.0 {
		t.Errorf("%s", s.rows(rowsJobs)["j"].Doc)
	}
}

// What only a node has that is switched off, and on which no guest is, may stay unread for ever: others are missed all the same. A
// guest of such a node may have its backups there.
func TestBackupsOnANodeThatIsOff(t *testing.T) {
	for guest, missed := range map[string]bool{"pve1": true, "pve2": false} {
		l := bare(t, 2, 2, func(w *pvetest.World) {
			w.Jobs = []*pvetest.Job{{ID: "j", Schedule: "20:00", All: true}}
			w.Node("pve2").Online, w.Node("pve2").Lost = false, w.Now().Add(-48*time.Hour)
			w.Guest(100).Node, w.Guest(101).Node = "pve1", guest
		})
		if _, told := l.must(taskBackups).conditions("guest/100")[kindNeverBackedUp]; told != missed {
			t.Errorf("a guest is on %s: the other one's backup is missed: %v", guest, told)
		}
	}
}

func TestBackupsThatNobodyWants(t *testing.T) {
	l := newLab(t, 1, 2, nil, map[string]any{"monitor_backups": false})
	if s := l.must(taskBackups); len(s.All()) != 0 || len(l.Calls()) != 0 {
		t.Errorf("%v, %v", s.All(), l.Calls())
	}
}

func TestSchedules(t *testing.T) {
	day := 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"20:00": day, "daily": day, "00:00": day, "*-*-* 20:00:00": day, "hourly": time.Hour, "*/15": 15 * time.Minute, "*:0/30": 30 * time.Minute, "minutely": time.Minute,
		"sat 22:00": 7 * day, "weekly": 7 * day, "mon..fri 02:00": 3 * day, "sun,wed 02:00": 4 * day, "fri..mon 3:00": 4 * day, "mon,tue,wed,thu,fri,sat,sun 20:00": day,
		"8..18:00": 14 * time.Hour, "2,14:00": 12 * time.Hour, "*-01 04:00": 31 * day, "monthly": 31 * day, "mon": 7 * day, "*-1,15 00:00": 17 * day,
		"": 0, "nonsense": 0, "25:00": 0, "*-*-32": 0, "mon mon": 0, "1/0": 0, "-": 0, "5-": 0, "5/9223372036854775807": time.Hour, "*/9223372036854775807": time.Hour, "yearly": 366 * day,
	} {
		s, ok := parseSchedule(text)
		got := time.Duration(0)
		if ok {
			got = s.longestGap()
		}
		if want > time.Hour {
			want += clockBack // of the night in which clocks go back
		}
		if got != want {
			t.Errorf("%q leaves %v, want %v", text, got, want)
		}
	}
}

func FuzzSchedule(f *testing.F) {
	for _, text := range []string{"20:00", "mon..fri *-1..7 */2:5/10", "5/9223372036854775807", "sat", "*", "..", "a..b", "1..", "\x00", "*-*-*-*"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := parseSchedule(text); ok {
			if gap := s.longestGap(); gap < 0 || gap > 5*366*24*time.Hour {
				t.Errorf("%q leaves %v", text, gap)
			}
		}
	})
}

func FuzzBackupLog(f *testing.F) {
	f.Add("INFO: Finished Backup of VM 100 (00:01:23)")
	f.Add("ERROR: Backup of CT 99999999999999999999 failed - x")
	f.Fuzz(func(t *testing.T, line string) {
		for id, text := range readLog([]logRow{{Text: proxmox.Str(line)}}) {
			if !strings.Contains(line, "Backup of") || id < 0 || len(text) > 210 {
				t.Errorf("%q says %d: %q", line, id, text)
			}
		}
	})
}
