package live

import (
	"slices"
	"strconv"
)

// held is what a client has: all that its view showed when it took the frame with the sequence number. The zero value is
// that of a client that has nothing.
type held struct {
	epoch string
	seq   uint64
	view  view
	docs  map[string]uint64 // sums of the documents it got, by id
}

// frame returns what a client that holds something needs for a view, and what it holds then. It is nil when that is
// nothing, unless the client waits for an answer.
func (t *table) frame(have held, want view, answer bool) ([]byte, held) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	full := have.epoch != t.epoch || have.seq < t.forgot || have.seq > t.seq
	if full {
		have = held{}
	}
	if !answer && !full && have.seq == t.seq {
		return nil, have
	}
	out := append(make([]byte, 0, 1<<10), `{"type":"frame","epoch":"`...)
	out = append(append(out, t.epoch...), `","seq":`...)
	out = strconv.AppendUint(out, t.seq, 10)
	out = strconv.AppendInt(append(out, `,"view":`...), want.Number, 10)
	head := len(out)
	if full {
		out = append(out, `,"full":true`...)
	} else {
		out = t.appendGone(out, have.seq)
	}
	out = t.appendBlocks(out, have, want, full)
	out, docs := t.appendDocuments(out, have.docs, want)
	if t.beside.alerts != nil && (full || t.alerted > have.seq) {
		out = append(append(out, `,"alerts":`...), t.beside.alerts...)
	}
	if full || t.judged > have.seq {
		out = strconv.AppendUint(append(out, `,"conditions":`...), t.beside.conditions, 10)
	}
	now := held{epoch: t.epoch, seq: t.seq, view: want, docs: docs}
	if len(out) == head && !answer {
		return nil, now
	}
	return append(out, '}'), now
}

func (t *table) appendGone(out []byte, since uint64) []byte {
	from, _ := slices.BinarySearchFunc(t.gone, since+1, func(g gone, seq uint64) int {
		if g.seq < seq {
			return -1
		}
		return 1
	})
	if from == len(t.gone) {
		return out
	}
	out = append(out, `,"gone":[`...)
	for n, g := range t.gone[from:] {
		if n > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, int64(g.number), 10)
	}
	return append(out, ']')
}

// lens is how two views, that of before and that of now, see the rows of one type.
type lens struct {
	shown, had        bool
	all, ranged       []int  // columns of all rows, and the others of those in range
	hadAll, hadRanged []bool // by column
	moreAll, moreHere bool   // there are columns that the view of before did not have
}

func (k *kind) lens(have, want view, fresh bool) lens {
	l := lens{shown: want.shows(k.name), had: !fresh && have.shows(k.name)}
	if !l.shown {
		return l
	}
	l.hadAll, l.hadRanged = make([]bool, len(k.columns)), make([]bool, len(k.columns))
	for _, n := range k.ranged(have) {
		l.hadRanged[n] = true
	}
	for _, n := range k.named(have.All) {
		l.hadAll[n] = true
	}
	for n := range ownColumns {
		l.all = append(l.all, n)
		l.hadAll[n] = true
	}
	for _, n := range k.named(want.All) {
		l.all = append(l.all, n)
		l.moreAll = l.moreAll || !l.hadAll[n]
	}
	for _, n := range k.ranged(want) {
		if !slices.Contains(l.all, n) {
			l.ranged = append(l.ranged, n)
			l.moreHere = l.moreHere || !l.hadAll[n] && !l.hadRanged[n]
		}
	}
	return l
}

func (k *kind) ranged(v view) []int {
	if v.Columns == nil {
		return k.declared
	}
	return k.named(v.Columns)
}

// named returns the numbers of columns by their names, each once and none of the server's own.
func (k *kind) named(names []string) []int {
	var out []int
	for _, name := range names {
		if n, ok := k.index[name]; ok && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// appendBlocks adds the cells.
func (t *table) appendBlocks(out []byte, have held, want view, fresh bool) []byte {
	lenses := make([]lens, len(t.kinds))
	for _, k := range t.kinds {
		lenses[k.number] = k.lens(have.view, want, fresh)
	}
	here, before := t.inRange(want), t.inRange(have.view)
	var b blocks
	for _, r := range t.rows {
		in, was := here.next(r), before.next(r)
		l := &lenses[r.kind.number]
		if !l.shown {
			continue
		}
		known := l.had && r.born <= have.seq
		if known && r.own <= have.seq && !in && (len(l.all) == ownColumns || r.seq <= have.seq && !l.moreAll) {
			continue // most rows, most of the time
		}
		b.addDue(r, l.all, l, known, was, have.seq)
		if in {
			b.addDue(r, l.ranged, l, known, was, have.seq)
		}
	}
	return b.append(out)
}

// addDue adds those cells of a row that a client needs. Known says that it knows the row, was that it was in range.
func (b *blocks) addDue(r *row, columns []int, l *lens, known, was bool, seq uint64) {
	for _, n := range columns {
		had := l.hadAll[n] || was && l.hadRanged[n]
		if c := r.cells[n]; due(c, known, had, seq) {
			b.add(r.kind.columns[n], r.number, c.text)
		}
	}
}

// due reports whether a cell has to be sent to a client that knows the row, and had the cell at a sequence number. What it
// has of cells that were not kept up for it is of no worth.
func due(c cell, known, had bool, seq uint64) bool {
	if known && had {
		return c.seq > seq
	}
	return known || c.text != ""
}

// rows are some rows in the order of their numbers, to be gone through along with all.
type rows []*row

// next reports whether r is among the rows. It has to be called with all rows in their order.
func (list *rows) next(r *row) bool {
	if len(*list) == 0 || (*list)[0] != r {
		return false
	}
	*list = (*list)[1:]
	return true
}

// inRange returns the rows whose ids a view names.
func (t *table) inRange(v view) rows {
	out := make(rows, 0, len(v.Range))
	for _, name := range v.Range {
		out = append(out, t.byID[name]...)
	}
	slices.SortFunc(out, func(a, b *row) int { return a.number - b.number })
	return slices.Compact(out)
}
