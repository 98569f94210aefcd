package infraupdates

import (
	"context"
	"fmt"
	"time"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/inventory"
)

// again is how long a list that was read counts as new: who asks for it meanwhile gets what is there.
const again = time.Minute

type checkIn struct {
	HostID     string `json:"hostId,omitempty"`
	ResourceID string `json:"resourceId,omitempty" help:"An update: its host is meant."`
}

// Checked says that a list is being read. lastChecked of the updates tells when it was.
type Checked struct {
	Success   bool   `json:"success"`
	CommandID string `json:"commandId"`
	HostID    string `json:"hostId"`
	Message   string `json:"message"`
}

// check has the list of a host read now, with all that its task reads; it does not wait for it. The host itself looks for new
// packages when it wants to: to make it costs a right that reading does not.
func (a Area) check(ctx context.Context, in checkIn) (Checked, error) {
	host, list, err := a.meant(ctx, in)
	if err != nil {
		return Checked{}, err
	}
	out := Checked{Success: true, CommandID: id.Random(8), HostID: host.WireID}
	task, there := a.Task(host.Integration, list)
	switch {
	case !there:
		return Checked{}, errs.New(errs.Unavailable, "%s is not asked at present: enable its integration, or see whether its plugin runs", host.DisplayName()).WithWord("service_unavailable")
	case task.Running:
		out.Message = "The packages of " + host.DisplayName() + " are being read"
	case task.Failures == 0 && a.Now().Sub(task.LastSuccess) < again:
		out.Message = fmt.Sprintf("The packages of %s were read %d seconds ago", host.DisplayName(), int(a.Now().Sub(task.LastSuccess).Seconds()))
	default:
		a.Hurry(host.Integration, task.Task)
		out.Message = "The packages of " + host.DisplayName() + " are read now"
	}
	return out, nil
}

// meant finds the host of a request, and the list of its updates.
func (a Area) meant(ctx context.Context, in checkIn) (host *inventory.Record, list string, err error) {
	switch {
	case in.HostID != "":
		snap := a.Inventory.Snapshot()
		for _, l := range compat.UpdateLists() {
			if r, there := snap.Find(l.Host, in.HostID); there {
				return r, l.Rows, nil
			}
		}
		return nil, "", errs.New(errs.NotFound, "there is no host %.200q of whose packages anything is known", in.HostID).WithWord("not_found").WithField("hostId")
	case in.ResourceID != "":
		u, err := a.one(ctx, oneIn{in.ResourceID})
		return u.host, u.rows, err
	}
	return nil, "", errs.New(errs.Invalid, "hostId or resourceId is needed: GET /api/infra-updates tells both").WithWord("missing_params").WithField("hostId")
}

// checked is when a list of an integration was read last, in Unix seconds; 0 for never.
func (a Area) checked(of id.Integration, list string) int64 {
	if task, there := a.Task(of, list); there && !task.LastSuccess.IsZero() {
		return task.LastSuccess.Unix()
	}
	return 0
}
