package integrations

import (
	"context"
	"encoding/json"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
)

type tryIn struct {
	Kind string `json:"kind"`
	// Name is set when the configuration is that of a stored integration, whose secrets stand for the masked ones.
	Name   string          `json:"name,omitempty"`
	Config json.RawMessage `json:"config"`
	// Network is what the integration may dial and believe beyond what is usual.
	Network integration.Network `json:"network,omitzero"`
}

// Tried is what trying a configuration found out.
type Tried struct {
	// OK tells that the configuration is valid and works.
	OK bool `json:"ok"`
	// Failure says why it does not.
	Failure     string       `json:"failure,omitempty"`
	Diagnostics []Diagnostic `json:"diagnostics"`
	Steps       []Step       `json:"steps"`
	Product     string       `json:"product,omitempty"`
	Version     string       `json:"version,omitempty"`
	// CertificateSHA256 is the fingerprint of the certificate that the other side showed.
	CertificateSHA256 string    `json:"certificateSha256,omitempty"`
	Missing           []Missing `json:"missingPrivileges,omitempty"`
	// Untrusted is the certificate that is not trusted, when that is why it failed: put into network.pins it is accepted.
	Untrusted *Untrusted `json:"untrustedCertificate,omitempty"`
	// Cluster is empty for what is in none.
	Cluster string   `json:"cluster,omitempty"`
	Members []Member `json:"members,omitempty"`
	// Found tells how many of each resource type the credentials see.
	Found map[string]int64 `json:"found,omitempty"`
	// Patch is a change that the plugin proposes, as a JSON merge patch (RFC 7396).
	Patch json.RawMessage `json:"proposedPatch,omitempty"`
}

// Untrusted is a certificate that an address showed.
type Untrusted struct {
	// Address is host:port.
	Address string `json:"address"`
	// SHA256 is the fingerprint in lower-case hex.
	SHA256 string `json:"sha256"`
}

// Member is a member of the cluster that was asked.
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

// Missing is a privilege that the credentials lack, what that costs, and what mends it.
type Missing struct {
	Privilege string `json:"privilege"`
	Path      string `json:"path,omitempty"`
	Effect    string `json:"effect,omitempty"`
	Remedy    string `json:"remedy,omitempty"`
}

// try answers with what was found out; that the other side refuses is such a finding and no error.
func (a Area) try(ctx context.Context, in tryIn) (Tried, error) {
	if in.Name != "" && !integration.GoodName(in.Name) {
		return Tried{}, errs.New(errs.Invalid, "name is that of a stored integration, or left out: GET /api/integrations lists them").WithField("name")
	}
	config, err := object(in.Config)
	if err != nil {
		return Tried{}, err
	}
	t, err := a.Service.Try(ctx, integration.Integration{Kind: in.Kind, Name: in.Name, Config: config, Network: in.Network})
	if err != nil {
		return Tried{}, err
	}
	if t.Failure == "" && in.Name != "" && a.Again != nil {
		a.Again(id.Integration(in.Kind + "/" + in.Name)) // who tests has often given it rights
	}
	out := Tried{
		OK: t.Failure == "", Failure: t.Failure, Diagnostics: diagnostics(t.Diagnostics), Steps: []Step{},
		Product: t.Result.Product, Version: t.Result.Version, CertificateSHA256: t.Result.CertificateSHA256, Patch: t.Result.ProposeConfigPatch,
	}
	out.Cluster, out.Found = t.Result.ClusterName, t.Result.Found
	for _, m := range t.Result.Members {
		out.Members = append(out.Members, Member(m))
	}
	if c := t.Certificate; c != nil {
		out.Untrusted = &Untrusted{c.Address, c.SHA256}
	}
	for _, s := range t.Steps {
		out.Steps = append(out.Steps, Step{s.Name, string(s.Outcome), s.Message, s.Took.Milliseconds()})
	}
	for _, m := range t.Result.MissingPrivileges {
		out.Missing = append(out.Missing, Missing(m))
	}
	return out, nil
}
