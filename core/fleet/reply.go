package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Reply is what a reporter is told.
type Reply struct {
	HostID   string
	LastSeen time.Time
	// Members is a JSON object of the plugin's whose members become part of the reply.
	Members json.RawMessage
	// CommandsEnabled is what an operator decided, nil when nobody did.
	CommandsEnabled *bool
}

// MarshalJSON writes the reply as the contract has it.
func (r Reply) MarshalJSON() ([]byte, error) {
	type config struct {
		CommandsEnabled *bool `json:"commandsEnabled"`
	}
	wire := struct {
		Success  bool      `json:"success"`
		HostID   string    `json:"hostId"`
		LastSeen time.Time `json:"lastSeen"`
		Config   *config   `json:"config,omitempty"`
	}{Success: true, HostID: r.HostID, LastSeen: r.LastSeen.UTC()}
	if r.CommandsEnabled != nil {
		wire.Config = &config{r.CommandsEnabled}
	}
	out, err := json.Marshal(wire)
	if err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	extra := bytes.TrimSpace(r.Members)
	if len(extra) <= 2 || extra[0] != '{' {
		return out, nil
	}
	if inner := bytes.TrimSpace(extra[1 : len(extra)-1]); len(inner) > 0 {
		out = append(append(out[:len(out)-1], ','), append(bytes.Clone(inner), '}')...)
	}
	return out, nil
}

// replaceSelf puts the resolved identity where the plugin wrote [sdk.Self].
func replaceSelf(obs []sdk.Observation, host string) {
	name := func(key string) string {
		if key == sdk.Self {
			return host
		}
		if rest, below := strings.CutPrefix(key, sdk.Self+"/"); below {
			return host + "/" + rest
		}
		return key
	}
	for n, o := range obs {
		switch o := o.(type) {
		case sdk.Record:
			o.Key = name(o.Key)
			relations := make([]sdk.Relation, len(o.Relations))
			for k, rel := range o.Relations {
				rel.Key = name(rel.Key)
				relations[k] = rel
			}
			o.Relations = relations
			obs[n] = o
		case sdk.Part:
			o.Key = name(o.Key)
			obs[n] = o
		case sdk.Removed:
			o.Key = name(o.Key)
			obs[n] = o
		case sdk.Unchanged:
			o.Key = name(o.Key)
			obs[n] = o
		case sdk.Sample:
			o.Key = name(o.Key)
			obs[n] = o
		case sdk.Samples:
			for i := range o {
				o[i].Key = name(o[i].Key)
			}
		case sdk.Row:
			o.OwnerKey = name(o.OwnerKey)
			obs[n] = o
		case sdk.RowsEnd:
			o.OwnerKey = name(o.OwnerKey)
			obs[n] = o
		case sdk.Event:
			o.Key = name(o.Key)
			obs[n] = o
		case sdk.Condition:
			o.Key = name(o.Key)
			obs[n] = o
		}
	}
}
