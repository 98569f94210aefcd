package pbstest

import (
	"path"
	"strconv"
	"sync"
	"time"
)

// World is what the server knows.
type World struct {
	// Now is the server's clock.
	Now func() time.Time
	// Release is the first two numbers of the version: "3.2", "4.2". Calls that came later are not there.
	Release  string
	Accounts map[string]*Account
	Node     Node
	Stores   []*Store
	// Verify, Prune and Sync are the jobs.
	Verify, Prune, Sync []Job
	Tasks               []Task
	Services            []Service
	Disks               []Disk
	Pools               map[string]string // health by name
	Updates             []Update
	Subscription        string
	Tape                Tape

	// Still worlds do not live by themselves; whoever reaches them may change them.
	Still bool

	mu   sync.Mutex
	live func(now time.Time) // moves the world on, if it lives
}

// Change changes the world while it is served.
func (w *World) Change(f func(*World)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}

func (w *World) atLeast(release string) bool { return number(w.Release) >= number(release) }

func number(release string) float64 {
	n, err := strconv.ParseFloat(release, 64)
	if err != nil {
		return 0
	}
	return n
}

// Account is a user or a token and its rights: role by path, for the path and all below it.
type Account struct {
	Secret string
	Roles  map[string]string
}

// roles are those that monitoring needs.
var roles = map[string][]string{
	"Audit":           {"Sys.Audit", "Datastore.Audit"},
	"DatastoreAudit":  {"Datastore.Audit"},
	"DatastoreBackup": {"Datastore.Backup"},
	"RemoteAudit":     {"Remote.Audit"},
	"TapeAudit":       {"Tape.Audit"},
}

// privileges returns what an account may do on a path. A role on a path replaces those from above.
func (a *Account) privileges(on string) []string {
	for at := on; ; at = path.Dir(at) {
		if role, there := a.Roles[at]; there {
			return roles[role]
		}
		if at == "/" {
			return nil
		}
	}
}

func (a *Account) may(on string, wanted ...string) bool {
	for _, p := range a.privileges(on) {
		for _, w := range wanted {
			if p == w {
				return true
			}
		}
	}
	return false
}

// Node is the machine.
type Node struct {
	Name         string
	Started      time.Time
	CPU, Wait    float64
	Load         [3]float64
	Memory, Swap Space
	Root         Space
	Fingerprint  string
}

// Space is bytes in all and in use.
type Space struct{ Total, Used int64 }

// Store is a datastore.
type Store struct {
	Name string
	Space
	// Error is set while it cannot be read, with MountStatus "notmounted" when its disk is away.
	Error       string
	MountStatus string
	// Backend is where it keeps what is in it: "s3", or empty for the file system.
	Backend string
	// Full is when it is full, as the server estimates; zero for never.
	Full time.Time
	// IndexBytes is what backups refer to and DiskBytes what that takes.
	IndexBytes, DiskBytes int64
	GC                    GC
	Backups               []Backup

	first float64 // the used share when the world began
}
