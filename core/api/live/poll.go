package live

import (
	"context"

	"github.com/pulse-platform/pulse/core/api/route"
	"github.com/pulse-platform/pulse/core/errs"
)

// poll is what a client holds and what it shows, of one that no WebSocket reaches.
type poll struct {
	Epoch string `json:"epoch,omitempty"`
	Seq   uint64 `json:"seq,omitempty"`
	Held  view   `json:"held,omitzero"`
	View  view   `json:"view"`
}

// answer returns the frame that a resumed connection would get. Nothing is remembered of who asks.
func (h *Hub) answer(_ context.Context, in poll) (route.Raw, error) {
	for _, v := range []view{in.Held, in.View} {
		if err := v.check(); err != nil {
			return route.Raw{}, errs.New(errs.Invalid, "%s", err).WithWord("invalid_view")
		}
	}
	frame, _ := h.cells.current().frame(held{epoch: in.Epoch, seq: in.Seq, view: in.Held}, in.View, true)
	return route.Raw{ContentType: "application/json", Body: frame}, nil
}
