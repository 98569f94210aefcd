package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type ingesterServer struct {
	pb.UnimplementedIngesterServer
	*Server
}

// maxArriving bounds the reports of one stream that a peer may leave unfinished.
const maxArriving = 4 * maxReports

// Ingest reads reports and answers each as soon as it can.
func (s *ingesterServer) Ingest(stream pb.Ingester_IngestServer) error {
	ctx, cancel := context.WithCancel(stream.Context())
	c := &reportDesk{Server: s.Server, stream: stream, ctx: ctx, arriving: map[uint64]*arrival{}, free: make(chan *arrival)}
	defer c.working.Wait()
	defer cancel()
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.take(m); err != nil {
			return err
		}
	}
}

// reportDesk serves one stream.
type reportDesk struct {
	*Server
	stream  pb.Ingester_IngestServer
	ctx     context.Context
	working sync.WaitGroup
	free    chan *arrival // to a worker that waits for work

	sending sync.Mutex
	table   stringTable // of all answers, in the order in which they are sent

	mu       sync.Mutex
	arriving map[uint64]*arrival // also those being worked on, for cancelling
}

// arrival is a report whose body is on its way.
type arrival struct {
	id     uint64
	begin  *pb.IngestBegin
	body   []byte
	whole  bool
	ctx    context.Context
	cancel context.CancelFunc
}

func (d *reportDesk) take(m *pb.IngestRequest) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.arriving[m.GetId()]
	switch item := m.GetItem().(type) {
	case *pb.IngestRequest_Begin:
		if a != nil || len(d.arriving) >= maxArriving || item.Begin.GetSize() < 0 || item.Begin.GetSize() > MaxBody {
			return malformed("a report was begun twice, or there are too many, or it is too large")
		}
		a = d.begin(m.GetId(), item.Begin)
		if int64(len(a.body)) > item.Begin.GetSize() {
			return malformed("a report is longer than it said")
		}
		d.arriving[m.GetId()] = a
	case *pb.IngestRequest_Chunk:
		if a == nil {
			return nil // cancelled
		}
		if int64(len(a.body)+len(item.Chunk)) > a.begin.GetSize() {
			return malformed("a report is longer than it said")
		}
		a.body = append(a.body, item.Chunk...)
	case *pb.IngestRequest_Cancel:
		if a != nil {
			a.cancel()
			if !a.whole {
				delete(d.arriving, m.GetId())
			}
		}
		return nil
	}
	if a != nil && !a.whole && int64(len(a.body)) == a.begin.GetSize() {
		a.whole = true
		select {
		case d.free <- a:
		default:
			d.working.Go(func() { d.worker(a) })
		}
	}
	return nil
}

// worker works on a report, then waits for others: its stack has grown as it must for them.
func (d *reportDesk) worker(a *arrival) {
	for {
		d.work(a)
		select {
		case a = <-d.free:
		case <-d.ctx.Done():
			return
		}
	}
}

func (d *reportDesk) begin(id uint64, b *pb.IngestBegin) *arrival {
	a := &arrival{id: id, begin: b, body: b.GetReport().GetBody()}
	if t := decodeDuration(b.GetTimeout()); t > 0 {
		a.ctx, a.cancel = context.WithTimeout(d.ctx, t)
	} else {
		a.ctx, a.cancel = context.WithCancel(d.ctx)
	}
	return a
}

func (d *reportDesk) work(a *arrival) {
	defer func() {
		a.cancel()
		d.mu.Lock()
		delete(d.arriving, a.id)
		d.mu.Unlock()
	}()
	out, err := d.decode(a)
	if err == nil {
		err = d.answer(a.ctx, a.id, out)
	}
	if err == nil || a.ctx.Err() != nil {
		return // done, or nobody waits any more: both ends keep the time
	}
	d.note(a.ctx, "Ingest", err)
	d.fail(a.id, err)
}

// decode asks the plugin. A panic is the report's failure, not the process's.
func (d *reportDesk) decode(a *arrival) (out sdk.Ingested, err error) {
	defer func() {
		if r := recover(); r != nil {
			d.log.Error("decoding a report panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = sdk.Errorf(sdk.KindInternal, "The plugin failed on this report; its log says why.")
		}
	}()
	i, l, err := power[sdk.Ingester](d.Server, a.begin.GetInstance())
	if err != nil {
		return sdk.Ingested{}, err
	}
	defer l.release()
	ctx, cancel := l.within(a.ctx, false)
	defer cancel()
	r := decodeReport(a.begin.GetReport())
	r.Body = a.body
	return i.Ingest(ctx, r)
}

func (d *reportDesk) answer(ctx context.Context, id uint64, out sdk.Ingested) error {
	if len(out.Reply) > MaxBatch {
		return sdk.Errorf(sdk.KindInternal, "The plugin's reply to the report is larger than %d bytes.", MaxBatch)
	}
	last, err := cutObservations(out.Observations, func(p piece) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.sending.Lock()
		defer d.sending.Unlock()
		return d.stream.Send(&pb.IngestResponse{Id: id, Item: &pb.IngestResponse_Batch{Batch: p.batch(&d.table)}})
	})
	if err != nil {
		return err
	}
	result := &pb.IngestResult{Claims: encodeClaims(out.Claims), Reply: out.Reply}
	d.sending.Lock()
	defer d.sending.Unlock()
	result.Batch = last.batch(&d.table)
	return d.stream.Send(&pb.IngestResponse{Id: id, Item: &pb.IngestResponse_Result{Result: result}})
}

// fail answers with an error.
func (d *reportDesk) fail(id uint64, err error) {
	d.sending.Lock()
	defer d.sending.Unlock()
	// The stream's own error reaches the reader.
	_ = d.stream.Send(&pb.IngestResponse{Id: id, Item: &pb.IngestResponse_Result{Result: &pb.IngestResult{Error: encodeError(err)}}})
}

// piece is what fits into one batch.
type piece struct {
	obs     []*pb.Observation
	samples []sdk.Sample
}

// batch makes a batch of the piece, nil when there is nothing in it.
func (p piece) batch(t *stringTable) *pb.Batch {
	if len(p.obs)+len(p.samples) == 0 {
		return nil
	}
	return t.batch(p.obs, nil, p.samples)
}

// cutObservations cuts a list that no cycle surrounds into pieces, gives them to send, and returns the last one, which may
// be empty, for the caller to send.
func cutObservations(obs []sdk.Observation, send func(piece) error) (last piece, err error) {
	q := outbox{send: send}
	for _, o := range obs {
		if err := q.add(o); err != nil {
			return piece{}, err
		}
	}
	return q.piece, nil
}

// outbox gathers observations for a batch.
type outbox struct {
	send func(piece) error
	piece
	size int
}

func (q *outbox) add(o sdk.Observation) error {
	switch o := o.(type) {
	case sdk.Samples:
		return q.addSamples(o)
	case sdk.Sample:
		return q.addSamples([]sdk.Sample{o})
	}
	m, err := encodeObservation(o)
	if err != nil {
		return err
	}
	size := proto.Size(m)
	if size > MaxBatch {
		return sdk.Errorf(sdk.KindInternal, "%s is larger than %d bytes.", recordName(m), MaxBatch)
	}
	if q.size+size > MaxBatch {
		if err := q.flush(); err != nil {
			return err
		}
	}
	q.obs = append(q.obs, m)
	q.size += size
	return q.flushFull()
}

func (q *outbox) addSamples(all []sdk.Sample) error {
	for len(all) > 0 {
		n, size := fitting(all, q.size)
		if q.samples == nil {
			q.samples = slices.Clip(all[:n])
		} else {
			q.samples = append(q.samples, all[:n]...)
		}
		q.size, all = size, all[n:]
		if err := q.flushFull(); err != nil {
			return err
		}
	}
	return nil
}

func (q *outbox) flushFull() error {
	if q.size < flushBatch {
		return nil
	}
	return q.flush()
}

func (q *outbox) flush() error {
	p := q.piece
	q.piece, q.size = piece{}, 0
	if len(p.obs)+len(p.samples) == 0 {
		return nil
	}
	return q.send(p)
}
