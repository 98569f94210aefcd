package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

func encodeRecord(r sdk.Record) *pb.Record {
	return &pb.Record{
		Type:       text(r.Type),
		Key:        text(r.Key),
		Name:       text(r.Name),
		WireId:     text(r.WireID),
		Aliases:    texts(r.Aliases),
		Status:     text(string(r.Status)),
		StatusWord: text(r.StatusWord),
		Tags:       texts(r.Tags),
		Evidence:   each(r.Evidence, encodeEvidence),
		Relations:  each(r.Relations, encodeRelation),
		Doc:        r.Doc,
	}
}

func decodeRecord(m *pb.Record) sdk.Record {
	return sdk.Record{
		Type:       m.GetType(),
		Key:        m.GetKey(),
		Name:       m.GetName(),
		WireID:     m.GetWireId(),
		Aliases:    m.GetAliases(),
		Status:     sdk.Status(m.GetStatus()),
		StatusWord: m.GetStatusWord(),
		Tags:       m.GetTags(),
		Evidence:   each(m.GetEvidence(), decodeEvidence),
		Relations:  each(m.GetRelations(), decodeRelation),
		Doc:        m.GetDoc(),
	}
}

func encodeEvidence(e sdk.Evidence) *pb.Evidence {
	return &pb.Evidence{
		Kind:  text(e.Kind),
		Value: text(e.Value),
	}
}

func decodeEvidence(m *pb.Evidence) sdk.Evidence {
	return sdk.Evidence{
		Kind:  m.GetKind(),
		Value: m.GetValue(),
	}
}

func encodeRelation(r sdk.Relation) *pb.Relation {
	return &pb.Relation{
		Kind:     text(string(r.Kind)),
		Type:     text(r.Type),
		Key:      text(r.Key),
		Evidence: each(r.Evidence, encodeEvidence),
	}
}

func decodeRelation(m *pb.Relation) sdk.Relation {
	return sdk.Relation{
		Kind:     sdk.RelationKind(m.GetKind()),
		Type:     m.GetType(),
		Key:      m.GetKey(),
		Evidence: each(m.GetEvidence(), decodeEvidence),
	}
}

func encodePart(p sdk.Part) *pb.Part {
	return &pb.Part{
		Type: text(p.Type),
		Key:  text(p.Key),
		Name: text(p.Name),
		Doc:  p.Doc,
	}
}

func decodePart(m *pb.Part) sdk.Part {
	return sdk.Part{
		Type: m.GetType(),
		Key:  m.GetKey(),
		Name: m.GetName(),
		Doc:  m.GetDoc(),
	}
}

func encodeRemoved(r sdk.Removed) *pb.Removed {
	return &pb.Removed{
		Type: text(r.Type),
		Key:  text(r.Key),
	}
}

func decodeRemoved(m *pb.Removed) sdk.Removed {
	return sdk.Removed{
		Type: m.GetType(),
		Key:  m.GetKey(),
	}
}

func encodeUnchanged(u sdk.Unchanged) *pb.Unchanged {
	return &pb.Unchanged{
		Type: text(u.Type),
		Key:  text(u.Key),
		Part: text(u.Part),
	}
}

func decodeUnchanged(m *pb.Unchanged) sdk.Unchanged {
	return sdk.Unchanged{
		Type: m.GetType(),
		Key:  m.GetKey(),
		Part: m.GetPart(),
	}
}

func encodeRow(r sdk.Row) *pb.Row {
	return &pb.Row{
		Rows:      text(r.Rows),
		Key:       text(r.Key),
		OwnerType: text(r.OwnerType),
		OwnerKey:  text(r.OwnerKey),
		Subject:   each(r.Subject, encodeEvidence),
		Time:      encodeTime(r.Time),
		Doc:       r.Doc,
	}
}

func decodeRow(m *pb.Row) sdk.Row {
	return sdk.Row{
		Rows:      m.GetRows(),
		Key:       m.GetKey(),
		OwnerType: m.GetOwnerType(),
		OwnerKey:  m.GetOwnerKey(),
		Subject:   each(m.GetSubject(), decodeEvidence),
		Time:      decodeTime(m.GetTime()),
		Doc:       m.GetDoc(),
	}
}

func encodeRowsEnd(r sdk.RowsEnd) *pb.RowsEnd {
	return &pb.RowsEnd{
		Rows:      text(r.Rows),
		OwnerType: text(r.OwnerType),
		OwnerKey:  text(r.OwnerKey),
	}
}

func decodeRowsEnd(m *pb.RowsEnd) sdk.RowsEnd {
	return sdk.RowsEnd{
		Rows:      m.GetRows(),
		OwnerType: m.GetOwnerType(),
		OwnerKey:  m.GetOwnerKey(),
	}
}

func encodeEvent(e sdk.Event) *pb.Event {
	return &pb.Event{
		Id:         text(e.ID),
		Type:       text(e.Type),
		Key:        text(e.Key),
		Kind:       text(e.Kind),
		Time:       encodeTime(e.Time),
		Severity:   text(string(e.Severity)),
		Text:       text(e.Text),
		Attributes: textMap(e.Attributes),
	}
}

func decodeEvent(m *pb.Event) sdk.Event {
	return sdk.Event{
		ID:         m.GetId(),
		Type:       m.GetType(),
		Key:        m.GetKey(),
		Kind:       m.GetKind(),
		Time:       decodeTime(m.GetTime()),
		Severity:   sdk.Severity(m.GetSeverity()),
		Text:       m.GetText(),
		Attributes: m.GetAttributes(),
	}
}

func encodeCondition(c sdk.Condition) *pb.Condition {
	return &pb.Condition{
		Type:     text(c.Type),
		Key:      text(c.Key),
		Kind:     text(c.Kind),
		Instance: text(c.Instance),
		Severity: text(string(c.Severity)),
		Message:  text(c.Message),
		Since:    encodeTime(c.Since),
		Metadata: textMap(c.Metadata),
	}
}

func decodeCondition(m *pb.Condition) sdk.Condition {
	return sdk.Condition{
		Type:     m.GetType(),
		Key:      m.GetKey(),
		Kind:     m.GetKind(),
		Instance: m.GetInstance(),
		Severity: sdk.Severity(m.GetSeverity()),
		Message:  m.GetMessage(),
		Since:    decodeTime(m.GetSince()),
		Metadata: m.GetMetadata(),
	}
}
