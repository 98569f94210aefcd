package auth

import (
	"container/list"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// The lockout of the contract: five failures lock for fifteen minutes.
const (
	MaxAttempts  = 5
	LockDuration = 15 * time.Minute
	maxLocks     = 10_000
)

// LoginError says why somebody did not get in.
type LoginError struct {
	Locked    bool // before the password was looked at
	Until     time.Time
	Attempts  int
	LockedNow bool
	// NeedCode says that the password is right and a code is asked for; WrongCode, that the code is not right.
	NeedCode, WrongCode bool
}

func (e *LoginError) Error() string {
	if e.Locked {
		return "Too many failed logins. Try again later, or from another address."
	}
	if e.NeedCode {
		return "A one-time code is needed as well. Scripts use a token instead."
	}
	if e.WrongCode && !e.LockedNow {
		return fmt.Sprintf("Wrong code. %d attempts left.", MaxAttempts-e.Attempts)
	}
	if e.LockedNow {
		return fmt.Sprintf("Wrong user name or password. Logins are locked for %d minutes.", int(LockDuration.Minutes()))
	}
	return fmt.Sprintf("Wrong user name or password. %d attempts left.", MaxAttempts-e.Attempts)
}

// lockout counts failures per address, and per user from one address. Nobody can lock out a user from elsewhere.
// The oldest entries are forgotten first, so that no number of names can fill the memory.
type lockout struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[string]*list.Element
	lru *list.List
}

type failures struct {
	key   string
	count int
	last  time.Time
}

func newLockout(now func() time.Time) *lockout {
	return &lockout{now: now, by: map[string]*list.Element{}, lru: list.New()}
}

// keys are what a failure counts against, with how many are allowed: an address alone gets more, since many people
// may share it.
func keys(user, peer string) []struct {
	key string
	max int
} {
	return []struct {
		key string
		max int
	}{{"user " + strings.ReplaceAll(user[:min(len(user), 128)], " ", "_") + " " + Network(peer), MaxAttempts}, {"peer " + Network(peer), 4 * MaxAttempts}}
}

// Network is whom an address stands for: with IPv6 one customer has a whole /64, so that each address counting for itself
// would be no limit at all.
func Network(peer string) string {
	addr, err := netip.ParseAddr(peer)
	if err != nil || addr.Unmap().Is4() {
		return peer
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return peer
	}
	return prefix.String()
}

// lockedKey tells whether a counter has reached its limit.
func (l *lockout) lockedKey(key string, most int) (until time.Time, locked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.by[key]
	if !ok {
		return until, false
	}
	f := e.Value.(*failures)
	until = f.last.Add(LockDuration)
	return until, f.count >= most && until.After(l.now())
}

// hit counts a failure. It returns how many there are.
func (l *lockout) hit(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hitLocked(key)
}

func (l *lockout) hitLocked(key string) int {
	f := l.entry(key)
	if l.now().Sub(f.last) >= LockDuration {
		f.count = 0 // failures age
	}
	f.count++
	f.last = l.now()
	return f.count
}

// Lock is a counter of failures that has reached its limit.
type Lock struct {
	User  string // empty for an address as a whole
	Peer  string // address, or network of IPv6; empty for the codes of a user
	Until time.Time
}

// Locks returns who is locked out now.
func (s *Service) Locks() []Lock { return s.locks.list() }

func (l *lockout) list() []Lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []Lock{}
	for key, e := range l.by {
		f := e.Value.(*failures)
		kind, rest, _ := strings.Cut(key, " ")
		x := Lock{Until: f.last.Add(LockDuration)}
		most := MaxAttempts
		switch kind {
		case "user":
			x.User, x.Peer, _ = strings.Cut(rest, " ")
		case "peer":
			x.Peer, most = rest, 4*MaxAttempts
		default:
			x.User, most = rest, maxCodeFailures
		}
		if f.count >= most && x.Until.After(l.now()) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b Lock) int { return b.Until.Compare(a.Until) })
	return out
}

// ResetLockout forgets the failures of a user, or of an address, and tells whether there were any.
func (s *Service) ResetLockout(identifier string) bool { return s.locks.reset(identifier) }

func (l *lockout) reset(identifier string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := false
	for key, e := range l.by {
		words := strings.Fields(key)[1:]
		if slices.Contains(words, Network(identifier)) || slices.Contains(words, identifier) {
			l.lru.Remove(e)
			delete(l.by, key)
			found = true
		}
	}
	return found
}

func (l *lockout) locked(user, peer string) (until time.Time, locked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys(user, peer) {
		if e, ok := l.by[k.key]; ok {
			f := e.Value.(*failures)
			if end := f.last.Add(LockDuration); f.count >= k.max && end.After(l.now()) && end.After(until) {
				until = end
			}
		}
	}
	return until, !until.IsZero()
}

func (l *lockout) failed(user, peer string) (attempts int, lockedNow bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, k := range keys(user, peer) {
		count := l.hitLocked(k.key)
		if i == 0 {
			attempts = count
		}
		lockedNow = lockedNow || count >= k.max
	}
	return attempts, lockedNow
}

func (l *lockout) succeeded(user, peer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := keys(user, peer)[0].key // the address keeps its count: one good password does not excuse a list of bad ones
	if e, ok := l.by[k]; ok {
		l.lru.Remove(e)
		delete(l.by, k)
	}
}

// entry returns the counter of a key. The lock is held.
func (l *lockout) entry(key string) *failures {
	if e, ok := l.by[key]; ok {
		l.lru.MoveToFront(e)
		return e.Value.(*failures)
	}
	if l.lru.Len() >= maxLocks {
		oldest := l.lru.Back()
		l.lru.Remove(oldest)
		delete(l.by, oldest.Value.(*failures).key)
	}
	f := &failures{key: key}
	l.by[key] = l.lru.PushFront(f)
	return f
}
