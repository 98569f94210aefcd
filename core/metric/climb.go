package metric

import "cmp"

// Stored reads what a store holds of one series in one tier: its buckets that begin in the range from (inclusive)
// to (exclusive), ordered by time.
type Stored func(tier int, from, to int64) ([]Bucket, error)

// Climb computes what new raw samples of one series, ordered by time, change in each tier, finest first. It calls
// visit with the tier's changed buckets, complete ones that replace what is stored; visit may store them. Buckets
// are computed anew from the next finer tier, so that late and repeated samples count once and right, and doing it
// twice does no harm. It stops after tier number upTo, or when read or visit fail.
func Climb(tiers []Tier, upTo int, samples []Bucket, read Stored, visit func(tier int, changed []Bucket) error) error {
	changed := samples
	for tier := 0; tier <= upTo && len(changed) > 0; tier++ {
		if tier > 0 {
			var err error
			if changed, err = climbOne(tiers, tier, changed, read); err != nil {
				return err
			}
		}
		if err := visit(tier, changed); err != nil {
			return err
		}
	}
	return nil
}

func climbOne(tiers []Tier, tier int, finer []Bucket, read Stored) ([]Bucket, error) {
	step := tiers[tier].Step
	from, to := Floor(finer[0].At, step), Floor(finer[len(finer)-1].At, step)+step.Milliseconds()
	stored, err := read(tier-1, from, to)
	if err != nil {
		return nil, err
	}
	all := Rollup(Replace(stored, finer), step)
	// Only what the finer buckets fall into has changed; late samples may leave wide untouched stretches.
	kept, next := all[:0], 0
	for _, b := range all {
		for next < len(finer) && Floor(finer[next].At, step) < b.At {
			next++
		}
		if next < len(finer) && Floor(finer[next].At, step) == b.At {
			kept = append(kept, b)
		}
	}
	return kept, nil
}

// Replace merges two lists ordered by time. Where both have a bucket at the same time, the newer list's stands.
func Replace(older, newer []Bucket) []Bucket {
	return join(older, newer, func(_, newer Bucket) Bucket { return newer })
}

// Fuller merges two lists ordered by time. Where both have a bucket at the same time, that of more samples stands; of as many, the
// newer list's.
func Fuller(older, newer []Bucket) []Bucket {
	return join(older, newer, func(older, newer Bucket) Bucket {
		if older.Count > newer.Count {
			return older
		}
		return newer
	})
}

func join(older, newer []Bucket, choose func(older, newer Bucket) Bucket) []Bucket {
	if len(older) == 0 {
		return newer
	}
	if len(newer) == 0 {
		return older
	}
	if older[len(older)-1].At < newer[0].At {
		return append(older[:len(older):len(older)], newer...)
	}
	out := make([]Bucket, 0, len(older)+len(newer))
	for len(older) > 0 && len(newer) > 0 {
		switch c := cmp.Compare(older[0].At, newer[0].At); {
		case c < 0:
			out, older = append(out, older[0]), older[1:]
		case c > 0:
			out, newer = append(out, newer[0]), newer[1:]
		default:
			out, older, newer = append(out, choose(older[0], newer[0])), older[1:], newer[1:]
		}
	}
	return append(append(out, older...), newer...)
}
