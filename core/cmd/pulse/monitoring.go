package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/api/monitoring"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/poll"
	"github.com/pulse-platform/pulse/sdk"
)

// polled are the integrations that are polled, with how it goes.
func (s *server) polled() []monitoring.Source {
	jobs := map[id.Integration][]poll.Status{}
	for _, j := range s.poll.Status() {
		jobs[j.Integration] = append(jobs[j.Integration], j)
	}
	calls := callsOf(s.inventory)
	var out []monitoring.Source
	for _, x := range s.integrations.List() {
		if !x.Enabled || len(jobs[x.ID]) == 0 {
			continue
		}
		source := monitoring.Source{ID: x.ID, Kind: x.Kind, Name: x.Name, Title: x.Title, Connection: hostOf(x.Config), Calls: -1, Jobs: jobs[x.ID]}
		if n, known := calls[x.ID]; known {
			source.Calls = n
		}
		for _, p := range s.plugins.Status() {
			if problem := p.Instances[string(x.ID)]; problem != "" {
				source.Warnings = append(source.Warnings, problem)
			}
		}
		out = append(out, source)
	}
	return out
}

// bringing returns how the task is doing that brings a list of an integration; false when there is none.
func (s *server) bringing(of id.Integration, list string) (poll.Status, bool) {
	kind, _, _ := strings.Cut(string(of), "/")
	described, _ := s.plugins.Description(kind)
	for _, task := range described.Tasks {
		if !slices.Contains(task.Rows, list) {
			continue
		}
		for _, st := range s.poll.Status() {
			if st.Integration == of && st.Task == task.Name && !st.Watch {
				return st, true
			}
		}
	}
	return poll.Status{}, false
}

// hostOf is the address in a configuration, empty when it has none.
func hostOf(config json.RawMessage) string {
	var members map[string]any
	if json.Unmarshal(config, &members) != nil {
		return ""
	}
	host, _ := members[compat.NodeHost].(string)
	return host
}

// callsOf returns how many calls a minute integrations make, of those that tell.
func callsOf(inv *inventory.Inventory) map[id.Integration]float64 {
	out := map[id.Integration]float64{}
	snap := inv.Snapshot()
	for _, kind := range inv.Catalog().Types() {
		if !slices.ContainsFunc(kind.Facts, func(f sdk.Fact) bool { return f.Path == compat.CallsMember }) {
			continue // a look at each guest would cost too much
		}
		for _, r := range snap.Type(kind.Name) {
			var members map[string]any
			if json.Unmarshal(r.Parts[""], &members) != nil {
				continue
			}
			if n, told := members[compat.CallsMember].(float64); told {
				out[r.Integration] += n
			}
		}
	}
	return out
}
