package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/sdk"
)

// machines is the family of types whose records may be the same thing seen by several sources.
const machines = "infrastructure"

// How sure evidence is that two records are one machine, from 0 to 1. From sureEnough on they are merged; below, and
// from worthAsking on, merging is offered. The contract of the resource API names these numbers.
const (
	scoreMachineID = 1.00
	scoreDMI       = 0.99
	scoreNameMAC   = 0.90
	scoreNameIP    = 0.85
	scoreName      = 0.50
	scoreIP        = 0.40
	sureEnough     = 0.85
	worthAsking    = 0.40
)

// Pair is two records, the smaller uid first.
type Pair struct{ A, B id.UID }

// PairOf returns two records as a pair.
func PairOf(a, b id.UID) Pair {
	if b < a {
		a, b = b, a
	}
	return Pair{a, b}
}

// Verdict is what a person decided about a pair: whether both are the same machine, whatever the evidence.
type Verdict struct {
	Same   bool
	Reason string
	At     time.Time
}

// Match is how sure it is that two records are one machine, and why.
type Match struct {
	Pair
	Score    float64
	Evidence string
}

// IdentityStore keeps verdicts.
type IdentityStore interface {
	Verdicts(ctx context.Context) (map[Pair]Verdict, error)
	// SaveVerdicts adds or replaces verdicts, all or none.
	SaveVerdicts(ctx context.Context, all map[Pair]Verdict) error
}

// LoadVerdicts reads what people decided about who is who.
func (i *Inventory) LoadVerdicts(ctx context.Context, store IdentityStore) error {
	all, err := store.Verdicts(ctx)
	if err != nil {
		return fmt.Errorf("load verdicts: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.verdicts, i.identityStore = all, store
	i.bump()
	return nil
}

// Decide records verdicts on pairs: they last, and win over evidence and over what was decided before.
func (i *Inventory) Decide(ctx context.Context, pairs []Pair, v Verdict) error {
	i.linking.Lock()
	defer i.linking.Unlock()
	v.At = i.now()
	fresh := map[Pair]Verdict{}
	touched := map[id.UID]struct{}{}
	for _, p := range pairs {
		if p.A == p.B {
			return errs.New(errs.Invalid, "a resource cannot be decided about with itself")
		}
		fresh[p] = v
		touched[p.A], touched[p.B] = struct{}{}, struct{}{}
	}
	i.mu.Lock()
	all, store := maps.Clone(i.verdicts), i.identityStore
	i.mu.Unlock()
	if store != nil {
		if err := store.SaveVerdicts(ctx, fresh); err != nil {
			return fmt.Errorf("save verdicts: %w", err)
		}
	}
	if all == nil {
		all = map[Pair]Verdict{}
	}
	maps.Copy(all, fresh)
	i.mu.Lock()
	i.verdicts = all
	i.bump()
	news := Changed{Revision: i.revision}
	for uid := range touched {
		if i.records[uid] != nil {
			news.Updated = append(news.Updated, uid)
		}
	}
	i.mu.Unlock()
	i.news.Publish(news)
	return nil
}

// identities is who is who in a snapshot.
type identities struct {
	leader  map[id.UID]id.UID   // of every member of a group of several
	members map[id.UID][]id.UID // by leader, the leader first
	offers  []Match
}

// Same returns the records that are one machine with r, the one that speaks for all first; r alone when there is no other.
func (s *Snapshot) Same(c *Catalog, r *Record) []*Record {
	ids := s.identities(c)
	leader, ok := ids.leader[r.UID]
	if !ok {
		return []*Record{r}
	}
	out := make([]*Record, 0, 2)
	for _, uid := range ids.members[leader] {
		out = append(out, s.byUID[uid])
	}
	return out
}

// Offers returns the pairs that may be one machine and that nobody has decided about, the surest first.
func (s *Snapshot) Offers(c *Catalog) []Match { return s.identities(c).offers }

// Verdict returns what a person decided about a pair.
func (s *Snapshot) Verdict(p Pair) (Verdict, bool) { v, ok := s.verdicts[p]; return v, ok }

// identities puts records together, once for a snapshot: first what people decided, then linked ones, then by evidence,
// the surest first. A pair that somebody told apart never comes together, not even by way of a third.
func (s *Snapshot) identities(c *Catalog) *identities {
	s.sameOnce.Do(func() {
		g := grouping{snap: s, of: map[id.UID]*[]id.UID{}}
		for _, p := range sortedPairs(s.verdicts) {
			if s.verdicts[p].Same && s.byUID[p.A] != nil && s.byUID[p.B] != nil {
				g.join(p)
			}
		}
		for uid, others := range s.links(c) {
			for _, other := range others {
				if s.machine(c, uid) && s.machine(c, other) {
					g.join(PairOf(uid, other))
				}
			}
		}
		out := &identities{leader: map[id.UID]id.UID{}, members: map[id.UID][]id.UID{}}
		for _, m := range s.matches(c) {
			if _, decided := s.verdicts[m.Pair]; decided || g.together(m.Pair) {
				continue
			}
			if !g.sure(m) || !g.join(m.Pair) {
				out.offers = append(out.offers, m)
			}
		}
		g.fill(out)
		s.same = out
	})
	return s.same
}

func (s *Snapshot) machine(c *Catalog, uid id.UID) bool {
	r := s.byUID[uid]
	return r != nil && c.types[r.Type].Family == machines
}

func sortedPairs(all map[Pair]Verdict) []Pair {
	return slices.SortedFunc(maps.Keys(all), func(a, b Pair) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
}

// grouping puts records into groups.
type grouping struct {
	snap *Snapshot
	of   map[id.UID]*[]id.UID
}

func (g *grouping) group(uid id.UID) *[]id.UID {
	if g.of[uid] == nil {
		g.of[uid] = &[]id.UID{uid}
	}
	return g.of[uid]
}

func (g *grouping) together(p Pair) bool { return g.of[p.A] != nil && g.of[p.A] == g.of[p.B] }

// sure tells whether evidence merges a pair by itself. Two integrations of one plugin may look into two networks that use
// the same names and addresses, so two records of one type come together only by what no two machines have in common.
func (g *grouping) sure(m Match) bool {
	if m.Score < sureEnough || m.Score >= scoreDMI {
		return m.Score >= sureEnough
	}
	for _, x := range *g.group(m.A) {
		for _, y := range *g.group(m.B) {
			if g.snap.byUID[x].Type == g.snap.byUID[y].Type {
				return false
			}
		}
	}
	return true
}

// join brings two groups together unless somebody told two of their members apart.
func (g *grouping) join(p Pair) bool {
	a, b := g.group(p.A), g.group(p.B)
	if a == b {
		return true
	}
	for _, x := range *a {
		for _, y := range *b {
			if v, decided := g.snap.verdicts[PairOf(x, y)]; decided && !v.Same {
				return false
			}
		}
	}
	*a = append(*a, *b...)
	for _, uid := range *b {
		g.of[uid] = a
	}
	return true
}

// fill says who leads each group of several: a record of an agent on the machine, then by name.
func (g *grouping) fill(out *identities) {
	for _, of := range g.of {
		if len(*of) < 2 || out.leader[(*of)[0]] != "" {
			continue
		}
		slices.SortFunc(*of, func(a, b id.UID) int {
			x, y := g.snap.byUID[a], g.snap.byUID[b]
			return cmp.Or(rankOf(x)-rankOf(y), compareRecords(x, y))
		})
		for _, uid := range *of {
			out.leader[uid] = (*of)[0]
		}
		out.members[(*of)[0]] = *of
	}
}

func rankOf(r *Record) int {
	if r.Source.Reporter {
		return 0
	}
	return 1
}

// trait is one piece by which machines are compared.
type trait struct{ kind, value string }

// matches compares the machines that share a piece of evidence; two of one integration are two.
func (s *Snapshot) matches(c *Catalog) []Match {
	by := map[trait][]*Record{}
	for _, kind := range c.ordered {
		if kind.Family != machines {
			continue
		}
		for _, r := range s.byType[kind.Name] {
			for t := range traits(r) {
				by[t] = append(by[t], r)
			}
		}
	}
	best := map[Pair]Match{}
	for _, of := range by {
		if len(of) > maxAlike {
			continue // what so many share tells nobody apart
		}
		for n, a := range of {
			for _, b := range of[n+1:] {
				if p := PairOf(a.UID, b.UID); a.Integration != b.Integration && best[p].Score == 0 {
					if score, why := compare(a, b); score >= worthAsking {
						best[p] = Match{p, score, why}
					}
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(best), func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
}

// maxAlike is how many machines may share a piece of evidence for it to count.
const maxAlike = 16

// traits are the pieces of a record's evidence that count, in one spelling.
func traits(r *Record) map[trait]struct{} {
	out := map[trait]struct{}{}
	for _, e := range r.Evidence {
		value := strings.ToLower(strings.TrimSpace(e.Value))
		kind := e.Kind
		switch kind {
		case sdk.EvidenceMachineID, sdk.EvidenceMAC:
			value = strings.NewReplacer("-", "", ":", "", ".", "").Replace(value)
		case sdk.EvidenceDMIUUID, sdk.EvidenceSMBIOS:
			kind, value = sdk.EvidenceDMIUUID, strings.ReplaceAll(value, "-", "")
		case sdk.EvidenceHostName:
			value, _, _ = strings.Cut(value, ".")
			if value == "localhost" {
				value = ""
			}
		case sdk.EvidenceAddress:
			if value, _, _ = strings.Cut(value, "/"); !telling(value) {
				value = ""
			}
		default:
			continue
		}
		if strings.Trim(value, "0f") != "" || kind == sdk.EvidenceHostName && value != "" {
			out[trait{kind, value}] = struct{}{}
		}
	}
	return out
}

// shared are addresses that many machines have: those of bridges for containers.
var shared = netip.MustParsePrefix("172.16.0.0/12")

// telling tells whether an address says which machine it is.
func telling(text string) bool {
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() {
		return false
	}
	return !shared.Contains(addr.Unmap()) || addr.Unmap().As4()[1] == 16
}

// compare scores two records. Machines whose ids differ are two, whatever else they share: one may be a copy of the other.
func compare(a, b *Record) (score float64, why string) {
	x, y := traits(a), traits(b)
	both := func(kind string) bool { return overlap(x, y, kind) }
	switch {
	case both(sdk.EvidenceMachineID):
		return scoreMachineID, "the same machine id"
	case both(sdk.EvidenceDMIUUID) && !differ(x, y, sdk.EvidenceMachineID):
		return scoreDMI, "the same mainboard"
	case differ(x, y, sdk.EvidenceMachineID) || differ(x, y, sdk.EvidenceDMIUUID):
		return 0, ""
	case both(sdk.EvidenceHostName) && both(sdk.EvidenceMAC):
		return scoreNameMAC, "the same host name and network card"
	case both(sdk.EvidenceHostName) && both(sdk.EvidenceAddress):
		return scoreNameIP, "the same host name and address"
	case both(sdk.EvidenceHostName):
		return scoreName, "the same host name"
	case both(sdk.EvidenceAddress):
		return scoreIP, "the same address"
	}
	return 0, ""
}

func overlap(x, y map[trait]struct{}, kind string) bool {
	for t := range x {
		if _, ok := y[t]; ok && t.kind == kind {
			return true
		}
	}
	return false
}

// differ tells that both have a piece of the kind, and none in common.
func differ(x, y map[trait]struct{}, kind string) bool {
	has := func(of map[trait]struct{}) bool {
		for t := range of {
			if t.kind == kind {
				return true
			}
		}
		return false
	}
	return has(x) && has(y) && !overlap(x, y, kind)
}
