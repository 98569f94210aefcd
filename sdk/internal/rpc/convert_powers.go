package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

func encodeInstance(i sdk.Instance) *pb.Instance {
	return &pb.Instance{
		Integration:   text(i.Integration),
		Name:          text(i.Name),
		Revision:      i.Revision,
		Config:        i.Config,
		Pins:          textMap(i.Pins),
		Settings:      encodeDocs(i.Settings),
		AllowLoopback: i.AllowLoopback,
		AllowNetworks: texts(i.AllowNetworks),
	}
}

func decodeInstance(m *pb.Instance) sdk.Instance {
	return sdk.Instance{
		Integration:   m.GetIntegration(),
		Name:          m.GetName(),
		Revision:      m.GetRevision(),
		Config:        m.GetConfig(),
		Pins:          m.GetPins(),
		Settings:      decodeDocs(m.GetSettings()),
		AllowLoopback: m.GetAllowLoopback(),
		AllowNetworks: m.GetAllowNetworks(),
	}
}

func encodeDiagnostic(d sdk.Diagnostic) *pb.Diagnostic {
	return &pb.Diagnostic{
		Severity: text(string(d.Severity)),
		Path:     text(d.Path),
		Summary:  text(d.Summary),
		Detail:   text(d.Detail),
	}
}

func decodeDiagnostic(m *pb.Diagnostic) sdk.Diagnostic {
	return sdk.Diagnostic{
		Severity: sdk.DiagnosticSeverity(m.GetSeverity()),
		Path:     m.GetPath(),
		Summary:  m.GetSummary(),
		Detail:   m.GetDetail(),
	}
}

func encodeReport(r sdk.Report) *pb.Report {
	return &pb.Report{
		Kind:       text(r.Kind),
		Format:     text(r.Format),
		TokenId:    text(r.TokenID),
		Peer:       text(r.Peer),
		ReceivedAt: encodeTime(r.ReceivedAt),
		Body:       r.Body,
	}
}

func decodeReport(m *pb.Report) sdk.Report {
	return sdk.Report{
		Kind:       m.GetKind(),
		Format:     m.GetFormat(),
		TokenID:    m.GetTokenId(),
		Peer:       m.GetPeer(),
		ReceivedAt: decodeTime(m.GetReceivedAt()),
		Body:       m.GetBody(),
	}
}

func encodeClaims(c sdk.Claims) *pb.Claims {
	return &pb.Claims{
		Ids:             texts(c.IDs),
		MachineId:       text(c.MachineID),
		AgentId:         text(c.AgentID),
		AgentVersion:    text(c.AgentVersion),
		AgentType:       text(c.AgentType),
		Hostname:        text(c.Hostname),
		DisplayName:     text(c.DisplayName),
		Interval:        encodeDuration(c.Interval),
		ReportedAt:      encodeTime(c.ReportedAt),
		CommandsEnabled: c.CommandsEnabled,
	}
}

func decodeClaims(m *pb.Claims) sdk.Claims {
	return sdk.Claims{
		IDs:             m.GetIds(),
		MachineID:       m.GetMachineId(),
		AgentID:         m.GetAgentId(),
		AgentVersion:    m.GetAgentVersion(),
		AgentType:       m.GetAgentType(),
		Hostname:        m.GetHostname(),
		DisplayName:     m.GetDisplayName(),
		Interval:        decodeDuration(m.GetInterval()),
		ReportedAt:      decodeTime(m.GetReportedAt()),
		CommandsEnabled: m.CommandsEnabled,
	}
}

func encodeCycle(c sdk.Cycle) *pb.Cycle {
	return &pb.Cycle{
		Integration: text(c.Integration),
		Task:        text(c.Task),
		Epoch:       c.Epoch,
		Sequence:    c.Sequence,
		ObservedAt:  encodeTime(c.ObservedAt),
	}
}

func decodeCycle(m *pb.Cycle) sdk.Cycle {
	return sdk.Cycle{
		Integration: m.GetIntegration(),
		Task:        m.GetTask(),
		Epoch:       m.GetEpoch(),
		Sequence:    m.GetSequence(),
		ObservedAt:  decodeTime(m.GetObservedAt()),
	}
}

func encodeCheckStep(c sdk.CheckStep) *pb.CheckStep {
	return &pb.CheckStep{
		Name:    text(c.Name),
		Outcome: text(string(c.Outcome)),
		Message: text(c.Message),
		Took:    encodeDuration(c.Took),
	}
}

func decodeCheckStep(m *pb.CheckStep) sdk.CheckStep {
	return sdk.CheckStep{
		Name:    m.GetName(),
		Outcome: sdk.CheckOutcome(m.GetOutcome()),
		Message: m.GetMessage(),
		Took:    decodeDuration(m.GetTook()),
	}
}

func encodeCheckResult(c sdk.CheckResult) *pb.CheckResult {
	return &pb.CheckResult{
		Product:            text(c.Product),
		Version:            text(c.Version),
		ClusterIdentity:    text(c.ClusterIdentity),
		CertificateSha256:  text(c.CertificateSHA256),
		CertificatePem:     text(c.CertificatePEM),
		MissingPrivileges:  each(c.MissingPrivileges, encodeMissingPrivilege),
		ProposeConfigPatch: c.ProposeConfigPatch,
		ClusterName:        text(c.ClusterName),
		Members:            each(c.Members, encodeClusterMember),
		Found:              counts(c.Found),
	}
}

func decodeCheckResult(m *pb.CheckResult) sdk.CheckResult {
	return sdk.CheckResult{
		Product:            m.GetProduct(),
		Version:            m.GetVersion(),
		ClusterIdentity:    m.GetClusterIdentity(),
		CertificateSHA256:  m.GetCertificateSha256(),
		CertificatePEM:     m.GetCertificatePem(),
		MissingPrivileges:  each(m.GetMissingPrivileges(), decodeMissingPrivilege),
		ProposeConfigPatch: m.GetProposeConfigPatch(),
		ClusterName:        m.GetClusterName(),
		Members:            each(m.GetMembers(), decodeClusterMember),
		Found:              m.GetFound(),
	}
}

func encodeClusterMember(x sdk.ClusterMember) *pb.ClusterMember {
	return &pb.ClusterMember{Name: text(x.Name), Address: text(x.Address), Online: x.Online, Asked: x.Asked}
}

func decodeClusterMember(m *pb.ClusterMember) sdk.ClusterMember {
	return sdk.ClusterMember{Name: m.GetName(), Address: m.GetAddress(), Online: m.GetOnline(), Asked: m.GetAsked()}
}

// counts makes the keys fit for the wire.
func counts(in map[string]int64) map[string]int64 {
	if in == nil {
		return nil
	}
	out := make(map[string]int64, len(in))
	for k, n := range in {
		out[text(k)] = n
	}
	return out
}

func encodeMissingPrivilege(x sdk.MissingPrivilege) *pb.MissingPrivilege {
	return &pb.MissingPrivilege{
		Privilege: text(x.Privilege),
		Path:      text(x.Path),
		Effect:    text(x.Effect),
		Remedy:    text(x.Remedy),
	}
}

func decodeMissingPrivilege(m *pb.MissingPrivilege) sdk.MissingPrivilege {
	return sdk.MissingPrivilege{
		Privilege: m.GetPrivilege(),
		Path:      m.GetPath(),
		Effect:    m.GetEffect(),
		Remedy:    m.GetRemedy(),
	}
}

func encodeActRequest(a sdk.ActRequest) *pb.ActRequest {
	return &pb.ActRequest{
		Action:         text(a.Action),
		Type:           text(a.Type),
		Key:            text(a.Key),
		Params:         a.Params,
		IdempotencyKey: text(a.IdempotencyKey),
		DryRun:         a.DryRun,
	}
}

func decodeActRequest(m *pb.ActRequest) sdk.ActRequest {
	return sdk.ActRequest{
		Action:         m.GetAction(),
		Type:           m.GetType(),
		Key:            m.GetKey(),
		Params:         m.GetParams(),
		IdempotencyKey: m.GetIdempotencyKey(),
		DryRun:         m.GetDryRun(),
	}
}

func encodeActResult(a sdk.ActResult) *pb.ActResult {
	return &pb.ActResult{
		Result:  a.Result,
		Command: encodePtr(a.Command, encodeCommand),
	}
}

func decodeActResult(m *pb.ActResult) sdk.ActResult {
	return sdk.ActResult{
		Result:  m.GetResult(),
		Command: decodePtr(m.GetCommand(), decodeCommand),
	}
}

func encodeCommand(c sdk.Command) *pb.Command {
	return &pb.Command{
		Type:    text(c.Type),
		Payload: c.Payload,
	}
}

func decodeCommand(m *pb.Command) sdk.Command {
	return sdk.Command{
		Type:    m.GetType(),
		Payload: m.GetPayload(),
	}
}

func encodeProgress(p sdk.Progress) *pb.Progress {
	return &pb.Progress{
		Message: text(p.Message),
		Ratio:   p.Ratio,
	}
}

func decodeProgress(m *pb.Progress) sdk.Progress {
	return sdk.Progress{
		Message: m.GetMessage(),
		Ratio:   m.GetRatio(),
	}
}

func encodeAcknowledgement(a sdk.Acknowledgement) *pb.Acknowledgement {
	return &pb.Acknowledgement{
		CommandId: text(a.CommandID),
		Type:      text(a.Type),
		Key:       text(a.Key),
		Status:    text(a.Status),
		Message:   text(a.Message),
		Payload:   a.Payload,
	}
}

func decodeAcknowledgement(m *pb.Acknowledgement) sdk.Acknowledgement {
	return sdk.Acknowledgement{
		CommandID: m.GetCommandId(),
		Type:      m.GetType(),
		Key:       m.GetKey(),
		Status:    m.GetStatus(),
		Message:   m.GetMessage(),
		Payload:   m.GetPayload(),
	}
}

func encodeQueryRequest(q sdk.QueryRequest) *pb.QueryRequest {
	return &pb.QueryRequest{
		Query:  text(q.Query),
		Type:   text(q.Type),
		Key:    text(q.Key),
		Params: q.Params,
		Limit:  int64(q.Limit),
	}
}

func decodeQueryRequest(m *pb.QueryRequest) sdk.QueryRequest {
	return sdk.QueryRequest{
		Query:  m.GetQuery(),
		Type:   m.GetType(),
		Key:    m.GetKey(),
		Params: m.GetParams(),
		Limit:  int(m.GetLimit()),
	}
}

func encodeQueryResult(q sdk.QueryResult) *pb.QueryResult {
	return &pb.QueryResult{
		MediaType: text(q.MediaType),
		Truncated: q.Truncated,
	}
}

func decodeQueryResult(m *pb.QueryResult) sdk.QueryResult {
	return sdk.QueryResult{
		MediaType: m.GetMediaType(),
		Truncated: m.GetTruncated(),
	}
}

func encodeCandidate(c sdk.Candidate) *pb.Candidate {
	return &pb.Candidate{
		Kind:              text(c.Kind),
		Name:              text(c.Name),
		Version:           text(c.Version),
		CertificateSha256: text(c.CertificateSHA256),
	}
}

func decodeCandidate(m *pb.Candidate) sdk.Candidate {
	return sdk.Candidate{
		Kind:              m.GetKind(),
		Name:              m.GetName(),
		Version:           m.GetVersion(),
		CertificateSHA256: m.GetCertificateSha256(),
	}
}

func encodeScriptRequest(s sdk.ScriptRequest) *pb.ScriptRequest {
	return &pb.ScriptRequest{
		Name:   text(s.Name),
		Params: textMap(s.Params),
		Token:  text(s.Token),
	}
}

func decodeScriptRequest(m *pb.ScriptRequest) sdk.ScriptRequest {
	return sdk.ScriptRequest{
		Name:   m.GetName(),
		Params: m.GetParams(),
		Token:  m.GetToken(),
	}
}
