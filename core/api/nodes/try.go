package nodes

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/integration"
	"github.com/pulse-platform/pulse/sdk"
)

// Tried is what a trial found out. The reference has status, message and latency only.
type Tried struct {
	Status  string `json:"status" help:"success or error."`
	Message string `json:"message"`
	// Latency is how long the trial took, in milliseconds.
	Latency int64  `json:"latency,omitempty"`
	Product string `json:"product,omitempty"`
	Version string `json:"version,omitempty"`
	// IsCluster tells that the node is a member of a cluster; a node that stands alone counts as one.
	IsCluster        bool     `json:"isCluster"`
	ClusterName      string   `json:"clusterName,omitempty"`
	NodeCount        int      `json:"nodeCount,omitempty"`
	ClusterNodeCount int      `json:"clusterNodeCount,omitempty"`
	Members          []Member `json:"members,omitempty"`
	// DatastoreCount is how many datastores the account sees.
	DatastoreCount *int64 `json:"datastoreCount,omitempty"`
	// Found tells how many of each resource type the account sees.
	Found map[string]int64 `json:"found,omitempty"`
	// Warnings say what will be missing, each with what mends it.
	Warnings []string `json:"warnings,omitempty"`
	// Fingerprint is that of a certificate that is not trusted: given as fingerprint it is accepted.
	Fingerprint string `json:"fingerprint,omitempty"`
	Steps       []Step `json:"steps,omitempty"`
}

// Member is a member of the cluster that a trial asked.
type Member struct {
	Name string `json:"name"`
	// Address is how the cluster names it.
	Address string `json:"address,omitempty"`
	Online  bool   `json:"online"`
	// Asked tells that it is the one that answered.
	Asked bool `json:"asked,omitempty"`
}

// Step is one step of a trial: passed, warning, failed or skipped.
type Step struct {
	Name    string `json:"name"`
	Outcome string `json:"outcome"`
	Message string `json:"message,omitempty"`
	// Took is in milliseconds.
	Took int64 `json:"took"`
}

// testConnection tries what is written. A failure is an error in the one form of all errors.
func (a Area) testConnection(ctx context.Context, in Change) (Tried, error) {
	x, _, err := a.draft(in)
	if err != nil {
		return Tried{}, err
	}
	t, err := a.try(ctx, x)
	if err != nil {
		return Tried{}, err
	}
	if t.Status != "success" {
		e := errs.New(errs.Invalid, "%s", t.Message)
		e.Extra = map[string]any{"steps": t.Steps, "fingerprint": t.Fingerprint}
		return Tried{}, e
	}
	return t, nil
}

// testConfig tries what is written. A failure is an answer with status 400.
func (a Area) testConfig(ctx context.Context, in Change) (route.Reply[Tried], error) {
	x, _, err := a.draft(in)
	if err != nil {
		return route.Reply[Tried]{}, err
	}
	return reply(a.try(ctx, x))
}

func (a Area) testStored(ctx context.Context, in idIn) (route.Reply[Tried], error) {
	e, err := a.find(in.ID)
	if err != nil {
		return route.Reply[Tried]{Status: http.StatusBadRequest, Body: Tried{Status: "error", Message: message(err)}}, nil
	}
	t, err := a.try(ctx, e.Integration)
	if err == nil && t.Status == "success" && a.Again != nil {
		a.Again(e.ID) // who tests has often given it rights
	}
	return reply(t, err)
}

func reply(t Tried, err error) (route.Reply[Tried], error) {
	out := route.Reply[Tried]{Body: t}
	if t.Status != "success" {
		out.Status = http.StatusBadRequest
	}
	return out, err
}

// message is an error without its cause, which is for the log.
func message(err error) string {
	var known *errs.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "it failed"
}

// try tries an integration and tells it in the words of the wire.
func (a Area) try(ctx context.Context, x integration.Integration) (Tried, error) {
	began := a.Now()
	t, err := a.Service.Try(ctx, x)
	if err != nil {
		return Tried{}, named(x.Kind, err)
	}
	if err := refusal(x.Kind, t.Diagnostics); err != nil {
		return Tried{}, err
	}
	out := Tried{
		Status: "success", Latency: max(a.Now().Sub(began).Milliseconds(), 1), Product: t.Result.Product, Version: t.Result.Version,
		IsCluster: t.Result.ClusterName != "", ClusterName: t.Result.ClusterName, Found: t.Result.Found,
		Message: "Connected to " + cmp.Or(t.Result.Product, "the server"),
	}
	kind, _ := kindOf(x.Kind)
	out.count(t.Result, kind)
	if out.Version != "" {
		out.Message += " " + out.Version
	}
	for _, s := range t.Steps {
		out.Steps = append(out.Steps, Step{s.Name, string(s.Outcome), s.Message, s.Took.Milliseconds()})
		if s.Outcome == sdk.CheckWarning && s.Message != "" {
			out.Warnings = append(out.Warnings, s.Name+": "+s.Message)
		}
	}
	for _, m := range t.Result.MissingPrivileges {
		out.Warnings = append(out.Warnings, missing(m))
	}
	if t.Failure != "" {
		out.Status, out.Message = "error", t.Failure
		if t.Certificate == nil && t.Result.Version == "" {
			out.Message = cmp.Or(a.mistaken(ctx, x, kind), out.Message)
		}
	}
	if t.Certificate != nil {
		out.Fingerprint = t.Certificate.SHA256
	}
	return out, nil
}

// mistakenPatience is how long it may take to find out that a node of another kind answers.
const mistakenPatience = 5 * time.Second

// mistaken says that a node of another kind answers where a trial failed; it is empty when none does.
func (a Area) mistaken(ctx context.Context, x integration.Integration, kind compat.NodeKind) string {
	at := hostPort(entry{Integration: x}.host())
	ctx, cancel := context.WithTimeout(ctx, mistakenPatience)
	defer cancel()
	_, err := a.Probe(ctx, kind.Type, at, x.Network)
	if err == nil || sdk.KindOf(err) == sdk.KindUnreachable {
		return ""
	}
	for _, other := range compat.NodeKinds() {
		if other.Type == kind.Type {
			continue
		}
		if _, err := a.Probe(ctx, other.Type, at, x.Network); err == nil {
			return "At " + at + " answers " + other.Title + ", and not " + kind.Title + ": choose the type " + other.Type
		}
	}
	return ""
}

// count tells of members and of what was found in the words of the contract.
func (t *Tried) count(r sdk.CheckResult, kind compat.NodeKind) {
	for _, m := range r.Members {
		t.Members = append(t.Members, Member(m))
	}
	if n, there := r.Found[kind.NodeType]; there {
		t.NodeCount = int(n)
	}
	if t.IsCluster {
		t.ClusterNodeCount = len(r.Members)
	}
	if n, there := r.Found[kind.StoreType]; there {
		t.DatastoreCount = &n
	}
}

// missing says in a sentence which privilege is missing, what that costs and what mends it.
func missing(m sdk.MissingPrivilege) string {
	out := "The account lacks " + m.Privilege
	if m.Path != "" {
		out += " on " + m.Path
	}
	if m.Effect != "" {
		out += ": " + m.Effect
	}
	if m.Remedy != "" {
		out += " Mend it with: " + m.Remedy
	}
	return out
}
