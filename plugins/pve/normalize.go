package pve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

func itoa(n int) string { return strconv.Itoa(n) }

// samples gathers the numbers of one record. What is missing is left out.
type samples struct {
	kind, key string
	out       []sdk.Observation
}

func (s *samples) add(metric string, value float64) {
	s.out = append(s.out, sdk.Sample{Type: s.kind, Key: s.key, Metric: metric, Value: value})
}

// ratio adds a number between 0 and 1; the products exceed it a little.
func (s *samples) ratio(metric string, value float64, ok bool) {
	if ok {
		s.add(metric, min(max(value, 0), 1))
	}
}

// share adds how much of a total is used. A total of 0 is none.
func (s *samples) share(metric string, used, total proxmox.Int) {
	if used.OK && total.V > 0 {
		s.ratio(metric, float64(used.V)/float64(total.V), true)
	}
}

func (s *samples) number(metric string, n proxmox.Int) {
	if n.OK {
		s.add(metric, float64(n.V))
	}
}

// millis is a time in Unix seconds in milliseconds, 0 when there is none.
func millis(seconds proxmox.Int) int64 {
	if at := seconds.Time(); !at.IsZero() {
		return at.UnixMilli()
	}
	return 0
}

// space is used space as the state shows it.
type space struct {
	Total int64   `json:"total"`
	Used  int64   `json:"used"`
	Free  int64   `json:"free"`
	Usage float64 `json:"usage"` // percent; -1 when it is not known

	SwapUsed  int64 `json:"swapUsed,omitempty"`
	SwapTotal int64 `json:"swapTotal,omitempty"`
}

// spaceOf returns nil when the total is not known.
func spaceOf(used, total proxmox.Int) *space {
	if total.V <= 0 {
		return nil
	}
	if !used.OK {
		return &space{Total: total.V, Free: total.V, Usage: -1}
	}
	u := min(max(used.V, 0), total.V)
	return &space{Total: total.V, Used: u, Free: total.V - u, Usage: percent(u, total.V)}
}

// percent keeps two decimals: what people read, and what makes documents change less often.
func percent(part, whole int64) float64 { return proxmox.Percent(float64(part) / float64(whole)) }

// short keeps four decimals of a share.
func short(v float64) float64 { return proxmox.Round(v, 4) }

// sortedList sorts the words of a comma list.
func sortedList(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(words)
	return strings.Join(words, ",")
}
