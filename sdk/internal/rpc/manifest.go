package rpc

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// ManifestVersion is the version of the manifest's form.
const ManifestVersion = 1

// Manifest is the file that lies beside a plugin's binary and says what it is, so that it need not be run for that.
type Manifest struct {
	Manifest int      `json:"manifest"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Protocol Versions `json:"protocol"`
	// SHA256 of the binary, hex.
	SHA256 string `json:"sha256"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	// Commands are the subcommands that the plugin has beside those that every plugin has.
	Commands []string `json:"commands,omitempty"`
	// Description is the JSON form of the protocol's message.
	Description json.RawMessage `json:"description"`
}

// Versions is a range of protocol versions.
type Versions struct {
	Min int `json:"min"`
	Max int `json:"max"`
}

// EncodeDescription returns the JSON form of a description, the same bytes for the same description.
func EncodeDescription(d sdk.Description) (json.RawMessage, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(encodeDescription(d))
	if err != nil {
		return nil, fmt.Errorf("encode description: %w", err)
	}
	// The library varies its white space on purpose.
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, fmt.Errorf("encode description: %w", err)
	}
	return out.Bytes(), nil
}

// DecodeDescription reads what [EncodeDescription] wrote. What this version does not know is left out.
func DecodeDescription(raw json.RawMessage) (sdk.Description, error) {
	m := &pb.Description{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, m); err != nil {
		return sdk.Description{}, fmt.Errorf("decode description: %w", err)
	}
	return decodeDescription(m), nil
}

// SameDescription reports whether two descriptions say the same.
func SameDescription(a, b sdk.Description) bool {
	return proto.Equal(encodeDescription(a), encodeDescription(b))
}
