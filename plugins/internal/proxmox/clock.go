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
