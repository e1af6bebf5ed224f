// Command lbctl is a load balancer, and the lab to try it in: it compares
// algorithms on scenarios in virtual time and on real sockets, and runs the same
// code as a proxy.
//
// Floor 8. It wires the packages together, parses the command line and writes the files;
// it decides nothing about traffic. Nothing may import it.
//
// Exit codes: 0 success; 1 an expect: line did not hold, or a run or a write failed; 2 bad input
// (flags, scenarios, files), nothing written; 130 interrupted, 143 terminated: what was finished
// is written; 141 whoever read standard output has gone.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/lbctl/lbctl/config/strict"
)

// The exit codes. Those of signals are 128 plus the signal's number, as shells have it.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 128 + int(syscall.SIGINT)
	exitPipe        = 128 + int(syscall.SIGPIPE)
)

// exitError carries an exit code.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }

func (e exitError) Unwrap() error { return e.err }

// usage marks an error as bad input.
func usage(err error) error { return exitError{exitUsage, err} }

func main() {
	signal.Ignore(syscall.SIGPIPE) // writes fail with EPIPE, so that the files still get written
	ctx := untilSignal(os.Interrupt, syscall.SIGTERM)
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// untilSignal returns a context that ends at the first of the signals. The second one ends the
// process at once.
func untilSignal(signals ...os.Signal) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := make(chan os.Signal, 1)
	signal.Notify(c, signals...)
	go func() {
		s := <-c
		signal.Reset(signals...)
		cancel(stopSignal{s})
	}()
	return ctx
}

// stopSignal is the signal that ended a context.
type stopSignal struct{ os.Signal }

func (s stopSignal) Error() string { return "signal: " + s.String() }

// stopped returns err with the exit code of what ended ctx.
func stopped(ctx context.Context, err error) error {
	code := exitInterrupted
	var stop stopSignal
	if errors.As(context.Cause(ctx), &stop) {
		if number, ok := stop.Signal.(syscall.Signal); ok {
			code = 128 + int(number)
		}
	}
	return exitError{code, err}
}

// run executes one command line and returns its exit code. Several may run at once, on streams
// of their own.
func run(ctx context.Context, args []string, s streams) int {
	out := &checkedWriter{Writer: s.out}
	s.out = out
	root := rootCommand(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case errors.Is(out.err, syscall.EPIPE):
		return exitPipe
	case out.err != nil:
		err = exitError{exitFailed, named("standard output", out.err)}
	case err == nil:
		return 0
	}
	for _, e := range each(err) {
		var inFile strict.Errors
		if errors.As(e, &inFile) {
			fmt.Fprintln(s.err, e) // begins with its position, for editors
		} else {
			fmt.Fprintln(s.err, "lbctl: "+e.Error())
		}
	}
	var exit exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitUsage // cobra's own: unknown command, unknown flag
}

// each takes joined errors apart, but not those of a file.
func each(err error) []error {
	if exit, ok := err.(exitError); ok {
		return each(exit.err)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if _, inFile := err.(strict.Errors); inFile || !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, each(e)...)
	}
	return all
}
