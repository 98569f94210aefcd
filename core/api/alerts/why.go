package alerts

import (
	"context"

	"github.com/pulse-platform/pulse/core/alert"
	"github.com/pulse-platform/pulse/core/errs"
)

type limitsIn struct {
	ResourceID string `query:"resource_id"`
}

type limitsOut struct {
	Limits []alert.MetricLimit `json:"limits"`
}

func (a Area) limits(_ context.Context, in limitsIn) (limitsOut, error) {
	if in.ResourceID == "" {
		return limitsOut{}, errs.New(errs.Invalid, "resource_id is missing").WithField("resource_id")
	}
	r, ok := a.Find(in.ResourceID)
	if !ok {
		return limitsOut{}, errs.New(errs.NotFound, "there is no resource %.80q", in.ResourceID)
	}
	return limitsOut{a.Engine.Limits(r)}, nil
}

type whyIn struct {
	ID         string `query:"id"`
	ResourceID string `query:"resource_id"`
	Kind       string `query:"kind"`
	Instance   string `query:"instance"`
}

func (a Area) why(ctx context.Context, in whyIn) (alert.Reasons, error) {
	if in.ID != "" {
		for _, one := range a.Engine.Active() {
			if one.ID == in.ID || one.Incident == in.ID {
				in.ResourceID, in.Kind, in.Instance = string(one.Key.Record), one.Key.Kind, one.Key.Instance
			}
		}
		if in.ResourceID == "" {
			return alert.Reasons{}, errs.New(errs.NotFound, "there is no active alert %.80q: name a resource and a kind", in.ID)
		}
	}
	if in.ResourceID == "" || in.Kind == "" {
		return alert.Reasons{}, errs.New(errs.Invalid, "id, or resource_id and kind, are missing").WithField("id")
	}
	r, ok := a.Find(in.ResourceID)
	if !ok {
		return alert.Reasons{}, errs.New(errs.NotFound, "there is no resource %.80q", in.ResourceID)
	}
	return a.Engine.Why(ctx, r, in.Kind, in.Instance)
}
