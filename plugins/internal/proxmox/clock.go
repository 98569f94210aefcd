package proxmox

import (
	"net/http"
	"time"
)

// Skew is by how much the clock of the server that was last asked is ahead of the one here, in whole seconds.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// readClock takes the time from an answer. It was written while the answer was under way, so that it is a little old.
func (c *Client) readClock(res *http.Response) {
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		c.skew.Store(int64(at.Sub(c.opts.Now()).Round(time.Second)))
	}
}

// skewMatters is from when on the clock of a server is taken for another than the one here: less may come from the way.
const skewMatters = time.Minute

// TimeThere is the time of the server that goes with one of here. Ages of what the server has written are told by it.
func (c *Client) TimeThere(at time.Time) time.Time {
	if skew := c.Skew(); skew.Abs() >= skewMatters {
		return at.Add(skew)
	}
	return at
}
