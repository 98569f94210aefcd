package live

import (
	"encoding/json"
	"hash/maphash"
	"strconv"
	"sync"

	"github.com/pulse-platform/pulse/core/inventory"
)

// wholes keeps the documents that clients asked for, made once per snapshot however many they are.
type wholes struct {
	seed     maphash.Seed
	mu       sync.Mutex
	snapshot *inventory.Snapshot
	docs     map[*row]whole
}

type whole struct {
	text []byte // nil when it is not JSON
	sum  uint64
}

func (w *wholes) of(r *row, snapshot *inventory.Snapshot, c *inventory.Catalog) whole {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.snapshot != snapshot {
		w.snapshot, w.docs = snapshot, map[*row]whole{}
	}
	d, ok := w.docs[r]
	if !ok {
		if text := snapshot.Whole(c, r.record); json.Valid(text) {
			d = whole{text, maphash.Bytes(w.seed, text)}
		}
		w.docs[r] = d
	}
	return d
}

// appendDocuments adds the documents that a client wants and does not have as they are. It returns the sums of those that
// it has then.
func (t *table) appendDocuments(out []byte, had map[string]uint64, want view) ([]byte, map[string]uint64) {
	if len(want.Documents) == 0 {
		return out, nil
	}
	has := make(map[string]uint64, len(want.Documents))
	first := true
	for _, name := range want.Documents {
		for _, r := range t.byID[name] {
			d := t.whole.of(r, t.snapshot, t.catalog)
			key := name + "\x00" + r.kind.name
			if has[key] = d.sum; d.text == nil || had[key] == d.sum || !want.shows(r.kind.name) {
				continue
			}
			out = append(out, map[bool]string{true: `,"documents":[`, false: `,`}[first]...)
			first = false
			out = strconv.AppendInt(append(out, '['), int64(r.number), 10)
			out = append(append(append(out, ','), d.text...), ']')
		}
	}
	if !first {
		out = append(out, ']')
	}
	return out, has
}
