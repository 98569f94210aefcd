package pmg

import "time"

// How the growth of a quarantine is judged: against what was there two hours ago, give or take a quarter of an hour. A
// quarantine that holds little doubles easily, so a growth counts from some messages on, and as a large one from more.
const (
	growthOver  = 2 * time.Hour
	growthSlack = 15 * time.Minute
	growthLeast = 250
	growthLarge = 500
	// belowLarge is the most that a growth by few messages is taken for.
	belowLarge = 0.49
)

// heldAt is how many messages a quarantine held at a time.
type heldAt struct {
	at    time.Time
	count float64
}

// growth notes what a quarantine holds and returns by which share it grew; false until enough is known.
func (c *Collector) growth(kind string, count float64) (float64, bool) {
	now := c.deps.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	past := c.held[kind]
	for len(past) > 0 && now.Sub(past[0].at) > growthOver+growthSlack {
		past = past[1:]
	}
	if c.held == nil {
		c.held = map[string][]heldAt{}
	}
	c.held[kind] = append(past, heldAt{now, count})
	if len(past) == 0 || now.Sub(past[0].at) < growthOver-growthSlack {
		return 0, false
	}
	// The oldest that is kept is about two hours old.
	before := past[0].count
	more := count - before
	switch {
	case more < growthLeast:
		return 0, true
	case more < growthLarge:
		return min(more/max(1, before), belowLarge), true
	}
	return more / max(1, before), true
}
