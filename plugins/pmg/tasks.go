package pmg

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	// tasksBack is how far the list of tasks is read back. They are found by when they began, so that one that takes long is
	// seen late.
	tasksBack = 24 * time.Hour
	// tasksLimit is how many are read at once: the gateway takes none, and zero, as fifty.
	tasksLimit = 500
)

// judged are the types of task that the gateway starts by itself and nobody watches: signatures, rules and packages, backups,
// certificates and directories. The others fail before the eyes of who started them.
var judged = []string{"avupdate", "saupdate", "aptupdate", "backup", "pbs_backup", "acmenewcert", "acmerenew", "ldapsync"}

// collectTasks tells of tasks that failed.
func (c *Collector) collectTasks(ctx context.Context, sink sdk.Sink) error {
	return c.onNodes(ctx, sink, "tasks/", func(ctx context.Context, m member) ([]sdk.Observation, error) {
		node := string(m.Name)
		call := proxmox.OnNode(node, "tasks").With("errors", "1").With("since", strconv.FormatInt(c.timeThere().Add(-tasksBack).Unix(), 10)).With("limit", strconv.Itoa(tasksLimit))
		rows, _, err := proxmox.Rows[task](ctx, c.client, call)
		if err != nil {
			return nil, err
		}
		var out []sdk.Observation
		for _, t := range rows {
			if t.fails() {
				text := fmt.Sprintf("Task %s of %s failed: %s", t.Type, node, t.Status)
				out = append(out, sdk.Event{
					ID: string(t.UPID), Type: typeNode, Key: nodeKey(node), Kind: kindTaskFailed, Time: t.Ended.Time(), Severity: sdk.SeverityWarning, Text: text,
					Attributes: map[string]string{"task": string(t.Type), "error": string(t.Status)},
				})
			}
		}
		return out, nil
	})
}

// fails tells of a task that ended in an error and is somebody's business. Warnings are no failure.
func (t task) fails() bool {
	ended := t.UPID != "" && t.Ended.V > 0 && t.Status != "" && t.Status != "unknown"
	return ended && t.Status != "OK" && !strings.HasPrefix(string(t.Status), "WARNINGS:") && slices.Contains(judged, string(t.Type))
}
