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

// defaultReport is where the HTML report goes unless told otherwise.
const defaultReport = "lbctl-report.html"

// compareFlags are the flags of lbctl compare.
type compareFlags struct {
	overrides
	policies []string
	seeds    int
	baseline string
	json     string
	csv      string
	html     string
}

// overrides change a scenario from the command line.
type overrides struct {
	set      []string
	duration time.Duration
	seed     uint64
	hasSeed  bool
}

func (o *overrides) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.set, "set", nil, "change a `path=value` of the scenario, like pool.policy.p2c.choices=3 (repeatable)")
	f.DurationVar(&o.duration, "duration", 0, "simulate so much virtual time instead of the scenario's")
	f.Uint64Var(&o.seed, "seed", 0, "first seed instead of the scenario's")
}

// settings returns the overrides as --set settings.
func (o *overrides) settings(cmd *cobra.Command) ([]string, error) {
	set := o.set
	if cmd.Flags().Changed("duration") {
		if o.duration <= 0 {
			return nil, usage(fmt.Errorf("--duration: expected a positive duration like 30s, got %v", o.duration))
		}
		set = append(set, "duration="+o.duration.String())
	}
	if cmd.Flags().Changed("seed") {
		set = append(set, fmt.Sprintf("seed=%d", o.seed))
	}
	return set, nil
}

func compareCommand(s streams) *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare [SCENARIO…]",
		Short: "Compare algorithms on scenarios, with intervals",
		Long: `Runs every policy (or variant) on every scenario, several times with different seeds, and says
which is better and how sure that is. A SCENARIO is a built-in name (see lbctl scenarios list) or
a path. Without one, ` + scenarios.Default + ` is used. All variants of a seed meet the same requests.

Differences to the baseline are paired by seed and called significant at a family-wise error rate of
5% (Holm). The exit code is 1 when an expect: line of a scenario does not hold, 2 for bad input.`,
		Example: `  lbctl compare
  lbctl compare one-slow-backend black-hole --policies round_robin,p2c,prequal
  lbctl compare my.yaml --seeds 40 --set pool.policy.p2c.choices=3 --json result.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return compare(cmd, args, f, s) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.policies, "policies", nil, "compare these policies instead of the scenario's `list`")
	flags.IntVar(&f.seeds, "seeds", 0, "number of replications instead of the scenario's")
	flags.StringVar(&f.baseline, "baseline", "", "policy or variant to compare with (default: the scenario's own policy, or the first)")
	flags.StringVar(&f.json, "json", "", "write the result as JSON to `file`; - for standard output")
	flags.StringVar(&f.csv, "csv", "", "write the figures as CSV to `file`; - for standard output")
	flags.StringVar(&f.html, "html", defaultReport, "write the report to `file`; - for standard output, '' for none")
	return cmd
}

func compare(cmd *cobra.Command, args []string, f compareFlags, s streams) error {
	if len(args) == 0 {
		args = []string{scenarios.Default}
	}
	outs, quiet, err := f.outputs(cmd, s)
	if err != nil {
		return err
	}
	set, err := f.settings(cmd)
	if err != nil {
		return err
	}
	cases, err := f.cases(cmd, args, set)
	if err != nil {
		return err
	}
	if err := outs.open(); err != nil {
		return usage(err)
	}
	defer outs.discard()
	bar := newProgress(s.err, "simulating")
	result, err := experiment.Run(cmd.Context(), experiment.Options{
		Cases: cases, Baseline: f.baseline, Command: commandLine(cmd, args), Progress: bar.set,
	}, simulateVariant)
	bar.done()
	if err != nil {
		return failure(err)
	}
	if !quiet {
		if err := reports.Table(s.out, result, tableOptions(s.out)); err != nil {
			return failure(err)
		}
	}
	if err := outs.write(result); err != nil {
		return failure(err)
	}
	outs.announce(s.err)
	return verdict(result, s.err)
}

// simulateVariant is the driver that experiment repeats.
func simulateVariant(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
	return sim.Run(ctx, v.Scenario, seed, sim.Options{})
}

// cases loads the scenarios and settles what is compared in each.
func (f *compareFlags) cases(cmd *cobra.Command, args, set []string) ([]experiment.Case, error) {
	list, err := loadScenarios(args, set)
	if err != nil {
		return nil, err
	}
	var cases []experiment.Case
	var errs []error
	for _, sc := range list {
		variants := sc.Variants()
		if cmd.Flags().Changed("policies") {
			if variants, err = sc.PolicyVariants(f.policies); err != nil {
				return nil, usage(fmt.Errorf("--policies: %w", err))
			}
		}
		seeds, err := f.seedList(cmd, sc)
		errs = append(errs, err, knownBaseline(f.baseline, variants))
		cases = append(cases, experiment.Case{Scenario: sc, Variants: variants, Seeds: seeds})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, usage(err)
	}
	return cases, nil
}

func (f *compareFlags) seedList(cmd *cobra.Command, sc *scenarios.Scenario) ([]uint64, error) {
	n := sc.Seeds
	if cmd.Flags().Changed("seeds") {
		n = f.seeds
	}
	if n < 1 || n > scenarios.MaxSeeds {
		return nil, fmt.Errorf("--seeds: expected 1 to %d, got %d", scenarios.MaxSeeds, n)
	}
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = sc.Seed + uint64(i)
	}
	return seeds, nil
}

func knownBaseline(name string, variants []scenarios.Variant) error {
	var names []string
	for _, v := range variants {
		if v.Name == name || name == "" {
			return nil
		}
		names = append(names, v.Name)
	}
	return fmt.Errorf("--baseline: %q is not among the compared variants%s (%s)", name, didYouMean(name, names), strings.Join(names, ", "))
}

// verdict turns a result into the exit code.
func verdict(r *experiment.Result, w io.Writer) error {
	if r.Interrupted {
		fmt.Fprintln(w, "stopped early: the figures are of the replications that had finished")
		return exitError{code: exitInterrupted}
	}
	failed := 0
	for _, sc := range r.Scenarios {
		for _, e := range sc.Expectations {
			if !e.Met {
				failed++
			}
		}
	}
	if failed > 0 {
		return exitError{exitFailed, fmt.Errorf("%d expect: line(s) did not hold", failed)}
	}
	return nil
}

// failure is an error of the run itself rather than of its input.
func failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return exitError{exitInterrupted, errors.New("stopped before any replication had finished; nothing written")}
	}
	return exitError{exitFailed, err}
}
