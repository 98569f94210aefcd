package sdk

import (
	"context"
	"encoding/json"
)

// ModelProvider talks to a language model.
type ModelProvider interface {
	Models(ctx context.Context) ([]Model, error)
	// Chat streams the answer to emit and returns the whole of it.
	Chat(ctx context.Context, r ChatRequest, emit func(ChatDelta) error) (ChatResult, error)
	// Test makes the cheapest call that proves the credentials.
	Test(ctx context.Context) error
}

// OAuthExchanger is a [ModelProvider] that people sign in to.
type OAuthExchanger interface {
	AuthURL(ctx context.Context, state, challenge, redirect string) (string, error)
	Exchange(ctx context.Context, code, verifier, redirect string) error
}

// Model is one model a provider offers.
type Model struct {
	ID          string
	Name        string
	Description string
	Created     int64 // Unix seconds, 0 when unknown
	Context     int   // tokens, 0 when unknown
	Output      int   // tokens, 0 when unknown
	Notable     bool
	Tools       bool
	Thinking    bool
}

// ChatRequest is one call to a model.
type ChatRequest struct {
	Model       string
	System      string
	Messages    []ChatMessage
	Tools       []ChatTool
	MaxTokens   int
	Temperature *float64
	// ToolChoice is "auto", "any", "none", or "tool" with ToolName.
	ToolChoice string
	ToolName   string
}

// ChatMessage is one turn.
type ChatMessage struct {
	Role        string // "user", "assistant", "tool"
	Text        string
	Thinking    string
	ToolCalls   []ChatToolCall
	ToolResults []ChatToolResult
	// Opaque is the provider's own blob for this turn, handed back unread.
	Opaque []byte
}

// ChatTool is a tool offered to the model.
type ChatTool struct {
	Name        string
	Description string
	Schema      json.RawMessage
	// Type is empty for an ordinary tool, else the provider's name of a built-in one.
	Type    string
	MaxUses int
}

// ChatToolCall is the model's wish to use a tool.
type ChatToolCall struct {
	ID    string
	Name  string
	Input json.RawMessage
	// Opaque is a provider's own blob for the call (a signature), handed back unread.
	Opaque []byte
}

// ChatToolResult answers a [ChatToolCall].
type ChatToolResult struct {
	CallID  string
	Content string
	IsError bool
}

// ChatDelta is a piece of a streamed answer; exactly one member is set.
type ChatDelta struct {
	Text     string
	Thinking string
	ToolCall *ChatToolCall
}

// ChatResult is the whole answer.
type ChatResult struct {
	Message      ChatMessage
	Model        string
	StopReason   string // "end_turn", "tool_use", "max_tokens", "refusal"
	InputTokens  int64
	OutputTokens int64
}
