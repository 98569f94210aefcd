package nut

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// What one server may answer with at most, and how long it may take.
const (
	maxLine  = 4 << 10
	maxLines = 10_000
	patience = 10 * time.Second
)

// client is one connection to upsd.
type client struct {
	conn  net.Conn
	lines *bufio.Scanner
	left  int
}

// dial connects through the guard, which refuses what an integration has no business with.
func dial(ctx context.Context, cfg Config) (*client, error) {
	profile := netguard.Profile{Use: netguard.Integration, AllowLoopback: cfg.Loopback}
	conn, err := profile.Dial(ctx, "tcp", cfg.Address)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(patience)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := conn.SetDeadline(deadline); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	lines := bufio.NewScanner(conn)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	return &client{conn: conn, lines: lines, left: maxLines}, nil
}

func (c *client) Close() {
	_, _ = fmt.Fprint(c.conn, "LOGOUT\n") // the server closes by itself; a lost word costs nothing
	_ = c.conn.Close()
}

// ask sends one command and returns its one line.
func (c *client) ask(command string) (string, error) {
	if _, err := fmt.Fprintf(c.conn, "%s\n", command); err != nil {
		return "", sdk.Wrap(sdk.KindUnreachable, err, "The NUT server closed the connection.")
	}
	return c.line()
}

func (c *client) line() (string, error) {
	if c.left--; c.left < 0 {
		return "", sdk.Errorf(sdk.KindUpstream, "The NUT server answers without end.")
	}
	if !c.lines.Scan() {
		return "", sdk.Wrap(sdk.KindUnreachable, c.lines.Err(), "The NUT server did not answer to the end.")
	}
	line := c.lines.Text()
	if word, ok := strings.CutPrefix(line, "ERR "); ok {
		return "", refusal(word)
	}
	return line, nil
}

// refusal turns upsd's error words (RFC 9271, section 4.3) into what to do about them.
func refusal(word string) error {
	switch strings.Fields(word + " -")[0] {
	case "ACCESS-DENIED":
		return sdk.Errorf(sdk.KindPermission, "The NUT server refuses this machine: allow it in upsd.conf.")
	case "UNKNOWN-UPS":
		return sdk.Errorf(sdk.KindUpstream, "The NUT server does not know the UPS any more.")
	case "DATA-STALE", "DRIVER-NOT-CONNECTED":
		return sdk.Errorf(sdk.KindUnreachable, "The NUT server cannot reach the UPS: see its driver's log.")
	}
	return sdk.Errorf(sdk.KindUpstream, "The NUT server answers with an error.")
}

// list asks for a list and gives each of its lines, without the words that they all begin with.
func (c *client) list(what string, each func(rest string) error) error {
	first, err := c.ask("LIST " + what)
	if err != nil {
		return err
	}
	if first != "BEGIN LIST "+what {
		return sdk.Errorf(sdk.KindUpstream, "This is not a NUT server, or one that speaks another protocol.")
	}
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		if line == "END LIST "+what {
			return nil
		}
		rest, ok := strings.CutPrefix(line, what+" ")
		if !ok {
			return sdk.Errorf(sdk.KindUpstream, "The NUT server answers with a line that does not belong to its list.")
		}
		if err := each(rest); err != nil {
			return err
		}
	}
}

// names returns the UPS of the server.
func (c *client) names() ([]string, error) {
	var names []string
	err := c.list("UPS", func(rest string) error {
		name, _, _ := strings.Cut(rest, " ")
		if name == "" || strings.ContainsAny(name, "\"\\\n") {
			return sdk.Errorf(sdk.KindUpstream, "The NUT server names a UPS in an odd way.")
		}
		names = append(names, name)
		return nil
	})
	return names, err
}

// variables returns what the server knows about a UPS.
func (c *client) variables(ups string) (map[string]string, error) {
	vars := map[string]string{}
	err := c.list("VAR "+ups, func(rest string) error {
		name, quoted, _ := strings.Cut(rest, " ")
		vars[name] = unquote(quoted)
		return nil
	})
	return vars, err
}

// unquote reads a quoted word, in which a backslash precedes quotes and backslashes.
func unquote(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
}
