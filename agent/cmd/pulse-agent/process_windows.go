package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/windows/svc"
)

// serviceName is the name under which installers register the agent.
const serviceName = "PulseAgent"

// restart: a process cannot replace itself here.
func restart([]string) error { return errors.New("this system cannot replace a process") }

// serve runs the agent as a service when the service manager started it, else in the foreground.
func serve(work func(context.Context) error) error {
	isService, err := svc.IsWindowsService()
	if err != nil {
		return fmt.Errorf("ask whether this is a service: %w", err)
	}
	if !isService {
		return untilSignal(work)
	}
	s := &service{work: work}
	if err := svc.Run(serviceName, s); err != nil {
		return fmt.Errorf("run as a service: %w", err)
	}
	return s.err
}

// service answers the service manager.
type service struct {
	work func(context.Context) error
	err  error
}

// Execute runs the agent until the manager says stop.
func (s *service) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.work(ctx) }()
	running := svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
	status <- running
	for {
		select {
		case s.err = <-ended:
			status <- svc.Status{State: svc.Stopped}
			if s.err != nil {
				return false, 1
			}
			return false, 0
		case r := <-requests:
			switch r.Cmd {
			case svc.Interrogate:
				status <- running
			case svc.Stop, svc.Shutdown:
				running = svc.Status{State: svc.StopPending}
				status <- running
				cancel()
			}
		}
	}
}
