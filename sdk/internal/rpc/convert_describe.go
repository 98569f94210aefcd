package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

func encodeDescription(d sdk.Description) *pb.Description {
	return &pb.Description{
		Kind:          text(d.Kind),
		Name:          text(d.Name),
		Summary:       text(d.Summary),
		Version:       text(d.Version),
		Capabilities:  texts(d.Capabilities),
		ConfigVersion: int32(d.ConfigVersion),
		StateVersion:  int32(d.StateVersion),
		Config:        d.Config,
		Implicit:      d.Implicit,
		DialsAlone:    d.DialsAlone,
		Types:         each(d.Types, encodeResourceType),
		Metrics:       each(d.Metrics, encodeMetric),
		Sections:      each(d.Sections, encodeStateSection),
		Rows:          each(d.Rows, encodeRowsType),
		Kinds:         each(d.Kinds, encodeEventKind),
		Tasks:         each(d.Tasks, encodeTask),
		Reports:       each(d.Reports, encodeReportKind),
		Actions:       each(d.Actions, encodeAction),
		Queries:       each(d.Queries, encodeQuery),
		Channels:      each(d.Channels, encodeChannel),
		Probes:        each(d.Probes, encodeProbePort),
		Scripts:       each(d.Scripts, encodeScriptKind),
	}
}

func decodeDescription(m *pb.Description) sdk.Description {
	return sdk.Description{
		Kind:          m.GetKind(),
		Name:          m.GetName(),
		Summary:       m.GetSummary(),
		Version:       m.GetVersion(),
		Capabilities:  words[sdk.Capability](m.GetCapabilities()),
		ConfigVersion: int(m.GetConfigVersion()),
		StateVersion:  int(m.GetStateVersion()),
		Config:        m.GetConfig(),
		Implicit:      m.GetImplicit(),
		DialsAlone:    m.GetDialsAlone(),
		Types:         each(m.GetTypes(), decodeResourceType),
		Metrics:       each(m.GetMetrics(), decodeMetric),
		Sections:      each(m.GetSections(), decodeStateSection),
		Rows:          each(m.GetRows(), decodeRowsType),
		Kinds:         each(m.GetKinds(), decodeEventKind),
		Tasks:         each(m.GetTasks(), decodeTask),
		Reports:       each(m.GetReports(), decodeReportKind),
		Actions:       each(m.GetActions(), decodeAction),
		Queries:       each(m.GetQueries(), decodeQuery),
		Channels:      each(m.GetChannels(), decodeChannel),
		Probes:        each(m.GetProbes(), decodeProbePort),
		Scripts:       each(m.GetScripts(), decodeScriptKind),
	}
}

func encodeResourceType(r sdk.ResourceType) *pb.ResourceType {
	return &pb.ResourceType{
		Name:       text(r.Name),
		Label:      text(r.Label),
		Plural:     text(r.Plural),
		Icon:       text(r.Icon),
		Family:     text(r.Family),
		Relations:  texts(r.Relations),
		Columns:    each(r.Columns, encodeColumn),
		Facts:      each(r.Facts, encodeFact),
		Metrics:    texts(r.Metrics),
		Thresholds: each(r.Thresholds, encodeThreshold),
		Conditions: texts(r.Conditions),
		Actions:    texts(r.Actions),
		Queries:    texts(r.Queries),
		ApiName:    text(r.APIName),
	}
}

func decodeResourceType(m *pb.ResourceType) sdk.ResourceType {
	return sdk.ResourceType{
		Name:       m.GetName(),
		Label:      m.GetLabel(),
		Plural:     m.GetPlural(),
		Icon:       m.GetIcon(),
		Family:     m.GetFamily(),
		Relations:  words[sdk.RelationKind](m.GetRelations()),
		Columns:    each(m.GetColumns(), decodeColumn),
		Facts:      each(m.GetFacts(), decodeFact),
		Metrics:    m.GetMetrics(),
		Thresholds: each(m.GetThresholds(), decodeThreshold),
		Conditions: m.GetConditions(),
		Actions:    m.GetActions(),
		Queries:    m.GetQueries(),
		APIName:    m.GetApiName(),
	}
}

func encodeColumn(c sdk.Column) *pb.Column {
	return &pb.Column{
		Name:     text(c.Name),
		Label:    text(c.Label),
		Metric:   text(c.Metric),
		Path:     text(c.Path),
		Unit:     text(c.Unit),
		Format:   text(string(c.Format)),
		Width:    int32(c.Width),
		Default:  c.Default,
		Priority: int32(c.Priority),
		Names:    texts(c.Names),
	}
}

func decodeColumn(m *pb.Column) sdk.Column {
	return sdk.Column{
		Name:     m.GetName(),
		Label:    m.GetLabel(),
		Metric:   m.GetMetric(),
		Path:     m.GetPath(),
		Unit:     m.GetUnit(),
		Format:   sdk.Format(m.GetFormat()),
		Width:    int(m.GetWidth()),
		Default:  m.GetDefault(),
		Priority: int(m.GetPriority()),
		Names:    m.GetNames(),
	}
}

func encodeFact(f sdk.Fact) *pb.Fact {
	return &pb.Fact{
		Label:  text(f.Label),
		Path:   text(f.Path),
		Format: text(string(f.Format)),
		Group:  text(f.Group),
	}
}

func decodeFact(m *pb.Fact) sdk.Fact {
	return sdk.Fact{
		Label:  m.GetLabel(),
		Path:   m.GetPath(),
		Format: sdk.Format(m.GetFormat()),
		Group:  m.GetGroup(),
	}
}

func encodeMetric(x sdk.Metric) *pb.Metric {
	return &pb.Metric{
		Name:      text(x.Name),
		Types:     texts(x.Types),
		Unit:      text(string(x.Unit)),
		Kind:      text(string(x.Kind)),
		Instance:  text(x.Instance),
		Precision: int32(x.Precision),
		Label:     text(x.Label),
		Help:      text(x.Help),
		WireName:  text(x.WireName),
		WireScale: x.WireScale,
		Chart:     text(x.Chart),
		Subject:   text(x.Subject),
	}
}

func decodeMetric(m *pb.Metric) sdk.Metric {
	return sdk.Metric{
		Name:      m.GetName(),
		Types:     m.GetTypes(),
		Unit:      sdk.Unit(m.GetUnit()),
		Kind:      sdk.MetricKind(m.GetKind()),
		Instance:  m.GetInstance(),
		Precision: int(m.GetPrecision()),
		Label:     m.GetLabel(),
		Help:      m.GetHelp(),
		WireName:  m.GetWireName(),
		WireScale: m.GetWireScale(),
		Chart:     m.GetChart(),
		Subject:   m.GetSubject(),
	}
}

func encodeThreshold(t sdk.Threshold) *pb.Threshold {
	return &pb.Threshold{
		Metric:   text(t.Metric),
		Trigger:  t.Trigger,
		Clear:    t.Clear,
		Below:    t.Below,
		For:      encodeDuration(t.For),
		Severity: text(string(t.Severity)),
		Says:     text(t.Says),
		Unless:   text(t.Unless),
	}
}

func decodeThreshold(m *pb.Threshold) sdk.Threshold {
	return sdk.Threshold{
		Metric:   m.GetMetric(),
		Trigger:  m.GetTrigger(),
		Clear:    m.GetClear(),
		Below:    m.GetBelow(),
		For:      decodeDuration(m.GetFor()),
		Severity: sdk.Severity(m.GetSeverity()),
		Says:     m.GetSays(),
		Unless:   m.GetUnless(),
	}
}

func encodeTask(t sdk.Task) *pb.Task {
	return &pb.Task{
		Name:     text(t.Name),
		Label:    text(t.Label),
		Interval: encodeDuration(t.Interval),
		Timeout:  encodeDuration(t.Timeout),
		Cost:     text(string(t.Cost)),
		Types:    texts(t.Types),
		Parts:    texts(t.Parts),
		Rows:     texts(t.Rows),
	}
}

func decodeTask(m *pb.Task) sdk.Task {
	return sdk.Task{
		Name:     m.GetName(),
		Label:    m.GetLabel(),
		Interval: decodeDuration(m.GetInterval()),
		Timeout:  decodeDuration(m.GetTimeout()),
		Cost:     sdk.CostClass(m.GetCost()),
		Types:    m.GetTypes(),
		Parts:    m.GetParts(),
		Rows:     m.GetRows(),
	}
}

func encodeReportKind(r sdk.ReportKind) *pb.ReportKind {
	return &pb.ReportKind{
		Name:            text(r.Name),
		Limit:           int32(r.Limit),
		Formats:         texts(r.Formats),
		Type:            text(r.Type),
		Scope:           text(r.Scope),
		OfflineFactor:   int32(r.OfflineFactor),
		OfflineMin:      encodeDuration(r.OfflineMin),
		OfflineMax:      encodeDuration(r.OfflineMax),
		DefaultInterval: encodeDuration(r.DefaultInterval),
	}
}

func decodeReportKind(m *pb.ReportKind) sdk.ReportKind {
	return sdk.ReportKind{
		Name:            m.GetName(),
		Limit:           int(m.GetLimit()),
		Formats:         m.GetFormats(),
		Type:            m.GetType(),
		Scope:           m.GetScope(),
		OfflineFactor:   int(m.GetOfflineFactor()),
		OfflineMin:      decodeDuration(m.GetOfflineMin()),
		OfflineMax:      decodeDuration(m.GetOfflineMax()),
		DefaultInterval: decodeDuration(m.GetDefaultInterval()),
	}
}

func encodeAction(a sdk.Action) *pb.Action {
	return &pb.Action{
		Name:     text(a.Name),
		Label:    text(a.Label),
		Help:     text(a.Help),
		Types:    texts(a.Types),
		Risk:     text(string(a.Risk)),
		Schema:   a.Schema,
		Rollback: text(a.Rollback),
		Tool:     a.Tool,
	}
}

func decodeAction(m *pb.Action) sdk.Action {
	return sdk.Action{
		Name:     m.GetName(),
		Label:    m.GetLabel(),
		Help:     m.GetHelp(),
		Types:    m.GetTypes(),
		Risk:     sdk.Risk(m.GetRisk()),
		Schema:   m.GetSchema(),
		Rollback: m.GetRollback(),
		Tool:     m.GetTool(),
	}
}

func encodeQuery(q sdk.Query) *pb.Query {
	return &pb.Query{
		Name:   text(q.Name),
		Label:  text(q.Label),
		Help:   text(q.Help),
		Types:  texts(q.Types),
		Schema: q.Schema,
		Tool:   q.Tool,
	}
}

func decodeQuery(m *pb.Query) sdk.Query {
	return sdk.Query{
		Name:   m.GetName(),
		Label:  m.GetLabel(),
		Help:   m.GetHelp(),
		Types:  m.GetTypes(),
		Schema: m.GetSchema(),
		Tool:   m.GetTool(),
	}
}

func encodeChannel(c sdk.Channel) *pb.Channel {
	return &pb.Channel{
		Name:      text(c.Name),
		Label:     text(c.Label),
		Schema:    c.Schema,
		Presets:   each(c.Presets, encodeChannelPreset),
		Templates: textMap(c.Templates),
	}
}

func decodeChannel(m *pb.Channel) sdk.Channel {
	return sdk.Channel{
		Name:      m.GetName(),
		Label:     m.GetLabel(),
		Schema:    m.GetSchema(),
		Presets:   each(m.GetPresets(), decodeChannelPreset),
		Templates: m.GetTemplates(),
	}
}

func encodeChannelPreset(c sdk.ChannelPreset) *pb.ChannelPreset {
	return &pb.ChannelPreset{
		Name:   text(c.Name),
		Label:  text(c.Label),
		Config: c.Config,
	}
}

func decodeChannelPreset(m *pb.ChannelPreset) sdk.ChannelPreset {
	return sdk.ChannelPreset{
		Name:   m.GetName(),
		Label:  m.GetLabel(),
		Config: m.GetConfig(),
	}
}

func encodeProbePort(p sdk.ProbePort) *pb.ProbePort {
	return &pb.ProbePort{
		Port: int32(p.Port),
		Tls:  p.TLS,
		Path: text(p.Path),
	}
}

func decodeProbePort(m *pb.ProbePort) sdk.ProbePort {
	return sdk.ProbePort{
		Port: int(m.GetPort()),
		TLS:  m.GetTls(),
		Path: m.GetPath(),
	}
}

func encodeScriptKind(s sdk.ScriptKind) *pb.ScriptKind {
	return &pb.ScriptKind{
		Name:      text(s.Name),
		Label:     text(s.Label),
		MediaType: text(s.MediaType),
		Params:    s.Params,
	}
}

func decodeScriptKind(m *pb.ScriptKind) sdk.ScriptKind {
	return sdk.ScriptKind{
		Name:      m.GetName(),
		Label:     m.GetLabel(),
		MediaType: m.GetMediaType(),
		Params:    m.GetParams(),
	}
}
