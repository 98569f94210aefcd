package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

func encodeModel(x sdk.Model) *pb.Model {
	return &pb.Model{
		Id:          text(x.ID),
		Name:        text(x.Name),
		Description: text(x.Description),
		Created:     x.Created,
		Context:     int64(x.Context),
		Output:      int64(x.Output),
		Notable:     x.Notable,
		Tools:       x.Tools,
		Thinking:    x.Thinking,
	}
}

func decodeModel(m *pb.Model) sdk.Model {
	return sdk.Model{
		ID:          m.GetId(),
		Name:        m.GetName(),
		Description: m.GetDescription(),
		Created:     m.GetCreated(),
		Context:     int(m.GetContext()),
		Output:      int(m.GetOutput()),
		Notable:     m.GetNotable(),
		Tools:       m.GetTools(),
		Thinking:    m.GetThinking(),
	}
}

func encodeChatRequest(c sdk.ChatRequest) *pb.ChatRequest {
	return &pb.ChatRequest{
		Model:       text(c.Model),
		System:      text(c.System),
		Messages:    each(c.Messages, encodeChatMessage),
		Tools:       each(c.Tools, encodeChatTool),
		MaxTokens:   int64(c.MaxTokens),
		Temperature: c.Temperature,
		ToolChoice:  text(c.ToolChoice),
		ToolName:    text(c.ToolName),
	}
}

func decodeChatRequest(m *pb.ChatRequest) sdk.ChatRequest {
	return sdk.ChatRequest{
		Model:       m.GetModel(),
		System:      m.GetSystem(),
		Messages:    each(m.GetMessages(), decodeChatMessage),
		Tools:       each(m.GetTools(), decodeChatTool),
		MaxTokens:   int(m.GetMaxTokens()),
		Temperature: m.Temperature,
		ToolChoice:  m.GetToolChoice(),
		ToolName:    m.GetToolName(),
	}
}

func encodeChatMessage(c sdk.ChatMessage) *pb.ChatMessage {
	return &pb.ChatMessage{
		Role:        text(c.Role),
		Text:        text(c.Text),
		Thinking:    text(c.Thinking),
		ToolCalls:   each(c.ToolCalls, encodeChatToolCall),
		ToolResults: each(c.ToolResults, encodeChatToolResult),
		Opaque:      c.Opaque,
	}
}

func decodeChatMessage(m *pb.ChatMessage) sdk.ChatMessage {
	return sdk.ChatMessage{
		Role:        m.GetRole(),
		Text:        m.GetText(),
		Thinking:    m.GetThinking(),
		ToolCalls:   each(m.GetToolCalls(), decodeChatToolCall),
		ToolResults: each(m.GetToolResults(), decodeChatToolResult),
		Opaque:      m.GetOpaque(),
	}
}

func encodeChatTool(c sdk.ChatTool) *pb.ChatTool {
	return &pb.ChatTool{
		Name:        text(c.Name),
		Description: text(c.Description),
		Schema:      c.Schema,
		Type:        text(c.Type),
		MaxUses:     int64(c.MaxUses),
	}
}

func decodeChatTool(m *pb.ChatTool) sdk.ChatTool {
	return sdk.ChatTool{
		Name:        m.GetName(),
		Description: m.GetDescription(),
		Schema:      m.GetSchema(),
		Type:        m.GetType(),
		MaxUses:     int(m.GetMaxUses()),
	}
}

func encodeChatToolCall(c sdk.ChatToolCall) *pb.ChatToolCall {
	return &pb.ChatToolCall{
		Id:     text(c.ID),
		Name:   text(c.Name),
		Input:  c.Input,
		Opaque: c.Opaque,
	}
}

func decodeChatToolCall(m *pb.ChatToolCall) sdk.ChatToolCall {
	return sdk.ChatToolCall{
		ID:     m.GetId(),
		Name:   m.GetName(),
		Input:  m.GetInput(),
		Opaque: m.GetOpaque(),
	}
}

func encodeChatToolResult(c sdk.ChatToolResult) *pb.ChatToolResult {
	return &pb.ChatToolResult{
		CallId:  text(c.CallID),
		Content: text(c.Content),
		IsError: c.IsError,
	}
}

func decodeChatToolResult(m *pb.ChatToolResult) sdk.ChatToolResult {
	return sdk.ChatToolResult{
		CallID:  m.GetCallId(),
		Content: m.GetContent(),
		IsError: m.GetIsError(),
	}
}

func encodeChatDelta(c sdk.ChatDelta) *pb.ChatDelta {
	return &pb.ChatDelta{
		Text:     text(c.Text),
		Thinking: text(c.Thinking),
		ToolCall: encodePtr(c.ToolCall, encodeChatToolCall),
	}
}

func decodeChatDelta(m *pb.ChatDelta) sdk.ChatDelta {
	return sdk.ChatDelta{
		Text:     m.GetText(),
		Thinking: m.GetThinking(),
		ToolCall: decodePtr(m.GetToolCall(), decodeChatToolCall),
	}
}

func encodeChatResult(c sdk.ChatResult) *pb.ChatResult {
	return &pb.ChatResult{
		Message:      encodeChatMessage(c.Message),
		Model:        text(c.Model),
		StopReason:   text(c.StopReason),
		InputTokens:  c.InputTokens,
		OutputTokens: c.OutputTokens,
	}
}

func decodeChatResult(m *pb.ChatResult) sdk.ChatResult {
	return sdk.ChatResult{
		Message:      decodeChatMessage(m.GetMessage()),
		Model:        m.GetModel(),
		StopReason:   m.GetStopReason(),
		InputTokens:  m.GetInputTokens(),
		OutputTokens: m.GetOutputTokens(),
	}
}
