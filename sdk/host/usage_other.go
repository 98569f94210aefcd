//go:build !linux

package host

// resident is not known here: the soft limit of the runtime is all that holds.
func resident(int) (int64, bool) { return 0, false }

// usageOf is not known here.
func usageOf(int) (Usage, bool) { return Usage{}, false }
