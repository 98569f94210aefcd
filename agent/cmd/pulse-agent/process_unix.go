//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// restart replaces this process by itself with other arguments. It returns only when that fails.
func restart(args []string) error {
	path, err := os.Executable()
	if err == nil {
		err = syscall.Exec(path, append([]string{os.Args[0]}, args...), os.Environ())
	}
	return fmt.Errorf("start anew: %w", err)
}

// serve runs the agent; service managers here need nothing but a process in the foreground.
func serve(work func(context.Context) error) error { return untilSignal(work) }
