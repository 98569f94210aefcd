package simulate

import (
	"context"
	"flag"
	"time"
)

// Manners are how a simulated API behaves, whatever it answers.
type Manners struct {
	// Latency is what every answer takes, and Refusal what those take in addition that refuse an account: the products let
	// whoever guesses wait for three seconds.
	Latency, Refusal time.Duration
	// Ahead is by how much its clock is ahead of the others'.
	Ahead time.Duration
	// TicketLife is how long a ticket is accepted.
	TicketLife time.Duration
	// Hang and Cut let one in so many requests wait for ever, and lose its connection before the answer; 0 for none.
	Hang, Cut int
}

// Flags makes the manners flags of a command.
func (m *Manners) Flags(flags *flag.FlagSet) {
	flags.DurationVar(&m.Latency, "latency", 0, "what every answer takes")
	flags.DurationVar(&m.Refusal, "refusal", 3*time.Second, "what a refusal of an account takes")
	flags.DurationVar(&m.Ahead, "ahead", 0, "by how much its clock is ahead")
	flags.DurationVar(&m.TicketLife, "ticket-life", 2*time.Hour, "how long a ticket is accepted")
	flags.IntVar(&m.Hang, "hang", 0, "let one in so many requests wait for ever")
	flags.IntVar(&m.Cut, "cut", 0, "close the connection of one in so many requests")
}

// begin lets the n-th request wait; false when it is to get no answer.
func (m *Manners) begin(ctx context.Context, n int) bool {
	if m.Hang > 0 && n%m.Hang == 0 {
		<-ctx.Done()
		return false
	}
	return (m.Cut <= 0 || n%m.Cut != 0) && Pause(ctx, nil, m.Latency)
}

// Deny waits as the products do before they refuse an account.
func (m *Manners) Deny(ctx context.Context) { Pause(ctx, nil, m.Refusal) }

// Pause waits; false means that the client has gone, or that what ends the server is closed.
func Pause(ctx context.Context, ended <-chan struct{}, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-ended:
	}
	return false
}
