package pve

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/plugins/internal/proxmox"
	"github.com/pulse-platform/pulse/sdk"
)

// What is asked of a guest, in the order of what people miss most.
const (
	askFiles = iota
	askMemory
	askNetwork
	askSystem
	askAgent
	asks
)

// periods are how often each is asked, when the budget allows it.
var periods = [asks]time.Duration{5 * time.Minute, 5 * time.Minute, 30 * time.Minute, 24 * time.Hour, 24 * time.Hour}

const (
	// settled is how long a guest has to run before its agent is asked.
	settled = time.Minute
	// agentOffFor is how long a guest without a configured agent is left alone; a restart ends it.
	agentOffFor = 6 * time.Hour
	// silentFirst and silentMost are how long an agent that does not answer is left alone, doubled each time: every try
	// holds a worker of the node for seconds.
	silentFirst, silentMost = 10 * time.Minute, 2 * time.Hour
	// deniedFor is how long an agent is not asked that may not be asked, or for a file that may not be read.
	deniedFor = time.Hour
)

// Why the disks of a virtual machine are not known, in the words of the wire.
const (
	reasonStopped    = "vm-stopped"
	reasonOff        = "agent-disabled"
	reasonSilent     = "agent-not-running"
	reasonTimeout    = "agent-timeout"
	reasonDenied     = "permission-denied"
	reasonError      = "agent-error"
	reasonNoFiles    = "no-filesystems"
	reasonOnlyOthers = "special-filesystems-only"
)

// inWords says the same to people, and what to do.
var inWords = map[string]string{
	reasonStopped:    "it does not run",
	reasonOff:        "QEMU Guest Agent is off in its options",
	reasonSilent:     "its guest agent does not answer: is qemu-guest-agent installed and started?",
	reasonTimeout:    "its guest agent does not answer in time",
	reasonDenied:     "the account may not ask its guest agent: test the connection to see which right is missing",
	reasonError:      "its guest agent answers with an error",
	reasonNoFiles:    "its guest agent names no file systems",
	reasonOnlyOthers: "it has no file systems but network and system ones",
}

// agentMemory is what a guest's agent, or for containers the node, said of its inside.
type agentMemory struct {
	asked  [asks]time.Time
	until  time.Time // left alone until then
	wait   time.Duration
	uptime int64
	gen    int32 // of the guest
	reason string
	disks  []fileSystem
	nics   []nic
	addrs  []string
	osName string
	osVer  string
	agent  string
	// fresh is set when file systems were read in this cycle.
	fresh bool
	sent  bool
}

// agentBook is what is remembered of the insides of guests. One cycle at a time uses it.
type agentBook struct {
	turn   chan struct{}
	guests map[int]*agentMemory
}

func newAgentBook() agentBook {
	return agentBook{turn: make(chan struct{}, 1), guests: map[int]*agentMemory{}}
}

// collectAgents asks guests about their inside: a few calls a cycle, those first that are overdue most.
func (c *Collector) collectAgents(ctx context.Context, sink sdk.Sink) error {
	v, err := c.told(ctx)
	if v == nil {
		return err
	}
	select {
	case c.agents.turn <- struct{}{}:
		defer func() { <-c.agents.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	c.prepareAgents(v)
	c.askAgents(ctx, c.nextForAgents(v))
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, g := range v.guests {
		if m := c.agents.guests[int(g.VMID.V)]; m != nil && c.wanted(g) {
			if err := sink.Emit(c.tellInside(g, m)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepareAgents makes room for new guests, and lets go of those that are gone or stopped.
func (c *Collector) prepareAgents(v *view) {
	there := map[int]bool{}
	for _, g := range v.guests {
		id := int(g.VMID.V)
		there[id] = true
		m := c.agents.guests[id]
		if m == nil || m.gen != g.gen {
			m = &agentMemory{gen: g.gen}
			c.agents.guests[id] = m
		}
		m.fresh = false
		if g.Uptime.OK && g.Uptime.V < m.uptime { // it started anew
			m.until, m.wait = time.Time{}, 0
		}
		m.uptime = g.Uptime.V
		if g.Status == "stopped" && g.Type == "qemu" {
			*m = agentMemory{gen: g.gen, reason: reasonStopped, sent: true}
		}
	}
	for id := range c.agents.guests {
		if !there[id] {
			delete(c.agents.guests, id)
		}
	}
}

// question is one call.
type question struct {
	guest resourceRow
	what  int
	m     *agentMemory
	// late is how many periods have passed since it was last asked.
	late float64
}

// nextForAgents returns the calls of this cycle.
func (c *Collector) nextForAgents(v *view) []question {
	now := c.deps.Now()
	granted := c.granted()
	var all []question
	for _, g := range v.guests {
		m, path := c.agents.guests[int(g.VMID.V)], "/vms/"+itoa(int(g.VMID.V))
		mayAsk := granted.on(path, "VM.GuestAgent.Audit", "VM.Monitor")
		mayRead := granted.on(path, "VM.GuestAgent.FileRead", "VM.GuestAgent.Unrestricted", "VM.Monitor")
		if g.Type == "qemu" && !mayAsk && g.Status == "running" && c.cfg.AgentCallsPerMinute > 0 && m.asked[askFiles].IsZero() {
			m.reason, m.sent = reasonDenied, true
		}
		if !c.approachable(v, g, m) || g.Type == "qemu" && !mayAsk {
			continue
		}
		for what, period := range periods {
			if g.Type == "lxc" && what != askNetwork || what == askMemory && (!mayRead || c.memoryView(int(g.VMID.V)) != viewAuto) {
				continue
			}
			late := 1e6 // never asked
			if !m.asked[what].IsZero() {
				late = float64(now.Sub(m.asked[what])) / float64(period)
			}
			if late >= 1 {
				all = append(all, question{g, what, m, late})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b question) int { return cmp.Or(cmp.Compare(b.late, a.late), cmp.Compare(a.what, b.what)) })
	return all[:min(len(all), c.cfg.AgentCallsPerMinute)]
}

// approachable tells whether a guest may be asked now: it runs and has done so for a while, nothing is being done to it, and
// nobody wants it left alone.
func (c *Collector) approachable(v *view, g resourceRow, m *agentMemory) bool {
	on, known := v.node(string(g.Node))
	switch {
	case !c.wanted(g), g.Status != "running", g.Lock != "", slices.Contains(c.cfg.QuietGuests, int(g.VMID.V)):
		return false
	case !known, !on.online, c.left(on.name) != nil:
		return false
	case g.Uptime.OK && time.Duration(g.Uptime.V)*time.Second < settled:
		return false
	}
	return !c.deps.Now().Before(m.until)
}

// askAgents puts the questions: to several nodes at once, to one node one after the other.
func (c *Collector) askAgents(ctx context.Context, questions []question) {
	byNode := map[string][]question{}
	for _, q := range questions {
		byNode[string(q.guest.Node)] = append(byNode[string(q.guest.Node)], q)
	}
	places := make(chan struct{}, nodesAtOnce)
	var all sync.WaitGroup
	for _, of := range byNode {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			for _, q := range of {
				if ctx.Err() != nil || c.left(string(q.guest.Node)) != nil {
					return
				}
				// An earlier question may have found it silent, and a backup of it may have begun.
				if !c.deps.Now().Before(q.m.until) && !c.locked(int(q.guest.VMID.V)) {
					c.put(ctx, q)
				}
			}
		})
	}
	all.Wait()
}

// locked tells whether something was being done to a guest when it was last seen.
func (c *Collector) locked(id int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.guests[id]
	return m != nil && m.lock != ""
}

// put asks one question. Only one goroutine has the guests of a node.
func (c *Collector) put(ctx context.Context, q question) {
	err := c.hear(ctx, q)
	if ctx.Err() != nil || proxmox.KindOf(err) == proxmox.KindBudget {
		return
	}
	now, m := c.deps.Now(), q.m
	m.asked[q.what] = now
	c.noteSilence(string(q.guest.Node), err)
	if q.what == askMemory && c.noAccount(q, err) {
		return
	}
	switch proxmox.KindOf(err) {
	case "":
		if err == nil {
			m.wait = 0
			m.sent = true
		}
		return
	case proxmox.KindAgentOff:
		m.reason, m.until = reasonOff, now.Add(agentOffFor)
	case proxmox.KindAgentSilent, proxmox.KindBusy:
		m.wait = min(max(2*m.wait, silentFirst), silentMost)
		m.reason, m.until = reasonSilent, now.Add(m.wait)
		if strings.Contains(err.Error(), "timeout") {
			m.reason = reasonTimeout
		}
	case proxmox.KindForbidden:
		m.reason, m.until = reasonDenied, now.Add(deniedFor)
	case proxmox.KindUnsupported:
		// The agent is too old for this question; it is asked again in a day.
		m.asked[q.what] = now.Add(24*time.Hour - periods[q.what])
		if q.what != askFiles {
			return
		}
		m.reason = reasonError
	case proxmox.KindGuestGone, proxmox.KindGuestStopped, proxmox.KindNodeTimeout, proxmox.KindNodeUnreachable, proxmox.KindUnreachable:
		return
	default:
		m.reason = reasonError
	}
	m.sent = true
	if q.what == askFiles {
		m.disks = nil
	}
}

// noAccount tells that a guest has no account of its memory, or that nobody may read it: it is asked again after a while,
// and all else is known of it as before.
func (c *Collector) noAccount(q question, err error) bool {
	switch proxmox.KindOf(err) {
	case proxmox.KindForbidden:
		q.m.asked[askMemory] = c.deps.Now().Add(deniedFor - periods[askMemory])
		return true
	case proxmox.KindUnsupported, proxmox.KindInvalid, proxmox.KindOther:
		q.m.asked[askMemory] = c.deps.Now().Add(24*time.Hour - periods[askMemory])
		return true
	}
	return errors.Is(err, errRow)
}

// hear asks and takes in the answer.
func (c *Collector) hear(ctx context.Context, q question) error {
	node, id := string(q.guest.Node), itoa(int(q.guest.VMID.V))
	if q.guest.Type == "lxc" {
		rows, _, err := proxmox.Rows[containerNIC](ctx, c.client, proxmox.OnNode(node, "lxc", id, "interfaces").Within(statusPatience))
		if err == nil {
			q.m.setContainerNICs(rows)
		}
		return err
	}
	agent := func(command string) proxmox.Call {
		return proxmox.OnNode(node, "qemu", id, "agent", command).Within(statusPatience)
	}
	switch q.what {
	case askFiles:
		got, err := proxmox.Get[agentAnswer[[]agentFile]](ctx, c.client, agent("get-fsinfo"))
		if err == nil {
			q.m.setFiles(got.Result)
		}
		return err
	case askMemory:
		got, err := proxmox.Get[agentContent](ctx, c.client, agent("file-read").With("file", "/proc/meminfo").UpTo(64<<10))
		if err != nil {
			return err
		}
		needed, ok := neededMemory(string(got.Content))
		if !ok {
			return errRow
		}
		c.learnCache(q.guest, needed)
		return nil
	case askNetwork:
		got, err := proxmox.Get[agentAnswer[[]agentNIC]](ctx, c.client, agent("network-get-interfaces"))
		if err == nil {
			q.m.setNICs(got.Result)
		}
		return err
	case askSystem:
		got, err := proxmox.Get[agentAnswer[agentSystem]](ctx, c.client, agent("get-osinfo"))
		if err == nil {
			q.m.osName, q.m.osVer = got.Result.called()
		}
		return err
	}
	got, err := proxmox.Get[agentAnswer[agentInfo]](ctx, c.client, agent("info"))
	if err == nil {
		q.m.agent = string(got.Result.Version)
	}
	return err
}
