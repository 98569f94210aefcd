package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

func encodeStateSection(s sdk.StateSection) *pb.StateSection {
	return &pb.StateSection{
		Section:      text(s.Section),
		Type:         text(s.Type),
		Order:        int32(s.Order),
		SortBy:       text(s.SortBy),
		Inject:       each(s.Inject, encodeInject),
		Nest:         each(s.Nest, encodeNest),
		Join:         each(s.Join, encodeJoin),
		Rows:         each(s.Rows, encodeSectionRows),
		HealthKey:    text(s.HealthKey),
		ChartGroup:   text(s.ChartGroup),
		ChartMetrics: texts(s.ChartMetrics),
		HistoryType:  text(s.HistoryType),
	}
}

func decodeStateSection(m *pb.StateSection) sdk.StateSection {
	return sdk.StateSection{
		Section:      m.GetSection(),
		Type:         m.GetType(),
		Order:        int(m.GetOrder()),
		SortBy:       m.GetSortBy(),
		Inject:       each(m.GetInject(), decodeInject),
		Nest:         each(m.GetNest(), decodeNest),
		Join:         each(m.GetJoin(), decodeJoin),
		Rows:         each(m.GetRows(), decodeSectionRows),
		HealthKey:    m.GetHealthKey(),
		ChartGroup:   m.GetChartGroup(),
		ChartMetrics: m.GetChartMetrics(),
		HistoryType:  m.GetHistoryType(),
	}
}

func encodeInject(i sdk.Inject) *pb.Inject {
	return &pb.Inject{
		Member:    text(i.Member),
		Value:     text(string(i.Value)),
		Arg:       text(i.Arg),
		Words:     textMap(i.Words),
		OmitEmpty: i.OmitEmpty,
	}
}

func decodeInject(m *pb.Inject) sdk.Inject {
	return sdk.Inject{
		Member:    m.GetMember(),
		Value:     sdk.InjectValue(m.GetValue()),
		Arg:       m.GetArg(),
		Words:     m.GetWords(),
		OmitEmpty: m.GetOmitEmpty(),
	}
}

func encodeNest(n sdk.Nest) *pb.Nest {
	return &pb.Nest{
		Member:   text(n.Member),
		Type:     text(n.Type),
		Relation: text(string(n.Relation)),
	}
}

func decodeNest(m *pb.Nest) sdk.Nest {
	return sdk.Nest{
		Member:   m.GetMember(),
		Type:     m.GetType(),
		Relation: sdk.RelationKind(m.GetRelation()),
	}
}

func encodeJoin(j sdk.Join) *pb.Join {
	return &pb.Join{
		Member:   text(j.Member),
		Relation: text(string(j.Relation)),
		Type:     text(j.Type),
		Path:     text(j.Path),
		Rows:     text(j.Rows),
		Derive:   text(j.Derive),
	}
}

func decodeJoin(m *pb.Join) sdk.Join {
	return sdk.Join{
		Member:   m.GetMember(),
		Relation: sdk.RelationKind(m.GetRelation()),
		Type:     m.GetType(),
		Path:     m.GetPath(),
		Rows:     m.GetRows(),
		Derive:   m.GetDerive(),
	}
}

func encodeSectionRows(s sdk.SectionRows) *pb.SectionRows {
	return &pb.SectionRows{
		Member: text(s.Member),
		Rows:   text(s.Rows),
	}
}

func decodeSectionRows(m *pb.SectionRows) sdk.SectionRows {
	return sdk.SectionRows{
		Member: m.GetMember(),
		Rows:   m.GetRows(),
	}
}

func encodeRowsType(r sdk.RowsType) *pb.RowsType {
	return &pb.RowsType{
		Name:        text(r.Name),
		Label:       text(r.Label),
		Columns:     each(r.Columns, encodeColumn),
		Retention:   encodeDuration(r.Retention),
		SubjectType: text(r.SubjectType),
		Derive:      each(r.Derive, encodeDerive),
		ApiList:     text(r.APIList),
		Family:      text(r.Family),
	}
}

func decodeRowsType(m *pb.RowsType) sdk.RowsType {
	return sdk.RowsType{
		Name:        m.GetName(),
		Label:       m.GetLabel(),
		Columns:     each(m.GetColumns(), decodeColumn),
		Retention:   decodeDuration(m.GetRetention()),
		SubjectType: m.GetSubjectType(),
		Derive:      each(m.GetDerive(), decodeDerive),
		APIList:     m.GetApiList(),
		Family:      m.GetFamily(),
	}
}

func encodeDerive(d sdk.Derive) *pb.Derive {
	return &pb.Derive{
		Name: text(d.Name),
		Op:   text(d.Op),
		Path: text(d.Path),
	}
}

func decodeDerive(m *pb.Derive) sdk.Derive {
	return sdk.Derive{
		Name: m.GetName(),
		Op:   m.GetOp(),
		Path: m.GetPath(),
	}
}

func encodeEventKind(e sdk.EventKind) *pb.EventKind {
	return &pb.EventKind{
		Name:       text(e.Name),
		Condition:  e.Condition,
		Label:      text(e.Label),
		Template:   text(e.Template),
		WireType:   text(e.WireType),
		IdTemplate: text(e.IDTemplate),
		Category:   text(e.Category),
		Severity:   text(string(e.Severity)),
		Parameters: texts(e.Parameters),
	}
}

func decodeEventKind(m *pb.EventKind) sdk.EventKind {
	return sdk.EventKind{
		Name:       m.GetName(),
		Condition:  m.GetCondition(),
		Label:      m.GetLabel(),
		Template:   m.GetTemplate(),
		WireType:   m.GetWireType(),
		IDTemplate: m.GetIdTemplate(),
		Category:   m.GetCategory(),
		Severity:   sdk.Severity(m.GetSeverity()),
		Parameters: m.GetParameters(),
	}
}
