package metric

import "context"

// Allowance bounds how many series an Append may begin. Samples of series that exist are not its business.
type Allowance struct {
	// Room is how many may be begun.
	Room int
	// Begun counts those that were, Refused the samples that would have begun more.
	Begun, Refused int
}

// Take reports whether another series may be begun. A nil allowance lets everything through.
func (a *Allowance) Take() bool {
	if a == nil {
		return true
	}
	if a.Begun >= a.Room {
		a.Refused++
		return false
	}
	a.Begun++
	return true
}

type allowanceKey struct{}

// WithAllowance hands an allowance to the Append that is called with the context, and to no other one.
func WithAllowance(ctx context.Context, a *Allowance) context.Context {
	return context.WithValue(ctx, allowanceKey{}, a)
}

// AllowanceFrom returns the context's allowance, or nil.
func AllowanceFrom(ctx context.Context) *Allowance {
	a, _ := ctx.Value(allowanceKey{}).(*Allowance)
	return a
}
