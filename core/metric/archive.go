package metric

import (
	"context"
	"fmt"
	"slices"
)

// History is what a tier holds of one series, ordered by time.
type History struct {
	Key
	Buckets []Bucket
}

// Archive is a store whose whole content can be read and written, tier by tier.
type Archive interface {
	Store
	// Keys returns all series, in order.
	Keys(ctx context.Context) ([]Key, error)
	// Read returns what a tier keeps of series; those of which it has nothing may be left out.
	Read(ctx context.Context, tier int, keys []Key) ([]History, error)
	// Import stores the buckets of a tier in place of those of the same time, as they are: nothing is computed from them.
	// Raw samples that are too old are left out.
	Import(ctx context.Context, tier int, of []History) error
	// Settle makes last what was imported, so that it outlives a power cut and is in no one's way.
	Settle(ctx context.Context) error
}

// Progress is how far a copy is.
type Progress struct {
	// Tier is the one that is being copied; what comes behind After in it is still to do.
	Tier  int `json:"tier"`
	After Key `json:"after"`
	// Series are those done in this tier, of so many.
	Series int `json:"series"`
	Of     int `json:"of"`
	// Points were copied in all.
	Points int64 `json:"points"`
	Done   bool  `json:"done"`
}

// copyBatch is how many series are copied at once.
const copyBatch = 20

// Copy copies everything that one store holds to another, in as many tiers as both have, beginning where a former copy
// ended. Raw samples come first, so that rollups which know more than the samples that are left replace what is computed
// from these. Report is called after each batch; a copy that begins at what it was told does nothing twice but that batch.
func Copy(ctx context.Context, from, to Archive, tiers int, p Progress, report func(Progress) error) (Progress, error) {
	if p.Done {
		p = Progress{}
	}
	keys, err := from.Keys(ctx)
	if err != nil {
		return p, fmt.Errorf("list the series: %w", err)
	}
	for ; p.Tier < tiers; p.Tier, p.After = p.Tier+1, (Key{}) {
		next, _ := slices.BinarySearchFunc(keys, p.After, Key.Compare)
		if next < len(keys) && keys[next] == p.After {
			next++
		}
		for batch := range slices.Chunk(keys[next:], copyBatch) {
			histories, err := from.Read(ctx, p.Tier, batch)
			if err != nil {
				return p, fmt.Errorf("read: %w", err)
			}
			if err := to.Import(ctx, p.Tier, histories); err != nil {
				return p, fmt.Errorf("write: %w", err)
			}
			for _, h := range histories {
				p.Points += int64(len(h.Buckets))
			}
			next += len(batch)
			p.After, p.Series, p.Of = batch[len(batch)-1], next, len(keys)
			if err := report(p); err != nil {
				return p, err
			}
		}
		if err := to.Settle(ctx); err != nil {
			return p, fmt.Errorf("write: %w", err)
		}
	}
	p.Done = true
	return p, report(p)
}
