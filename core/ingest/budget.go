package ingest

import (
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// MaxSeries is how many series an integration may begin at once. What it may begin grows back within a day, and so it
// is with new records and [MaxRecords]: whoever names things anew all the time is bounded too.
const MaxSeries = 80_000

const growBack = 24 * time.Hour

// bucket is an allowance that grows back.
type bucket struct {
	size, left float64
	at         time.Time
}

func newBucket(size int, now time.Time) bucket { return bucket{float64(size), float64(size), now} }

// room returns how much is left now.
func (b *bucket) room(now time.Time) int {
	if now.After(b.at) {
		b.left = min(b.size, b.left+b.size*now.Sub(b.at).Seconds()/growBack.Seconds())
		b.at = now
	}
	return int(b.left)
}

func (b *bucket) spend(n int) { b.left = max(0, b.left-float64(n)) }

// budget is what one integration may still begin.
type budget struct{ records, series bucket }

// budget returns that of an integration. The lock is held.
func (d *Door) budget(name id.Integration) *budget {
	b := d.budgets[name]
	if b == nil {
		now := d.now()
		b = &budget{newBucket(MaxRecords, now), newBucket(MaxSeries, now)}
		d.budgets[name] = b
	}
	return b
}

// fresh returns how many records an integration may still name for the first time.
func (d *Door) fresh(name id.Integration) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.budget(name).records.room(d.now())
}

// allowance returns how many series an integration may begin now.
func (d *Door) allowance(name id.Integration) *metric.Allowance {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &metric.Allowance{Room: d.budget(name).series.room(d.now())}
}

// spent takes what a cycle began off the budget.
func (d *Door) spent(name id.Integration, records, series int) {
	if records+series == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.budget(name)
	b.records.spend(records)
	b.series.spend(series)
}
