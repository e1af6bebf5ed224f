package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// Exit codes, as lbctl has them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 128 + int(syscall.SIGINT)
)

// usageError is bad input: nothing was started.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// A process dies with the thread that started it (startProcess asks for it, so that nothing is left
// behind even when this one is killed). The main goroutine therefore keeps the main thread, and it
// alone starts processes.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) == 2 && os.Args[1] == "origin" {
		if err := serveOrigins(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "benchproxy: origin:", err)
			os.Exit(exitFailed)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil:
		return
	case interrupted:
		fmt.Fprintln(os.Stderr, "benchproxy: interrupted; everything that was started is stopped")
		os.Exit(exitInterrupted)
	}
	fmt.Fprintln(os.Stderr, "benchproxy:", err)
	if errors.As(err, &usageError{}) {
		os.Exit(exitUsage)
	}
	os.Exit(exitFailed)
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	measure := map[string]func(context.Context, *lab) error{"cpu": measureCPU, "idle": measureIdle}
	if len(args) != 1 || measure[args[0]] == nil {
		return usageError{errors.New("usage: benchproxy cpu | idle; settings are environment variables, see docs/bench-proxy.md")}
	}
	s, err := settingsFrom(os.Getenv)
	if err != nil {
		return usageError{err}
	}
	l, err := openLab(ctx, s, args[0] == "cpu", out, notes)
	if err != nil {
		return err
	}
	defer l.close()
	return measure[args[0]](ctx, l)
}
