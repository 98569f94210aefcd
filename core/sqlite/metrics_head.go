package sqlite

import (
	"cmp"
	"slices"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pulse-platform/pulse/core/metric"
)

// chunkSamples is how many samples a chunk takes: its count has 16 bits.
const chunkSamples = 1 << 15

// head is what is in memory of a series, compressed: samples in order of time in chunks, the others beside them.
type head struct {
	chunks []*chunkenc.XORChunk
	open   *chunkenc.XORChunk // the last chunk
	app    chunkenc.Appender  // to it
	room   int                // how many more samples it takes
	// first and last are the times of the first and last sample in chunks.
	first, last int64
	// late are samples that came after younger ones, ordered by time. They replace what the chunks hold.
	late []point
}

// point is a raw sample: a Unix time in milliseconds and a value.
type point struct {
	at    int64
	value float64
}

const pointBytes = 16

// add takes a sample and returns by how many samples and bytes the head has grown.
func (h *head) add(p point) (samples, bytes int64) {
	if h.open != nil && p.at <= h.last {
		before := len(h.late)
		h.late = insert(h.late, p)
		grown := int64(len(h.late) - before)
		return grown, grown * pointBytes
	}
	if h.room == 0 {
		if h.open == nil {
			h.first = p.at
		}
		h.open, h.room = chunkenc.NewXORChunk(), chunkSamples
		h.chunks = append(h.chunks, h.open)
		h.app, _ = h.open.Appender() // fails on damaged chunks only
	}
	before := len(h.open.Bytes())
	h.app.Append(0, p.at, p.value)
	h.room--
	h.last = p.at
	return 1, int64(len(h.open.Bytes()) - before)
}

// size returns how many samples the head holds and in how many bytes.
func (h *head) size() (samples, bytes int64) {
	for _, c := range h.chunks {
		samples, bytes = samples+int64(c.NumSamples()), bytes+int64(len(c.Bytes()))
	}
	return samples + int64(len(h.late)), bytes + int64(len(h.late))*pointBytes
}

// span returns the times of the first and last sample, of none a last before the first.
func (h *head) span() (first, last int64) {
	if len(h.chunks) == 0 {
		return 0, -1
	}
	first, last = h.first, h.last
	if len(h.late) > 0 {
		first = min(first, h.late[0].at)
	}
	return first, last
}

// buckets returns the samples in the range from (inclusive) to (exclusive), ordered by time.
func (h *head) buckets(from, to int64) []metric.Bucket {
	if len(h.chunks) == 0 {
		return nil
	}
	total, _ := h.size()
	out := make([]metric.Bucket, 0, total)
	var it chunkenc.Iterator
	for _, c := range h.chunks {
		it = c.Iterator(it)
		for it.Next() != chunkenc.ValNone {
			if at, v := it.At(); at >= to {
				break
			} else if at >= from {
				out = append(out, metric.Single(at, v))
			}
		}
	}
	i, _ := slices.BinarySearchFunc(h.late, from, comparePoint)
	j, _ := slices.BinarySearchFunc(h.late, to, comparePoint)
	late := make([]metric.Bucket, 0, max(j-i, 0))
	for ; i < j; i++ {
		late = append(late, metric.Single(h.late[i].at, h.late[i].value))
	}
	return metric.Replace(out, late)
}

// each calls visit for each sample, those that replace others last.
func (h *head) each(visit func(point)) {
	var it chunkenc.Iterator
	for _, c := range h.chunks {
		it = c.Iterator(it)
		for it.Next() != chunkenc.ValNone {
			at, v := it.At()
			visit(point{at, v})
		}
	}
	for _, p := range h.late {
		visit(p)
	}
}

func comparePoint(p point, at int64) int { return cmp.Compare(p.at, at) }

// insert puts p into a list ordered by time, in place of one of the same time.
func insert(list []point, p point) []point {
	if n := len(list); n == 0 || list[n-1].at < p.at {
		return append(list, p)
	}
	i, found := slices.BinarySearchFunc(list, p.at, comparePoint)
	if found {
		list[i] = p
		return list
	}
	return slices.Insert(list, i, p)
}
