// Package discover looks through networks for systems that a plugin knows: it tries the ports that plugins declare and has
// the plugins recognise who answers. It knows no product, sends nothing by itself, and looks at private networks only.
package discover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/netguard"
)

// Target is a port at which the plugin of a kind can ask who is there.
type Target struct {
	Kind string
	Port int
}

// Server is a system that was found.
type Server struct {
	IP                string
	Port              int
	Kind              string
	Version           string
	Hostname          string
	CertificateSHA256 string
}

// Fault says what could not be looked at.
type Fault struct {
	IP      string
	Port    int
	Message string
}

// Result is what a scan has found.
type Result struct {
	Networks []netip.Prefix
	Servers  []Server
	Faults   []Fault
	At       time.Time
}

// Progress is how far a scan is.
type Progress struct {
	Total, Done, Found int
}

// Options of a scan.
type Options struct {
	Networks []netip.Prefix
	// Blocked are networks, and Known host:port pairs, that are left out.
	Blocked []netip.Prefix
	Known   []string
	Targets []Target
	// MaxHosts bounds the addresses of all networks together.
	MaxHosts      int
	MaxConcurrent int
	DialTimeout   time.Duration
	ProbeTimeout  time.Duration
	ReverseDNS    bool
	// Loopback lets this machine itself be looked at, for tests.
	Loopback bool
	// Progress and Found hear how it goes; they may be nil.
	Progress func(Progress)
	Found    func(Server)
}

// The limits while nobody says otherwise, and those that cannot be raised.
const (
	DefaultHosts      = 1024
	DefaultConcurrent = 50
	DefaultDial       = time.Second
	DefaultProbe      = 2 * time.Second

	maxHosts      = 65536
	maxConcurrent = 1000
	maxFaults     = 100
	// maxServers bounds what a scan keeps of those that answer, and maxText each text that they or their plugins say of
	// themselves, in bytes.
	maxServers = 1000
	maxText    = 253
)

func (o Options) withDefaults() Options {
	o.MaxHosts = min(cmp.Or(o.MaxHosts, DefaultHosts), maxHosts)
	o.MaxConcurrent = min(cmp.Or(o.MaxConcurrent, DefaultConcurrent), maxConcurrent)
	o.DialTimeout = cmp.Or(o.DialTimeout, DefaultDial)
	o.ProbeTimeout = cmp.Or(o.ProbeTimeout, DefaultProbe)
	return o
}

// Probe asks the plugin of a kind whether an address, host:port, is one of its own.
type Probe func(ctx context.Context, kind, address string) (sdk.Candidate, error)

// Scan looks at every address of the networks. It ends early when ctx does, with what it has found.
func Scan(ctx context.Context, o Options, probe Probe, now func() time.Time) (Result, error) {
	o = o.withDefaults()
	hosts, err := o.hosts()
	if err != nil {
		return Result{}, err
	}
	s := &scan{Options: o, probe: probe, out: Result{Networks: o.Networks}}
	work := make(chan netip.AddrPort)
	var wg sync.WaitGroup
	ports := o.ports()
	for range min(o.MaxConcurrent, max(len(hosts)*len(ports), 1)) {
		wg.Go(func() {
			for at := range work {
				s.look(ctx, at)
			}
		})
	}
	s.total = len(hosts) * len(ports)
feed:
	for _, host := range hosts {
		for _, port := range ports {
			select {
			case work <- netip.AddrPortFrom(host, port):
			case <-ctx.Done():
				break feed
			}
		}
	}
	close(work)
	wg.Wait()
	if s.more > 0 {
		s.out.Faults = append(s.out.Faults, Fault{Message: fmt.Sprintf("%d more were found and left out: name smaller networks.", s.more)})
	}
	switch {
	case ctx.Err() == nil || s.done == s.total:
	case errors.Is(context.Cause(ctx), errStopped):
		s.out.Faults = append(s.out.Faults, Fault{Message: fmt.Sprintf("It was stopped after %d of %d addresses.", s.done, s.total)})
	default:
		s.out.Faults = append(s.out.Faults, Fault{Message: fmt.Sprintf("The time was over after %d of %d addresses: name smaller networks.", s.done, s.total)})
	}
	slices.SortFunc(s.out.Servers, func(a, b Server) int {
		x, _ := netip.ParseAddr(a.IP)
		y, _ := netip.ParseAddr(b.IP)
		return cmp.Or(x.Compare(y), cmp.Compare(a.Port, b.Port))
	})
	s.out.At = now()
	return s.out, nil
}

// ports are those of the targets, each once.
func (o Options) ports() []uint16 {
	var out []uint16
	for _, t := range o.Targets {
		if t.Port > 0 && t.Port < 65536 && !slices.Contains(out, uint16(t.Port)) {
			out = append(out, uint16(t.Port))
		}
	}
	return out
}

// private are the networks that may be looked through.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("fc00::/7"),
}

// hosts are the addresses of the networks, each once, without those of the network and of broadcasts.
func (o Options) hosts() ([]netip.Addr, error) {
	var out []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, network := range o.Networks {
		network = network.Masked()
		if err := o.allowed(network); err != nil {
			return nil, err
		}
		free := network.Addr().BitLen() - network.Bits()
		if free > 16 || len(out)+1<<free > o.MaxHosts+2 {
			return nil, errs.New(errs.Invalid, "%s and the others have more than %d addresses: name smaller networks, such as a /24", network, o.MaxHosts).WithField("subnet")
		}
		for addr := network.Addr(); network.Contains(addr); addr = addr.Next() {
			edge := free > 1 && addr.Is4() && (addr == network.Addr() || !network.Contains(addr.Next()))
			if edge || seen[addr] || slices.ContainsFunc(o.Blocked, func(p netip.Prefix) bool { return p.Contains(addr) }) {
				continue
			}
			seen[addr] = true
			out = append(out, addr)
		}
	}
	return out, nil
}

func (o Options) allowed(network netip.Prefix) error {
	inside := func(p netip.Prefix) bool { return p.Contains(network.Addr()) && p.Bits() <= network.Bits() }
	if o.Loopback && network.Addr().IsLoopback() || slices.ContainsFunc(private, inside) {
		return nil
	}
	return errs.New(errs.Invalid, "%s is no private network: only such are looked through", network).WithField("subnet")
}

// scan is one that is under way.
type scan struct {
	Options
	probe Probe

	mu    sync.Mutex
	out   Result
	total int
	done  int
	more  int // servers that were found beyond those that are kept
}

// look tries one address, and asks the plugins of its port when somebody answers.
func (s *scan) look(ctx context.Context, at netip.AddrPort) {
	address := at.String()
	if ctx.Err() == nil && !slices.Contains(s.Known, address) && s.open(ctx, address) {
		s.ask(ctx, at)
	}
	s.mu.Lock()
	s.done++
	p := Progress{s.total, s.done, len(s.out.Servers)}
	tell := s.done%max(s.total/50, 1) == 0 || s.done == s.total
	s.mu.Unlock()
	if s.Progress != nil && tell {
		s.Progress(p)
	}
}

// open tells whether somebody listens. The guard judges the address that is dialled.
func (s *scan) open(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, s.DialTimeout)
	defer cancel()
	conn, err := netguard.Profile{Use: netguard.Integration, AllowLoopback: s.Loopback}.Dial(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// ask has the plugins of a port say who is there.
func (s *scan) ask(ctx context.Context, at netip.AddrPort) {
	var last error
	for _, t := range s.Targets {
		if t.Port != int(at.Port()) {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, s.ProbeTimeout)
		c, err := s.probe(limited, t.Kind, at.String())
		cancel()
		if err != nil {
			last = err
			continue
		}
		found := Server{IP: at.Addr().String(), Port: int(at.Port()), Kind: cut(c.Kind), Version: cut(c.Version), Hostname: cut(c.Name), CertificateSHA256: cut(c.CertificateSHA256)}
		if found.Hostname == "" && s.ReverseDNS {
			found.Hostname = reverse(ctx, at.Addr())
		}
		if s.keep(found) && s.Found != nil {
			s.Found(found)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last != nil && len(s.out.Faults) < maxFaults {
		s.out.Faults = append(s.out.Faults, Fault{at.Addr().String(), int(at.Port()), plain(last)})
	}
}

// keep adds a server to the result, unless there are too many.
func (s *scan) keep(found Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.out.Servers) >= maxServers {
		s.more++
		return false
	}
	s.out.Servers = append(s.out.Servers, found)
	return true
}

// cut bounds a text of others.
func cut(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
}

// plain is an error for people.
func plain(err error) string {
	var known *sdk.Error
	switch {
	case errors.As(err, &known) && known.Message != "":
		return cut(known.Message)
	case errors.Is(err, context.DeadlineExceeded):
		return "It does not answer in time."
	}
	return "It answers, and no plugin knows it."
}

// reverse is the name of an address, empty when it has none.
func reverse(ctx context.Context, addr netip.Addr) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	names, err := net.DefaultResolver.LookupAddr(ctx, addr.String())
	if err != nil || len(names) == 0 {
		return ""
	}
	return strings.TrimSuffix(names[0], ".")
}

// Local returns the private networks of this machine's interfaces, none larger than a /24.
func Local() []netip.Prefix {
	var out []netip.Prefix
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().Unmap().Is4() {
			continue
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), max(p.Bits(), 24)).Masked()
		if slices.ContainsFunc(private, func(n netip.Prefix) bool { return n.Contains(p.Addr()) }) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// Parse reads networks with commas between, or "auto" for those of this machine.
func Parse(text string) ([]netip.Prefix, error) {
	if text = strings.TrimSpace(text); text == "" || strings.EqualFold(text, "auto") {
		return Local(), nil
	}
	var out []netip.Prefix
	for _, one := range strings.Split(text, ",") {
		one = strings.TrimSpace(one)
		p, err := netip.ParsePrefix(one)
		if addr, alone := netip.ParseAddr(one); err != nil && alone == nil {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, errs.New(errs.Invalid, "%.80s is no network such as 192.168.1.0/24", strconv.Quote(one)).WithField("subnet")
		}
		out = append(out, p)
	}
	return out, nil
}
