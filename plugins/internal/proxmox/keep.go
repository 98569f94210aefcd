package proxmox

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pulse-platform/pulse/sdk"
)

// Keep has the server keep a value of an integration, which only one collector writes. What was kept under the key before is replaced.
func Keep(ctx context.Context, host sdk.Host, key string, value json.RawMessage) error {
	_, version, err := host.State(ctx, key)
	if err == nil {
		err = host.SetState(ctx, key, value, version)
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	return nil
}
