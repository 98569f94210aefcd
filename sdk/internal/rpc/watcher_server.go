package rpc

import (
	pb "github.com/pulse-platform/pulse/proto/pulse/plugin/v1"
	"github.com/pulse-platform/pulse/sdk"
)

type watcherServer struct {
	pb.UnimplementedWatcherServer
	*Server
}

// watchTask stands for the task in what a watch sends and remembers. No declared task has an empty name.
const watchTask = ""

func (s *watcherServer) Watch(r *pb.WatchRequest, stream pb.Watcher_WatchServer) error {
	watcher, l, err := power[sdk.Watcher](s.Server, r.GetInstance())
	if err != nil {
		return err
	}
	defer l.release()
	ctx, cancel := l.within(stream.Context(), true)
	defer cancel()
	w := newCycleWriter(ctx, l.memory(watchTask).begin(true, true), func(m *pb.CycleMessage) error {
		return stream.Send(&pb.WatchResponse{Message: m})
	})
	defer w.memory.end()
	w.watch = true
	if err := w.begin(l.cycle(watchTask, s.now())); err != nil {
		return err
	}
	return w.finish(watcher.Watch(ctx, w))
}
