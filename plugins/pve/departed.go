package pve

import "slices"

// tellsOf notes that a task has told of a node or a storage, for later processes too. The lock is held.
func (c *Collector) tellsOf(task, name string) {
	if c.toldOf[task] == nil {
		c.toldOf[task] = map[string]bool{}
	}
	c.toldOf[task][name] = true
}

// departed returns and forgets of whom a task, or that of an earlier process, has told who is there no more. What was told of
// them would stay for ever if nobody said that it is over.
func (c *Collector) departed(task string, there func(name string) bool) (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.toldOf[task] {
		if !there(name) {
			out = append(out, name)
			delete(c.toldOf[task], name)
		}
	}
	slices.Sort(out)
	return out
}

func (v *view) isMember(name string) bool {
	_, is := v.node(name)
	return is
}
