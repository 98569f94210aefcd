package pmg

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// queueNames are the queues of the mail server.
var queueNames = []string{"active", "deferred", "hold", "incoming"}

// ages are the columns of a queue's shape with the least age in seconds of what they count, the oldest first. A column
// counts messages that wait for up to as long as it says.
var ages = []struct {
	column string
	least  int64
}{
	{"1280m+", 1280 * 60}, {"1280m", 640 * 60}, {"640m", 320 * 60}, {"320m", 160 * 60}, {"160m", 80 * 60}, {"80m", 40 * 60}, {"40m", 20 * 60}, {"20m", 10 * 60}, {"10m", 5 * 60}, {"5m", 0},
}

// queue is what waits on a node: messages by queue, and at least how long the oldest of them does.
type queue struct {
	waiting map[string]float64
	oldest  int64 // seconds
}

func (q queue) total() (n float64) {
	for _, of := range q.waiting {
		n += of
	}
	return n
}

// add takes a queue's total row. No rows at all is an empty queue.
func (q *queue) add(name string, row shape) {
	q.waiting[name] = max(0, row["total"].V)
	if name == "hold" {
		return // what somebody holds back may wait
	}
	for _, a := range ages {
		if row[a.column].V > 0 {
			q.oldest = max(q.oldest, a.least)
			return
		}
	}
}

// queueDoc is a node's queue as the state shows it.
type queueDoc struct {
	Active    int64     `json:"active"`
	Deferred  int64     `json:"deferred"`
	Hold      int64     `json:"hold"`
	Incoming  int64     `json:"incoming"`
	Total     int64     `json:"total"`
	OldestAge int64     `json:"oldestAge"` // seconds
	UpdatedAt time.Time `json:"updatedAt"`
}

// collectQueues reads the queues of each node, and adds up those of the nodes that answer.
func (c *Collector) collectQueues(ctx context.Context, sink sdk.Sink) error {
	if !c.cfg.MonitorQueues {
		return nil
	}
	c.mu.Lock()
	c.queues = map[string]queue{}
	c.mu.Unlock()
	if err := c.onNodes(ctx, sink, "queue/", c.readQueue); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queues) == 0 || len(c.queues) < len(c.members) {
		return nil // a sum with holes would look like mail that went out
	}
	sum := queue{waiting: map[string]float64{}}
	for _, q := range c.queues {
		for name, n := range q.waiting {
			sum.waiting[name] += n
		}
		sum.oldest = max(sum.oldest, q.oldest)
	}
	m := proxmox.Meter{Type: typeGateway, Key: gatewayKey}
	for _, name := range queueNames {
		m.Add("queue_"+name, sum.waiting[name], true)
	}
	m.Add("queue_total", sum.total(), true)
	m.Add("queue_oldest", float64(sum.oldest), true)
	return sink.Emit(append(m.Samples, gatewayPart(partSum, map[string]any{"queue": sum.document(c.deps.Now())}))...)
}

// document is the queue as the state shows it.
func (q queue) document(now time.Time) queueDoc {
	return queueDoc{
		Active: int64(q.waiting["active"]), Deferred: int64(q.waiting["deferred"]), Hold: int64(q.waiting["hold"]), Incoming: int64(q.waiting["incoming"]),
		Total: int64(q.total()), OldestAge: q.oldest, UpdatedAt: now.UTC().Truncate(time.Second),
	}
}

func (c *Collector) readQueue(ctx context.Context, m member) ([]sdk.Observation, error) {
	q := queue{waiting: map[string]float64{}}
	for _, name := range queueNames {
		row, err := c.readShape(ctx, string(m.Name), name)
		if err != nil {
			return nil, err
		}
		q.add(name, row)
	}
	c.mu.Lock()
	c.queues[string(m.Name)] = q
	c.mu.Unlock()
	key := nodeKey(string(m.Name))
	s := proxmox.Meter{Type: typeNode, Key: key}
	several := !c.standsAlone() // one node's queue is the gateway's: nobody is to be told twice
	s.Add("node_queue_total", q.total(), several)
	s.Add("node_queue_deferred", q.waiting["deferred"], several)
	s.Add("node_queue_hold", q.waiting["hold"], several)
	s.Add("node_queue_oldest", float64(q.oldest), several)
	return append(s.Samples, sdk.Part{Type: typeNode, Key: key, Name: partQueue, Doc: proxmox.Document(map[string]any{"queueStatus": q.document(c.deps.Now())})}), nil
}

// readShape returns the row TOTAL of a queue; the others name domains of partners and are let go as they come.
func (c *Collector) readShape(ctx context.Context, node, name string) (total shape, err error) {
	_, err = c.client.List(ctx, proxmox.OnNode(node, "postfix", "qshape").With("queue", name), func(raw json.RawMessage) error {
		var row struct {
			Domain proxmox.Str `json:"domain"`
		}
		if err := json.Unmarshal(raw, &row); err != nil || row.Domain != "TOTAL" {
			return err
		}
		return json.Unmarshal(raw, &total)
	})
	return total, err
}
