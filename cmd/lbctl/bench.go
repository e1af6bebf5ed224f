package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lbctl/lbctl/bench"
	"github.com/lbctl/lbctl/experiment"
	"github.com/lbctl/lbctl/reports"
	"github.com/lbctl/lbctl/scenarios"
)

const (
	// benchReport is where the HTML report of live runs goes unless told otherwise.
	benchReport = "lbctl-bench.html"
	// benchSeeds is the number of live runs of each variant unless told otherwise: they take real time.
	benchSeeds = 3
)

// benchFlags are the flags of lbctl bench.
type benchFlags struct {
	compareFlags
	target   string
	backends string
}

func benchCommand(s streams) *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench [SCENARIO…]",
		Short: "Run scenarios live, on sockets, with the simulation beside",
		Long: `Starts a scenario's backends as real servers and the live proxy before them, sends the scenario's
requests when it says they are due, and shows what was measured beside the simulation of the same
requests: latency, goodput, errors, the share of each backend, and by how much the simulation is off.

Live runs take as long as the scenario lasts, one after another; how long in all is said first. The
load is an open loop, and latency counts from when a request was due. Where requests could not be
sent on time, the command fails in the end: take less load, or a machine that has less else to do.

With --target the load goes to a balancer that is there already, which has been told that the
backends are at the addresses that --backends gives; lbctl fakebackends and lbctl bench number them
alike.

The exit code is 1 when an expect: line of a scenario does not hold live, a run failed or requests
were late, 2 for bad input, 130 or 143 when interrupted or terminated: then the result is about the replications that were finished.`,
		Example: `  lbctl bench one-slow-backend --policies round_robin,p2c,peak_ewma
  lbctl bench uniform --duration 10s --seeds 5 --html uniform.html
  lbctl bench uniform --target http://127.0.0.1:8080 --backends 127.0.0.1:9001 --policies round_robin`,
		ValidArgsFunction: completeScenarios,
		RunE:              func(cmd *cobra.Command, args []string) error { return runBench(cmd, args, f, s) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.policies, "policies", nil, "run these policies, or variants of the scenario, instead of its `list`; all: every policy")
	flags.IntVar(&f.seeds, "seeds", benchSeeds, "number of live runs of each")
	flags.StringVar(&f.baseline, "baseline", "", "policy or variant to compare with (default: the scenario's own policy, or the first)")
	flags.StringVar(&f.target, "target", "", "drive the balancer at this `URL` instead of our own; its algorithm is what --policies says")
	flags.StringVar(&f.backends, "backends", "", "the first backend listens at this `address`, the others on the ports after it (default: any ports on 127.0.0.1)")
	flags.StringVar(&f.json, "json", "", "write the result as JSON to `file`; - for standard output, with nothing else on it")
	flags.StringVar(&f.csv, "csv", "", "write the figures as CSV to `file`; - for standard output")
	flags.StringVar(&f.html, "html", benchReport, "write the report to `file`; - for standard output, '' for none")
	completeFlag(cmd, "policies", completePolicies)
	completeFlag(cmd, "baseline", completePolicy)
	return cmd
}

func runBench(cmd *cobra.Command, args []string, f benchFlags, s streams) error {
	if len(args) == 0 {
		args = []string{scenarios.Default}
	}
	all, cases, err := f.load(cmd, args)
	if err != nil {
		return err
	}
	o, err := f.options(cases)
	if err != nil {
		return usage(err)
	}
	outs := f.outputs(cmd)
	if err := checkTargets(outs.targets(), filesOf(all)); err != nil {
		return err
	}
	live := newLiveRuns(cases, o, s.err)
	live.announce()
	result, err := experiment.Run(cmd.Context(), experiment.Options{
		Cases: cases, Baseline: f.baseline, Command: commandLine(cmd, args), Repeat: f.repeat(cmd, all), Workers: 1,
	}, live.run)
	live.done()
	if err != nil {
		return failure(cmd.Context(), err)
	}
	// What has been run is simulated, even after an interruption.
	if result, err = live.beside(context.WithoutCancel(cmd.Context()), result, cases, f.baseline); err != nil {
		return exitError{exitFailed, err}
	}
	if err := outs.write(result, s.out); err != nil {
		return exitError{exitFailed, err}
	}
	if !outs.toStdout() {
		if err := reports.Table(s.out, result, tableOptions(s.out)); err != nil {
			return exitError{exitFailed, err}
		}
	}
	outs.announce(s.err)
	if err := live.verdict(); err != nil && !result.Interrupted {
		return err
	}
	return verdict(cmd.Context(), result)
}

// load loads the scenarios and settles what is run of each. A balancer that is there already has one policy, the
// scenario's own unless told otherwise.
func (f *benchFlags) load(cmd *cobra.Command, args []string) ([]chosen, []experiment.Case, error) {
	all, cases, err := f.compareFlags.load(cmd, args)
	if err != nil || f.target == "" {
		return all, cases, err
	}
	for i, c := range cases {
		if !cmd.Flags().Changed("policies") {
			if cases[i].Variants, err = c.Scenario.PolicyVariants([]string{c.Scenario.Pool.Policy.Use}); err != nil {
				return nil, nil, usage(err)
			}
		}
		if n := len(cases[i].Variants); n > 1 {
			return nil, nil, usage(fmt.Errorf("--policies: the balancer at --target has one policy, got %d", n))
		}
	}
	return all, cases, nil
}

// options checks what is run live, and where.
func (f *benchFlags) options(cases []experiment.Case) (bench.Options, error) {
	var o bench.Options
	var errs []error
	if f.target != "" {
		u, err := url.Parse(f.target)
		if err != nil || u.Scheme != "http" || u.Host == "" {
			errs = append(errs, fmt.Errorf("--target: expected a URL like http://127.0.0.1:8080, got %q", f.target))
		}
		if f.backends == "" {
			errs = append(errs, errors.New("--target: say with --backends where the balancer will find the backends"))
		}
		o.Target = f.target
	}
	if f.backends != "" {
		host, port, err := net.SplitHostPort(f.backends)
		base, errPort := strconv.ParseUint(port, 10, 16)
		if err != nil || errPort != nil || base == 0 || net.ParseIP(host) == nil {
			errs = append(errs, fmt.Errorf("--backends: expected an address like 127.0.0.1:9001, got %q", f.backends))
		}
		o.Host, o.PortBase = host, int(base)
	}
	for _, c := range cases {
		for _, v := range c.Variants {
			if err := bench.Check(v.Scenario, c.Seeds[0], o); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", c.Scenario.Name, err))
				break
			}
		}
	}
	return o, errors.Join(errs...)
}

// beside sets the simulation of the live runs beside their result.
func (l *liveRuns) beside(ctx context.Context, result *experiment.Result, cases []experiment.Case, baseline string) (*experiment.Result, error) {
	var same []experiment.Case
	for i := range result.Scenarios {
		sc := &result.Scenarios[i]
		j := slices.IndexFunc(cases, func(c experiment.Case) bool { return c.Scenario.Name == sc.Name })
		same = append(same, experiment.Case{Scenario: cases[j].Scenario, Variants: cases[j].Variants, Seeds: sc.Seeds})
	}
	simulated, err := experiment.Run(ctx, experiment.Options{Cases: same, Baseline: baseline, Command: result.Command}, l.paths.simulate)
	if err != nil {
		return nil, err
	}
	return experiment.SideBySide(result, simulated, l.conditions())
}

// repeat returns the command that repeats one live run, by the scenario's name.
func (f *benchFlags) repeat(cmd *cobra.Command, all []chosen) func(scenario, variant string, seed uint64) string {
	again := append(f.again(cmd), flagWords(cmd, func(flag string) bool { return flag == "target" || flag == "backends" })...)
	return func(scenario, variant string, seed uint64) string {
		i := slices.IndexFunc(all, func(c chosen) bool { return c.Name == scenario })
		words := append(plainArguments([]string{all[i].arg}), "--policies", variant, "--seed", strconv.FormatUint(seed, 10), "--seeds", "1")
		return cmd.Root().Name() + " bench " + quoteWords(append(words, again...))
	}
}
