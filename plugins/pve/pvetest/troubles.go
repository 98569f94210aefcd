package pvetest

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// troubles are what the command line lets go wrong.
type troubles struct {
	down, hang, stuck string
	slow              string
	quorate           bool
	refusal, ticket   time.Duration
	ahead             time.Duration
	faults            []*Fault
}

func (t *troubles) define(flags *flag.FlagSet) {
	flags.StringVar(&t.down, "down", "", "nodes that are away, with commas between them: calls that are forwarded to them get 595")
	flags.StringVar(&t.hang, "hang", "", "nodes that never answer what is forwarded to them")
	flags.StringVar(&t.stuck, "stuck", "", "nodes whose status daemon hangs: nothing is known of what runs there")
	flags.StringVar(&t.slow, "slow", "", "nodes whose answers take long: pve2=3s,pve3=20s")
	flags.BoolVar(&t.quorate, "quorate", true, "whether the cluster has a quorum")
	flags.DurationVar(&t.refusal, "refusal", 0, "how long it takes to refuse credentials; real servers take 3s")
	flags.DurationVar(&t.ticket, "ticket-life", usualTicketLife, "how long a ticket is good that somebody gets for the password of "+User)
	flags.DurationVar(&t.ahead, "clock-ahead", 0, "by how much the clock of the cluster is ahead")
	flags.Func("fault", `what calls with a text in their path get, "PATH=STATUS REASON", "PATH=cut" or "PATH=hang"; may be given again and again`, func(text string) error {
		f, err := parseFault(text)
		t.faults = append(t.faults, f)
		return err
	})
}

// parseFault reads "/disks/list=596 Connection timed out".
func parseFault(text string) (*Fault, error) {
	path, what, ok := strings.Cut(text, "=")
	switch {
	case !ok || path == "":
		return nil, fmt.Errorf("%q has no path and what happens there: /disks/list=596", text)
	case what == "cut":
		return &Fault{Path: path, Cut: true}, nil
	case what == "hang":
		return &Fault{Path: path, Hang: true}, nil
	}
	code, reason, _ := strings.Cut(what, " ")
	status, err := strconv.Atoi(code)
	if err != nil || status < 400 || status > 599 {
		return nil, fmt.Errorf("%q is neither a status of 400 to 599 nor cut nor hang", what)
	}
	return &Fault{Path: path, Status: status, Reason: reason}, nil
}

func (t *troubles) apply(w *World) error {
	w.Quorate, w.Refusal, w.TicketLife, w.Ahead, w.Faults = t.quorate, t.refusal, t.ticket, t.ahead, t.faults
	for _, of := range []struct {
		names string
		do    func(n *Node)
	}{
		{t.down, func(n *Node) { n.Online, n.Lost = false, w.Now() }},
		{t.hang, func(n *Node) { n.Hanging = true }},
		{t.stuck, func(n *Node) { n.Stuck = true }},
	} {
		for name := range strings.FieldsFuncSeq(of.names, isComma) {
			n := w.Node(name)
			if n == nil {
				return fmt.Errorf("there is no node %q", name)
			}
			of.do(n)
		}
	}
	for pair := range strings.FieldsFuncSeq(t.slow, isComma) {
		name, text, _ := strings.Cut(pair, "=")
		n, d := w.Node(name), time.Duration(0)
		d, err := time.ParseDuration(text)
		if n == nil || err != nil {
			return fmt.Errorf("%q names no node and how long its answers take: pve2=3s", pair)
		}
		n.Slow = d
	}
	return nil
}

func isComma(r rune) bool { return r == ',' }
