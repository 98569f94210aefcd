package live

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// The server's own columns, in the order of a row's first cells. Every client has them of every row that it shows.
const (
	ownID = iota
	ownType
	ownName
	ownStatus
	ownWord
	ownReason
	ownSince
	ownSeen
	ownTags
	ownColumns
)

// always are members that pages read though no column shows them: filters the first two, and what tells resources of one name
// apart the last.
var always = []string{"tags", "hostname", "instance"}

// kind is what the rows of one type have in common.
type kind struct {
	name     string
	number   int
	columns  []string // the server's own first
	index    map[string]int
	declared []int // the columns that tables of the type have
	round    []rounding
	tree     *paths
	fresh    []string // of one row, kept from one to the next
}

// newKind makes columns of what a type declares.
func newKind(c *inventory.Catalog, declared sdk.ResourceType, number int) *kind {
	k := &kind{name: declared.Name, number: number, index: map[string]int{}, columns: []string{
		ownID: "@id", ownType: "@type", ownName: "@name", ownStatus: "@status", ownWord: "@word", ownReason: "@reason", ownSince: "@since", ownSeen: "@seen", ownTags: "@tags",
	}, round: make([]rounding, ownColumns)}
	add := func(path string, r rounding) {
		if _, there := k.index[path]; !there && path != "" {
			k.index[path] = len(k.columns)
			k.columns, k.round = append(k.columns, path), append(k.round, r)
		}
	}
	for _, column := range declared.Columns {
		add(column.Path, roundingOf(c, declared.Name, column.Metric, column.Format))
	}
	for n := ownColumns; n < len(k.columns); n++ {
		k.declared = append(k.declared, n)
	}
	for _, fact := range declared.Facts {
		add(fact.Path, roundingOf(c, declared.Name, "", fact.Format))
	}
	for _, path := range always {
		add(path, rounding{})
	}
	k.tree = pathTree(k.columns[ownColumns:], ownColumns)
	k.fresh = make([]string, len(k.columns))
	return k
}

// fill writes what a row's record says into its cells. The caller is the only one who writes.
func (k *kind) fill(r *row, snapshot *inventory.Snapshot, c *inventory.Catalog, seq uint64) {
	clear(k.fresh)
	k.own(r.record, c)
	extract(snapshot.Document(c, r.record), k.tree, func(n int, raw []byte) { k.fresh[n] = k.round[n].cellText(raw) })
	for n, text := range k.fresh {
		if r.cells[n].text != text {
			r.cells[n] = cell{text, seq}
			r.seq = seq
			if n < ownColumns {
				r.own = seq
			}
		}
	}
}

func (k *kind) own(r *inventory.Record, c *inventory.Catalog) {
	k.fresh[ownID], k.fresh[ownType], k.fresh[ownName] = quoted(r.WireID), quoted(r.Type), quoted(r.DisplayName())
	k.fresh[ownStatus], k.fresh[ownWord] = quoted(r.StatusWord()), quoted(c.Word(r))
	if len(r.Given) > 0 {
		k.fresh[ownTags] = quoted(r.Given)
	}
	if r.Stale != nil {
		k.fresh[ownReason] = quoted(r.Stale.Reason)
		k.fresh[ownSince] = strconv.FormatInt(r.Stale.Since.UnixMilli(), 10)
		k.fresh[ownSeen] = strconv.FormatInt(r.LastSeen.Truncate(time.Second).UnixMilli(), 10)
	}
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return `""` // cannot be: texts and lists of them always have a JSON form
	}
	return string(b)
}
