package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/fakebackends"
)

// fakeFlags are the flags of lbctl fakebackends.
type fakeFlags struct {
	overrides
	listen   string
	portBase int
	startNow bool
}

func fakebackendsCommand(s streams) *cobra.Command {
	var f fakeFlags
	cmd := &cobra.Command{
		Use:   "fakebackends SCENARIO",
		Short: "Act out a scenario's backends as real HTTP servers",
		Long: `Starts a server for each backend of a scenario, which takes requests in, lets them wait, serves them
for as long as the scenario says, fails and recovers when it says: something to point any load
balancer at. Where they listen is printed as JSON. The scenario begins, and with it its
faults, at a line "start" on standard input.

A request costs what the scenario says of the number in its header Lbctl-Request (and
Lbctl-Attempt, for a retry); without one it gets the next number. /healthz is for health checks,
/load tells the load as ORCA text, and every answer names its backend in Lbctl-Backend.

Changes of a backend's condition go to standard error. At the end of the scenario, or when
interrupted, a table shows what the backends did. The exit code is 0 at the end, 2 for bad
input, 1 when a port cannot be had, 130 or 143 when interrupted or terminated.`,
		Example: `  lbctl fakebackends one-slow-backend --port-base 9001 --start-now
  lbctl fakebackends ./my.yaml --listen 0.0.0.0 --port-base 9001 --duration 1h
  curl -i -H 'Lbctl-Request: 4711' http://127.0.0.1:9001/`,
		Args:              oneScenario,
		ValidArgsFunction: completeScenario,
		RunE: func(cmd *cobra.Command, args []string) error {
			set, err := f.settings(cmd)
			if err != nil {
				return err
			}
			c, err := loadOne(args[0], set)
			if err != nil {
				return err
			}
			if err := f.checkPorts(len(c.Model(c.Seed).Backends())); err != nil {
				return err
			}
			var in io.Reader
			if !f.startNow {
				in = cmd.InOrStdin()
			}
			return actOut(cmd.Context(), c, fakebackends.Options{Listen: f.listen, PortBase: f.portBase}, in, s)
		},
	}
	f.registerSet(cmd)
	flags := cmd.Flags()
	flags.DurationVar(&f.duration, "duration", 0, "act for so long, like 30s, instead of as long as the scenario says")
	flags.Uint64Var(&f.seed, "seed", 0, "seed instead of the scenario's")
	flags.StringVar(&f.listen, "listen", "127.0.0.1", "`host` to listen on")
	flags.IntVar(&f.portBase, "port-base", 0, "the first backend listens on this `port`, the others on those after it (default: any that are free)")
	flags.BoolVar(&f.startNow, "start-now", false, "begin at once, and do not read standard input")
	return cmd
}

// maxPort is the last port there is.
const maxPort = 65535

// checkPorts sees to it that there are ports for n backends.
func (f *fakeFlags) checkPorts(n int) error {
	if last := f.portBase + n - 1; f.portBase < 0 || f.portBase > 0 && last > maxPort {
		return usage(fmt.Errorf("--port-base: expected 1 to %d for %s, or 0 for any ports that are free, got %d", maxPort-n+1, counted(n, "backend"), f.portBase))
	}
	return nil
}

// loadOne loads a scenario that is not to be one of several cases.
func loadOne(arg string, set []setting) (chosen, error) {
	all, err := loadScenarios([]string{arg}, set)
	if err != nil {
		return chosen{}, err
	}
	if len(all) == 1 {
		return all[0], nil
	}
	var args []string
	for _, c := range all {
		args = append(args, c.arg)
	}
	return chosen{}, usage(fmt.Errorf("%s has %d cases; choose one: %s", arg, len(all), strings.Join(args, ", ")))
}

// fakes is a fleet while it acts.
type fakes struct {
	fleet  *fakebackends.Fleet
	began  time.Time
	end    time.Duration
	events chan fakeEvent
	s      streams
}

// fakeEvent is a change of a backend's condition.
type fakeEvent struct {
	at      time.Time
	backend int
	what    string
}

// maxFakeEvents is how many changes may wait to be printed; more are dropped, as when nobody takes in what is printed.
const maxFakeEvents = 1024

// actOut acts a scenario out. It begins when in says so; nil: at once.
func actOut(ctx context.Context, c chosen, o fakebackends.Options, in io.Reader, s streams) error {
	f := &fakes{end: c.Duration, events: make(chan fakeEvent, maxFakeEvents), s: s}
	o.Changed = func(at time.Time, backend int, what string) {
		select {
		case f.events <- fakeEvent{at, backend, what}:
		default:
		}
	}
	var err error
	// Not under ctx: after an interruption the backends are still asked what they did.
	if f.fleet, err = fakebackends.Start(context.WithoutCancel(ctx), c.Scenario, c.Seed, o); err != nil {
		return exitError{exitFailed, err}
	}
	defer f.fleet.Close()
	if err := f.announce(c); err != nil {
		return exitError{exitFailed, err}
	}
	if in != nil {
		fmt.Fprintln(s.err, `listening; a line "start" begins the scenario`)
		if err := awaitStart(ctx, in, s.err); err != nil {
			return err
		}
	}
	return f.act(ctx)
}

// fakesJSON is what lbctl fakebackends prints.
type fakesJSON struct {
	Scenario  string                 `json:"scenario"`
	Seed      uint64                 `json:"seed"`
	DurationS float64                `json:"duration_s"`
	Backends  []fakebackends.Address `json:"backends"`
}

// announce prints where the backends are.
func (f *fakes) announce(c chosen) error {
	return writeJSON(f.s.out, fakesJSON{c.Name, c.Seed, c.Duration.Seconds(), f.fleet.Addresses()})
}

// awaitStart waits for the line "start". Whoever reads goes on until the process ends or in does.
func awaitStart(ctx context.Context, in io.Reader, hints io.Writer) error {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			select {
			case lines <- strings.TrimSpace(scan.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case line, ok := <-lines:
			switch {
			case !ok:
				return usage(errors.New(`standard input ended without a line "start"; to begin without one, use --start-now`))
			case line == "start":
				return nil
			}
			fmt.Fprintf(hints, "expected a line \"start\", got %q\n", line)
		case <-ctx.Done():
			return stopped(ctx, errors.New("stopped before the scenario began"))
		}
	}
}

// beginPause is how far ahead the scenario's beginning is set, so that it is still to come for every backend.
const beginPause = 10 * time.Millisecond

// act lets the scenario happen, and says in the end what the backends did.
func (f *fakes) act(ctx context.Context) error {
	f.began = time.Now().Add(beginPause)
	f.fleet.Begin(f.began)
	end := time.NewTimer(f.end + beginPause)
	defer end.Stop()
	for {
		select {
		case e := <-f.events:
			f.tell(e)
		case <-end.C:
			return f.summarize(f.end)
		case <-ctx.Done():
			after := time.Since(f.began)
			if err := f.summarize(after); err != nil {
				return err
			}
			return stopped(ctx, fmt.Errorf("stopped after %.1f s of %v", after.Seconds(), f.end))
		}
	}
}

func (f *fakes) tell(e fakeEvent) {
	fmt.Fprintf(f.s.err, "%10.3fs  %s: %s\n", e.at.Sub(f.began).Seconds(), f.fleet.Addresses()[e.backend].Name, e.what)
}
