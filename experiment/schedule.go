package experiment

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/lbctl/lbctl/measure"
)

// job is one run: a variant of a plan with a seed, by index.
type job struct{ plan, seed, variant int }

// row is all variants of one plan with one seed: the unit that counts or does not.
type row struct {
	plan, seed int
	runs       []*measure.Run // by variant; nil: not finished
	missing    int
}

// scheduler hands out jobs in order and folds finished rows into the tallies in order,
// whoever finishes first. So sums of floats come out the same for any number of
// workers, and an early stop leaves whole rows.
type scheduler struct {
	plans    []*plan
	tallies  []*tally
	run      RunFunc
	progress func(done, total int)

	mu       sync.Mutex
	advanced *sync.Cond // a row was folded, or the end was decided
	jobs     []job
	next     int // first job not handed out
	rows     []*row
	rowOf    []int // row by job
	folded   int   // rows before this one are in the tallies
	held     int   // jobs handed out and not yet folded
	lead     int   // most jobs held: bounds the runs in memory
	done     int
	failed   *RunError
	failedAt int // its job
	stopped  bool
}

// newScheduler lays out the work: plan after plan, seed after seed, variant after variant.
func newScheduler(plans []*plan, run RunFunc, workers int, progress func(done, total int)) *scheduler {
	s := &scheduler{plans: plans, run: run, progress: progress, lead: 2 * workers}
	s.advanced = sync.NewCond(&s.mu)
	widest := 0
	for p, plan := range plans {
		s.tallies = append(s.tallies, newTally(plan))
		widest = max(widest, len(plan.variants))
		for seed := range plan.seeds {
			s.rows = append(s.rows, &row{plan: p, seed: seed, runs: make([]*measure.Run, len(plan.variants)), missing: len(plan.variants)})
			for v := range plan.variants {
				s.jobs = append(s.jobs, job{p, seed, v})
				s.rowOf = append(s.rowOf, len(s.rows)-1)
			}
		}
	}
	s.lead += widest // at least one whole row, or its fold would never come
	return s
}

// work runs jobs until there are none left, ctx is done or a run failed.
func (s *scheduler) work(ctx context.Context) {
	for {
		i, ok := s.take(ctx)
		if !ok {
			return
		}
		j := s.jobs[i]
		p := s.plans[j.plan]
		run, err := safely(ctx, s.run, p, j)
		s.deliver(ctx, i, run, err)
	}
}

func (s *scheduler) take(ctx context.Context) (i int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.stopped || s.next == len(s.jobs) || ctx.Err() != nil {
			return 0, false
		}
		if s.held < s.lead {
			s.held++
			s.next++
			return s.next - 1, true
		}
		s.advanced.Wait()
	}
}

// deliver takes in a finished job. Jobs before a failed one are all under way and are allowed to finish, so that
// the failure reported is the first in order, whatever the number of workers.
func (s *scheduler) deliver(ctx context.Context, i int, run *measure.Run, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.advanced.Broadcast()
	switch {
	case err != nil && ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))):
		s.stopped = true
		return
	case err != nil:
		s.fail(i, err)
		return
	}
	r := s.rows[s.rowOf[i]]
	r.runs[s.jobs[i].variant] = run
	r.missing--
	s.done++
	if s.progress != nil {
		s.progress(s.done, len(s.jobs))
	}
	for s.folded < len(s.rows) && s.rows[s.folded].missing == 0 {
		s.fold(s.folded)
		s.folded++
	}
}

func (s *scheduler) fail(i int, err error) {
	s.stopped = true
	if s.failed != nil && s.failedAt < i {
		return
	}
	j := s.jobs[i]
	p := s.plans[j.plan]
	s.failed, s.failedAt = &RunError{Scenario: p.name, Variant: p.variants[j.variant].Name, Seed: p.seeds[j.seed], Err: err}, i
}

// fold moves a row's runs into the tally of its plan and forgets them.
func (s *scheduler) fold(i int) {
	r := s.rows[i]
	s.tallies[r.plan].add(s.plans[r.plan].seeds[r.seed], r.runs)
	s.held -= len(r.runs)
	r.runs = nil
}

// finish folds the complete rows that wait behind an incomplete one, once all workers have returned,
// and says whether the work was cut short.
func (s *scheduler) finish() (interrupted bool) {
	for i := s.folded; i < len(s.rows); i++ {
		if s.rows[i].missing == 0 {
			s.fold(i)
		}
	}
	return s.done < len(s.jobs)
}

// safely calls the driver and checks what it returns; a panic becomes an error, so that the
// seed that caused it is not lost.
func safely(ctx context.Context, f RunFunc, p *plan, j job) (run *measure.Run, err error) {
	defer func() {
		if v := recover(); v != nil {
			run, err = nil, fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	run, err = f(ctx, p.variants[j.variant], p.seeds[j.seed])
	switch {
	case err != nil:
		return nil, err
	case run == nil:
		return nil, errors.New("broken invariant: the driver returned no run")
	case !run.Little.Holds:
		return nil, fmt.Errorf("broken invariant: Little's law L = λW: L = %g requests, λW = %g/s · %g s",
			run.Little.InSystem, run.Little.Rate, run.Little.MeanTime)
	}
	return run, nil
}
