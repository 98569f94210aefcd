package proxmox

import (
	"net/url"
	"strings"
	"time"
)

// Call is one thing to read.
type Call struct {
	// Path holds the segments after /api2/json, as they are: each is escaped on its own.
	Path  []string
	Query url.Values
	// Node is set when the server forwards the call to that node.
	Node string
	// Slow calls measure when they are asked (disks, backups, packages): one at a time for each node.
	Slow bool
	// Patience is how long the answer may take once the call is made, 0 for the client's own limit.
	Patience time.Duration
	// MaxBody is the largest answer in bytes, 0 for the client's own limit. A long list is read row by row.
	MaxBody int64

	// admitted says that the budget has the next request of this call in it.
	admitted *bool
}

// Path makes a [Call] of segments.
func Path(segments ...string) Call { return Call{Path: segments} }

// OnNode makes a [Call] below /nodes/NODE.
func OnNode(node string, segments ...string) Call {
	return Call{Path: append([]string{"nodes", node}, segments...), Node: node}
}

// With adds a parameter.
func (c Call) With(name, value string) Call {
	query := url.Values{}
	for k, v := range c.Query {
		query[k] = v
	}
	query.Set(name, value)
	c.Query = query
	return c
}

// Slowly marks the call as slow.
func (c Call) Slowly() Call {
	c.Slow = true
	return c
}

// Within gives up on the answer after a time. That the call had to wait for its turn does not count.
func (c Call) Within(d time.Duration) Call {
	c.Patience = d
	return c
}

// UpTo lets the answer be as large as that.
func (c Call) UpTo(bytes int64) Call {
	c.MaxBody = bytes
	return c
}

func (c Call) path() string {
	var b strings.Builder
	for _, s := range c.Path {
		b.WriteByte('/')
		if s == "." || s == ".." {
			s = strings.ReplaceAll(s, ".", "%2E")
		} else {
			s = url.PathEscape(s)
		}
		b.WriteString(s)
	}
	return b.String()
}

func (c Call) timeout() time.Duration {
	switch {
	case c.Patience > 0:
		return c.Patience
	case c.Slow:
		return slowTimeout
	case c.Node != "":
		return nodeTimeout
	}
	return fastTimeout
}
