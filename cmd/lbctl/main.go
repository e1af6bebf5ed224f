// Command lbctl compares load-balancing algorithms on scenarios, in virtual
// time, with the code that a live balancer runs.
//
// Floor 7. It wires the packages together, parses the command line and writes the files;
// it decides nothing about traffic.
//
// Exit codes: 0 success; 1 an expect: line did not hold, or a run failed; 2 bad input
// (flags, scenarios, files), nothing written; 130 interrupted, what was finished is written.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// exitError carries an exit code, and a message unless everything was said already.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// usage marks an error as bad input.
func usage(err error) error { return exitError{exitUsage, err} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := rootCommand(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if msg := err.Error(); msg != "" {
		fmt.Fprintln(s.err, "lbctl: "+msg)
	}
	var exit exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitUsage // cobra's own: unknown command, unknown flag
}
