package experiment

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// Case is a scenario, the variants of it that are compared, and the seeds to do it with.
type Case struct {
	Scenario *scenarios.Scenario
	Variants []scenarios.Variant // ≥ 1, of different names
	Seeds    []uint64            // ≥ 1, all different; each is one replication of every variant
}

// Options say what to run.
type Options struct {
	Cases    []Case
	Baseline string                                             // variant that the others are compared with; "": the scenario's own policy, or else the first variant
	Command  string                                             // that repeats the experiment, for the result
	Repeat   func(scenario, variant string, seed uint64) string // the command that repeats one run, for errors; nil: unknown
	Workers  int                                                // runs at once; 0: GOMAXPROCS
	Progress func(done, total int)                              // called after each run, one call at a time; nil: nobody watches
}

// RunFunc makes one run: v with the given seed. It is called from several goroutines
// and must depend on nothing else. When ctx is done it may return ctx's error.
type RunFunc func(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error)

// RunError says that a run failed, and which.
type RunError struct {
	Scenario, Variant string
	Seed              uint64
	Repeat            string // a command; "": unknown
	Err               error
}

func (e *RunError) Error() string {
	s := fmt.Sprintf("scenario %s, variant %s, seed %d: %v", e.Scenario, e.Variant, e.Seed, e.Err)
	if e.Repeat != "" {
		s = strings.TrimRight(s, "\n") + "\nto repeat: " + e.Repeat
	}
	return s
}

func (e *RunError) Unwrap() error { return e.Err }

// Run makes every run of every case and says what they showed. The result does not depend on the
// number of workers. When ctx is done first, the result is about the replications that all variants
// completed, and Interrupted; without any it returns ctx's error. A run that fails or panics, or breaks
// Little's law, ends the experiment with a *RunError.
func Run(ctx context.Context, o Options, run RunFunc) (*Result, error) {
	plans, err := newPlans(o)
	if err != nil {
		return nil, err
	}
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	s := newScheduler(plans, run, workers, o.Progress)
	var wg sync.WaitGroup
	for range min(workers, len(s.jobs)) {
		wg.Go(func() { s.work(ctx) })
	}
	wg.Wait()
	return s.conclude(ctx, o)
}

// conclude says what the runs showed, once no worker is left.
func (s *scheduler) conclude(ctx context.Context, o Options) (*Result, error) {
	if s.failed != nil {
		if o.Repeat != nil {
			s.failed.Repeat = o.Repeat(s.failed.Scenario, s.failed.Variant, s.failed.Seed)
		}
		return nil, s.failed
	}
	out := &Result{Command: o.Command, Interrupted: s.finish()}
	var trials []*trial
	for i, t := range s.tallies {
		if len(t.seeds) == 0 {
			out.NotRun = append(out.NotRun, s.plans[i].name)
			continue
		}
		trials = append(trials, newTrial(s.plans[i], t))
	}
	if len(trials) == 0 {
		return nil, fmt.Errorf("stopped before a replication was complete: %w", context.Cause(ctx))
	}
	for _, t := range trials {
		out.Scenarios = append(out.Scenarios, t.scenario())
	}
	out.Ranking = rank(trials)
	out.Finding = headline(out)
	return out, nil
}
