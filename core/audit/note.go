package audit

import (
	"context"
	"fmt"
	"sync"
)

// Note is what a handler adds to the event of its request: the server writes the event afterwards, and knows who, from
// where, which route and how it went.
type Note struct {
	mu      sync.Mutex
	user    string
	details string
	skip    bool
	failed  bool
}

type noteKey struct{}

// WithNote returns a context with an empty note.
func WithNote(ctx context.Context) (context.Context, *Note) {
	n := &Note{}
	return context.WithValue(ctx, noteKey{}, n), n
}

func noteOf(ctx context.Context) *Note {
	if n, ok := ctx.Value(noteKey{}).(*Note); ok {
		return n
	}
	return &Note{} // nobody reads it
}

// Detail says what the path of a request does not tell. It must hold no secret.
func Detail(ctx context.Context, format string, args ...any) {
	n := noteOf(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.details = fmt.Sprintf(format, args...)
}

// Actor names the user where the request does not, as a login does.
func Actor(ctx context.Context, user string) {
	n := noteOf(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.user = user
}

// Skip says that nothing was changed.
func Skip(ctx context.Context) {
	n := noteOf(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.skip = true
}

// Read returns what was noted.
func (n *Note) Read() (user, details string, skip bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.user, n.details, n.skip
}

// Fail says what went wrong with a request whose answer does not tell, such as one that leads a browser back. It must
// hold no secret.
func Fail(ctx context.Context, format string, args ...any) {
	Detail(ctx, format, args...)
	n := noteOf(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failed = true
}

// Failed tells whether [Fail] was called.
func (n *Note) Failed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failed
}
