package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

func encodeMessage(x sdk.Message) *pb.Message {
	return &pb.Message{
		Id:       text(x.ID),
		Kind:     text(x.Kind),
		Severity: text(string(x.Severity)),
		Title:    text(x.Title),
		Text:     text(x.Text),
		Url:      text(x.URL),
		Time:     encodeTime(x.Time),
		Alerts:   each(x.Alerts, encodeMessageAlert),
		Labels:   textMap(x.Labels),
	}
}

func decodeMessage(m *pb.Message) sdk.Message {
	return sdk.Message{
		ID:       m.GetId(),
		Kind:     m.GetKind(),
		Severity: sdk.Severity(m.GetSeverity()),
		Title:    m.GetTitle(),
		Text:     m.GetText(),
		URL:      m.GetUrl(),
		Time:     decodeTime(m.GetTime()),
		Alerts:   each(m.GetAlerts(), decodeMessageAlert),
		Labels:   m.GetLabels(),
	}
}

func encodeMessageAlert(x sdk.MessageAlert) *pb.MessageAlert {
	return &pb.MessageAlert{
		Id:           text(x.ID),
		Kind:         text(x.Kind),
		Severity:     text(string(x.Severity)),
		ResourceType: text(x.ResourceType),
		ResourceId:   text(x.ResourceID),
		ResourceName: text(x.ResourceName),
		Node:         text(x.Node),
		Text:         text(x.Text),
		Metric:       text(x.Metric),
		Value:        x.Value,
		Threshold:    x.Threshold,
		Unit:         text(x.Unit),
		Started:      encodeTime(x.Started),
		Ended:        encodeTime(x.Ended),
		Acknowledged: x.Acknowledged,
		Url:          text(x.URL),
		Attributes:   textMap(x.Attributes),
	}
}

func decodeMessageAlert(m *pb.MessageAlert) sdk.MessageAlert {
	return sdk.MessageAlert{
		ID:           m.GetId(),
		Kind:         m.GetKind(),
		Severity:     sdk.Severity(m.GetSeverity()),
		ResourceType: m.GetResourceType(),
		ResourceID:   m.GetResourceId(),
		ResourceName: m.GetResourceName(),
		Node:         m.GetNode(),
		Text:         m.GetText(),
		Metric:       m.GetMetric(),
		Value:        m.Value,
		Threshold:    m.Threshold,
		Unit:         m.GetUnit(),
		Started:      decodeTime(m.GetStarted()),
		Ended:        decodeTime(m.GetEnded()),
		Acknowledged: m.GetAcknowledged(),
		URL:          m.GetUrl(),
		Attributes:   m.GetAttributes(),
	}
}

func encodeReceipt(r sdk.Receipt) *pb.Receipt {
	return &pb.Receipt{
		Target:     text(r.Target),
		Ok:         r.OK,
		Permanent:  r.Permanent,
		RetryAfter: encodeDuration(r.RetryAfter),
		Status:     int64(r.Status),
		Excerpt:    text(r.Excerpt),
	}
}

func decodeReceipt(m *pb.Receipt) sdk.Receipt {
	return sdk.Receipt{
		Target:     m.GetTarget(),
		OK:         m.GetOk(),
		Permanent:  m.GetPermanent(),
		RetryAfter: decodeDuration(m.GetRetryAfter()),
		Status:     int(m.GetStatus()),
		Excerpt:    m.GetExcerpt(),
	}
}

func encodePreview(p sdk.Preview) *pb.Preview {
	return &pb.Preview{
		Method:    text(p.Method),
		Target:    text(p.Target),
		MediaType: text(p.MediaType),
		Headers:   textMap(p.Headers),
		Body:      p.Body,
	}
}

func decodePreview(m *pb.Preview) sdk.Preview {
	return sdk.Preview{
		Method:    m.GetMethod(),
		Target:    m.GetTarget(),
		MediaType: m.GetMediaType(),
		Headers:   m.GetHeaders(),
		Body:      m.GetBody(),
	}
}
