package checks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// answer is what came of asking one target.
type answer struct {
	up     bool
	took   time.Duration
	detail string
}

// door asks targets through the guard.
type door struct {
	profile netguard.Profile
	client  *http.Client
}

func newDoor(cfg Config) door {
	p := netguard.Profile{Use: netguard.Integration, AllowCIDRs: cfg.Allow, AllowLoopback: len(cfg.Allow) > 0, Timeout: cfg.Timeout}
	return door{p, netguard.Client(p)}
}

// knock asks a target once. That nobody answers is an answer; an error means that it could not be asked.
func (d door) knock(ctx context.Context, t Target) (answer, error) {
	start := time.Now()
	detail, err := "", error(nil)
	switch t.By {
	case "tcp":
		err = d.tcp(ctx, t.Address)
	case "http":
		detail, err = d.http(ctx, t)
	default:
		err = d.ping(ctx, t.Address)
	}
	a := answer{up: err == nil, took: time.Since(start), detail: detail}
	var known *sdk.Error
	switch {
	case err == nil:
		return a, nil
	case errors.As(err, &known) && (known.Kind == sdk.KindInvalid || known.Kind == sdk.KindPermission):
		return a, err
	case ctx.Err() != nil:
		a.detail = "no answer in time"
	default:
		a.detail = err.Error()
	}
	return a, nil
}

func (d door) tcp(ctx context.Context, address string) error {
	conn, err := d.profile.Dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

func (d door) http(ctx context.Context, t Target) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Address, nil)
	if err != nil {
		return "", sdk.Errorf(sdk.KindInvalid, "The address is no URL.")
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if t.Status != 0 && resp.StatusCode != t.Status || t.Status == 0 && resp.StatusCode >= 400 {
		return "", fmt.Errorf("status %d", resp.StatusCode)
	}
	return resp.Status, nil
}

// ping sends one echo request. Unprivileged sockets are tried; where the kernel has none for this user, it says so.
func (d door) ping(ctx context.Context, host string) error {
	addr, err := d.resolve(ctx, host)
	if err != nil {
		return err
	}
	network, listen, request, proto := "udp4", "0.0.0.0", icmp.Type(ipv4.ICMPTypeEcho), 1
	if addr.Is6() {
		network, listen, request, proto = "udp6", "::", ipv6.ICMPTypeEchoRequest, 58
	}
	conn, err := icmp.ListenPacket(network, listen)
	if err != nil {
		return sdk.Wrap(sdk.KindPermission, err, "This machine lets the plugin send no pings: allow its group in net.ipv4.ping_group_range.")
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	echo := icmp.Message{Type: request, Body: &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: 1, Data: []byte("pulse")}}
	packet, err := echo.Marshal(nil)
	if err != nil {
		return err
	}
	if _, err := conn.WriteTo(packet, &net.UDPAddr{IP: addr.AsSlice()}); err != nil {
		return err
	}
	return await(conn, addr, proto)
}

// await reads until the echo of the address comes.
func await(conn *icmp.PacketConn, from netip.Addr, proto int) error {
	buf := make([]byte, 1500)
	for {
		n, peer, err := conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		udp, ok := peer.(*net.UDPAddr)
		if !ok || udp.AddrPort().Addr().Unmap() != from {
			continue
		}
		m, err := icmp.ParseMessage(proto, buf[:n])
		if err == nil && (m.Type == ipv4.ICMPTypeEchoReply || m.Type == ipv6.ICMPTypeEchoReply) {
			return nil
		}
	}
}

// resolve finds an address that may be asked.
func (d door) resolve(ctx context.Context, host string) (netip.Addr, error) {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, a := range addrs {
		if err = d.profile.Judge(a.Unmap()); err == nil {
			return a.Unmap(), nil
		}
	}
	return netip.Addr{}, sdk.Wrap(sdk.KindInvalid, err, "The target lies where this plugin may not ask.")
}
