package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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

func compareCommand(s streams) *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare [SCENARIO…]",
		Short: "Compare algorithms on scenarios, with intervals",
		Long: `Runs every policy (or variant) on every scenario, several times with different seeds, and says
which is better and how sure that is. All variants of a seed meet the same requests.

A SCENARIO is a built-in name (lbctl scenarios list), a file, or a case of either, like
prequal-rules/90%. Without one, ` + scenarios.Default + ` is used. Several give a matrix and a ranking.

Differences to the baseline are paired by seed and called significant at a family-wise error
rate of 5% (Holm). The exit code is 1 when an expect: line of a scenario does not hold, 2 for bad
input, 130 when interrupted: then the result is about the replications that were finished.`,
		Example: `  lbctl compare
  lbctl compare one-slow-backend black-hole --policies round_robin,p2c,prequal
  lbctl compare uniform --policies all --seeds 40 --html uniform.html
  lbctl compare ./my.yaml --duration 2m --set pool.policy.p2c.choices=3 --json - | jq .finding`,
		ValidArgsFunction: completeScenarios,
		RunE:              func(cmd *cobra.Command, args []string) error { return compare(cmd, args, f, s) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.policies, "policies", nil, "compare these policies, or variants of the scenario, instead of its `list`; all: every policy")
	flags.IntVar(&f.seeds, "seeds", 0, "number of replications instead of the scenario's")
	flags.StringVar(&f.baseline, "baseline", "", "policy or variant to compare with (default: the scenario's own policy, or the first)")
	flags.StringVar(&f.json, "json", "", "write the result as JSON to `file`; - for standard output, with nothing else on it")
	flags.StringVar(&f.csv, "csv", "", "write the figures as CSV to `file`; - for standard output")
	flags.StringVar(&f.html, "html", defaultReport, "write the report to `file`; - for standard output, '' for none")
	completeFlag(cmd, "policies", completePolicies)
	completeFlag(cmd, "baseline", completePolicy)
	return cmd
}

func compare(cmd *cobra.Command, args []string, f compareFlags, s streams) error {
	if len(args) == 0 {
		args = []string{scenarios.Default}
	}
	all, cases, err := f.load(cmd, args)
	if err != nil {
		return err
	}
	outs := f.outputs(cmd)
	if err := checkTargets(outs.targets(), filesOf(all)); err != nil {
		return err
	}
	bar := newProgress(s.err, "simulating")
	result, err := experiment.Run(cmd.Context(), experiment.Options{
		Cases: cases, Baseline: f.baseline, Command: commandLine(cmd, args),
		Repeat: f.repeat(cmd, all), Progress: bar.set,
	}, simulateVariant)
	bar.done()
	if err != nil {
		return failure(cmd.Context(), err)
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
	return verdict(cmd.Context(), result)
}

// simulateVariant is the driver that experiment repeats.
func simulateVariant(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
	return sim.Run(ctx, v.Scenario, seed, sim.Options{})
}

func (f *compareFlags) outputs(cmd *cobra.Command) outputs {
	var o outputs
	o.add("json", f.json, "JSON", reports.JSON)
	o.add("csv", f.csv, "CSV", reports.CSV)
	if cmd.Flags().Changed("html") || !o.toStdout() {
		o.add("html", f.html, "report", reports.HTML)
	}
	return o
}

// load loads the scenarios and settles what is compared in each.
func (f *compareFlags) load(cmd *cobra.Command, args []string) ([]chosen, []experiment.Case, error) {
	if n := f.seeds; cmd.Flags().Changed("seeds") && (n < 1 || n > scenarios.MaxSeeds) {
		return nil, nil, usage(fmt.Errorf("--seeds: expected 1 to %d, got %d", scenarios.MaxSeeds, n))
	}
	set, err := f.settings(cmd)
	if err != nil {
		return nil, nil, err
	}
	all, err := loadScenarios(args, set)
	if err != nil {
		return nil, nil, err
	}
	var cases []experiment.Case
	var blames []blame
	for _, c := range all {
		variants, errs := f.variants(cmd, c.Scenario)
		for _, err := range errs {
			blames = append(blames, blame{c.Name, err})
		}
		cases = append(cases, experiment.Case{Scenario: c.Scenario, Variants: variants, Seeds: f.seedList(c.Scenario)})
	}
	if err := joinBlames(blames, len(all)); err != nil {
		return nil, nil, usage(err)
	}
	return all, cases, nil
}

// variants returns what is compared in a scenario.
func (f *compareFlags) variants(cmd *cobra.Command, sc *scenarios.Scenario) (variants []scenarios.Variant, errs []error) {
	variants = sc.Variants()
	if cmd.Flags().Changed("policies") {
		if variants, errs = variantsNamed(sc, f.policies); len(errs) > 0 {
			for i := range errs {
				errs[i] = fmt.Errorf("--policies: %w", errs[i])
			}
			return nil, errs
		}
	}
	if err := knownBaseline(f.baseline, variants); err != nil {
		return nil, []error{err}
	}
	return variants, nil
}

func (f *compareFlags) seedList(sc *scenarios.Scenario) []uint64 {
	n := sc.Seeds
	if f.seeds > 0 {
		n = f.seeds
	}
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = sc.Seed + uint64(i)
	}
	return seeds
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

// filesOf returns the files that scenarios came from.
func filesOf(all []chosen) []string {
	var files []string
	for _, c := range all {
		if c.file != "" && !slices.Contains(files, c.file) {
			files = append(files, c.file)
		}
	}
	return files
}

// repeat returns the command that repeats one run, by the scenario's name.
func (f *compareFlags) repeat(cmd *cobra.Command, all []chosen) func(scenario, variant string, seed uint64) string {
	again := f.again(cmd)
	return func(scenario, variant string, seed uint64) string {
		i := slices.IndexFunc(all, func(c chosen) bool { return c.Name == scenario })
		words := append(plainArguments([]string{all[i].arg}), "--policy", variant, "--seed", strconv.FormatUint(seed, 10))
		return cmd.Root().Name() + " simulate " + quoteWords(append(words, again...))
	}
}

// verdict turns a result into the exit code.
func verdict(ctx context.Context, r *experiment.Result) error {
	if r.Interrupted {
		return stopped(ctx, errors.New("stopped early: the figures are of the replications that had finished"))
	}
	var broken []string
	lines := 0
	for _, sc := range r.Scenarios {
		for _, e := range sc.Expectations {
			lines++
			if !e.Met {
				broken = append(broken, fmt.Sprintf("%s: %s does not hold: %s has %s", sc.Name, e.Line, e.Variant, experiment.Format(e.Value)))
			}
		}
	}
	if len(broken) > 0 {
		return exitError{exitFailed, fmt.Errorf("%d of %d expect: lines failed\n%s", len(broken), lines, strings.Join(broken, "\n"))}
	}
	return nil
}

// failure is an error of the run itself rather than of its input.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return stopped(ctx, errors.New("stopped before any replication had finished; nothing written"))
	}
	return exitError{exitFailed, err}
}
