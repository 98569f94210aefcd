package rpc

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

// maxReports is how many reports are in the plugin's hands at once; others wait for their turn.
const maxReports = 16

// Ingest has a report decoded. Many may run at once; they share one stream.
func (i *Instance) Ingest(ctx context.Context, r sdk.Report) (sdk.Ingested, error) {
	if len(r.Body) > MaxBody {
		return sdk.Ingested{}, &sdk.Error{Kind: sdk.KindInvalid, Code: "too_large", Message: "The report is too large."}
	}
	return i.c.reports.ingest(ctx, i.id, r)
}

// ingestLink is the one stream of reports to a plugin's process. It is opened on first need, and again after it broke.
type ingestLink struct {
	open func() (pb.Ingester_IngestClient, context.CancelFunc, error)

	sending sync.Mutex // a stream takes one message at a time

	mu      sync.Mutex
	stream  *ingestStream
	last    uint64
	waiting chan struct{} // slots
}

// ingestStream is one life of the link.
type ingestStream struct {
	stream pb.Ingester_IngestClient
	cancel context.CancelFunc
	broken chan struct{} // closed after err is set
	err    error

	mu      sync.Mutex
	pending map[uint64]*pendingReport
}

// answer is a message about a report. The observations are read as it arrives, since each message adds names to the
// stream's table.
type answer struct {
	obs    []sdk.Observation
	result *pb.IngestResult // nil when more is to come
}

// pendingReport is a report whose answer is awaited.
type pendingReport struct {
	answers chan answer
	left    chan struct{} // closed when nobody waits any more
}

func (k *ingestLink) ingest(ctx context.Context, instance string, r sdk.Report) (sdk.Ingested, error) {
	release, err := k.slot(ctx)
	if err != nil {
		return sdk.Ingested{}, err
	}
	defer release()
	s, id, err := k.connect()
	if err != nil {
		return sdk.Ingested{}, fromStatus(ctx, err)
	}
	p := s.expect(id)
	defer s.forget(id, p)
	if err := k.send(ctx, s, id, instance, r); err != nil {
		return sdk.Ingested{}, s.failure(ctx, err)
	}
	out, err := s.await(ctx, p)
	if ctx.Err() != nil {
		k.cancel(s, id)
	}
	return out, err
}

func (k *ingestLink) slot(ctx context.Context) (release func(), err error) {
	k.mu.Lock()
	if k.waiting == nil {
		k.waiting = make(chan struct{}, maxReports)
	}
	slots := k.waiting
	k.mu.Unlock()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// connect returns a stream that works as far as is known, and an id for a report.
func (k *ingestLink) connect() (*ingestStream, uint64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last++
	if k.stream != nil {
		select {
		case <-k.stream.broken:
		default:
			return k.stream, k.last, nil
		}
	}
	stream, cancel, err := k.open()
	if err != nil {
		return nil, 0, err
	}
	s := &ingestStream{stream: stream, cancel: cancel, broken: make(chan struct{}), pending: map[uint64]*pendingReport{}}
	go s.read()
	k.stream = s
	return s, k.last, nil
}

// send sends the report. A body in chunks may mix with those of other reports.
func (k *ingestLink) send(ctx context.Context, s *ingestStream, id uint64, instance string, r sdk.Report) error {
	head, body := r, r.Body
	head.Body, body = body[:min(len(body), chunk)], body[min(len(body), chunk):]
	begin := &pb.IngestBegin{Instance: instance, Report: encodeReport(head), Size: int64(len(r.Body))}
	if deadline, ok := ctx.Deadline(); ok {
		begin.Timeout = encodeDuration(max(time.Until(deadline), time.Millisecond))
	}
	if err := k.message(s, &pb.IngestRequest{Id: id, Item: &pb.IngestRequest_Begin{Begin: begin}}); err != nil {
		return err
	}
	for len(body) > 0 {
		n := min(len(body), chunk)
		if err := k.message(s, &pb.IngestRequest{Id: id, Item: &pb.IngestRequest_Chunk{Chunk: body[:n]}}); err != nil {
			return err
		}
		body = body[n:]
	}
	return nil
}

func (k *ingestLink) message(s *ingestStream, m *pb.IngestRequest) error {
	k.sending.Lock()
	defer k.sending.Unlock()
	return s.stream.Send(m)
}

func (k *ingestLink) cancel(s *ingestStream, id uint64) {
	// A stream that broke needs no word of it.
	_ = k.message(s, &pb.IngestRequest{Id: id, Item: &pb.IngestRequest_Cancel{Cancel: &pb.IngestCancel{}}})
}

// read hands answers to those who wait, until the stream breaks.
func (s *ingestStream) read() {
	defer s.cancel()
	defer close(s.broken)
	var strings stringList
	for {
		m, err := s.stream.Recv()
		if err != nil {
			s.err = err
			return
		}
		a := answer{result: m.GetResult()}
		batch := m.GetBatch()
		if a.result != nil {
			batch = a.result.GetBatch()
		}
		if a.obs, err = strings.read(batch); err != nil {
			s.err = err // what the names of later messages mean is not known any more
			return
		}
		s.mu.Lock()
		p := s.pending[m.GetId()]
		s.mu.Unlock()
		if p == nil {
			continue
		}
		select {
		case p.answers <- a:
		case <-p.left:
		}
	}
}

func (s *ingestStream) expect(id uint64) *pendingReport {
	p := &pendingReport{answers: make(chan answer, 2), left: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[id] = p
	return p
}

func (s *ingestStream) forget(id uint64, p *pendingReport) {
	s.mu.Lock()
	delete(s.pending, id)
	s.mu.Unlock()
	close(p.left)
}

func (s *ingestStream) await(ctx context.Context, p *pendingReport) (sdk.Ingested, error) {
	var out sdk.Ingested
	for {
		select {
		case a := <-p.answers:
			if out.Observations == nil {
				out.Observations = a.obs
			} else {
				out.Observations = append(out.Observations, a.obs...)
			}
			if a.result == nil {
				continue
			}
			if e := a.result.GetError(); e != nil {
				return sdk.Ingested{}, decodeError(e)
			}
			out.Claims, out.Reply = decodeClaims(a.result.GetClaims()), a.result.GetReply()
			return out, nil
		case <-s.broken:
			return sdk.Ingested{}, s.failure(ctx, s.err)
		case <-ctx.Done():
			return sdk.Ingested{}, ctx.Err()
		}
	}
}

// failure is the error of a broken stream. A send says EOF when the reason is to be had from the receiving side.
func (s *ingestStream) failure(ctx context.Context, err error) error {
	if errors.Is(err, io.EOF) {
		select {
		case <-s.broken:
			err = s.err
		case <-ctx.Done():
		}
	}
	if errors.Is(err, io.EOF) && ctx.Err() == nil {
		return lost(err)
	}
	return fromStatus(ctx, err)
}
