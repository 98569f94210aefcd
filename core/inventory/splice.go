package inventory

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// unifiedAgent is the type by which agents that are not legacy call themselves.
const unifiedAgent = "unified"

// surroundings are where a record is shown: some of what the server adds comes from other records.
type surroundings struct {
	snap    *Snapshot
	catalog *Catalog
}

// document returns a record's document with what the server adds: the bytes of its parts, one after the other, and the
// injected members before the closing brace. Nothing is decoded.
func document(r *Record, section sdk.StateSection, around surroundings) []byte {
	size := 256
	for _, part := range r.Parts {
		size += len(part)
	}
	out := append(make([]byte, 0, size), '{')
	out = appendMembers(out, r.Parts[""])
	for _, name := range slices.Sorted(maps.Keys(r.Parts)) {
		if name != "" {
			out = appendMembers(out, r.Parts[name])
		}
	}
	for _, in := range section.Inject {
		value, empty := injected(r, in, around)
		if empty && in.OmitEmpty {
			continue
		}
		out = appendName(out, in.Member)
		out = append(out, value...)
	}
	for _, join := range section.Join {
		if join.Rows != "" {
			continue // what comes from rows is a part of the record already
		}
		if value := related(r, join, around.snap); value != nil {
			out = append(appendName(out, join.Member), value...)
		}
	}
	return append(out, '}')
}

// related returns the value of the first related record that has it, nil when there is none.
func related(r *Record, join sdk.Join, snap *Snapshot) []byte {
	for _, rel := range r.Relations {
		if rel.Kind != join.Relation || rel.Type != join.Type || rel.Key == "" {
			continue
		}
		other := snap.byUID[id.Record(r.Integration, rel.Key)]
		if other == nil || other.Type != join.Type {
			continue
		}
		for _, part := range other.Parts {
			if value := valueAt(part, join.Path); value != nil {
				return value
			}
		}
	}
	return nil
}

// valueAt returns the JSON at a dotted path of a document, nil when there is none.
func valueAt(doc json.RawMessage, path string) json.RawMessage {
	for name := range strings.SplitSeq(path, ".") {
		var object map[string]json.RawMessage
		if json.Unmarshal(doc, &object) != nil || object[name] == nil {
			return nil
		}
		doc = object[name]
	}
	return doc
}

// appendMembers adds what stands between the braces of an object.
func appendMembers(out []byte, object json.RawMessage) []byte {
	object = bytes.TrimSpace(object)
	if len(object) < 2 || object[0] != '{' {
		return out
	}
	inner := bytes.TrimSpace(object[1 : len(object)-1])
	if len(inner) == 0 {
		return out
	}
	if len(out) > 1 {
		out = append(out, ',')
	}
	return append(out, inner...)
}

func appendName(out []byte, name string) []byte {
	if len(out) > 1 {
		out = append(out, ',')
	}
	return append(append(out, quote(name)...), ':')
}

func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`) // cannot be: a string always has a JSON form
	}
	return b
}

// injected returns the JSON of a value that the server owns, and whether there is none.
func injected(r *Record, in sdk.Inject, around surroundings) (value []byte, empty bool) {
	text := func(s string) ([]byte, bool) { return quote(s), s == "" }
	switch in.Value {
	case sdk.InjectID:
		return text(r.WireID)
	case sdk.InjectStatus:
		return text(statusWord(r, in.Words))
	case sdk.InjectLastSeen:
		return millis(r.LastSeen.Truncate(time.Second))
	case sdk.InjectLastSeenTime:
		return text(r.LastSeen.UTC().Format(time.RFC3339))
	case sdk.InjectTokenLastUsed:
		return millis(r.Source.TokenLastUsed)
	case sdk.InjectDisplayName:
		return text(r.DisplayName())
	case sdk.InjectInterval:
		seconds := int64(r.Interval / time.Second)
		return strconv.AppendInt(nil, seconds, 10), seconds == 0
	case sdk.InjectAgentVersion:
		return text(r.Source.AgentVersion)
	case sdk.InjectCommandsEnabled:
		on := r.Source.CommandsEnabled != nil && *r.Source.CommandsEnabled
		return strconv.AppendBool(nil, on), !on
	case sdk.InjectIsLegacy:
		legacy := r.Source.Reporter && r.Source.AgentType != unifiedAgent
		return strconv.AppendBool(nil, legacy), !legacy
	case sdk.InjectTokenID:
		return text(r.Source.TokenID)
	case sdk.InjectTokenName:
		return text(r.Source.TokenName)
	case sdk.InjectTokenHint:
		return text(r.Source.TokenHint)
	case sdk.InjectHealth:
		return text(healthWord(r, in.Words))
	case sdk.InjectParentID:
		return text(parentID(r, around.snap))
	case sdk.InjectLinked:
		if other, ok := around.snap.Linked(around.catalog, r, in.Arg); ok {
			return text(other.WireID)
		}
	}
	return []byte(`""`), true
}

func millis(t time.Time) ([]byte, bool) {
	if t.IsZero() {
		return []byte("0"), true
	}
	return strconv.AppendInt(nil, t.UnixMilli(), 10), false
}

// statusWord is what a section shows: its word for the status, else the product's own, else the status.
func statusWord(r *Record, words map[string]string) string {
	status := r.StatusWord()
	switch {
	case words[status] != "":
		return words[status]
	case r.Word != "" && r.Stale == nil:
		return r.Word
	}
	return status
}

func healthWord(r *Record, words map[string]string) string {
	word := "error"
	if r.Healthy() {
		word = "healthy"
	}
	if w := words[word]; w != "" {
		return w
	}
	return word
}

// parentID is the wire id of the first related record above this one that is there.
func parentID(r *Record, snap *Snapshot) string {
	for _, rel := range r.Relations {
		if rel.Key == "" || rel.Kind != sdk.RunsOn && rel.Kind != sdk.MemberOf && rel.Kind != sdk.OwnedBy {
			continue
		}
		if parent := snap.byUID[id.Record(r.Integration, rel.Key)]; parent != nil {
			return parent.WireID
		}
	}
	return ""
}

// member returns one member of a record's main document, decoded; nil when it is not there.
func member(doc json.RawMessage, name string) any {
	dec := json.NewDecoder(bytes.NewReader(doc))
	if _, err := dec.Token(); err != nil || name == "" {
		return nil
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil
		}
		if key == name {
			var v any
			if dec.Decode(&v) != nil {
				return nil
			}
			return v
		}
		var skip json.RawMessage
		if dec.Decode(&skip) != nil {
			return nil
		}
	}
	return nil
}
