package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lbctl/lbctl/measure"
	"github.com/lbctl/lbctl/scenarios"
)

// runShuffled does what workers do, in one goroutine, and lets the runs that are
// under way end in an order drawn by rng.
func runShuffled(t *testing.T, o Options, workers int, rng *rand.Rand) *Result {
	t.Helper()
	plans, err := newPlans(o)
	if err != nil {
		t.Fatal(err)
	}
	s := newScheduler(plans, fakeDriver, workers, o.Progress)
	ctx := context.Background()
	var underWay []int
	for {
		for len(underWay) < workers && s.held < s.lead && s.next < len(s.jobs) {
			i, _ := s.take(ctx)
			underWay = append(underWay, i)
		}
		if len(underWay) == 0 {
			break
		}
		k := rng.IntN(len(underWay))
		i := underWay[k]
		underWay = slices.Delete(underWay, k, k+1)
		run, err := safely(ctx, s.run, plans[s.jobs[i].plan], s.jobs[i])
		s.deliver(ctx, i, run, err)
	}
	r, err := s.conclude(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func encode(t *testing.T, r *Result) []byte {
	t.Helper()
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRunSaysTheSameForAnyNumberOfWorkers(t *testing.T) {
	o := Options{
		Cases:    []Case{fakeCase("one", 12, "fast", "slow", "twin"), fakeCase("two", 7, "slow", "flaky", "fast", "sleeper")},
		Baseline: "slow", Command: "lbctl compare one two",
	}
	o.Workers = 1
	want := encode(t, mustRun(o))
	for _, workers := range []int{1, 2, 7} {
		o.Workers = workers
		if !bytes.Equal(encode(t, mustRun(o)), want) {
			t.Errorf("%d workers: another result", workers)
		}
		for round := range 10 {
			rng := rand.New(rand.NewPCG(uint64(round), uint64(workers)))
			if got := runShuffled(t, o, workers, rng); !bytes.Equal(encode(t, got), want) {
				t.Fatalf("%d workers in random order, round %d: another result", workers, round)
			}
		}
	}
}

func TestRunReportsProgress(t *testing.T) {
	var seen []int
	o := Options{Cases: []Case{fakeCase("one", 5, "fast", "slow")}, Workers: 3, Progress: func(done, total int) {
		if total != 10 {
			t.Errorf("total %d, want 10", total)
		}
		seen = append(seen, done)
	}}
	mustRun(o)
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}; !slices.Equal(seen, want) {
		t.Errorf("progress %v, want %v", seen, want)
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o := Options{Cases: []Case{fakeCase("one", 20, "fast", "slow", "near"), fakeCase("two", 20, "fast", "slow")}, Workers: 1}
	// Seed-major: three variants a seed, so that the eleventh run is the second of seed 4.
	calls := 0
	r, err := Run(ctx, o, func(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
		if calls++; calls == 11 {
			cancel()
			return nil, ctx.Err()
		}
		return fakeRun(v.Policy, seed), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Interrupted || len(r.Scenarios) != 1 || !slices.Equal(r.NotRun, []string{"two"}) {
		t.Fatalf("interrupted %v, %d scenarios, not run %v", r.Interrupted, len(r.Scenarios), r.NotRun)
	}
	s := r.Scenarios[0]
	if !slices.Equal(s.Seeds, []uint64{1, 2, 3}) || s.SeedsAsked != 20 || s.Variants[0].Metrics[measure.P99MS].N != 3 {
		t.Errorf("seeds %v of %d, N %d; want 1, 2, 3 of 20, 3", s.Seeds, s.SeedsAsked, s.Variants[0].Metrics[measure.P99MS].N)
	}
	if !slices.Contains(s.Warnings, "interrupted: 3 of 20 replications") {
		t.Errorf("warnings %q", s.Warnings)
	}
	// What is said is what an experiment over these seeds would have said.
	whole := mustRun(Options{Cases: []Case{fakeCase("one", 3, "fast", "slow", "near")}})
	if s.Finding != whole.Scenarios[0].Finding {
		t.Errorf("finding %q, want %q", s.Finding, whole.Scenarios[0].Finding)
	}
}

func TestRunInterruptedKeepsCompleteSeedsBehindAnIncompleteOne(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stuck := make(chan struct{})
	o := Options{Cases: []Case{fakeCase("one", 3, "fast", "slow")}, Workers: 2, Progress: func(done, _ int) {
		if done == 5 {
			cancel()
			close(stuck)
		}
	}}
	r, err := Run(ctx, o, func(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
		if seed == 2 && v.Name == "fast" {
			<-stuck
			return nil, ctx.Err()
		}
		return fakeRun(v.Policy, seed), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Scenarios[0].Seeds; !slices.Equal(got, []uint64{1, 3}) {
		t.Errorf("seeds %v, want 1 and 3: seed 2 is not complete", got)
	}
}

func TestRunInterruptedAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Run(ctx, Options{Cases: []Case{fakeCase("one", 3, "fast")}}, fakeDriver)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestRunHoldsFewRuns(t *testing.T) {
	// While the first run takes for ever, the others must not run ahead without bound.
	const workers, seeds = 4, 100
	plans, err := newPlans(Options{Cases: []Case{fakeCase("one", seeds, "fast", "slow")}})
	if err != nil {
		t.Fatal(err)
	}
	var s *scheduler
	release := make(chan struct{})
	full := sync.OnceFunc(func() { close(release) })
	s = newScheduler(plans, func(_ context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
		if seed == 1 && v.Name == "fast" {
			<-release
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held > 2*workers+2 {
			t.Errorf("%d runs are held", s.held)
		}
		if s.held == 2*workers+2 {
			full()
		}
		return fakeRun(v.Policy, seed), nil
	}, workers, nil)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { s.work(context.Background()) })
	}
	wg.Wait()
	if s.finish() || len(s.tallies[0].seeds) != seeds || s.held != 0 {
		t.Errorf("%d seeds counted, %d runs still held", len(s.tallies[0].seeds), s.held)
	}
}

func TestRunErrors(t *testing.T) {
	broken := errors.New("no such thing")
	drivers := map[string]struct {
		run  RunFunc
		want string
	}{
		"error": {func(context.Context, scenarios.Variant, uint64) (*measure.Run, error) { return nil, broken }, "no such thing"},
		"panic": {func(context.Context, scenarios.Variant, uint64) (*measure.Run, error) { panic("impossible") }, "panic: impossible"},
		"nil":   {func(context.Context, scenarios.Variant, uint64) (*measure.Run, error) { return nil, nil }, "broken invariant"},
		"Little": {func(_ context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
			run := fakeRun(v.Policy, seed)
			run.Little = measure.Little{InSystem: 2, Rate: 3, MeanTime: 0.5}
			return run, nil
		}, "broken invariant: Little's law L = λW: L = 2 requests, λW = 3/s · 0.5 s"},
	}
	for name, d := range drivers {
		for _, workers := range []int{1, 2, 7} {
			o := Options{
				Cases: []Case{fakeCase("one", 10, "fast", "slow", "near")}, Workers: workers,
				Repeat: func(scenario, variant string, seed uint64) string {
					return "lbctl simulate " + scenario + " " + variant
				},
			}
			_, err := Run(context.Background(), o, func(ctx context.Context, v scenarios.Variant, seed uint64) (*measure.Run, error) {
				if seed >= 4 && v.Name != "fast" { // several fail: the first in order is named
					return d.run(ctx, v, seed)
				}
				return fakeRun(v.Policy, seed), nil
			})
			var got *RunError
			if !errors.As(err, &got) || got.Scenario != "one" || got.Variant != "slow" || got.Seed != 4 {
				t.Fatalf("%s, %d workers: %v; want a RunError of scenario one, variant slow, seed 4", name, workers, err)
			}
			for _, part := range []string{"scenario one, variant slow, seed 4: ", d.want, "\nto repeat: lbctl simulate one slow"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: error %q has no %q", name, err, part)
				}
			}
			if name == "error" && !errors.Is(err, broken) {
				t.Errorf("%v does not wrap the driver's error", err)
			}
		}
	}
}

func TestRunReportsTheFirstErrorInOrder(t *testing.T) {
	o := Options{Cases: []Case{fakeCase("one", 2, "fast", "slow")}}
	for _, ends := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
		plans, err := newPlans(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		s := newScheduler(plans, fakeDriver, 3, nil)
		for range ends {
			s.take(ctx)
		}
		for _, i := range ends { // 1 and 2 fail
			if i == 0 {
				s.deliver(ctx, i, fakeRun("fast", 1), nil)
			} else {
				s.deliver(ctx, i, nil, errors.New("broken"))
			}
		}
		if _, more := s.take(ctx); more {
			t.Error("work goes on after an error")
		}
		var got *RunError
		if _, err := s.conclude(ctx, o); !errors.As(err, &got) || got.Variant != "slow" || got.Seed != 1 {
			t.Errorf("ended in order %v: %v; want the error of slow with seed 1", ends, err)
		}
	}
}

func TestRunRefusesBadOptions(t *testing.T) {
	twice := fakeCase("one", 2, "fast", "fast")
	again := fakeCase("one", 2, "fast")
	again.Seeds = []uint64{7, 8, 7}
	for want, o := range map[string]Options{
		"no scenario":                          {},
		"at least one variant":                 {Cases: []Case{fakeCase("one", 2)}},
		"one seed":                             {Cases: []Case{fakeCase("one", 0, "fast")}},
		`two variants are named "fast"`:        {Cases: []Case{twice}},
		"seed 7 is there twice":                {Cases: []Case{again}},
		`no variant "slo" to be the baseline;`: {Cases: []Case{fakeCase("one", 2, "fast", "slow")}, Baseline: "slo"},
		"expected one of fast, slow":           {Cases: []Case{fakeCase("one", 2, "fast", "slow")}, Baseline: "slo"},
	} {
		_, err := Run(context.Background(), o, fakeDriver)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestRunChoosesTheScenariosOwnPolicyAsBaseline(t *testing.T) {
	c := fakeCase("one", 2, "fast", "slow")
	if got := mustRun(Options{Cases: []Case{c}}).Scenarios[0].Baseline; got != "fast" {
		t.Errorf("baseline %q, want the first", got)
	}
	c.Scenario.Pool.Policy.Use = "slow"
	if got := mustRun(Options{Cases: []Case{c}}).Scenarios[0].Baseline; got != "slow" {
		t.Errorf("baseline %q, want the scenario's own", got)
	}
}
