package integrations

import (
	"context"
	"encoding/json"

	"github.com/pulse-platform/pulse/core/integration"
)

type tryIn struct {
	Kind string `json:"kind"`
	// Name is set when the configuration is that of a stored integration, whose secrets stand for the masked ones.
	Name   string          `json:"name,omitempty"`
	Config json.RawMessage `json:"config"`
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
	// Patch is a change that the plugin proposes, as a JSON merge patch (RFC 7396).
	Patch json.RawMessage `json:"proposedPatch,omitempty"`
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
	t, err := a.Service.Try(ctx, integration.Integration{Kind: in.Kind, Name: in.Name, Config: orEmpty(in.Config)})
	if err != nil {
		return Tried{}, err
	}
	out := Tried{
		OK: t.Failure == "", Failure: t.Failure, Diagnostics: diagnostics(t.Diagnostics), Steps: []Step{},
		Product: t.Result.Product, Version: t.Result.Version, CertificateSHA256: t.Result.CertificateSHA256, Patch: t.Result.ProposeConfigPatch,
	}
	for _, s := range t.Steps {
		out.Steps = append(out.Steps, Step{s.Name, string(s.Outcome), s.Message, s.Took.Milliseconds()})
	}
	for _, m := range t.Result.MissingPrivileges {
		out.Missing = append(out.Missing, Missing(m))
	}
	return out, nil
}
