package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

// KindSource is an integration that cannot be asked.
const KindSource = "integration"

// sourcePrefix makes a subject of an integration, which is no record.
const sourcePrefix = "integration:"

// sourceFor is how long an integration has to fail.
const sourceFor = 2 * time.Minute

// Source is a configured integration and what is wrong with it, empty when nothing is.
type Source struct {
	ID         id.Integration
	Kind, Name string
	Problem    string
}

func isSource(uid id.UID) bool { return strings.HasPrefix(string(uid), sourcePrefix) }

// record returns what an alert is about: a resource, or an integration in the shape of one.
func (e *Engine) record(uid id.UID) (*inventory.Record, bool) {
	if !isSource(uid) {
		return e.Inventory.Record(uid)
	}
	name := strings.TrimPrefix(string(uid), sourcePrefix)
	_, short, _ := strings.Cut(name, "/")
	return &inventory.Record{UID: uid, Type: KindSource, WireID: name, Name: short, Integration: id.Integration(name)}, true
}

// sources judges integrations: while one cannot be asked its resources are stale, and one alert says why instead of one
// for each of them.
func (t *turn) sources() {
	if t.e.Sources == nil {
		return
	}
	all, over := t.e.Sources(), "it is not configured any more"
	if !t.e.policy.on {
		all, over = nil, "it is not judged any more"
	}
	present := map[id.UID]bool{}
	for _, source := range all {
		uid := id.UID(sourcePrefix + string(source.ID))
		present[uid] = true
		s := t.e.subjects[uid]
		if s == nil && source.Problem == "" {
			continue
		}
		if s == nil {
			s = &subject{watched: map[Key]*watched{}}
			t.e.subjects[uid] = s
		}
		key := Key{Record: uid, Kind: KindSource}
		w := s.watched[key]
		if w == nil {
			w = &watched{}
			s.watched[key] = w
		}
		w.on, w.judged.lasts, s.name, s.wire = true, sourceFor, source.Name, source.Problem
		v := Verdict{}
		if source.Problem != "" {
			v.Severity = sdk.SeverityCritical
		}
		t.step(key, w, v, t.now)
	}
	for key, a := range t.e.firing {
		if isSource(key.Record) && !present[key.Record] {
			t.end(a.Key, over)
			delete(t.e.subjects, key.Record)
		}
	}
}

// describeSource puts the alert of an integration into words, nil when it is none.
func (e *Engine) describeSource(key Key, w *watched) *Alert {
	s := e.subjects[key.Record]
	if !isSource(key.Record) || s == nil {
		return nil
	}
	name := strings.TrimPrefix(string(key.Record), sourcePrefix)
	return &Alert{
		ID: "integration-" + name, Key: key, Type: "connectivity", Category: "offline", Severity: w.track.Severity, ResourceID: name, ResourceName: name,
		ResourceType: "Integration", RecordType: KindSource, Integration: id.Integration(name), Node: name,
		Message: fmt.Sprintf("Integration %s cannot be asked, so what is known of its resources is old: %s", name, s.wire),
		Started: w.track.Since.UTC(), LastSeen: w.track.Seen.UTC(),
	}
}
