// Package bus carries news within the process: something changed, look again. It is bounded and lossy by
// design, so it is never used for work that must happen.
package bus

import "sync"

// Bus fans news of one type out to subscribers.
type Bus[T any] struct {
	mu   sync.Mutex
	subs map[chan T]struct{}
}

// Publish hands v to every subscriber that has room; the others miss it.
func (b *Bus[T]) Publish(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.subs {
		select {
		case c <- v:
		default:
		}
	}
}

// Subscribe returns a channel with room for n news, and the function that ends the subscription.
func (b *Bus[T]) Subscribe(n int) (news <-chan T, stop func()) {
	c := make(chan T, n)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[chan T]struct{}{}
	}
	b.subs[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, c)
	}
}
