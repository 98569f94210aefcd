package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// load sends reports of many hosts over connections that stay open. It speaks HTTP by hand, so that what is measured is
// the server.
type load struct {
	s     *server
	token string
	hosts []*loadHost
	conns int
	start time.Time
}

// loadHost is one machine that reports. One connection at a time uses it.
type loadHost struct {
	name  string
	body  reportTemplate
	sent  int
	at    time.Time
	acked []ackedReport
}

// ackedReport is a report that was acknowledged: the second in which it lies in the history, as Unix milliseconds, and the
// uptime that it told.
type ackedReport struct {
	second int64
	uptime float64
}

// newLoad makes hosts that report to s over a number of connections.
func newLoad(s *server, token string, hosts, conns int) *load {
	l := &load{s: s, token: token, conns: conns, start: time.Now()}
	l.add(hosts)
	return l
}

// add makes more hosts.
func (l *load) add(hosts int) {
	for range hosts {
		name := fmt.Sprintf("load-%04d", len(l.hosts))
		l.hosts = append(l.hosts, &loadHost{name: name, body: newTemplate(name, 4<<10)})
	}
}

// loadResult is what came of a run.
type loadResult struct {
	reports int
	elapsed time.Duration
	// latencies are counted from the moment at which each report was due, and sorted.
	latencies []time.Duration
	err       error
}

func (r loadResult) rate() float64 { return float64(r.reports) / r.elapsed.Seconds() }

// percentile returns the latency that a share of the reports stayed below.
func (r loadResult) percentile(share float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[min(int(share*float64(len(r.latencies))), len(r.latencies)-1)]
}

// run reports for a duration: as fast as the server answers, or at a rate of reports a second when it is not 0. It ends
// early when a connection breaks or ctx ends.
func (l *load) run(ctx context.Context, d time.Duration, rate float64) loadResult {
	begin := time.Now()
	results := make([]loadResult, l.conns)
	var all sync.WaitGroup
	for n := range l.conns {
		var hosts []*loadHost
		for i := n; i < len(l.hosts); i += l.conns {
			hosts = append(hosts, l.hosts[i])
		}
		all.Go(func() { results[n] = l.converse(ctx, hosts, begin, d, rate/float64(l.conns)) })
	}
	all.Wait()
	var out loadResult
	for _, r := range results {
		out.reports += r.reports
		out.latencies = append(out.latencies, r.latencies...)
		if r.err != nil {
			out.err = r.err
		}
	}
	slices.Sort(out.latencies)
	out.elapsed = time.Since(begin)
	return out
}

// converse is one connection.
func (l *load) converse(ctx context.Context, hosts []*loadHost, begin time.Time, d time.Duration, rate float64) (out loadResult) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.s.address)
	if err != nil {
		out.err = err
		return out
	}
	defer conn.Close()
	answers := bufio.NewReaderSize(conn, 16<<10)
	head := "POST /api/agents/host/report HTTP/1.1\r\nHost: " + l.s.address + "\r\nAuthorization: Bearer " + l.token +
		"\r\nContent-Type: application/json\r\nContent-Length: "
	var request []byte
	for n := 0; ctx.Err() == nil; n++ {
		due := time.Now()
		if rate > 0 {
			due = begin.Add(time.Duration(float64(n) / rate * float64(time.Second)))
			<-time.After(time.Until(due))
		}
		if due.Sub(begin) >= d {
			return out
		}
		h := slices.MinFunc(hosts, func(a, b *loadHost) int { return cmp.Compare(a.sent, b.sent) })
		body := h.next(l.start)
		request = append(append(append(request[:0], head...), strconv.Itoa(len(body))...), "\r\n\r\n"...)
		if _, out.err = conn.Write(append(request, body...)); out.err != nil {
			return out
		}
		if out.err = readAnswer(answers); out.err != nil {
			return out
		}
		out.latencies = append(out.latencies, time.Since(due))
		out.reports++
		h.acked = append(h.acked, ackedReport{h.at.Truncate(time.Second).UnixMilli(), upBase + float64(h.at.Sub(l.start).Milliseconds())})
	}
	return out
}

// readAnswer reads an answer and fails when it is no acknowledgement.
func readAnswer(r *bufio.Reader) error {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	ok := bytes.HasPrefix(status, []byte("HTTP/1.1 200 "))
	size := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if ok {
		_, err = r.Discard(size)
		return err
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", errRefused, tail(string(body), 200))
}

var errRefused = fmt.Errorf("the report was refused")

// next returns the host's next report. Its uptime is the milliseconds since start, by which a reader of the state knows
// how old what it sees is. No two reports of a host have the same time.
func (h *loadHost) next(start time.Time) []byte {
	h.sent++
	before := h.at
	for h.at = time.Now().Truncate(time.Millisecond); !h.at.After(before); h.at = time.Now().Truncate(time.Millisecond) {
		<-time.After(time.Millisecond) // a time to come would be corrected
	}
	return h.body.fill(h.sent, h.at, h.at.Sub(start).Milliseconds())
}

// missing returns how many acknowledged reports of all hosts are not in the history: neither they nor a later one of the
// same second, which stands for them there.
func (l *load) missing() (acknowledged, lost int) {
	for _, h := range l.hosts {
		query := url.Values{"resourceType": {"host"}, "resourceId": {h.name}, "metric": {"uptime"}, "range": {"1h"}, "maxPoints": {"10000"}}
		got := l.s.call("GET", "/api/metrics-store/history?"+query.Encode(), nil)
		var series struct {
			Points []point `json:"points"`
		}
		if err := json.Unmarshal(got.body, &series); got.status != http.StatusOK || err != nil {
			l.s.t.Fatalf("read the history of %s: %v (%v)", h.name, got, err)
		}
		stored := make(map[int64]float64, len(series.Points))
		for _, p := range series.Points {
			stored[p.Timestamp] = p.Value
		}
		for _, a := range h.acked {
			acknowledged++
			if stored[a.second] < a.uptime {
				lost++
			}
		}
	}
	return acknowledged, lost
}

// age returns how old what the state shows of the hosts is: that of the oldest, and how many there are.
func (l *load) age() (oldest time.Duration, shown int) {
	now := time.Since(l.start)
	for name, host := range l.s.hosts() {
		if uptime, ok := host["uptimeSeconds"].(float64); ok && strings.HasPrefix(name, "load-") {
			shown++
			oldest = max(oldest, now-time.Duration(uptime-upBase)*time.Millisecond)
		}
	}
	return oldest, shown
}

// reportTemplate is a report with places for numbers that change.
type reportTemplate struct {
	text          []byte
	at, up        int
	values, grown []slot
}

// slot is a run of digits.
type slot struct{ from, to int }

// The places in a template: the time, the uptime, digits of a value, digits of a counter that only grows.
const (
	placeTime = "TTTTTTTTTTTTTTTTTTTTTTTT"
	placeUp   = "1UUUUUUUUU" // upBase and the milliseconds
	mayVary   = '#'
	grows     = '~'
)

// upBase is the uptime, in seconds as a reader takes it, of a report at the start of a load.
const upBase = 1e9

// newTemplate returns a report of the shape that an agent of a server with some disks sends, of a size in bytes.
func newTemplate(host string, size int) reportTemplate {
	var b strings.Builder
	fmt.Fprintf(&b, `{"agent":{"id":"%[1]s","version":"v5.1.13","type":"unified","intervalSeconds":30,"hostname":"%[1]s"},`+
		`"host":{"id":"%[1]s","hostname":"%[1]s","machineId":"%[1]s","platform":"debian","osName":"Debian GNU/Linux","osVersion":"12 (bookworm)",`+
		`"kernelVersion":"6.1.0-18-amd64","architecture":"x86_64","cpuModel":"Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz","cpuCount":24,`+
		`"uptimeSeconds":`+placeUp+`,"loadAverage":[1.##,1.##,1.##],"reportIp":"192.0.2.10"},`+
		`"metrics":{"cpuUsagePercent":1#.##,"memory":{"totalBytes":68719476736,"usedBytes":1##########,"freeBytes":4##########,"usage":2#.##,`+
		`"swapTotalBytes":8589934592,"swapUsedBytes":1########}},"disks":[`, host)
	for n, mount := range []string{"/", "/boot", "/var", "/home", "/srv/data"} {
		fmt.Fprintf(&b, `%s{"device":"/dev/sda%d","mountpoint":"%s","filesystem":"ext4","type":"ext4","totalBytes":536870912000,`+
			`"usedBytes":2###########,"freeBytes":2###########,"usage":4#.##}`, comma(n), n+1, mount)
	}
	b.WriteString(`],"diskIO":[`)
	for n := range 4 {
		fmt.Fprintf(&b, `%s{"device":"sd%c","readBytes":1~~~~~~~~~~~~~,"writeBytes":1~~~~~~~~~~~~~,"readOps":1~~~~~~~~~~~~~,`+
			`"writeOps":1~~~~~~~~~~~~~,"readTimeMs":1~~~~~~~~~~~~~,"writeTimeMs":1~~~~~~~~~~~~~,"ioTimeMs":1~~~~~~~~~~~~~}`, comma(n), 'a'+n)
	}
	b.WriteString(`],"network":[`)
	for n, name := range []string{"eno1", "eno2", "vmbr0", "wg0"} {
		fmt.Fprintf(&b, `%s{"name":"%s","mac":"02:00:5e:00:53:%02x","addresses":["192.0.2.%d/24","fe80::5eff:fe00:53%02x/64"],`+
			`"rxBytes":1~~~~~~~~~~~~~,"txBytes":1~~~~~~~~~~~~~,"speedMbps":1000}`, comma(n), name, n, n+10, n)
	}
	b.WriteString(`],"sensors":{"temperatureCelsius":{`)
	for n := range 12 {
		fmt.Fprintf(&b, `%s"cpu_core_%d":4#.#`, comma(n), n)
	}
	b.WriteString(`},"fanRpm":{"fan1":12##,"fan2":12##},"smart":[`)
	for n := range 2 {
		fmt.Fprintf(&b, `%s{"device":"sd%c","model":"ST4000VN008-2DR166","serial":"ZGY0%04d","type":"sat","temperature":3#,"health":"PASSED",`+
			`"attributes":{"powerOnHours":23###,"powerCycles":41,"reallocatedSectors":0,"pendingSectors":0}}`, comma(n), 'a'+n, n)
	}
	fmt.Fprintf(&b, `]},"tags":["rack-3","linux"],"timestamp":"%s","sequenceId":"`, placeTime)
	b.WriteString(strings.Repeat("x", max(size-b.Len()-2, 0)) + `"}`)
	return scan(b.String())
}

func comma(n int) string {
	if n == 0 {
		return ""
	}
	return ","
}

// scan finds the places.
func scan(text string) reportTemplate {
	t := reportTemplate{text: []byte(text), at: strings.Index(text, placeTime), up: strings.Index(text, placeUp) + 1}
	for i := 0; i < len(text); i++ {
		if text[i] != mayVary && text[i] != grows {
			continue
		}
		end := i
		for text[end] == text[i] {
			end++
		}
		if text[i] == grows {
			t.grown = append(t.grown, slot{i, end})
		} else {
			t.values = append(t.values, slot{i, end})
		}
		i = end
	}
	return t
}

// fill returns the report number n. It is good until the next call.
func (t *reportTemplate) fill(n int, at time.Time, up int64) []byte {
	digits(t.text[t.up:t.up+len(placeUp)-1], up)
	for i, s := range t.values {
		digits(t.text[s.from:s.to], int64(n*7919+i*104729+(n*i)%977))
	}
	for i, s := range t.grown {
		digits(t.text[s.from:s.to], int64(n)*int64(1009+i*37))
	}
	copy(t.text[t.at:], at.UTC().Format("2006-01-02T15:04:05.000Z"))
	return t.text
}

// digits writes the last digits of a number.
func digits(into []byte, n int64) {
	for i := len(into) - 1; i >= 0; i-- {
		into[i] = byte('0' + n%10)
		n /= 10
	}
}

// The template gives reports of the size asked for, that are JSON.
func TestLoadTemplate(t *testing.T) {
	h := &loadHost{name: "x", body: newTemplate("x", 4<<10)}
	var last []byte
	for range 3 {
		body := h.next(time.Now().Add(-time.Minute))
		if !json.Valid(body) || len(body) != 4<<10 || bytes.Equal(body, last) {
			t.Fatalf("%d bytes: %s", len(body), body)
		}
		last = bytes.Clone(body)
	}
}
