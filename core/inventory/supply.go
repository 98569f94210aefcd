package inventory

import (
	"bytes"
	"encoding/json"
	"maps"

	"github.com/pulse-platform/pulse/core/id"
)

// SuppliedPart is the name of the part that the server itself puts into a record's document: what is known of the
// record from rows. Sources may not use names that begin like it.
const SuppliedPart = "~rows"

// Supply puts what is known from elsewhere into records: a JSON object each, an empty one for nothing. It tells
// subscribers about those that are different now.
func (i *Inventory) Supply(documents map[id.UID]json.RawMessage) {
	i.mu.Lock()
	var updated []id.UID
	for uid, doc := range documents {
		old := i.records[uid]
		if old == nil || bytes.Equal(old.Parts[SuppliedPart], doc) || len(doc) <= len("{}") && old.Parts[SuppliedPart] == nil {
			continue
		}
		r := *old
		r.Parts = maps.Clone(old.Parts)
		r.Parts[SuppliedPart] = doc
		if len(doc) <= len("{}") {
			delete(r.Parts, SuppliedPart)
		}
		i.put(&r)
		updated = append(updated, uid)
	}
	if len(updated) > 0 {
		i.bump()
	}
	news := Changed{Revision: i.revision, Updated: updated}
	i.mu.Unlock()
	if len(updated) > 0 {
		i.news.Publish(news)
	}
}
