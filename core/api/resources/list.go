package resources

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/core/rows"
)

// The pages of the list.
const (
	defaultLimit = 50
	mostLimit    = 100
)

type listIn struct {
	Type    string `query:"type"`
	Source  string `query:"source"`
	Status  string `query:"status"`
	Parent  string `query:"parent"`
	Cluster string `query:"cluster"`
	Q       string `query:"q"`
	Tags    string `query:"tags"`
	Page    string `query:"page"`
	Limit   string `query:"limit"`
	Sort    string `query:"sort"`
	Order   string `query:"order"`
}

// Meta tells which page this is. Total counts what passes the filters.
type Meta struct {
	Page       int `json:"page"`
	Limit      int `json:"limit"`
	Total      int `json:"total"`
	TotalPages int `json:"totalPages"`
}

type listOut struct {
	Data         []Resource   `json:"data"`
	Meta         Meta         `json:"meta"`
	Aggregations Aggregations `json:"aggregations"`
}

func (a *Area) list(_ context.Context, in listIn) (listOut, error) {
	v := a.view()
	passes := v.filter(in)
	var found []*inventory.Record
	for _, r := range v.all {
		if passes(r) {
			found = append(found, r)
		}
	}
	v.arrange(found, in.Sort, in.Order == "desc")
	page, limit := positive(in.Page, 1), min(positive(in.Limit, defaultLimit), mostLimit)
	out := listOut{
		Data: []Resource{}, Aggregations: v.aggregations(),
		Meta: Meta{Page: page, Limit: limit, Total: len(found), TotalPages: (len(found) + limit - 1) / limit},
	}
	if first := (page - 1) * limit; page <= out.Meta.TotalPages {
		for _, r := range found[first:min(first+limit, len(found))] {
			out.Data = append(out.Data, v.resource(r))
		}
	}
	return out, nil
}

// positive reads a number; what is none, or below 1, is the fallback.
func positive(text string, fallback int) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n < 1<<31 {
		return n
	}
	return fallback
}

// filter returns what passes all of the filters.
func (v *view) filter(in listIn) func(*inventory.Record) bool {
	types, sources, statuses, tags := v.types(in.Type), words(in.Source), words(in.Status), words(in.Tags)
	q, cluster := strings.ToLower(in.Q), strings.ToLower(in.Cluster)
	parent, _ := v.find(in.Parent) // nothing stands under what is not there
	return func(r *inventory.Record) bool {
		switch {
		case len(types) > 0 && !slices.Contains(types, r.Type),
			len(sources) > 0 && !slices.ContainsFunc(v.sources(r), func(s string) bool { return slices.Contains(sources, s) }),
			len(statuses) > 0 && !slices.Contains(statuses, v.status(r)),
			q != "" && !strings.Contains(strings.ToLower(r.Name), q),
			len(tags) > 0 && !slices.ContainsFunc(r.AllTags(), func(t string) bool { return slices.Contains(tags, strings.ToLower(t)) }):
			return false
		}
		if in.Parent != "" {
			if p := v.parents[r.UID]; p == nil || p != parent {
				return false
			}
		}
		if cluster != "" {
			name, _ := rows.At(decode(r), "clusterName").(string)
			return strings.ToLower(name) == cluster
		}
		return true
	}
}

// types are those that a list means, by the API's word or by their own name; words that nobody knows filter nothing.
func (v *view) types(text string) []string {
	var out []string
	for _, w := range words(text) {
		w = cmp.Or(compat.ResourceTypes()[w], w)
		for _, t := range v.catalog.Types() {
			if w == t.Name || w == apiName(t) {
				out = append(out, t.Name)
			}
		}
	}
	return out
}

func words(text string) []string {
	var out []string
	for w := range strings.SplitSeq(strings.ToLower(text), ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// arrange sorts by a field, equals by name and then by their unchanging id, so that pages do not overlap.
func (v *view) arrange(list []*inventory.Record, field string, descending bool) {
	by := func(a, b *inventory.Record) int {
		switch field {
		case "status":
			return cmp.Compare(statusOf(a), statusOf(b))
		case "type":
			return cmp.Compare(v.typeOf(a), v.typeOf(b))
		case "lastSeen":
			return a.LastSeen.Compare(b.LastSeen)
		}
		return 0
	}
	slices.SortFunc(list, func(a, b *inventory.Record) int {
		c := cmp.Or(by(a, b), cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.UID, b.UID))
		if descending {
			return -c
		}
		return c
	})
}
