package pve

import (
	"context"
	"time"
)

// What disks said is kept: asking anew after each start would wake those that sleep.

type keptDisks struct {
	At    time.Time            `json:"at"`
	Disks []keptDisk           `json:"disks"`
	Smart map[string]keptSmart `json:"smart"`
}

type keptDisk struct {
	Key string  `json:"key"`
	Row diskRow `json:"row"`
}

type keptSmart struct {
	Asked       time.Time `json:"asked"`
	Temperature int64     `json:"temperature,omitempty"`
	Attributes  smartDoc  `json:"attributes"`
}

func keptDisksOf(node string) string { return "disks/" + node }

// knownDisks returns what is known of a node's disks, if only by an earlier process.
func (c *Collector) knownDisks(ctx context.Context, node string) (book diskBook, there bool) {
	c.mu.Lock()
	book, there = c.disks[node]
	keeps := c.keeps
	c.mu.Unlock()
	if there || !keeps {
		return book, there
	}
	var k keptDisks
	if c.read(ctx, keptDisksOf(node), &k) != nil || k.At.IsZero() {
		return diskBook{}, false
	}
	book = diskBook{at: k.At, smart: map[string]smartReading{}}
	for _, d := range k.Disks {
		book.disks = append(book.disks, knownDisk{d.Row, d.Key})
	}
	for key, s := range k.Smart {
		book.smart[key] = smartReading{asked: s.Asked, temperature: s.Temperature, attributes: s.Attributes}
	}
	return book, true
}

// saveDisks keeps what is known of a node's disks.
func (c *Collector) saveDisks(ctx context.Context, node string, book diskBook) {
	c.mu.Lock()
	keeps := c.keeps
	c.mu.Unlock()
	if !keeps {
		return
	}
	k := keptDisks{At: book.at, Smart: map[string]keptSmart{}}
	for _, d := range book.disks {
		k.Disks = append(k.Disks, keptDisk{d.key, d.diskRow})
	}
	for key, s := range book.smart {
		if !s.asked.IsZero() {
			k.Smart[key] = keptSmart{s.asked, s.temperature, s.attributes}
		}
	}
	_ = c.write(ctx, keptDisksOf(node), k) // it says so itself; the next reading tries again
}
