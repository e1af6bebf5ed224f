package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/reports"
	"github.com/lbctl/lbctl/scenarios"
	"github.com/lbctl/lbctl/sim"
)

// simulateFlags are the flags of lbctl simulate.
type simulateFlags struct {
	overrides
	policy  string
	variant string
	explain int
	from    time.Duration
	events  string
}

func simulateCommand(s streams) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate SCENARIO",
		Short: "One run in detail: time line, backends, events, reasons of picks",
		Long: `Runs a scenario once, with the pool's own policy unless told otherwise, and shows what happened. One run shows a course of
events; for figures to rely on, use lbctl compare.`,
		Example: `  lbctl simulate one-slow-backend
  lbctl simulate black-hole --policy prequal --explain 5 --from 12s
  lbctl simulate flapping --events - | jq .event`,
		Args: oneScenario,
		RunE: func(cmd *cobra.Command, args []string) error { return simulate(cmd, args[0], f, s) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.policy, "policy", "", "use this policy instead of the pool's own")
	flags.StringVar(&f.variant, "variant", "", "use this variant of the scenario")
	flags.IntVar(&f.explain, "explain", 0, "explain the picks of so many requests")
	flags.DurationVar(&f.from, "from", 0, "explain from this virtual time on")
	flags.StringVar(&f.events, "events", "", "write every event as a line of JSON to `file`; - for standard output, with nothing else on it")
	cmd.MarkFlagsMutuallyExclusive("policy", "variant")
	return cmd
}

func simulate(cmd *cobra.Command, name string, f simulateFlags, s streams) error {
	sc, v, err := f.choose(cmd, name)
	if err != nil {
		return err
	}
	if f.explain < 0 {
		return usage(fmt.Errorf("--explain: expected a number of requests, got %d", f.explain))
	}
	seed := v.Scenario.Seed
	log, err := openEventLog(f.events, s.out)
	if err != nil {
		return usage(err)
	}
	defer log.discard()
	opts := sim.Options{Events: log.write}
	if log == nil {
		opts.Events = nil
	}
	shown := s.out
	if f.events == stdout {
		shown = io.Discard
	}
	explainer := explainer{w: shown, left: f.explain, from: f.from}
	if f.explain > 0 {
		opts.Explain = explainer.explain
	}
	run, err := sim.Run(cmd.Context(), v.Scenario, seed, opts)
	if errors.Is(err, context.Canceled) {
		return exitError{exitInterrupted, fmt.Errorf("%w; nothing written", err)}
	}
	if err != nil {
		return failure(err)
	}
	if err := reports.Run(shown, detail(sc, v, seed, run), tableOptions(s.out)); err != nil {
		return failure(err)
	}
	if err := log.keep(); err != nil {
		return failure(err)
	}
	log.announce(s.err)
	return nil
}

// choose loads the scenario and settles which configuration of it runs.
func (f *simulateFlags) choose(cmd *cobra.Command, name string) (*scenarios.Scenario, scenarios.Variant, error) {
	none := scenarios.Variant{}
	set, err := f.settings(cmd)
	if err != nil {
		return nil, none, err
	}
	list, err := loadScenarios([]string{name}, set)
	if err != nil {
		return nil, none, err
	}
	sc := list[0]
	var names []string
	for _, v := range sc.Variants() {
		if v.Name == f.variant {
			return sc, v, nil
		}
		names = append(names, v.Name)
	}
	if f.variant != "" {
		return nil, none, usage(fmt.Errorf("--variant: %s has none called %q%s", sc.Name, f.variant, didYouMean(f.variant, names)))
	}
	use := sc.Pool.Policy.Use
	if f.policy != "" {
		use = f.policy
	}
	chosen, err := sc.PolicyVariants([]string{use})
	if err != nil {
		return nil, none, usage(fmt.Errorf("--policy: %w", err))
	}
	return sc, chosen[0], nil
}

func detail(sc *scenarios.Scenario, v scenarios.Variant, seed uint64, run *measure.Run) reports.Single {
	s := reports.Single{Scenario: sc.Name, Variant: v.Name, Seed: seed, Run: run}
	for _, c := range v.Scenario.Changes() {
		s.Changes = append(s.Changes, reports.Span{From: c.From, To: c.To, Label: c.Label})
	}
	return s
}

// explainer prints the reasons of the first picks from a time on.
type explainer struct {
	w    io.Writer
	left int
	from time.Duration
}

func (x *explainer) explain(e sim.Explanation) {
	if x.left <= 0 || time.Duration(e.At) < x.from {
		return
	}
	x.left--
	fmt.Fprintf(x.w, "%.6fs request %d", e.At.Seconds(), e.Request)
	if e.Try > 0 {
		fmt.Fprintf(x.w, ", retry %d", e.Try)
	}
	fmt.Fprintf(x.w, ", balancer %d, %s\n", e.Balancer, e.Trace)
}

// eventLog writes events as lines of JSON. A nil log takes none.
type eventLog struct {
	*output
	buf *bufio.Writer
	enc *json.Encoder
	err error
}

func openEventLog(name string, out io.Writer) (*eventLog, error) {
	if name == "" {
		return nil, nil
	}
	l := &eventLog{output: &output{name: name, what: "event log"}}
	w := out
	if name != stdout {
		if err := l.open(); err != nil {
			return nil, err
		}
		w = l.temp
	}
	l.buf = bufio.NewWriterSize(w, 1<<16)
	l.enc = json.NewEncoder(l.buf)
	return l, nil
}

func (l *eventLog) write(e sim.Event) {
	if l.err == nil {
		l.err = l.enc.Encode(e)
	}
}

// keep moves the log into place.
func (l *eventLog) keep() error {
	if l == nil {
		return nil
	}
	if err := errors.Join(l.err, l.buf.Flush()); err != nil || l.name == stdout {
		return err
	}
	return l.commit()
}

func (l *eventLog) discard() {
	if l != nil {
		l.output.discard()
	}
}

func (l *eventLog) announce(w io.Writer) {
	if l != nil {
		l.output.announce(w)
	}
}
