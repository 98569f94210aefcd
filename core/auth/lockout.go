package auth

import (
	"container/list"
	"fmt"
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
}

func (e *LoginError) Error() string {
	if e.Locked {
		return "Too many failed logins. Try again later, or from another address."
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
	}{{"user " + user[:min(len(user), 64)] + " " + peer, MaxAttempts}, {"peer " + peer, 4 * MaxAttempts}}
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
		f := l.entry(k.key)
		if l.now().Sub(f.last) >= LockDuration {
			f.count = 0 // failures age
		}
		f.count++
		f.last = l.now()
		if i == 0 {
			attempts = f.count
		}
		lockedNow = lockedNow || f.count >= k.max
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
