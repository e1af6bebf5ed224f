package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/reports"
	"github.com/lbctl/lbctl/scenarios"
	"github.com/lbctl/lbctl/sim"
)

// simulateFlags are the flags of lbctl simulate.
type simulateFlags struct {
	overrides
	policy  string
	explain int
	from    time.Duration
	events  string
	json    string
}

func simulateCommand(s streams) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate SCENARIO",
		Short: "One run in detail: time line, backends, events, reasons of picks",
		Long: `Runs a scenario once, with the pool's own policy unless told otherwise, and shows what happened:
figures, backends, the course over time, events, and, if asked, why backends were picked. One run
shows a course of events; for figures to rely on, use lbctl compare.

A SCENARIO is a built-in name (lbctl scenarios list), a file, or a case of either, like
prequal-rules/90%.`,
		Example: `  lbctl simulate one-slow-backend
  lbctl simulate black-hole --policy prequal --explain 5 --from 12s
  lbctl simulate flapping --events - | jq -c 'select(.event == "health")'
  lbctl simulate ./my.yaml --seed 7 --json run.json`,
		Args:              oneScenario,
		ValidArgsFunction: completeScenario,
		RunE:              func(cmd *cobra.Command, args []string) error { return simulate(cmd, args[0], f, s) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.policy, "policy", "", "use this policy, or variant of the scenario, instead of the pool's own")
	flags.IntVar(&f.explain, "explain", 0, "explain so many picks")
	flags.DurationVar(&f.from, "from", 0, "explain from this virtual time on")
	flags.StringVar(&f.events, "events", "", "write every event as a line of JSON to `file`; - for standard output, with nothing else on it")
	flags.StringVar(&f.json, "json", "", "write the result as JSON to `file`, as lbctl compare does; - for standard output")
	completeFlag(cmd, "policy", completePolicy)
	return cmd
}

func simulate(cmd *cobra.Command, arg string, f simulateFlags, s streams) error {
	c, v, err := f.load(cmd, arg)
	if err != nil {
		return err
	}
	outs, shown, err := f.outputs(c, s)
	if err != nil {
		return err
	}
	ctx, abort := context.WithCancelCause(cmd.Context())
	defer abort(nil)
	log, err := openEventLog(f.events, s.out, abort)
	if err != nil {
		return exitError{exitFailed, err}
	}
	defer log.discard()
	run, result, err := observe(ctx, c, v, commandLine(cmd, []string{arg}), sim.Options{
		Events: log.sink(), Explain: (&explainer{w: shown, left: f.explain, from: f.from, abort: abort}).sink(),
	})
	switch {
	case cmd.Context().Err() != nil:
		return stopped(cmd.Context(), errors.New("stopped before the end; nothing written"))
	case ctx.Err() != nil:
		return exitError{exitFailed, context.Cause(ctx)} // nobody takes in what is written
	case err != nil:
		return exitError{exitFailed, err}
	}
	if err := errors.Join(log.keep(), outs.write(result, s.out)); err != nil {
		return exitError{exitFailed, err}
	}
	if err := reports.Run(shown, detail(c.Scenario, v, run), tableOptions(s.out)); err != nil {
		return exitError{exitFailed, err}
	}
	log.announce(s.err)
	outs.announce(s.err)
	return nil
}

// observe makes one run as an experiment of one replication, which checks its invariants, and
// returns both what the run recorded and what the experiment made of it.
func observe(ctx context.Context, c chosen, v scenarios.Variant, command string, opts sim.Options) (*measure.Run, *experiment.Result, error) {
	var run *measure.Run
	result, err := experiment.Run(ctx, experiment.Options{
		Cases:   []experiment.Case{{Scenario: c.Scenario, Variants: []scenarios.Variant{v}, Seeds: []uint64{c.Seed}}},
		Command: command,
	}, func(ctx context.Context, v scenarios.Variant, seed uint64) (_ *measure.Run, err error) {
		run, err = sim.Run(ctx, v.Scenario, seed, opts)
		return run, err
	})
	return run, result, err
}

// outputs settles what goes where; shown is for people.
func (f *simulateFlags) outputs(c chosen, s streams) (outs outputs, shown io.Writer, err error) {
	outs.add("json", f.json, "JSON", reports.JSON)
	targets := outs.targets()
	if f.events != "" {
		targets = append(targets, newTarget("events", f.events, "event log"))
	}
	if err := checkTargets(targets, filesOf([]chosen{c})); err != nil {
		return nil, nil, err
	}
	for _, t := range targets {
		if t.name != stdout {
			continue
		}
		if f.explain > 0 {
			return nil, nil, usage(fmt.Errorf("--%s %s leaves no room for --explain on standard output; give it a file", t.flag, t.name))
		}
		return outs, io.Discard, nil
	}
	return outs, s.out, nil
}

// load loads the scenario and settles which configuration of it runs.
func (f *simulateFlags) load(cmd *cobra.Command, arg string) (c chosen, v scenarios.Variant, err error) {
	set, err := f.settings(cmd)
	if err != nil {
		return c, v, err
	}
	all, err := loadScenarios([]string{arg}, set)
	if err != nil {
		return c, v, err
	}
	if len(all) > 1 {
		var args []string
		for _, c := range all {
			args = append(args, c.arg)
		}
		return c, v, usage(fmt.Errorf("%s has %d cases; choose one: %s", arg, len(all), strings.Join(args, ", ")))
	}
	c = all[0]
	name := c.Pool.Policy.Use
	if cmd.Flags().Changed("policy") {
		name = f.policy
	}
	if v, err = variantNamed(c.Scenario, name); err != nil {
		return c, v, usage(fmt.Errorf("--policy: %w", err))
	}
	return c, v, f.checkExplain(cmd, c.Duration)
}

func (f *simulateFlags) checkExplain(cmd *cobra.Command, end time.Duration) error {
	switch {
	case f.explain < 0:
		return usage(fmt.Errorf("--explain: expected a number of picks, got %d", f.explain))
	case cmd.Flags().Changed("from") && f.explain == 0:
		return usage(errors.New("--from says where --explain begins, and needs it"))
	case f.from < 0 || f.from >= end:
		return usage(fmt.Errorf("--from: expected a time from 0s to before the scenario's end at %v, got %v", end, f.from))
	}
	return nil
}

func detail(sc *scenarios.Scenario, v scenarios.Variant, run *measure.Run) reports.Single {
	s := reports.Single{Scenario: sc.Name, Variant: v.Name, Seed: sc.Seed, Run: run}
	for _, c := range v.Scenario.Changes() {
		s.Changes = append(s.Changes, reports.Span{From: c.From, To: c.To, Label: c.Label})
	}
	return s
}

// explainer prints the reasons of the first picks from a time on.
type explainer struct {
	w     io.Writer
	left  int
	from  time.Duration
	abort func(error)
}

// sink takes explanations; nil: none are wanted.
func (x *explainer) sink() func(sim.Explanation) {
	if x.left == 0 {
		return nil
	}
	return x.explain
}

func (x *explainer) explain(e sim.Explanation) {
	if x.left == 0 || time.Duration(e.At) < x.from {
		return
	}
	x.left--
	var b strings.Builder
	fmt.Fprintf(&b, "%.6fs request %d", e.At.Seconds(), e.Request)
	if e.Try > 0 {
		fmt.Fprintf(&b, ", retry %d", e.Try)
	}
	fmt.Fprintf(&b, ", balancer %d, %s\n", e.Balancer, e.Trace)
	if _, err := io.WriteString(x.w, b.String()); err != nil {
		x.abort(err)
	}
}
