package resources

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/inventory"
)

// maxReason is how long a reason may be, in bytes.
const maxReason = 1000

// Done is the contract's answer to a decision.
type Done struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	// Exclusions counts the pairs that were told apart.
	Exclusions int `json:"exclusions,omitempty"`
}

type linkIn struct {
	ID   string   `path:"id"`
	Body linkBody `body:"json"`
}

type linkBody struct {
	TargetID string `json:"targetId"`
	Reason   string `json:"reason,omitempty"`
}

// pair finds the two records of a decision.
func (v *view) pair(in linkIn) (a, b *inventory.Record, err error) {
	switch {
	case in.Body.TargetID == "":
		return nil, nil, errs.New(errs.Invalid, "targetId required").WithField("targetId")
	case len(in.Body.Reason) > maxReason:
		return nil, nil, errs.New(errs.Invalid, "reason has at most %d bytes", maxReason).WithField("reason")
	}
	if a, err = v.single(in.ID); err != nil {
		return nil, nil, err
	}
	if b, err = v.single(in.Body.TargetID); err != nil {
		return nil, nil, err
	}
	if a.UID == b.UID {
		return nil, nil, errs.New(errs.Invalid, "targetId is the resource itself").WithField("targetId")
	}
	for _, r := range []*inventory.Record{a, b} {
		if kind, _ := v.catalog.Type(r.Type); kind.Family != familyInfrastructure {
			return nil, nil, errs.New(errs.Invalid, "%s is no machine: only machines are one or two", r.Name).WithField("targetId")
		}
	}
	return a, b, nil
}

func (a *Area) link(ctx context.Context, in linkIn) (Done, error) {
	v := a.view()
	one, other, err := v.pair(in)
	if err != nil {
		return Done{}, err
	}
	// What was told apart before, anywhere between the two, comes together with them.
	pairs := across(v.snapshot.Same(v.catalog, one), v.snapshot.Same(v.catalog, other))
	if err := a.inventory.Decide(ctx, pairs, inventory.Verdict{Same: true, Reason: in.Body.Reason}); err != nil {
		return Done{}, err
	}
	return Done{Status: "ok", Message: "Resources linked"}, nil
}

func (a *Area) unlink(ctx context.Context, in linkIn) (Done, error) {
	v := a.view()
	one, other, err := v.pair(in)
	if err != nil {
		return Done{}, err
	}
	pairs := across([]*inventory.Record{other}, without(v.snapshot.Same(v.catalog, one), other))
	if err := a.inventory.Decide(ctx, pairs, inventory.Verdict{Reason: in.Body.Reason}); err != nil {
		return Done{}, err
	}
	return Done{Status: "ok", Message: "Resources unlinked"}, nil
}

type reportMergeIn struct {
	ID   string `path:"id"`
	Body []byte `body:"raw"`
}

func (a *Area) reportMerge(ctx context.Context, in reportMergeIn) (Done, error) {
	var body struct {
		Sources []string `json:"sources"`
		Notes   string   `json:"notes"`
	}
	if len(in.Body) > 0 {
		if err := json.Unmarshal(in.Body, &body); err != nil {
			return Done{}, errs.New(errs.Invalid, "the body is not the JSON that is wanted: {\"sources\":[],\"notes\":\"\"}")
		}
	}
	if len(body.Notes) > maxReason {
		return Done{}, errs.New(errs.Invalid, "notes have at most %d bytes", maxReason).WithField("notes")
	}
	v := a.view()
	r, err := v.find(in.ID)
	if err != nil {
		return Done{}, err
	}
	same := v.snapshot.Same(v.catalog, r)
	if len(same) < 2 {
		return Done{}, errs.New(errs.Invalid, "the resource has one source: there is nothing to tell apart")
	}
	named := func(one *inventory.Record) bool {
		return len(body.Sources) == 0 || slices.ContainsFunc(body.Sources, func(s string) bool { return strings.EqualFold(s, sourceOf(one)) })
	}
	var pairs []inventory.Pair
	for _, one := range same {
		if named(one) {
			pairs = append(pairs, across([]*inventory.Record{one}, without(same, one))...)
		}
	}
	slices.SortFunc(pairs, func(a, b inventory.Pair) int { return strings.Compare(string(a.A+a.B), string(b.A+b.B)) })
	pairs = slices.Compact(pairs)
	if len(pairs) == 0 {
		return Done{}, errs.New(errs.Invalid, "none of the sources feeds this resource").WithField("sources")
	}
	reason := body.Notes
	if reason == "" {
		reason = "reported_incorrect_merge"
	}
	if err := a.inventory.Decide(ctx, pairs, inventory.Verdict{Reason: reason}); err != nil {
		return Done{}, err
	}
	return Done{Status: "ok", Message: "Merge reported", Exclusions: len(pairs)}, nil
}

func across(a, b []*inventory.Record) (out []inventory.Pair) {
	for _, x := range a {
		for _, y := range b {
			if x.UID != y.UID {
				out = append(out, inventory.PairOf(x.UID, y.UID))
			}
		}
	}
	return out
}

func without(all []*inventory.Record, one *inventory.Record) (out []*inventory.Record) {
	for _, r := range all {
		if r.UID != one.UID {
			out = append(out, r)
		}
	}
	return out
}

// Offer is a pair that may be one machine.
type Offer struct {
	A OfferSide `json:"a"`
	B OfferSide `json:"b"`
	// Confidence is from 0 to 1; from 0.85 on pairs are merged without being asked.
	Confidence float64 `json:"confidence"`
	// Evidence says in words why.
	Evidence string `json:"evidence"`
}

// OfferSide is one of the two.
type OfferSide struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	Source string `json:"source"`
	// StateID is the id in the state document.
	StateID string `json:"stateId"`
}

type offersOut struct {
	Merges []Offer `json:"merges"`
}

func (a *Area) offers(context.Context, route.None) (offersOut, error) {
	v := a.view()
	out := offersOut{Merges: []Offer{}}
	side := func(r *inventory.Record) OfferSide {
		return OfferSide{v.resourceID(r), v.typeOf(r), r.DisplayName(), sourceOf(r), r.WireID}
	}
	for _, m := range v.snapshot.Offers(v.catalog) {
		x, ok := v.snapshot.Record(m.A)
		y, there := v.snapshot.Record(m.B)
		if ok && there {
			out.Merges = append(out.Merges, Offer{side(x), side(y), m.Score, m.Evidence})
		}
	}
	return out, nil
}
