package pbstest

import (
	"net/http"
	"time"
)

// Medium is a tape.
type Medium struct {
	Label, Pool, Status string
	Expired             bool
}

// TapeJob writes a datastore to a pool of tapes.
type TapeJob struct {
	ID, Store, Pool, Schedule string
	Run                       Run
}

// Tape is what a server with a tape library knows.
type Tape struct {
	Drives []string
	Media  []Medium
	Jobs   []TapeJob
}

func tapeDrives(c call) answer {
	out := []any{}
	for _, name := range c.world.Tape.Drives {
		if c.may("/tape/device/"+name, "Tape.Audit") {
			out = append(out, map[string]any{"name": name, "path": "/dev/tape/by-id/" + name})
		}
	}
	return data(out)
}

// tapeMedia asks the changers unless told not to, which takes longer than anybody waits.
func tapeMedia(c call) answer {
	if c.URL.Query().Get("update-status") != "false" {
		return answer{status: http.StatusBadRequest, text: "unable to get changer status: device is busy"}
	}
	out := []any{}
	for _, m := range c.world.Tape.Media {
		if m.Pool != "" && !c.may("/tape/pool/"+m.Pool, "Tape.Audit") {
			continue
		}
		row := map[string]any{
			"uuid": "u-" + m.Label, "label-text": m.Label, "location": "online-library", "status": m.Status, "expired": m.Expired, "catalog": true,
			"ctime": c.now.Add(-30 * 24 * time.Hour).Unix(), "pool": nil,
		}
		if m.Pool != "" {
			row["pool"], row["bytes-used"] = m.Pool, int64(2)<<40
		}
		out = append(out, row)
	}
	return data(out)
}

func tapeJobs(c call) answer {
	out := []any{}
	for _, j := range c.world.Tape.Jobs {
		if !c.may("/tape/job/"+j.ID, "Tape.Audit") {
			continue
		}
		row := map[string]any{"id": j.ID, "store": j.Store, "pool": j.Pool, "drive": "lto9", "comment": nil}
		if j.Schedule != "" {
			row["schedule"] = j.Schedule
		}
		out = append(out, j.Run.into(row))
	}
	return data(out)
}
